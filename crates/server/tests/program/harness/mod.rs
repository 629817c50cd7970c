//! What the tests share: data of their own, the program at work on it, clients, and a look at the database.

mod api;
mod data;
mod database;
mod server;

use std::time::Duration;

pub use api::Api;
pub use data::{Data, data, folder};
pub use database::Database;
pub use server::{Server, program, serve};

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(60);
