//! The log as its readers meet it: writers in many groups, a reader that polls the port, and the sink. Whatever goes on
//! meanwhile, positions count 1, 2, 3, …; what is read once stays as it was read; the messages of a group come in the
//! order of their numbers, which have no gap; and of two commands of which one began after the other was acknowledged,
//! the later one has the greater position.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

#[cfg(feature = "postgres")]
mod disturbances;
mod history;
mod reader;
mod room;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use groupchat_domain::storage::EventSink;
use reader::Recorder;
use room::Room;
use support::Database;

/// Writers and readers, and nothing else.
fn in_peace(open: fn(Arc<dyn EventSink>) -> Database) {
    let recorder = Arc::new(Recorder::default());
    let database = open(Arc::clone(&recorder) as _);
    let room = Room::new(&database, vec![database.storage()]);
    let log = room.run(|| {});
    recorder.check_all(&log);
}

#[test]
fn on_sqlite() {
    in_peace(Database::sqlite_with);
}

#[cfg(feature = "postgres")]
#[test]
fn on_postgres() {
    in_peace(Database::postgres_with);
}
