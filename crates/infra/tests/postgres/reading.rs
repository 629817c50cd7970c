//! Snapshots, and what a command that only reads may not do.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use groupchat_domain::accounts::LockStrength;
use groupchat_domain::events::{Audience, Event, RemovedGroup};
use groupchat_domain::ids::{GroupId, Position, UserId};
use groupchat_domain::storage::{Caller, CommitDecision, Mode, StorageFault, Tx};

use crate::database::{DEADLINE, OneWorkerStorage, settled, store, touch};
use crate::support::fixture;

fn count_users(tx: &mut dyn Tx) -> usize {
    tx.accounts().find_many(&[1, 2].map(UserId::new)).unwrap().len()
}

#[test]
fn a_command_reads_from_one_snapshot() {
    let place = OneWorkerStorage::new();
    place.write(store("ann")).unwrap();
    let (begun, begins) = channel();
    let (written, writes) = channel();
    let (seen, sees) = channel();
    let writes = Mutex::new(writes);
    let reading = place.queue(Mode::Read, Caller::System, move |tx| {
        let before = count_users(tx);
        begun.send(()).unwrap();
        writes.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        seen.send((before, count_users(tx))).unwrap();
        CommitDecision::Commit
    });
    begins.recv_timeout(DEADLINE).unwrap();
    place.write(store("ben")).unwrap();
    written.send(()).unwrap();
    settled(reading).unwrap();
    assert_eq!(sees.recv().unwrap(), (1, 1));
    let (seen, sees) = channel();
    place
        .read(move |tx| {
            seen.send(count_users(tx)).unwrap();
            CommitDecision::Commit
        })
        .unwrap();
    assert_eq!(sees.recv().unwrap(), 2);
}

#[test]
fn a_reader_can_not_write_and_goes_on_reading() {
    let place = OneWorkerStorage::new();
    let outcome = place.read(touch);
    assert!(matches!(outcome, Err(StorageFault::Unavailable { .. })), "{outcome:?}");
    assert_eq!(place.console().number("SELECT at AS number FROM storage_probe"), 0);
    place
        .read(|tx| if count_users(tx) == 0 { CommitDecision::Commit } else { CommitDecision::RollBack })
        .unwrap();
}

#[test]
fn a_reader_can_not_emit() {
    let place = OneWorkerStorage::new();
    let outcome = place.read(|tx| {
        tx.emit(None, Event::UserDeleted(UserId::new(1)));
        CommitDecision::Commit
    });
    assert!(matches!(outcome, Err(StorageFault::Internal { .. })), "{outcome:?}");
    assert_eq!(place.console().number("SELECT count(*) AS number FROM events"), 0);
}

#[test]
fn a_reader_neither_locks_nor_waits_for_locks() {
    let place = OneWorkerStorage::new();
    place
        .write(|tx| {
            fixture::user(tx, "ann");
            fixture::group(tx, "chess");
            CommitDecision::Commit
        })
        .unwrap();
    let mut holder = place.console();
    holder.execute("BEGIN; SELECT FROM users FOR UPDATE; SELECT FROM groups FOR UPDATE");
    place
        .read(|tx| {
            tx.groups().lock(GroupId::new(1)).unwrap();
            tx.accounts().lock_admins().unwrap();
            tx.accounts().lock(&[UserId::new(1)], LockStrength::Exclusive).unwrap();
            CommitDecision::Commit
        })
        .unwrap();
    holder.execute("COMMIT");
}

#[test]
fn the_ends_of_private_groups_are_known_before_they_have_positions() {
    let place = OneWorkerStorage::with(|options| options.follows_log = false);
    let [private, public] = [1, 2].map(GroupId::new);
    place
        .write(move |tx| {
            for audience in [Audience::Group(private), Audience::All] {
                let group = if audience == Audience::All { public } else { private };
                tx.emit(None, Event::GroupDeleted(RemovedGroup::logged(group, audience)));
            }
            tx.emit(None, Event::UserDeleted(UserId::new(1)));
            CommitDecision::Commit
        })
        .unwrap();
    let (seen, sees) = channel();
    place
        .read(move |tx| {
            seen.send(tx.events().unnumbered_ends()).unwrap();
            CommitDecision::Commit
        })
        .unwrap();
    assert_eq!(sees.recv().unwrap(), Ok(vec![private]));
    let following = place.beside(|_| ());
    let (seen, sees) = channel();
    loop {
        let seen = seen.clone();
        following
            .read(move |tx| {
                seen.send((tx.events().head(), tx.events().unnumbered_ends())).unwrap();
                CommitDecision::Commit
            })
            .unwrap();
        let (head, ends) = sees.recv().unwrap();
        if head == Ok(Position::new(3)) {
            break assert_eq!(ends, Ok(vec![]));
        }
    }
}
