//! What the tests share: data of their own, the program at work on it, clients, and a look at the database.

mod api;
mod data;
mod database;
mod server;
mod told;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use groupchat_testing::Transport;

pub use api::Api;
pub use data::{Data, data, folder};
pub use database::Database;
pub use server::{Server, program, serve, serve_somewhere, started_by};
pub use told::assert_told;

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The microseconds since 2024: where ids begin after a restore just now.
pub fn micros_since_2024() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    i64::try_from(now).unwrap() - 1_704_067_200_000_000
}

/// Waits until a condition holds, and fails if it takes too long.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
