//! Messages that are sent later.

mod document;
mod repository;
