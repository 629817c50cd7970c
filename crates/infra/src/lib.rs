//! The ports of groupchat on Diesel and SQLite, bcrypt, random tokens and the clock.

pub mod attempts;
pub mod clock;
pub mod hasher;
pub mod keys;
pub mod sqlite;
