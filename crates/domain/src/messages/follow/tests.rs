use mockall::predicate::eq;

use super::*;
use crate::events::Audience;
use crate::groups::GroupRefusal;
use crate::ids::Seq;
use crate::messages::model::{Message, MessageView};
use crate::messages::thread::MAX_FOLLOWED;
use crate::permissions::BuiltInRole;
use crate::testing::{
    GROUP, ME, MESSAGE, MockTx, OTHER, REPLY, assert_hands_faults_on, group, me, message, reply, root,
    thread, view,
};

/// A member of the locked group finds this message, and the thread under it.
fn locks(found: MessageView) -> MockTx {
    let mut tx = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Member));
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
fn only_a_root_with_replies_is_a_thread() {
    type Act = fn(&mut dyn Tx) -> Result<(), Error>;
    let acts: [(Act, _); 2] = [
        (|tx| follow(tx, &me(), GROUP, MESSAGE).map(drop), Err(MessageRefusal::NoThread.into())),
        (|tx| unfollow(tx, &me(), GROUP, MESSAGE), Ok(())),
    ];
    for (act, of_a_message_without) in acts {
        assert_eq!(act(&mut locks(view(reply(OTHER)))), Err(MessageRefusal::NotRoot.into()));
        assert_eq!(act(&mut locks(view(message(OTHER)))), of_a_message_without);
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
fn faults_are_returned() {
    assert_hands_faults_on(follows, |tx| follow(tx, &me(), GROUP, MESSAGE));
    assert_hands_faults_on(unfollows, |tx| unfollow(tx, &me(), GROUP, MESSAGE));
}
