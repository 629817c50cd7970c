use mockall::predicate::eq;

use super::*;
use crate::accounts::User;
use crate::error::Refusal;
use crate::groups::{History, VisibleGroup};
use crate::permissions::{BuiltInRole, PermissionSet};
use crate::testing::{GROUP, ME, MockTx, OTHER, assert_hands_faults_on, group, lacks, me, standing, user};

const SEQ: Seq = Seq::new(25);

fn limit(limit: i64) -> Limit {
    Limit::parse(limit).unwrap()
}

/// The actor is a member of this group.
fn in_group(group: Group) -> MockTx {
    let mut tx = MockTx::new();
    let found = VisibleGroup { group, standing: Some(standing(BuiltInRole::Member)) };
    tx.groups.expect_find_visible().returning(move |_, _| Ok(Some(found.clone())));
    tx
}

fn with_setting(mut tx: MockTx, receipts: ReceiptSetting) -> MockTx {
    let actor = User { receipts, ..user(ME) };
    tx.accounts.expect_find().with(eq(ME)).returning(move |_| Ok(Some(actor.clone())));
    tx
}

fn reader(id: i64, joined_seq: i64) -> Reader {
    let user = UserRef { id: UserId::new(id), username: None, display_name: None };
    let role = Role::unchanged(BuiltInRole::Member, false);
    Reader { user, read_seq: Seq::new(30), joined_seq: Seq::new(joined_seq), role }
}

/// One whose role doesn't let them read.
fn deaf(id: i64) -> Reader {
    let mut reader = reader(id, 0);
    reader.role.permissions = PermissionSet::of(&[GroupPermission::View]);
    reader
}

fn about(user: UserId) -> ReaderPlace {
    ReaderPlace { seq: SEQ, user }
}

/// These readers are found.
fn finds(group: Group, size: i64, rows: Vec<Reader>, looked_up_to: Option<UserId>) -> MockTx {
    let visibility = group.visibility;
    let mut tx = with_setting(in_group(group), ReceiptSetting::Shown);
    let query = ReaderQuery { group: GROUP, visibility, seq: SEQ, after: Some(OTHER), limit: limit(size) };
    let found = FoundReaders { rows, looked_up_to };
    tx.read_cursors.expect_readers().with(eq(query)).times(1).returning(move |_| Ok(found.clone()));
    tx
}

fn list(mut tx: MockTx, seq: Seq, size: i64) -> Result<ReaderPage, Error> {
    list_readers(&mut tx, &me(), GROUP, Some(seq), Some(OTHER), limit(size))
}

#[test]
fn a_page_goes_on_after_its_last_reader_or_after_those_who_were_looked_at() {
    let rows = || vec![reader(11, 0), reader(12, 0)];
    let (more, end) = (Some(UserId::new(500)), None);
    for (size, looked_up_to, items, next) in [
        (2, end, rows(), None),
        (2, more, rows(), more),
        (1, end, vec![reader(11, 0)], Some(UserId::new(11))),
        (1, more, vec![reader(11, 0)], Some(UserId::new(11))),
    ] {
        let page = list(finds(group(), size, rows(), looked_up_to), SEQ, size);
        assert_eq!(page, Ok(ReaderPage { items, next: next.map(about) }), "{size}, {looked_up_to:?}");
    }
    let nobody = list(finds(group(), 9, vec![], more), SEQ, 9);
    assert_eq!(nobody, Ok(ReaderPage { items: vec![], next: more.map(about) }));
}

#[test]
fn who_can_t_read_a_message_has_not_read_it() {
    let rows = || vec![reader(11, 24), reader(12, 25), reader(13, 30), deaf(14)];
    let ids = |group| {
        let page = list(finds(group, 9, rows(), None), SEQ, 9).unwrap();
        page.items.iter().map(|reader| reader.user.id.get()).collect::<Vec<_>>()
    };
    assert_eq!(ids(group()), [11, 12, 13]);
    assert_eq!(ids(Group { history: History::Joined, ..group() }), [11]);
    // The page goes on after those who are left out.
    let page = list(finds(Group { history: History::Joined, ..group() }, 2, rows(), None), SEQ, 2).unwrap();
    assert_eq!((page.items.len(), page.next), (1, Some(about(UserId::new(12)))));
}

