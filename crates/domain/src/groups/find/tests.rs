use mockall::predicate::eq;

use super::*;
use crate::accounts::{ReceiptSetting, User};
use crate::groups::error::GroupRefusal;
use crate::groups::model::GroupKind;
use crate::groups::model::{Group, Visibility};
use crate::ids::Seq;
use crate::messages::Reader;
use crate::paging::Limit;
use crate::permissions::{BuiltInRole, PermissionSet, Role};
use crate::search::SearchText;
use crate::testing::{
    GROUP, GroupCaller, ME, MEMBER, MockTx, OTHER, OUTSIDER, assert_hands_faults_on, group, me, member,
    needs, placed, standing, user,
};

fn shown() -> GroupView {
    GroupView {
        group: group(),
        standing: Some(standing(BuiltInRole::Member)),
        last_message: None,
        unread_mentions: 0,
        owner: None,
    }
}

fn group_query(limit: i64) -> GroupQuery {
    let limit = Limit::parse(limit).unwrap();
    GroupQuery {
        viewer: ME,
        kind: GroupKind::Group,
        search: SearchText::parse("gard").ok(),
        all: false,
        mine: false,
        only: None,
        ownerless: false,
        after: None,
        limit,
    }
}

fn member_query() -> MemberQuery {
    MemberQuery { group: GROUP, search: None, after: None, limit: Limit::parse(1).unwrap() }
}

#[test]
fn a_group_is_shown_as_the_actor_sees_it() {
    let mut tx = MockTx::new();
    tx.groups.expect_view().with(eq(GROUP), eq(ME)).returning(|_, _| Ok(Some(shown())));
    assert_eq!(find(&mut tx, &me(), GROUP), Ok(shown()));
}

#[test]
fn a_group_that_the_actor_may_not_know_of_is_not_found() {
    let mut tx = MockTx::new().may_manage(false);
    tx.groups.expect_view().returning(|_, _| Ok(None));
    assert_eq!(find(&mut tx, &me(), GROUP), Err(GroupRefusal::NotFound.into()));
    let mut tx = MockTx::new().finds_group(None, None).may_manage(false);
    assert_eq!(list_members(&mut tx, &me(), &member_query()), Err(GroupRefusal::NotFound.into()));
}

#[test]
fn server_admins_see_groups_and_members_that_they_are_not_among_but_no_message() {
    let hidden = Group { visibility: Visibility::Private, ..group() };
    let finds_hidden = |mut tx: MockTx| {
        let hidden = hidden.clone();
        tx.groups.expect_find_many().with(eq([GROUP])).times(1).returning(move |_| Ok(vec![hidden.clone()]));
        tx.may_manage(true)
    };
    let mut tx = finds_hidden(MockTx::new());
    tx.groups.expect_view().returning(|_, _| Ok(None));
    let view = GroupView {
        group: hidden.clone(),
        standing: None,
        last_message: None,
        unread_mentions: 0,
        owner: None,
    };
    assert_eq!(find(&mut tx, &me(), GROUP), Ok(view));
    let mut tx = finds_hidden(MockTx::new().finds_group(None, None)).reads_rights(true);
    tx.members.expect_list().returning(|_| Ok(Vec::new()));
    assert_eq!(list_members(&mut tx, &me(), &member_query()).map(|page| page.items), Ok(vec![]));
}

#[test]
fn unread_is_what_lies_between_the_read_cursor_and_the_last_message() {
    assert_eq!(shown().read_state().map(|state| state.unread), Some(10));
    assert_eq!(GroupView { standing: None, ..shown() }.read_state(), None);
}

#[test]
fn a_list_of_groups_says_whether_it_goes_on() {
    for (limit, more) in [(1, true), (2, false)] {
        let query = group_query(limit);
        let mut tx = MockTx::new();
        tx.groups.expect_list().with(eq(query.clone())).returning(|_| Ok(placed([shown(), shown()])));
        let page = list(&mut tx, &me(), &query).unwrap();
        assert_eq!((page.items.len(), page.more), (usize::try_from(limit).unwrap(), more));
    }
}

#[test]
fn only_server_admins_look_for_all_groups_and_for_those_without_an_owner() {
    for (all, ownerless) in [(true, false), (false, true)] {
        let query = GroupQuery { all, ownerless, ..group_query(1) };
        let mut tx = MockTx::new().reads_rights(true);
        tx.groups.expect_list().with(eq(query.clone())).times(1).returning(|_| Ok(placed([shown()])));
        // Only the list of all groups shows whose they are.
        let (times, owner) = (usize::from(all), all.then(|| user(OTHER).as_ref()));
        let found = owner.clone();
        tx.members
            .expect_first_owners()
            .withf(|groups| groups == [GROUP])
            .times(times)
            .returning(move |_| Ok(found.iter().map(|owner| (GROUP, owner.clone())).collect()));
        let page = list(&mut tx, &me(), &query).unwrap();
        assert_eq!(page.items.iter().map(|placed| placed.entry.owner.clone()).collect::<Vec<_>>(), [owner]);
        let mut tx = MockTx::new().reads_rights(false);
        assert_eq!(list(&mut tx, &me(), &query), Err(needs(ServerPermission::ManageGroups).into()));
    }
}

