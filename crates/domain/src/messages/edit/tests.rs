use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::events::Audience;
use crate::groups::GroupRefusal;
use crate::ids::{UserId, Version};
use crate::messages::model::Message;
use crate::messages::reactions::Reactions;
use crate::testing::{
    ADMIN, EARLIER, GROUP, GroupCaller, ME, MEMBER, MESSAGE, MockTx, NOW, OTHER, OUTSIDER, OWNER,
    SERVER_ADMIN, SERVER_ADMIN_INSIDE, assert_hands_faults_on, lacks, me, message, text, tombstone, view,
};

/// Whenever, and whatever the version is.
const ANYHOW: ChangeTerms = ChangeTerms { if_version: None, within: None };

fn stores(mut tx: MockTx, message: Message) -> MockTx {
    tx.messages.expect_update().with(eq(message)).times(1).returning(|_| Ok(()));
    tx
}

fn edited() -> Message {
    let version = message(ME).version.next();
    Message { text: Some(text("hello again")), edited_at: Some(NOW), version, ..message(ME) }
}

/// The text that an edit replaces is kept.
fn keeps(mut tx: MockTx, earlier: EarlierText) -> MockTx {
    tx.edits.expect_add().with(eq(MESSAGE), eq(earlier), eq(100)).times(1).returning(|_, _, _| Ok(()));
    tx
}

fn edits(caller: GroupCaller) -> MockTx {
    let before = message(ME);
    let earlier = EarlierText { version: before.version, text: text("hello"), written_at: before.created_at };
    stores(keeps(MockTx::new().called_by(caller).finds_message(Some(before)), earlier), edited())
}

#[test]
fn authors_edit_their_messages_whatever_their_role() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        let mut tx = edits(caller);
        let outcome = edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("hello again")), ANYHOW);
        assert_eq!(outcome, Ok(view(edited())), "{caller:?}");
        assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), Event::MessageUpdated(edited()))]);
    }
}

#[test]
fn nobody_edits_what_others_wrote_whatever_their_role() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        let mut tx = MockTx::new().called_by(caller).finds_message(Some(message(OTHER)));
        let outcome = edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("hello again")), ANYHOW);
        assert_eq!(outcome, Err(MessageRefusal::NotAuthor.into()), "{caller:?}");
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn an_author_who_has_left_edits_nothing() {
    for caller in [OUTSIDER, SERVER_ADMIN] {
        let mut tx = MockTx::new().called_by(caller);
        let outcome = edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("hello again")), ANYHOW);
        assert_eq!(outcome, Err(GroupRefusal::MembersOnly.into()), "{caller:?}");
    }
}

#[test]
fn a_tombstone_can_t_be_edited() {
    let mut tx = MockTx::new().called_by(MEMBER).finds_message(Some(tombstone(ME)));
    let outcome = edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("hello again")), ANYHOW);
    assert_eq!(outcome, Err(MessageRefusal::Deleted.into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn that_it_is_not_one_s_own_comes_before_that_it_is_deleted() {
    let mut tx = MockTx::new().called_by(MEMBER).finds_message(Some(tombstone(OTHER)));
    let outcome = edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("hello again")), ANYHOW);
    assert_eq!(outcome, Err(MessageRefusal::NotAuthor.into()));
}

