use mockall::predicate::eq;

use super::*;
use crate::events::{Audience, MockLiveEvents};
use crate::groups::GroupRefusal;
use crate::messages::model::{Message, MessageView};
use crate::messages::thread::{MAX_FOLLOWED, Thread};
use crate::permissions::BuiltInRole;
use crate::testing::{
    GROUP, ME, MESSAGE, MY_KEY, MockTx, OTHER, REPLY, ScriptedStorage, assert_hands_faults_on, block_on,
    group, me, message, reply, root, thread, view,
};

/// A member of the group finds this message, and the thread under it.
fn finds(found: MessageView) -> MockTx {
    finds_in(MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Member)), found)
}

/// The same in the locked group.
fn locks(found: MessageView) -> MockTx {
    finds_in(MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Member)), found)
}

fn finds_in(mut tx: MockTx, found: MessageView) -> MockTx {
    let thread = found.thread.clone();
    let bare = MessageView { thread: None, ..found };
    tx.messages.expect_find().times(1).returning(move |_, _, _| Ok(Some(bare.clone())));
    if let Some(view) = thread {
        tx.threads.expect_views().times(1).returning(move |_, _| Ok(vec![view.clone()]));
    }
    tx
}

fn follows() -> MockTx {
    let mut tx = locks(root(false));
    let follow = tx.threads.expect_follow().with(eq(MESSAGE), eq(ME), eq(true), eq(REPLY));
    follow.times(1).returning(|_, _, _, _| Ok(true));
    let end = tx.threads.expect_unfollow_oldest().with(eq(ME), eq(Some(MESSAGE)), eq(MAX_FOLLOWED - 1));
    end.times(1).returning(|_, _, _| Ok(vec![]));
    tx
}

fn unfollows() -> MockTx {
    let mut tx = locks(root(true));
    let follow = tx.threads.expect_follow().with(eq(MESSAGE), eq(ME), eq(false), eq(REPLY));
    follow.times(1).returning(|_, _, _, _| Ok(true));
    tx
}

fn reads(seq: i64) -> MockTx {
    let mut tx = finds(root(true));
    let advance =
        tx.threads.expect_advance_read_seq().with(eq(MESSAGE), eq(ME), eq(Seq::new(seq)), eq(REPLY));
    advance.times(1).returning(|_, _, _, _| Ok(true));
    tx
}

#[test]
fn a_member_follows_a_thread_and_own_devices_are_told() {
    let mut tx = follows();
    assert!(follow(&mut tx, &me(), GROUP, MESSAGE).unwrap().standing.following);
    let told = Event::ThreadFollowed(OwnThread::of(&thread(), ME));
    assert_eq!(tx.emitted, [(Audience::User(ME), Some(ME), told)]);
}

#[test]
fn a_member_unfollows_a_thread_and_own_devices_are_told() {
    let mut tx = unfollows();
    assert_eq!(unfollow(&mut tx, &me(), GROUP, MESSAGE), Ok(()));
    let told = Event::ThreadUnfollowed(OwnThread::of(&thread(), ME));
    assert_eq!(tx.emitted, [(Audience::User(ME), Some(ME), told)]);
}

