//! Reads that take too long, and whose callers go.

use std::time::{Duration, Instant};

use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{Caller, CommitDecision, Mode, StorageFault, Tx};

use crate::database::{DEADLINE, OneWorkerStorage};

/// Longer than any test waits.
const NO_LIMIT: Duration = Duration::from_secs(3_600);

/// Statements of reads that wait for a lock.
const WAITING: &str = "SELECT count(*) AS number FROM pg_stat_activity WHERE application_name = 'groupchat read' \
     AND state = 'active' AND wait_event_type = 'Lock' AND datname = current_database()";

/// Waits for a lock on the users that somebody holds.
fn look(tx: &mut dyn Tx) -> CommitDecision {
    assert_eq!(tx.accounts().find(UserId::new(1)), Err(StorageFault::TimedOut));
    CommitDecision::Commit
}

#[test]
fn a_read_is_ended_when_its_time_is_over_and_the_reader_goes_on() {
    let place = OneWorkerStorage::with(|options| options.read_timeout = Duration::from_millis(200));
    let mut holder = place.console();
    holder.execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
    let began = Instant::now();
    assert_eq!(place.read(look), Err(StorageFault::TimedOut));
    assert!(began.elapsed() < DEADLINE / 2, "{:?}", began.elapsed());
    holder.execute("ROLLBACK");
    let found = place.read(|tx| {
        if tx.accounts().find(UserId::new(1)) == Ok(None) { CommitDecision::Commit } else { panic!() }
    });
    assert_eq!(found, Ok(()));
}

#[test]
fn a_read_is_ended_when_its_caller_has_gone() {
    let place = OneWorkerStorage::with(|options| {
        (options.read_timeout, options.statement_timeout) = (NO_LIMIT, NO_LIMIT);
    });
    let mut holder = place.console();
    holder.execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
    let reading = place.queue(Mode::Read, Caller::System, look);
    let mut watcher = place.console();
    watcher.wait_for(WAITING, 1);
    drop(reading);
    watcher.wait_for(WAITING, 0);
    // The one reader is free again, though the lock is held.
    assert_eq!(
        place.read(|tx| if tx.groups().find_many(&[]).is_ok() { CommitDecision::Commit } else { panic!() }),
        Ok(())
    );
    holder.execute("ROLLBACK");
}