#[test]
fn the_same_text_again_or_none_changes_nothing() {
    for unchanged in [Some(&text("hello")), None] {
        let mut tx = MockTx::new().called_by(MEMBER).finds_message(Some(message(ME)));
        let outcome = edit(&mut tx, &me(), GROUP, MESSAGE, unchanged, ANYHOW);
        assert_eq!(outcome, Ok(view(message(ME))));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn an_edit_that_changes_nothing_needs_the_right_to_change() {
    let mut tx = MockTx::new().called_by(MEMBER).finds_message(Some(message(OTHER)));
    let outcome = edit(&mut tx, &me(), GROUP, MESSAGE, None, ANYHOW);
    assert_eq!(outcome, Err(MessageRefusal::NotAuthor.into()));
    let mut tx = MockTx::new().called_by(MEMBER).finds_message(Some(tombstone(ME)));
    let outcome = edit(&mut tx, &me(), GROUP, MESSAGE, None, ANYHOW);
    assert_eq!(outcome, Err(MessageRefusal::Deleted.into()));
}

#[test]
fn a_group_or_message_that_is_not_there_can_t_be_edited_or_deleted() {
    let no_group = || MockTx::new().locks_group(None, None);
    let no_message = || MockTx::new().called_by(MEMBER).finds_message(None);
    let new = text("hello again");
    let not_found = GroupRefusal::NotFound;
    assert_eq!(edit(&mut no_group(), &me(), GROUP, MESSAGE, Some(&new), ANYHOW), Err(not_found.into()));
    assert_eq!(delete(&mut no_group(), &me(), GROUP, MESSAGE, ANYHOW), Err(not_found.into()));
    let not_found = MessageRefusal::NotFound;
    assert_eq!(edit(&mut no_message(), &me(), GROUP, MESSAGE, Some(&new), ANYHOW), Err(not_found.into()));
    assert_eq!(delete(&mut no_message(), &me(), GROUP, MESSAGE, ANYHOW), Err(not_found.into()));
}

#[test]
fn a_text_is_kept_with_the_time_at_which_it_was_written() {
    let before = Message { edited_at: Some(EARLIER), version: Version::new(9), ..message(ME) };
    let earlier = EarlierText { version: Version::new(9), text: text("hello"), written_at: EARLIER };
    let tx = keeps(MockTx::new().called_by(MEMBER).finds_message(Some(before)), earlier);
    let mut tx = stores(tx, Message { version: Version::new(10), ..edited() });
    edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("hello again")), ANYHOW).unwrap();
}

fn seen(version: Version) -> ChangeTerms {
    ChangeTerms { if_version: Some(version), ..ANYHOW }
}

fn within(seconds: u64) -> ChangeTerms {
    ChangeTerms { within: Some(Duration::from_secs(seconds)), ..ANYHOW }
}

#[test]
fn a_version_that_is_not_the_present_one_is_neither_edited_nor_deleted() {
    let current = message(ME).version;
    let conflict = MessageRefusal::VersionConflict { current };
    let mut tx = edits(MEMBER);
    assert!(edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("hello again")), seen(current)).is_ok());
    let mut tx = deletes(MEMBER, ME);
    assert_eq!(delete(&mut tx, &me(), GROUP, MESSAGE, seen(current)), Ok(()));
    for other in [Version::FIRST, current.next()] {
        let found = || MockTx::new().called_by(ADMIN).finds_message(Some(message(ME)));
        let outcome = edit(&mut found(), &me(), GROUP, MESSAGE, Some(&text("hello again")), seen(other));
        assert_eq!(outcome, Err(conflict.into()));
        assert_eq!(delete(&mut found(), &me(), GROUP, MESSAGE, seen(other)), Err(conflict.into()));
    }
}

#[test]
fn repeating_what_is_done_is_harmless_on_whatever_terms() {
    let late = ChangeTerms { if_version: Some(Version::FIRST), ..within(1) };
    let mut tx = MockTx::new().called_by(MEMBER).finds_message(Some(message(ME)));
    assert!(edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("hello")), late).is_ok());
    let mut tx = MockTx::new().called_by(MEMBER).finds_message(Some(tombstone(ME)));
    assert_eq!(delete(&mut tx, &me(), GROUP, MESSAGE, late), Ok(()));
}

#[test]
fn whoever_comes_too_late_is_told_until_when_it_was_possible() {
    let until = message(ME).created_at.plus(Duration::from_secs(60));
    let too_late = MessageRefusal::TooLate { until };
    for found in [message(ME), tombstone(ME)] {
        let mut tx = MockTx::new().called_by(OWNER).finds_message(Some(found));
        let outcome = edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("hello again")), within(60));
        assert_eq!(outcome, Err(too_late.into()));
    }
    let mut tx = MockTx::new().called_by(MEMBER).finds_message(Some(message(ME)));
    assert_eq!(delete(&mut tx, &me(), GROUP, MESSAGE, within(60)), Err(too_late.into()));
    let mut tx = deletes(MEMBER, ME);
    assert_eq!(delete(&mut tx, &me(), GROUP, MESSAGE, within(200_000_000)), Ok(()));
}