#[test]
fn nothing_is_shown_where_the_group_or_the_one_who_looks_shows_nothing() {
    let large = Group { member_count: Group::RECEIPTS_UP_TO + 1, ..group() };
    for off in [large.clone(), Group { receipts: Some(false), ..group() }] {
        assert_eq!(list(in_group(off), SEQ, 9), Err(GroupRefusal::ReceiptsOff.into()));
    }
    for on in [Group { receipts: Some(true), ..large.clone() }, Group { name: None, ..large }] {
        let hidden = with_setting(in_group(on.clone()), ReceiptSetting::Hidden);
        assert_eq!(list(hidden, SEQ, 9), Err(GroupRefusal::ReceiptsHidden.into()));
        assert!(list(finds(on, 9, vec![], None), SEQ, 9).is_ok());
    }
    let mut gone = in_group(group());
    gone.accounts.expect_find().returning(|_| Ok(None));
    assert_eq!(list(gone, SEQ, 9), Err(AccountRefusal::Unauthenticated.into()));
}

#[test]
fn it_takes_a_member_who_may_read() {
    let outside = MockTx::new().finds_group(Some(group()), None);
    assert_eq!(list(outside, SEQ, 9), Err(GroupRefusal::MembersOnly.into()));
    let unseen = MockTx::new().finds_group(None, None);
    assert_eq!(list(unseen, SEQ, 9), Err(GroupRefusal::NotFound.into()));
    let mut tx = MockTx::new();
    tx.groups.expect_find_visible().returning(|_, _| {
        let mut standing = standing(BuiltInRole::Member);
        standing.role.permissions = PermissionSet::of(&[GroupPermission::View]);
        Ok(Some(VisibleGroup { group: group(), standing: Some(standing) }))
    });
    assert_eq!(list(tx, SEQ, 9), Err(lacks(GroupPermission::ReadHistory).into()));
}

#[test]
fn only_of_a_message_that_the_member_reads() {
    let joined = Group { history: History::Joined, ..group() };
    for (group, seq) in [(group(), 0), (group(), 41), (joined, 20)] {
        let tx = with_setting(in_group(group), ReceiptSetting::Shown);
        let outcome = list(tx, Seq::new(seq), 9);
        assert!(matches!(outcome, Err(Error::Refused(Refusal::Invalid(_)))), "{seq}: {outcome:?}");
    }
}

#[test]
fn without_a_number_it_is_of_the_newest_message_if_there_is_one_to_read() {
    let mut tx = with_setting(in_group(group()), ReceiptSetting::Shown);
    let visibility = group().visibility;
    let query = ReaderQuery { group: GROUP, visibility, seq: Seq::new(40), after: None, limit: limit(9) };
    let found = FoundReaders { rows: vec![reader(11, 0)], looked_up_to: None };
    tx.read_cursors.expect_readers().with(eq(query)).times(1).returning(move |_| Ok(found.clone()));
    let page = list_readers(&mut tx, &me(), GROUP, None, None, limit(9)).unwrap();
    assert_eq!(page.items, [reader(11, 0)]);
    let came_after_all = Group { history: History::Joined, last_seq: Seq::new(20), ..group() };
    for empty in [came_after_all, Group { last_seq: Seq::ZERO, ..group() }] {
        let mut tx = with_setting(in_group(empty), ReceiptSetting::Shown);
        let page = list_readers(&mut tx, &me(), GROUP, None, None, limit(9));
        assert_eq!(page, Ok(ReaderPage { items: vec![], next: None }));
    }
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || finds(group(), 9, vec![], None),
        |tx| list_readers(tx, &me(), GROUP, Some(SEQ), Some(OTHER), limit(9)),
    );
}
