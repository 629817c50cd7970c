//! The database goes on with another log, as after a failover to a copy that lacked the latest events.

use groupchat_domain::events::Event;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{CommitDecision, Tx};

use crate::database::OneWorkerStorage;

/// Emits an event.
fn emit(tx: &mut dyn Tx) -> CommitDecision {
    tx.emit(None, Event::UserDeleted(UserId::new(1)));
    CommitDecision::Commit
}

#[test]
fn what_comes_after_the_head_of_another_log_is_new_whatever_was_published_before() {
    let place = OneWorkerStorage::new();
    (0..3).for_each(|_| place.write(emit).unwrap());
    place.published.wait_for(3);
    let mut console = place.console();
    console.execute("UPDATE log_state SET epoch = 'another'; DELETE FROM events WHERE position > 1");
    console.terminate("groupchat log");
    (0..3).for_each(|_| place.write(emit).unwrap());
    place.published.wait_for(4);
    assert_eq!(place.published.positions(), [1, 2, 3, 2, 3, 4]);
}

#[test]
fn a_connection_that_is_lost_does_not_make_it_another_log() {
    let place = OneWorkerStorage::new();
    (0..3).for_each(|_| place.write(emit).unwrap());
    place.published.wait_for(3);
    place.console().terminate("groupchat log");
    place.write(emit).unwrap();
    place.published.wait_for(4);
    assert_eq!(place.published.positions(), [1, 2, 3, 4]);
}
