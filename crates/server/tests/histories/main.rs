//! Histories of clients of one or two servers, which are disturbed in every way, and a checker that says whether a
//! history keeps what the documentation promises.
//!
//! `GROUPCHAT_TEST_SEED` repeats the choices of clients and disturbances, though not their timing. A history with a
//! violation is stored, and can be checked again: see docs/TESTING.md.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checker;
mod client;
mod disturbances;
mod floors;
mod history;
mod listener;
mod place;
mod reader;
mod recorder;
mod run;
mod socket;
mod world;
mod writer;

#[cfg(feature = "postgres")]
#[path = "../program/postgres/cluster.rs"]
#[allow(dead_code, reason = "it has more than these tests need")]
mod cluster;
#[path = "../chaos/connection/mod.rs"]
mod connection;
#[path = "../chaos/database.rs"]
#[allow(dead_code, reason = "it has more than these tests need")]
mod database;
#[path = "../program/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "it has more than these tests need")]
mod harness;

use std::env;
use std::path::Path;

use history::History;
use place::Place;

/// Names a stored history.
const STORED: &str = "GROUPCHAT_TEST_HISTORY";

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_keep_their_promises_while_they_and_their_connections_are_disturbed() {
    run::run("two_servers", Place::database()).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_keep_their_promises_while_their_database_server_restarts() {
    run::run("restarts", Place::cluster().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_the_embedded_database_keeps_its_promises_while_it_is_killed_and_stopped() {
    run::run("embedded", Place::folder()).await;
}

#[test]
#[expect(clippy::print_stderr, reason = "shown with --nocapture")]
fn a_stored_history_is_checked_again() {
    if let Some(path) = env::var_os(STORED) {
        let history = History::read(Path::new(&path)).unwrap();
        eprintln!("{}", run::summary(&history));
        run::assert_sound(&history);
    }
}
