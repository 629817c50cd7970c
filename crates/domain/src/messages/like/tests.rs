use mockall::predicate::eq;

use super::*;
use crate::events::Audience;
use crate::groups::GroupRefusal;
use crate::messages::model::Message;
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MESSAGE, MockTx, NOW, OTHER, OUTSIDER, OWNER, SERVER_ADMIN,
    SERVER_ADMIN_INSIDE, assert_hands_faults_on, me, message, tombstone, view,
};

/// The message once its count has changed.
fn counted(likes: i64) -> Message {
    Message { likes, version: message(OTHER).version.next(), ..message(OTHER) }
}

fn stores(mut tx: MockTx, message: Message) -> MockTx {
    tx.messages.expect_update().with(eq(message)).times(1).returning(|_| Ok(()));
    tx
}

fn adds_like(caller: GroupCaller, is_new: bool) -> MockTx {
    let mut tx = MockTx::new().called_by(caller).finds_message(Some(message(OTHER)));
    tx.messages
        .expect_add_like()
        .with(eq(MESSAGE), eq(ME), eq(NOW))
        .times(1)
        .returning(move |_, _, _| Ok(is_new));
    tx
}

fn removes_like(caller: GroupCaller, was_there: bool) -> MockTx {
    let mut tx = MockTx::new().called_by(caller).finds_message(Some(message(OTHER)));
    tx.messages.expect_remove_like().with(eq(MESSAGE), eq(ME)).times(1).returning(move |_, _| Ok(was_there));
    tx
}

#[test]
fn members_like_a_message_and_the_group_learns_the_new_count() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        let mut tx = stores(adds_like(caller, true), counted(3));
        let liked = MessageView { message: counted(3), liked: true };
        assert_eq!(like(&mut tx, &me(), GROUP, MESSAGE), Ok(liked), "{caller:?}");
        assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), Event::MessageLiked(counted(3)))]);
    }
}

#[test]
fn members_take_a_like_back_and_the_group_learns_the_new_count() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        let mut tx = stores(removes_like(caller, true), counted(1));
        assert_eq!(unlike(&mut tx, &me(), GROUP, MESSAGE), Ok(view(counted(1))), "{caller:?}");
        assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), Event::MessageUnliked(counted(1)))]);
    }
}

#[test]
fn nobody_else_does_server_admins_not_excepted() {
    let refusal = GroupRefusal::MembersOnly;
    for caller in [OUTSIDER, SERVER_ADMIN] {
        let tx = || MockTx::new().called_by(caller);
        assert_eq!(like(&mut tx(), &me(), GROUP, MESSAGE), Err(refusal.into()), "{caller:?}");
        assert_eq!(unlike(&mut tx(), &me(), GROUP, MESSAGE), Err(refusal.into()), "{caller:?}");
    }
}

#[test]
fn repeats_change_nothing() {
    let mut tx = adds_like(MEMBER, false);
    assert_eq!(like(&mut tx, &me(), GROUP, MESSAGE), Ok(view(message(OTHER))));
    assert_eq!(tx.emitted, []);
    let mut tx = removes_like(MEMBER, false);
    assert_eq!(unlike(&mut tx, &me(), GROUP, MESSAGE), Ok(view(message(OTHER))));
    assert_eq!(tx.emitted, []);
}

#[test]
fn a_tombstone_can_t_be_liked_and_has_no_like_to_take_back() {
    let tx = || MockTx::new().called_by(MEMBER).finds_message(Some(tombstone(OTHER)));
    assert_eq!(like(&mut tx(), &me(), GROUP, MESSAGE), Err(MessageRefusal::Deleted.into()));
    assert_eq!(unlike(&mut tx(), &me(), GROUP, MESSAGE), Ok(view(tombstone(OTHER))));
}

#[test]
fn a_group_or_message_that_is_not_there_has_no_likes() {
    let no_group = || MockTx::new().locks_group(None, None);
    let not_found = GroupRefusal::NotFound;
    assert_eq!(like(&mut no_group(), &me(), GROUP, MESSAGE), Err(not_found.into()));
    assert_eq!(unlike(&mut no_group(), &me(), GROUP, MESSAGE), Err(not_found.into()));
    let no_message = || MockTx::new().called_by(MEMBER).finds_message(None);
    let not_found = MessageRefusal::NotFound;
    assert_eq!(like(&mut no_message(), &me(), GROUP, MESSAGE), Err(not_found.into()));
    assert_eq!(unlike(&mut no_message(), &me(), GROUP, MESSAGE), Err(not_found.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || stores(adds_like(MEMBER, true), counted(3)),
        |tx| like(tx, &me(), GROUP, MESSAGE),
    );
    assert_hands_faults_on(
        || stores(removes_like(MEMBER, true), counted(1)),
        |tx| unlike(tx, &me(), GROUP, MESSAGE),
    );
}
