use mockall::predicate::eq;

use super::*;
use crate::accounts::Scope;
use crate::events::Audience;
use crate::groups::{Group, History, VisibleGroup};
use crate::ids::{Seq, UserId};
use crate::messages::{Message, MessageRefusal};
use crate::permissions::BuiltInRole;
use crate::testing::{
    GROUP, ME, MESSAGE, MockTx, NOW, OTHER, assert_hands_faults_on, bookmark, group, me, message,
    my_group_token, standing, view,
};

fn own(place: i64) -> OwnBookmark {
    OwnBookmark {
        bookmark: bookmark(ME),
        place: BookmarkPlace::new(place),
        group: GROUP,
        history_seq: Seq::new(30),
    }
}

/// The actor reads the message, and has this bookmark on it.
fn reads(found: Option<OwnBookmark>) -> MockTx {
    let mut tx = MockTx::new()
        .locks_group(Some(group()), Some(BuiltInRole::Member))
        .finds_message(Some(message(OTHER)));
    tx.messages.expect_find_many().withf(|ids| ids == [MESSAGE]).returning(|_| Ok(vec![message(OTHER)]));
    tx.accounts
        .expect_lock()
        .withf(|users, how| users == [ME] && *how == LockStrength::Exclusive)
        .returning(|_, _| Ok(()));
    tx.bookmarks.expect_find().with(eq(ME), eq(MESSAGE)).returning(move |_, _| Ok(found.clone()));
    tx
}

fn counts(mut tx: MockTx, count: i64) -> MockTx {
    tx.bookmarks.expect_count().with(eq(ME), eq(MAX_BOOKMARKS)).times(1).returning(move |_, _| Ok(count));
    tx
}

fn inserts(mut tx: MockTx) -> MockTx {
    tx.bookmarks.expect_insert().with(eq(made())).times(1).returning(|_| Ok(()));
    tx
}

fn made() -> Bookmark {
    Bookmark { created_at: NOW, ..bookmark(ME) }
}

fn shown(bookmark: Bookmark) -> BookmarkView {
    BookmarkView { bookmark, view: view(message(OTHER)) }
}

fn told(bookmark: Option<Bookmark>) -> (Audience, Option<UserId>, Event) {
    let update = BookmarkUpdate { user: ME, group: GROUP, message: MESSAGE, bookmark };
    (Audience::User(ME), Some(ME), Event::BookmarkUpdated(update))
}

fn put(tx: &mut dyn Tx, note: Option<BookmarkNote>) -> Result<BookmarkView, Error> {
    put_bookmark(tx, &me(), MESSAGE, note.as_ref())
}

#[test]
fn a_message_is_bookmarked_and_only_own_devices_are_told() {
    let mut tx = inserts(counts(reads(None), MAX_BOOKMARKS - 1));
    assert_eq!(put(&mut tx, made().note), Ok(shown(made())));
    assert_eq!(tx.emitted, [told(Some(made()))]);
}

#[test]
fn a_repeat_changes_nothing_but_the_note() {
    let mut tx = reads(Some(own(4)));
    assert_eq!(put(&mut tx, bookmark(ME).note), Ok(shown(bookmark(ME))));
    assert_eq!(tx.emitted, []);
    let without = Bookmark { note: None, ..bookmark(ME) };
    let mut tx = reads(Some(own(4)));
    tx.bookmarks.expect_note().with(eq(without.clone())).times(1).returning(|_| Ok(()));
    assert_eq!(put(&mut tx, None), Ok(shown(without.clone())));
    assert_eq!(tx.emitted, [told(Some(without))]);
}

#[test]
fn there_are_at_most_so_many() {
    let outcome = put(&mut counts(reads(None), MAX_BOOKMARKS), None);
    assert_eq!(outcome, Err(SavedRefusal::TooManyBookmarks.into()));
}

#[test]
fn what_cannot_be_read_is_not_bookmarked() {
    let mut tx = MockTx::new();
    tx.messages.expect_find_many().returning(|_| Ok(vec![message(OTHER)]));
    tx.groups.expect_lock_visible().times(1).returning(|_, _| Ok(false));
    tx.groups.expect_find_visible().times(1).returning(|_, _| Ok(None));
    assert_eq!(put(&mut tx, None), Err(MessageRefusal::NotFound.into()));
}

