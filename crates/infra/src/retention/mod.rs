//! Removing messages for their age.

mod authors;
mod children;
mod purge;
mod repository;
