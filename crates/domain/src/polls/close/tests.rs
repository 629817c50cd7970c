use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::events::{Audience, PollUpdate};
use crate::ids::UserId;
use crate::permissions::GroupPermission;
use crate::polls::{Choices, Poll};
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MESSAGE, MockTx, NOW, OTHER, assert_hands_faults_on, found_poll,
    me, poll, poll_update,
};

fn finds(caller: GroupCaller, author: UserId, poll: Poll) -> MockTx {
    MockTx::new().called_by(caller).finds_poll(Some(found_poll(author, poll, Choices::NONE)))
}

fn closes(caller: GroupCaller, author: UserId, before: Poll) -> MockTx {
    let mut tx = finds(caller, author, before.clone());
    let after = Poll { closed_at: Some(NOW), is_untold: false, ..before };
    tx.polls.expect_update().with(eq(MESSAGE), eq(after)).times(1).returning(|_, _| Ok(()));
    tx
}

#[test]
fn authors_and_those_who_delete_any_message_close_a_poll_and_all_votes_are_told() {
    // Some votes were not told yet.
    let before = Poll { told_at: Some(NOW.minus(Duration::from_millis(1))), is_untold: true, ..poll() };
    for (caller, author) in [(MEMBER, ME), (ADMIN, OTHER)] {
        let mut tx = closes(caller, author, before.clone());
        let closed = close(&mut tx, &me(), GROUP, MESSAGE).unwrap().poll;
        assert_eq!((closed.closed_at, closed.votes()), (Some(NOW), 1));
        let told = Event::PollClosed(PollUpdate { poll: closed, ..poll_update() });
        assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), told)]);
    }
    assert_hands_faults_on(|| closes(MEMBER, ME, before.clone()), |tx| close(tx, &me(), GROUP, MESSAGE));
}

#[test]
fn closing_again_changes_nothing() {
    let closed = Poll { closed_at: Some(NOW.minus(Duration::from_secs(1))), ..poll() };
    let mut tx = finds(MEMBER, ME, closed.clone());
    assert_eq!(close(&mut tx, &me(), GROUP, MESSAGE).unwrap().poll, closed);
    assert_eq!(tx.emitted, []);
}

#[test]
fn other_members_don_t() {
    let mut tx = finds(MEMBER, OTHER, poll());
    let refused = close(&mut tx, &me(), GROUP, MESSAGE).unwrap_err();
    assert_eq!(refused, lacks(GroupPermission::DeleteAny));
    assert_eq!(tx.emitted, []);
}

/// The refusal of a member who lacks this.
fn lacks(permission: GroupPermission) -> Error {
    let tx = &mut MockTx::new().called_by(MEMBER);
    let group = crate::groups::lock_visible(tx, &me(), GROUP).unwrap();
    group.into_membership_with(permission).unwrap_err().into()
}
