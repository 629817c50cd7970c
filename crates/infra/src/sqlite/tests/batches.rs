//! Group commit, and commands that fail in the middle of a batch.

use std::time::Duration;

use groupchat_domain::storage::{Access, Caller, Mode, StorageFault};

use super::support::{Fixture, caller, failing_note, note, panicking_note, refused_note, sql};
use crate::DatabaseStorage;
use crate::executor::command::PendingCommand;

#[test]
fn queued_commands_are_committed_together() {
    let fixture = Fixture::new();
    let hold = fixture.hold_writer();
    let pending: Vec<_> =
        (1..=200).map(|id| fixture.queue(caller(id as u8 % 7), note(id)).unwrap()).collect();
    drop(hold);
    for outcome in pending {
        outcome.wait().unwrap();
    }
    assert_eq!(fixture.notes(), (1..=200).collect::<Vec<_>>());
    assert_eq!(fixture.published().batches(), 1);
    fixture.assert_log_is_what_was_published();
}

#[test]
fn a_batch_is_limited_in_commands() {
    let fixture = Fixture::with(|options| options.batch.commands = 10);
    let hold = fixture.hold_writer();
    let pending: Vec<_> = (1..=29).map(|id| fixture.queue(caller(1), note(id)).unwrap()).collect();
    drop(hold);
    for outcome in pending {
        outcome.wait().unwrap();
    }
    // The command that blocked the writer is one of the first ten.
    assert_eq!(fixture.published().batches(), 3);
    fixture.assert_log_is_what_was_published();
}

#[test]
fn rejected_failing_and_panicking_commands_harm_no_others() {
    let fixture = Fixture::new();
    let hold = fixture.hold_writer();
    let queue = |work| fixture.queue(caller(1), work).unwrap();
    let pending = [
        queue(note(1)),
        queue(refused_note(2)),
        queue(note(3)),
        queue(failing_note(
            4,
            "INSERT INTO jobs (id, kind, subject_id, run_after, created_at) VALUES (3, 'again', 0, 0, 0)",
        )),
        queue(note(5)),
        queue(panicking_note(6)),
        queue(note(7)),
    ];
    drop(hold);
    let outcomes = pending.map(PendingCommand::wait);
    for place in [0, 1, 2, 4, 6] {
        assert_eq!(outcomes[place], Ok(()));
    }
    assert!(matches!(&outcomes[3], Err(StorageFault::Internal { reason }) if reason.contains("UNIQUE")));
    assert_eq!(outcomes[5], Err(StorageFault::Panicked));
    assert_eq!(fixture.notes(), [1, 3, 5, 7]);
    assert_eq!(fixture.published().subjects(), [1, 3, 5, 7]);
    assert_eq!(fixture.published().batches(), 1);
    fixture.assert_log_is_what_was_published();
}

#[test]
fn a_batch_that_sqlite_rolled_back_is_lost_and_the_next_one_runs() {
    let fixture = Fixture::new();
    fixture.write(note(1)).unwrap();
    let hold = fixture.hold_writer();
    let queue = |work| fixture.queue(caller(1), work).unwrap();
    // OR ROLLBACK ends the whole transaction, as a full disk or an I/O error may do.
    let pending = [
        queue(note(2)),
        queue(failing_note(
            3,
            "INSERT OR ROLLBACK INTO jobs (id, kind, subject_id, run_after, created_at) VALUES (1, 'again', 0, 0, 0)",
        )),
        queue(note(4)),
        queue(refused_note(5)),
    ];
    drop(hold);
    let [before, cause, after, refused] = pending.map(PendingCommand::wait);
    assert!(matches!(before, Err(StorageFault::Unavailable { .. })));
    assert!(matches!(cause, Err(StorageFault::Unavailable { .. })));
    assert_eq!((after, refused), (Ok(()), Ok(())));
    assert_eq!(fixture.notes(), [1, 4]);
    assert_eq!(fixture.published().subjects(), [1, 4]);
    fixture.assert_log_is_what_was_published();
}

#[test]
fn a_batch_whose_commit_fails_is_lost() {
    let fixture = Fixture::new();
    fixture
        .write(sql(
            "CREATE TABLE children (parent INTEGER REFERENCES jobs (id) DEFERRABLE INITIALLY DEFERRED)",
        ))
        .unwrap();
    let hold = fixture.hold_writer();
    let stored = fixture.queue(caller(1), note(1)).unwrap();
    // Only the COMMIT notices that there is no such parent.
    let orphan = fixture.queue(caller(2), sql("INSERT INTO children VALUES (99)")).unwrap();
    drop(hold);
    assert!(matches!(stored.wait(), Err(StorageFault::Unavailable { .. })));
    assert!(matches!(orphan.wait(), Err(StorageFault::Unavailable { .. })));
    assert!(fixture.published().ids().is_empty());
    fixture.write(note(2)).unwrap();
    assert_eq!(fixture.notes(), [2]);
    fixture.assert_log_is_what_was_published();
}

#[test]
fn a_batch_whose_events_cannot_be_logged_is_lost() {
    let fixture = Fixture::new();
    fixture.write(note(1)).unwrap();
    fixture
        .write(sql("CREATE TRIGGER no_log BEFORE INSERT ON events WHEN NEW.user_id = 2
                    BEGIN SELECT RAISE(ABORT, 'no'); END"))
        .unwrap();
    assert!(matches!(fixture.write(note(2)), Err(StorageFault::Unavailable { .. })));
    fixture.write(note(3)).unwrap();
    assert_eq!(fixture.notes(), [1, 3]);
    assert_eq!(fixture.published().subjects(), [1, 3]);
    fixture.assert_log_is_what_was_published();
}

#[test]
fn positions_have_no_gap_when_another_process_writes_in_between() {
    let fixture = Fixture::new();
    let second = fixture.second();
    let access = Access { mode: Mode::Write, caller: Caller::System };
    let other = |id| second.queue(access, note(id)).unwrap().wait().unwrap();
    fixture.write(note(1)).unwrap();
    other(2);
    other(3);
    fixture.write(note(4)).unwrap();
    fixture.write(note(5)).unwrap();
    other(6);
    second.shutdown(Duration::from_secs(60));
    let mut ids = fixture.published().ids();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
    let in_order = "SELECT sum(id = user_id) AS value FROM events";
    assert_eq!(fixture.ask(in_order), 6);
}

#[test]
fn positions_are_not_reused_after_old_events_were_removed() {
    let fixture = Fixture::new();
    fixture.write(note(1)).unwrap();
    fixture.write(note(2)).unwrap();
    fixture.write(sql("DELETE FROM events")).unwrap();
    // Only a storage that was just opened remembers nothing.
    fixture.storage.shutdown(Duration::from_secs(10));
    let reopened = fixture.reopened();
    reopened.write(note(3)).unwrap();
    assert_eq!(reopened.published().ids(), [1, 2, 3]);
    assert_eq!(reopened.ask("SELECT min(id) AS value FROM events"), 3);
}
