//! The ports of groupchat on Diesel and SQLite, bcrypt, random tokens and the clock.

pub mod sqlite;