#[test]
fn whoever_sees_a_group_sees_its_members() {
    for caller in [OUTSIDER, MEMBER] {
        let page = list_members(&mut lists_members(large(None), caller), &me(), &member_query()).unwrap();
        let first = ListedMember { member: member(ME, BuiltInRole::Owner), read_seq: None };
        assert_eq!(page, Page { items: placed([first]), more: true }, "{caller:?}");
    }
}

/// The group with more members than groups that show by themselves how far they have read.
fn large(receipts: Option<bool>) -> Group {
    Group { member_count: Group::RECEIPTS_UP_TO + 1, receipts, ..group() }
}

fn lists_members(group: Group, caller: GroupCaller) -> MockTx {
    let mut tx = MockTx::new().finds_group(Some(group), caller.role);
    let rows = || placed([member(ME, BuiltInRole::Owner), member(OTHER, BuiltInRole::Member)]);
    tx.members.expect_list().with(eq(member_query())).returning(move |_| Ok(rows()));
    tx
}

/// The actor is asked whether they show how far they have read.
fn asks_for_receipts(mut tx: MockTx, receipts: ReceiptSetting) -> MockTx {
    let actor = User { receipts, ..user(ME) };
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(move |_| Ok(Some(actor.clone())));
    tx
}

/// The same, and this is how far the only member of the page has read.
fn shows_receipts(group: Group, shown: Option<i64>) -> MockTx {
    let mut tx = asks_for_receipts(lists_members(group, MEMBER), ReceiptSetting::Shown);
    let of_page =
        tx.read_cursors.expect_shown().withf(|group, _, members| (*group, members) == (GROUP, &[ME][..]));
    of_page.times(1).returning(move |_, _, _| Ok(shown.map(|seq| reader(seq, READS)).into_iter().collect()));
    tx
}

const READS: PermissionSet = PermissionSet::of(&[GroupPermission::View, GroupPermission::ReadHistory]);

/// The actor has read up to this number, with these permissions.
fn reader(seq: i64, permissions: PermissionSet) -> Reader {
    let role = Role { permissions, ..Role::unchanged(BuiltInRole::Member, false) };
    Reader { user: user(ME).as_ref(), read_seq: Seq::new(seq), joined_seq: Seq::ZERO, role }
}

#[test]
fn who_may_not_read_messages_has_read_none() {
    let mut tx = asks_for_receipts(lists_members(group(), MEMBER), ReceiptSetting::Shown);
    let deaf = reader(7, PermissionSet::of(&[GroupPermission::View]));
    tx.read_cursors.expect_shown().times(1).returning(move |_, _, _| Ok(vec![deaf.clone()]));
    let listed = list_members(&mut tx, &me(), &member_query()).unwrap();
    assert_eq!(listed.items[0].entry.read_seq, None);
}

#[test]
fn members_see_how_far_others_have_read_where_all_of_them_show_it() {
    let small = || Group { member_count: Group::RECEIPTS_UP_TO, ..group() };
    let read =
        |mut tx: MockTx| list_members(&mut tx, &me(), &member_query()).unwrap().items[0].entry.read_seq;
    for group in [small(), large(Some(true)), Group { name: None, ..large(None) }] {
        assert_eq!(read(shows_receipts(group.clone(), Some(7))), Some(Seq::new(7)), "{group:?}");
        assert_eq!(read(shows_receipts(group.clone(), None)), None);
        assert_eq!(read(asks_for_receipts(lists_members(group, MEMBER), ReceiptSetting::Hidden)), None);
    }
    // Nothing more is read where nothing is shown.
    for group in [large(None), Group { receipts: Some(false), ..small() }] {
        assert_eq!(read(lists_members(group, MEMBER)), None);
    }
    assert_eq!(read(lists_members(small(), OUTSIDER)), None);
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || {
            let mut tx = MockTx::new();
            tx.groups.expect_view().returning(|_, _| Ok(Some(shown())));
            tx
        },
        |tx| find(tx, &me(), GROUP),
    );
    assert_hands_faults_on(
        || {
            let mut tx = MockTx::new();
            tx.groups.expect_list().returning(|_| Ok(vec![]));
            tx
        },
        |tx| list(tx, &me(), &group_query(1)),
    );
    assert_hands_faults_on(
        || shows_receipts(group(), Some(7)),
        |tx| list_members(tx, &me(), &member_query()),
    );
}
