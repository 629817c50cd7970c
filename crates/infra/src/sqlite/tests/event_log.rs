//! What the log stores of an event.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::events::{
    Audience, Event, EventType, LoggedEvent, RemovedGroup, RemovedMember, SubjectIds,
};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::storage::{Access, Caller, CommitDecision, EventSink, Mode, StorageFault, Tx};

use super::support::{Fixture, note, sql};
use crate::DatabaseStorage;
use crate::sqlite::{SqliteOptions, SqliteStorage};

#[test]
fn an_event_is_logged_with_its_audience_and_the_ids_that_it_names() {
    let fixture = Fixture::new();
    let (group, user) = (GroupId::new(11), UserId::new(22));
    fixture.clock.set(7);
    fixture
        .write(Box::new(move |tx| {
            let deleted = RemovedGroup::logged(group, Audience::Group(group));
            tx.emit(None, Event::UserDeleted(user));
            tx.emit(Some(UserId::new(1)), Event::GroupDeleted(deleted));
            tx.emit(None, Event::MemberRemoved(RemovedMember { group, user }));
            tx.emit(None, Event::SessionsEnded(user));
            CommitDecision::Commit
        }))
        .unwrap();
    let rows = "SELECT count(*) AS value FROM events
        JOIN (VALUES (1, 'user.deleted', NULL, 'all', NULL, 22),
                     (2, 'group.deleted', 1, 'group', 11, NULL),
                     (3, 'member.removed', NULL, 'group_and_user', 11, 22),
                     (4, 'sessions.ended', NULL, 'user', NULL, 22)) AS expected
        ON (id, type, actor_id, audience, group_id, user_id)
        IS (column1, column2, column3, column4, column5, column6)
        WHERE at = 7000000 AND message_id IS NULL AND session_id IS NULL";
    assert_eq!(fixture.ask(rows), 4);
    fixture.assert_log_is_what_was_published();
}

#[test]
fn an_event_without_a_subject_is_not_emitted() {
    let fixture = Fixture::new();
    let emitted = fixture.write(Box::new(|tx| {
        tx.emit(None, Event::Gone(EventType::GroupCreated, SubjectIds::default()));
        CommitDecision::Commit
    }));
    assert!(matches!(emitted, Err(StorageFault::Internal { .. })), "{emitted:?}");
    assert_eq!(fixture.ask("SELECT count(*) AS value FROM events"), 0);
}

#[test]
fn the_epoch_of_the_log_survives_a_restart() {
    let fixture = Fixture::new();
    fixture
        .write(sql(
            "INSERT INTO jobs (kind, subject_id, run_after, created_at) SELECT epoch, 0, 0, 0 FROM log_state",
        ))
        .unwrap();
    fixture.storage.shutdown(Duration::from_secs(60));
    let reopened = fixture.reopened();
    let same = "SELECT count(*) AS value FROM log_state JOIN jobs ON kind = epoch WHERE length(epoch) = 32";
    assert_eq!(reopened.ask(same), 1);
}

#[test]
fn two_databases_have_different_epochs() {
    let epoch = "SELECT ('0x' || substr(epoch, 1, 15)) ->> '$' AS value FROM log_state";
    let (one, other) = (Fixture::new(), Fixture::new());
    assert_ne!(one.ask(epoch), other.ask(epoch));
}

/// Panics at each event.
struct Clumsy;

impl EventSink for Clumsy {
    fn publish(&self, _: &[LoggedEvent]) {
        panic!("a panic that the test wants");
    }
}

#[test]
fn a_panic_of_the_event_sink_does_not_end_the_writer() {
    let fixture = Fixture::new();
    let options = SqliteOptions::new(fixture.directory.path().join("chat.db"));
    let storage = SqliteStorage::open(options, fixture.clock.clone(), Arc::new(Clumsy)).unwrap();
    for id in 1..=2 {
        let access = Access { mode: Mode::Write, caller: Caller::System };
        storage.queue(access, note(id)).unwrap().wait().unwrap();
    }
    assert_eq!(fixture.notes(), [1, 2]);
}