#[test]
fn those_who_may_delete_anything_delete_whenever_they_want() {
    for author in [ME, OTHER] {
        assert_eq!(delete(&mut deletes(ADMIN, author), &me(), GROUP, MESSAGE, within(60)), Ok(()));
    }
}

#[test]
fn what_a_message_said_before_goes_with_it() {
    let found = Message { edited_at: Some(EARLIER), reactions: Reactions::NONE, ..message(ME) };
    let after = found.clone().into_tombstone(NOW);
    let mut tx = stores(MockTx::new().called_by(MEMBER).finds_message(Some(found)), after);
    tx.edits.expect_remove().with(eq(MESSAGE)).times(1).returning(|_| Ok(()));
    assert_eq!(delete(&mut tx, &me(), GROUP, MESSAGE, ANYHOW), Ok(()));
}

fn deleted(author: UserId) -> Message {
    message(author).into_tombstone(NOW)
}

/// A message with more reactions than go at once is deleted; a job removes the rest.
fn deletes(caller: GroupCaller, author: UserId) -> MockTx {
    let tx = MockTx::new().called_by(caller).finds_message(Some(message(author)));
    let mut tx = stores(tx, deleted(author));
    tx.messages.expect_purge_reactions().with(eq(MESSAGE), eq(400)).times(1).returning(|_, _| Ok(false));
    let purge = Task::PurgeReactions(MESSAGE);
    tx.jobs.expect_enqueue().with(eq(purge), eq(NOW)).times(1).returning(|_, _| Ok(()));
    tx
}

#[test]
fn authors_and_admins_of_the_group_delete_a_message_and_a_tombstone_stays() {
    for (caller, author) in
        [(MEMBER, ME), (ADMIN, ME), (OWNER, ME), (SERVER_ADMIN_INSIDE, ME), (ADMIN, OTHER), (OWNER, OTHER)]
    {
        let mut tx = deletes(caller, author);
        assert_eq!(delete(&mut tx, &me(), GROUP, MESSAGE, ANYHOW), Ok(()), "{caller:?} of {author}");
        let event = Event::MessageDeleted(Tombstone(deleted(author)));
        assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), event)], "{caller:?} of {author}");
    }
}

#[test]
fn nobody_else_deletes_a_message_server_admins_not_excepted() {
    for caller in [MEMBER, SERVER_ADMIN_INSIDE] {
        let mut tx = MockTx::new().called_by(caller).finds_message(Some(message(OTHER)));
        let outcome = delete(&mut tx, &me(), GROUP, MESSAGE, ANYHOW);
        assert_eq!(outcome, Err(lacks(GroupPermission::DeleteAny).into()), "{caller:?}");
        assert_eq!(tx.emitted, []);
    }
    for caller in [OUTSIDER, SERVER_ADMIN] {
        let mut tx = MockTx::new().called_by(caller);
        let outcome = delete(&mut tx, &me(), GROUP, MESSAGE, ANYHOW);
        assert_eq!(outcome, Err(GroupRefusal::MembersOnly.into()), "{caller:?}");
    }
}

#[test]
fn deleting_a_tombstone_changes_nothing() {
    let mut tx = MockTx::new().called_by(MEMBER).finds_message(Some(tombstone(ME)));
    assert_eq!(delete(&mut tx, &me(), GROUP, MESSAGE, ANYHOW), Ok(()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn reactions_go_at_once_and_need_no_job() {
    let mut tx = MockTx::new().called_by(MEMBER).finds_message(Some(message(ME)));
    tx.messages.expect_purge_reactions().times(1).returning(|_, _| Ok(true));
    assert_eq!(delete(&mut stores(tx, deleted(ME)), &me(), GROUP, MESSAGE, ANYHOW), Ok(()));
    let without = Message { reactions: Reactions::NONE, ..message(ME) };
    let tx = MockTx::new().called_by(MEMBER).finds_message(Some(without));
    assert_eq!(delete(&mut stores(tx, deleted(ME)), &me(), GROUP, MESSAGE, ANYHOW), Ok(()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || edits(MEMBER),
        |tx| edit(tx, &me(), GROUP, MESSAGE, Some(&text("hello again")), ANYHOW),
    );
    assert_hands_faults_on(|| deletes(ADMIN, OTHER), |tx| delete(tx, &me(), GROUP, MESSAGE, ANYHOW));
}