#[test]
fn repeating_either_changes_nothing() {
    let mut tx = locks(root(true));
    tx.threads.expect_follow().returning(|_, _, _, _| Ok(false));
    assert!(follow(&mut tx, &me(), GROUP, MESSAGE).is_ok());
    assert_eq!(tx.emitted, []);
    for found in [root(false), view(message(OTHER))] {
        let mut tx = locks(found);
        assert_eq!(unfollow(&mut tx, &me(), GROUP, MESSAGE), Ok(()));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn reading_moves_the_cursor_forward_and_no_further_than_the_last_reply() {
    let read = |tx: &mut MockTx, seq| mark_thread_read(tx, &me(), GROUP, MESSAGE, Seq::new(seq));
    let state = |read_seq, unread, moved| Ok(ReadState { read_seq: Seq::new(read_seq), unread, moved });
    assert_eq!(read(&mut reads(3), 3), state(3, 0, true));
    assert_eq!(read(&mut reads(2), 2), state(2, 1, true));
    assert_eq!(read(&mut finds(root(true)), 1), state(1, 2, false));
    let beyond = read(&mut finds(root(true)), 4);
    assert!(matches!(beyond, Err(Error::Refused(crate::Refusal::Invalid(_)))), "{beyond:?}");
}

#[test]
fn what_was_deleted_can_be_read() {
    let mut found = root(true);
    found.message = found.message.into_tombstone(crate::testing::NOW);
    if let Some(view) = &mut found.thread {
        view.thread = Thread { reply_count: 0, ..thread() };
    }
    let mut tx = finds(found);
    tx.threads.expect_advance_read_seq().times(1).returning(|_, _, _, _| Ok(true));
    let state = mark_thread_read(&mut tx, &me(), GROUP, MESSAGE, Seq::new(3)).unwrap();
    assert_eq!(state.unread, 0);
}

#[test]
fn only_a_root_with_replies_is_a_thread() {
    type Act = fn(&mut dyn Tx) -> Result<(), Error>;
    let acts: [Act; 3] = [
        |tx| follow(tx, &me(), GROUP, MESSAGE).map(drop),
        |tx| mark_thread_read(tx, &me(), GROUP, MESSAGE, Seq::ZERO).map(drop),
        |tx| unfollow(tx, &me(), GROUP, MESSAGE),
    ];
    for (nth, act) in acts.into_iter().enumerate() {
        // Only reading, where it is not the first time, takes no lock.
        let finds = if nth == 1 { finds } else { locks };
        assert_eq!(act(&mut finds(view(reply(OTHER)))), Err(MessageRefusal::NotRoot.into()));
        let without = act(&mut finds(view(message(OTHER))));
        assert_eq!(without, if nth < 2 { Err(MessageRefusal::NoThread.into()) } else { Ok(()) });
        let mut outside = MockTx::new();
        outside.groups.expect_lock_visible().returning(|_, _| Ok(true));
        outside = outside.finds_group(Some(group()), None);
        assert_eq!(act(&mut outside), Err(GroupRefusal::MembersOnly.into()));
    }
}

#[test]
fn who_reads_what_came_later_finds_no_thread_of_before() {
    let mut before = group();
    before.history = crate::groups::History::Joined;
    let mut standing = crate::testing::standing(BuiltInRole::Member);
    standing.joined_seq = message(OTHER).seq;
    let found = crate::groups::VisibleGroup { group: before, standing: Some(standing) };
    for found_message in [message(OTHER), Message { seq: Seq::new(400), ..reply(OTHER) }] {
        let mut tx = MockTx::new();
        let found = found.clone();
        tx.groups.expect_lock_visible().returning(|_, _| Ok(true));
        tx.groups.expect_find_visible().returning(move |_, _| Ok(Some(found.clone())));
        let found_message = view(found_message);
        tx.messages.expect_find().returning(move |_, _, _| Ok(Some(found_message.clone())));
        assert_eq!(follow(&mut tx, &me(), GROUP, MESSAGE), Err(MessageRefusal::NotFound.into()));
    }
}

#[test]
fn own_devices_are_told_of_a_cursor_that_moved() {
    let tx = || reads(3).authenticates(me());
    let storage = ScriptedStorage::new(vec![tx()]);
    let mut live = MockLiveEvents::new();
    let told =
        EphemeralEvent::ReadUpdated { group: GROUP, thread: Some(MESSAGE), read_seq: Seq::new(3), unread: 0 };
    live.expect_publish_ephemeral()
        .with(eq(EphemeralAudience::OwnDevices(ME)), eq(told))
        .times(1)
        .returning(|_, _| ());
    let marked = mark_thread_read_and_publish(&storage, &live, MY_KEY, (GROUP, MESSAGE), Seq::new(3));
    assert!(block_on(marked).unwrap().moved);
    storage.finish();
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(follows, |tx| follow(tx, &me(), GROUP, MESSAGE));
    assert_hands_faults_on(unfollows, |tx| unfollow(tx, &me(), GROUP, MESSAGE));
    assert_hands_faults_on(|| reads(3), |tx| mark_thread_read(tx, &me(), GROUP, MESSAGE, Seq::new(3)));
}
