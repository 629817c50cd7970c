//! What the tests share: data of their own, the program at work on it, clients, and a look at the database.

mod api;
mod data;
mod database;
mod seat;
mod server;
mod told;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use groupchat_testing::Transport;

pub(crate) use api::{Answer, Api};
pub(crate) use data::{Data, data, folder};
pub(crate) use database::Database;
pub(crate) use seat::Seat;
pub(crate) use server::{Server, program, serve, serve_somewhere, started_by};
pub(crate) use told::assert_told;

/// How long anything may take before a test gives up on it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The microseconds since 2024: where ids would begin after a restore now.
pub(crate) fn micros_since_2024() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    i64::try_from(now).unwrap() - 1_704_067_200_000_000
}

/// Waits until a condition holds, and fails if it takes too long.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
