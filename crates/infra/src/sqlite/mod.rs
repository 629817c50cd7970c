//! Storage on SQLite.

mod tx;
