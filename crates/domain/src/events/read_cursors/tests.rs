use mockall::predicate::eq;

use super::*;
use crate::groups::{ReadCursor, VisibleGroup};
use crate::ids::{GroupId, Seq, UserId, Version};
use crate::messages::{FollowedThread, ReadState};
use crate::permissions::BuiltInRole;
use crate::testing::{GROUP, ME, MESSAGE, MockTx, REPLY, assert_hands_faults_on, group, me, standing};

fn state(read_seq: i64, unread: i64) -> ReadState {
    ReadState { read_seq: Seq::new(read_seq), unread, version: Version::new(4), unread_mentions: 1 }
}

/// Cursors that moved at this position or later are queried, and there is one of a group.
fn looks_from(position: i64, threads: Vec<ThreadCursor>) -> MockTx {
    let mut tx = MockTx::new();
    let read = tx.members.expect_read_since().with(eq(ME), eq(Position::new(position)));
    read.times(1).returning(|_, _| Ok(vec![ReadCursor { group: GROUP, state: state(38, 2) }]));
    let read = tx.threads.expect_read_since().with(eq(ME), eq(Position::new(position)));
    read.times(1).returning(move |_, _| Ok(threads.clone()));
    tx.groups.expect_find_visible_many().returning(|_: &[GroupId], _: UserId| {
        Ok(vec![VisibleGroup { group: group(), standing: Some(standing(BuiltInRole::Member)) }])
    });
    tx
}

/// A cursor of a thread in this group.
fn of_thread(group: GroupId) -> ThreadCursor {
    let thread = FollowedThread { root: MESSAGE, root_seq: Seq::new(33), group, last_reply: REPLY };
    ThreadCursor { thread, state: state(2, 1) }
}

#[test]
fn cursors_moved_elsewhere_meanwhile_are_returned() {
    let threads = vec![of_thread(GROUP), of_thread(GroupId::new(99))];
    let told = read_since(&mut looks_from(4_000, threads), &me(), Position::new(5_000));
    let of = |thread, read_seq, unread| {
        let state = state(read_seq, unread);
        EphemeralEvent::ReadUpdated(ReadUpdate { group: GROUP, thread, state })
    };
    // Nothing of a group that the actor doesn't see any more.
    assert_eq!(told, Ok(vec![of(None, 38, 2), of(Some(MESSAGE), 2, 1)]));
}

#[test]
fn nothing_mentions_who_may_not_read_it() {
    let mut tx = MockTx::new();
    tx.members
        .expect_read_since()
        .returning(|_, _| Ok(vec![ReadCursor { group: GroupId::new(99), state: state(38, 2) }]));
    tx.threads.expect_read_since().returning(|_, _| Ok(Vec::new()));
    tx.groups.expect_find_visible_many().times(1).returning(|_, _| Ok(Vec::new()));
    let told = read_since(&mut tx, &me(), Position::new(5_000));
    let silent = state(38, 2).mentioning(0);
    let update = ReadUpdate { group: GroupId::new(99), thread: None, state: silent };
    assert_eq!(told, Ok(vec![EphemeralEvent::ReadUpdated(update)]));
}

#[test]
fn cursors_that_never_moved_are_not_returned() {
    for position in [0, 1, 999, 1_000, 1_001] {
        assert!(read_since(&mut looks_from(1, vec![]), &me(), Position::new(position)).is_ok());
    }
}

#[test]
fn faults_are_returned() {
    let tx = || looks_from(1, vec![of_thread(GROUP)]);
    assert_hands_faults_on(tx, |tx| read_since(tx, &me(), Position::ZERO));
}
