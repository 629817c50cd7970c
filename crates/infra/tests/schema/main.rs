//! The schemas of the two databases, as their migrations leave them: both have the same tables, columns, keys and
//! indexes, and reject the same rows.
//!
//! Without the feature `postgres`, SQLite alone is looked at.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod catalogue;
mod comparison;
mod filled_order;
mod leftovers;
mod migrated;
mod migrations;
mod older;
mod references;
mod refusals;
mod rows;
mod shape;
