//! Clients that come and go at random, on every transport, while eight writers write, memberships change, and the
//! program is killed and started again. After each end of a server, everything that was acknowledged is there, and all
//! counts are what they are counted to be (`census.rs`). At the end the log says what each client had to get.
//!
//! `GROUPCHAT_TEST_SEED`, as a run that failed has printed it, throws the same dice again: the same clients, visits and
//! deeds, though not the same interleaving of them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod caller;
mod census;
mod connection;
mod diary;
mod ledger;
mod listener;
mod log;
mod servers;
mod shuffler;
mod storm;
mod world;
mod writer;

mod database;
#[path = "../program/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "it has more than these tests need")]
mod harness;
mod judgement;

use std::time::Duration;

use groupchat_testing::Dice;
use tokio::time::timeout;

use database::DataLocation;
use servers::Servers;
use storm::Storm;

/// How long a case may take at most, whatever happens in it: several times what it takes on a busy machine.
const LONGEST: Duration = Duration::from_secs(400);

async fn survive(place: DataLocation, servers: usize) {
    let mut dice = Dice::seeded();
    let servers = Servers::start(place, servers).await;
    let storm = Storm::gather(servers, dice.split()).await;
    timeout(LONGEST, storm.rage(dice)).await.expect("it ends in time");
}

#[tokio::test]
async fn nothing_is_missed_or_repeated_while_a_server_is_killed_on_the_embedded_database() {
    survive(DataLocation::folder(), 1).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn nothing_is_missed_or_repeated_while_a_server_is_killed_on_postgresql() {
    survive(DataLocation::database(), 1).await;
}

/// Clients and writers hop between the two, of which now one is killed and now the other.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn nothing_is_missed_or_repeated_while_two_servers_are_killed() {
    survive(DataLocation::database(), 2).await;
}
