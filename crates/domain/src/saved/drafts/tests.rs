use mockall::predicate::eq;

use super::*;
use crate::events::Audience;
use crate::groups::GroupRefusal;
use crate::groups::VisibleGroup;
use crate::ids::Seq;
use crate::messages::{InThread, Message, MessageRefusal};
use crate::permissions::BuiltInRole;
use crate::testing::{
    GROUP, GroupCaller, ME, MEMBER, MESSAGE, MockTx, NOW, OTHER, OUTSIDER, SERVER_ADMIN,
    assert_hands_faults_on, draft, lacks, me, message, standing,
};

const HERE: (GroupId, Option<MessageId>) = (GROUP, None);
const IN_THREAD: (GroupId, Option<MessageId>) = (GROUP, Some(MESSAGE));

fn text(text: &str) -> DraftText {
    DraftText::parse(text).unwrap()
}

fn mine(thread: Option<MessageId>) -> Draft {
    Draft { place: DraftPlace { thread, ..draft(ME).place }, ..draft(ME) }
}

/// The caller has this draft in the group.
fn has(caller: GroupCaller, found: Option<Draft>) -> MockTx {
    let mut tx = MockTx::new().called_by(caller);
    tx.accounts
        .expect_lock()
        .withf(|users, how| users == [ME] && *how == LockStrength::Exclusive)
        .returning(|_, _| Ok(()));
    tx.drafts.expect_find().with(eq(mine(None).place)).returning(move |_| Ok(found.clone()));
    tx
}

fn stores(mut tx: MockTx, draft: Draft) -> MockTx {
    tx.drafts.expect_put().with(eq(draft)).times(1).returning(|_| Ok(()));
    tx
}

fn counts(mut tx: MockTx, count: i64) -> MockTx {
    tx.drafts.expect_count().with(eq(ME)).times(1).returning(move |_| Ok(count));
    tx
}

fn first() -> Draft {
    Draft { version: Version::new(NOW.as_micros()), updated_at: NOW, ..mine(None) }
}

fn told(draft: &Draft) -> (Audience, Option<crate::ids::UserId>, Event) {
    let update = DraftUpdate { place: draft.place, draft: Some(draft.clone()) };
    (Audience::User(ME), Some(ME), Event::DraftUpdated(update))
}

#[test]
fn a_draft_is_kept_and_only_own_devices_are_told() {
    let mut tx = stores(counts(has(MEMBER, None), MAX_DRAFTS - 1), first());
    assert_eq!(put_draft(&mut tx, &me(), HERE, &text("I think"), None), Ok(first()));
    assert_eq!(tx.emitted, [told(&first())]);
}

#[test]
fn the_next_text_takes_the_place_of_the_one_before() {
    let before = mine(None);
    for seen in [None, Some(before.version)] {
        let next =
            Draft { text: text("I know"), version: before.version.next(), updated_at: NOW, ..mine(None) };
        let mut tx = stores(has(MEMBER, Some(before.clone())), next.clone());
        assert_eq!(put_draft(&mut tx, &me(), HERE, &text("I know"), seen), Ok(next.clone()));
        assert_eq!(tx.emitted, [told(&next)]);
    }
}

#[test]
fn what_another_device_has_typed_is_not_overwritten_unseen() {
    let conflict = || Err(SavedRefusal::DraftConflict { current: Version::new(5) }.into());
    let seen = Some(Version::new(4));
    let mut tx = has(MEMBER, Some(mine(None)));
    assert_eq!(put_draft(&mut tx, &me(), HERE, &text("I know"), seen), conflict());
    assert_eq!(remove_draft(&mut has(MEMBER, Some(mine(None))), &me(), HERE, seen), conflict().map(drop));
    let gone = put_draft(&mut has(MEMBER, None), &me(), HERE, &text("I know"), seen);
    assert_eq!(gone, Err(SavedRefusal::DraftNotFound.into()));
    // A repeat, whose answer was lost.
    let mut tx = has(MEMBER, Some(mine(None)));
    assert_eq!(put_draft(&mut tx, &me(), HERE, &text("I think"), seen), Ok(mine(None)));
    assert_eq!(tx.emitted, []);
}