fn removes(found: OwnBookmark) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_lock().returning(|_, _| Ok(()));
    tx.bookmarks.expect_find().with(eq(ME), eq(MESSAGE)).returning(move |_, _| Ok(Some(found.clone())));
    tx.bookmarks.expect_remove().with(eq(ME), eq(MESSAGE)).returning(|_, _| Ok(()));
    tx
}

#[test]
fn a_bookmark_is_removed_whether_or_not_its_message_can_be_read() {
    let mut tx = removes(own(4));
    assert_eq!(remove_bookmark(&mut tx, &me(), MESSAGE), Ok(()));
    assert_eq!(tx.emitted, [told(None)]);
    let mut none = MockTx::new();
    none.accounts.expect_lock().returning(|_, _| Ok(()));
    none.bookmarks.expect_find().returning(|_, _| Ok(None));
    assert_eq!(remove_bookmark(&mut none, &me(), MESSAGE), Ok(()));
    assert_eq!(none.emitted, []);
}

#[test]
fn to_a_token_for_other_groups_there_is_none() {
    let elsewhere = OwnBookmark { group: GroupId::new(8), ..own(4) };
    let mut tx = removes(elsewhere);
    assert_eq!(remove_bookmark(&mut tx, &my_group_token(Scope::Write), MESSAGE), Ok(()));
    assert_eq!(tx.emitted, []);
}

fn of(id: i64, place: i64) -> OwnBookmark {
    let bookmark = Bookmark { message: MessageId::new(id), ..bookmark(ME) };
    OwnBookmark { bookmark, ..own(place) }
}

/// These bookmarks are found, in [`group`], of which the actor reads what follows 20.
fn lists(found: Vec<OwnBookmark>) -> MockTx {
    let mut tx = MockTx::new();
    let mine = |query: &BookmarkQuery| query.user == ME && query.limit == LOOKED_AT;
    tx.bookmarks.expect_list().withf(mine).times(1).returning(move |_| Ok(found.clone()));
    let group = Group { history: History::Joined, ..group() };
    let found = VisibleGroup { group, standing: Some(standing(BuiltInRole::Member)) };
    tx.groups.expect_find_visible_many().returning(move |_, _| Ok(vec![found.clone()]));
    tx.messages.expect_views().returning(|ids, _: UserId| {
        Ok(ids.iter().rev().map(|id| view(Message { id: *id, ..message(OTHER) })).collect())
    });
    tx
}

fn listed(tx: &mut MockTx, limit: i64) -> (Vec<i64>, Option<i64>) {
    let page = list_bookmarks(tx, &me(), None, Limit::parse(limit).unwrap()).unwrap();
    let ids = page.items.iter().map(|item| item.view.message.id.get()).collect();
    (ids, page.next.map(BookmarkPlace::get))
}

#[test]
fn bookmarks_are_listed_in_the_order_in_which_they_were_made() {
    let found = || vec![of(70, 9), of(72, 8), of(71, 5)];
    assert_eq!(listed(&mut lists(found()), 50), (vec![70, 72, 71], None));
    assert_eq!(listed(&mut lists(found()), 2), (vec![70, 72], Some(8)));
}

#[test]
fn only_what_can_be_read_now_is_listed() {
    let elsewhere = OwnBookmark { group: GroupId::new(8), ..of(70, 9) };
    let before = OwnBookmark { history_seq: Seq::new(20), ..of(72, 8) };
    assert_eq!(listed(&mut lists(vec![elsewhere, before, of(71, 5)]), 50), (vec![71], None));
}

#[test]
fn a_page_looks_at_a_bounded_number_and_goes_on_after_them() {
    let hidden = |place| OwnBookmark { group: GroupId::new(8), ..of(place, place) };
    let found = (1..=LOOKED_AT).rev().map(hidden).collect();
    assert_eq!(listed(&mut lists(found), 50), (vec![], Some(1)));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| inserts(counts(reads(None), 3)), |tx| put(tx, made().note));
    assert_hands_faults_on(|| removes(own(4)), |tx| remove_bookmark(tx, &me(), MESSAGE));
    assert_hands_faults_on(|| lists(vec![of(70, 9)]), |tx| list_bookmarks(tx, &me(), None, Limit::DEFAULT));
}