#[test]
fn there_are_at_most_so_many() {
    let mut tx = counts(has(MEMBER, None), MAX_DRAFTS);
    let outcome = put_draft(&mut tx, &me(), HERE, &text("I think"), None);
    assert_eq!(outcome, Err(SavedRefusal::TooManyDrafts.into()));
}

#[test]
fn a_draft_is_removed_once() {
    let mut tx = has(MEMBER, Some(mine(None)));
    tx.drafts.expect_remove().with(eq(mine(None).place)).times(1).returning(|_| Ok(true));
    assert_eq!(remove_draft(&mut tx, &me(), HERE, None), Ok(()));
    let update = DraftUpdate { place: mine(None).place, draft: None };
    assert_eq!(tx.emitted, [(Audience::User(ME), Some(ME), Event::DraftUpdated(update))]);
    let mut tx = has(MEMBER, None);
    assert_eq!(remove_draft(&mut tx, &me(), HERE, Some(Version::new(4))), Ok(()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn only_members_who_read_have_drafts() {
    for caller in [OUTSIDER, SERVER_ADMIN] {
        let put = put_draft(&mut MockTx::new().called_by(caller), &me(), HERE, &text("I think"), None);
        assert_eq!(put, Err(GroupRefusal::MembersOnly.into()), "{caller:?}");
    }
    let mut blind = standing(BuiltInRole::Member);
    blind.role.permissions = blind.role.permissions.without(GroupPermission::ReadHistory);
    let found = VisibleGroup { group: crate::testing::group(), standing: Some(blind) };
    let mut tx = MockTx::new().locks_visible_group(Some(found));
    let put = put_draft(&mut tx, &me(), HERE, &text("I think"), None);
    assert_eq!(put, Err(lacks(GroupPermission::ReadHistory).into()));
    let none = MockTx::new().locks_group(None, None);
    assert_eq!(remove_draft(&mut { none }, &me(), HERE, None), Err(GroupRefusal::NotFound.into()));
}

/// A member looks for the draft of the thread under this message.
fn looks(root: Option<Message>, found: Option<Draft>) -> MockTx {
    let mut tx = MockTx::new()
        .finds_group(Some(crate::testing::group()), Some(BuiltInRole::Member))
        .finds_message(root);
    tx.drafts.expect_find().with(eq(mine(Some(MESSAGE)).place)).returning(move |_| Ok(found.clone()));
    tx
}

#[test]
fn a_thread_has_a_draft_of_its_own_where_its_root_can_be_read() {
    let found = mine(Some(MESSAGE));
    let mut tx = looks(Some(message(OTHER)), Some(found.clone()));
    assert_eq!(find_draft(&mut tx, &me(), IN_THREAD), Ok(found));
    let mut tx = looks(Some(message(OTHER)), None);
    assert_eq!(find_draft(&mut tx, &me(), IN_THREAD), Err(SavedRefusal::DraftNotFound.into()));
    let mut tx = looks(None, None);
    assert_eq!(find_draft(&mut tx, &me(), IN_THREAD), Err(MessageRefusal::NotFound.into()));
    let thread = Some(InThread { root: MessageId::new(69), root_seq: Seq::new(1) });
    let mut tx = looks(Some(Message { thread, ..message(OTHER) }), None);
    assert_eq!(find_draft(&mut tx, &me(), IN_THREAD), Err(MessageRefusal::NotRoot.into()));
}

#[test]
fn faults_are_returned() {
    let keeping = || stores(counts(has(MEMBER, None), 3), first());
    assert_hands_faults_on(keeping, |tx| put_draft(tx, &me(), HERE, &text("I think"), None));
    let found = || looks(Some(message(OTHER)), Some(mine(Some(MESSAGE))));
    assert_hands_faults_on(found, |tx| find_draft(tx, &me(), IN_THREAD));
    let removing = || {
        let mut tx = has(MEMBER, Some(mine(None)));
        tx.drafts.expect_remove().returning(|_| Ok(true));
        tx
    };
    assert_hands_faults_on(removing, |tx| remove_draft(tx, &me(), HERE, None));
}
