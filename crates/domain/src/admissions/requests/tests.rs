use mockall::predicate::eq;

use super::*;
use crate::accounts::LockStrength;
use crate::events::{Audience, EndedJoinRequest, Event};
use crate::groups::GroupRefusal;
use crate::groups::{Group, Visibility};
use crate::paging::Limit;
use crate::permissions::BuiltInRole;
use crate::storage::Unique;
use crate::testing::told;
use crate::testing::{
    ADMIN, EARLIER, Emitted, GROUP, GroupCaller, ME, MEMBER, MockTx, OTHER, OUTSIDER, OWNER, SERVER_ADMIN,
    SERVER_ADMIN_INSIDE, approvers, assert_hands_faults_on, group, join_request, lacks, me, placed,
};

const GONE: AdmissionRefusal = AdmissionRefusal::JoinRequestNotFound;
const LACKS: GroupRefusal = lacks(GroupPermission::ApproveRequests);

fn closed() -> Group {
    Group { visibility: Visibility::Closed, ..group() }
}

/// Who may decide, and what others are told.
const CALLERS: [(GroupCaller, Option<GroupRefusal>); 6] = [
    (OUTSIDER, Some(GroupRefusal::MembersOnly)),
    (MEMBER, Some(LACKS)),
    (ADMIN, None),
    (OWNER, None),
    (SERVER_ADMIN, None),
    (SERVER_ADMIN_INSIDE, None),
];

fn ended(actor: Option<UserId>) -> Emitted {
    let ended = EndedJoinRequest { group: GROUP, user: OTHER, approvers: approvers() };
    (Audience::GroupAndUser(GROUP, OTHER), actor, Event::JoinRequestEnded(ended))
}

fn removes(mut tx: MockTx, user: UserId, removed: bool) -> MockTx {
    tx.join_requests.expect_remove().with(eq(GROUP), eq(user)).returning(move |_, _| Ok(removed));
    tx.roles.expect_list().with(eq(GROUP)).returning(|_| Ok(Vec::new()));
    tx
}

/// OTHER has asked to join, or not.
fn decides(caller: GroupCaller, group: Group, has_asked: bool) -> MockTx {
    let mut tx = MockTx::new().called_by_in(caller, group).bans_nobody();
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [OTHER] && *strength == LockStrength::Exclusive)
        .returning(|_, _| Ok(()));
    let request = has_asked.then(|| join_request(OTHER));
    tx.join_requests.expect_find().with(eq(GROUP), eq(OTHER)).returning(move |_, _| Ok(request.clone()));
    tx
}

fn approves(caller: GroupCaller, outcome: Unique<()>) -> MockTx {
    let mut tx = removes(decides(caller, closed(), true), OTHER, true);
    tx.members.expect_count_owners().returning(|_| Ok(1));
    tx.members.expect_insert().returning(move |_| Ok(outcome));
    tx.members.expect_count_groups().returning(|_, _, _| Ok(1));
    tx.invitations.expect_remove_of().returning(|_, _| Ok(None));
    tx
}

fn approve(tx: &mut dyn Tx) -> Result<Member, Error> {
    approve_request(tx, &me(), GROUP, OTHER, &Quotas::default())
}

#[test]
fn who_may_approve_lets_in_who_has_asked() {
    for (caller, refusal) in CALLERS {
        let mut tx = match refusal {
            None => approves(caller, Unique::Stored(())),
            Some(_) => decides(caller, closed(), true),
        };
        let outcome = approve(&mut tx);
        match refusal {
            Some(refusal) => assert_eq!(outcome, Err(refusal.into()), "{caller:?}"),
            None => {
                let member = outcome.unwrap();
                assert_eq!((member.user.id, member.role), (OTHER, BuiltInRole::Member.into()));
                assert!(matches!(tx.emitted[0].2, Event::MemberAdded(_)));
                assert_eq!(tx.emitted[1..], [ended(Some(ME))], "{caller:?}");
                assert_eq!(told(&tx.recorded), ["join_request.approved to 2 in 7 (member)"]);
            }
        }
    }
}

#[test]
fn only_who_has_asked_is_let_in_and_not_into_an_archived_group() {
    assert_eq!(approve(&mut decides(OWNER, closed(), false)), Err(GONE.into()));
    let archived = Group { archived_at: Some(EARLIER), ..closed() };
    assert_eq!(approve(&mut decides(OWNER, archived, true)), Err(GroupRefusal::Archived.into()));
    let mut tx = approves(OWNER, Unique::Taken);
    assert_eq!(approve(&mut tx), Err(GroupRefusal::AlreadyMember.into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn who_may_approve_refuses_and_the_asker_withdraws() {
    for (caller, refusal) in CALLERS {
        let mut tx = MockTx::new().called_by_in(caller, closed());
        if refusal.is_none() {
            tx = removes(tx, OTHER, true);
        }
        let outcome = end_request(&mut tx, &me(), GROUP, OTHER);
        assert_eq!(outcome, refusal.map_or(Ok(()), |refusal| Err(refusal.into())), "{caller:?}");
        assert_eq!(tx.emitted, if refusal.is_none() { vec![ended(Some(ME))] } else { Vec::new() });
        let entries = if refusal.is_none() { vec!["join_request.refused to 2 in 7"] } else { vec![] };
        assert_eq!(told(&tx.recorded), entries);
    }
    let archived = Group { archived_at: Some(EARLIER), ..closed() };
    let mut tx = removes(MockTx::new().called_by_in(OUTSIDER, archived), ME, true);
    assert_eq!(end_request(&mut tx, &me(), GROUP, ME), Ok(()), "also while nobody is let in");
    assert_eq!(told(&tx.recorded), ["join_request.withdrawn to 1 in 7"]);
    let mut tx = removes(MockTx::new().called_by_in(OUTSIDER, closed()), ME, false);
    assert_eq!(end_request(&mut tx, &me(), GROUP, ME), Err(GONE.into()));
    assert_eq!(tx.emitted, []);
}

fn query() -> MemberQuery {
    MemberQuery { group: GROUP, search: None, after: None, limit: Limit::parse(1).unwrap() }
}

#[test]
fn who_may_approve_lists_requests_also_of_an_archived_group() {
    let finds = |role, archived: bool| {
        let group = Group { archived_at: archived.then_some(EARLIER), ..closed() };
        MockTx::new().finds_group(Some(group), role).reads_rights_or_not()
    };
    for archived in [false, true] {
        let mut tx = finds(Some(BuiltInRole::Admin), archived);
        let two = || placed([join_request(OTHER), join_request(ME)]);
        tx.join_requests.expect_list().with(eq(query())).returning(move |_| Ok(two()));
        let page = list_requests(&mut tx, &me(), &query()).unwrap();
        assert_eq!((page.items.len(), page.more), (1, true));
    }
    for (role, refusal) in [(None, GroupRefusal::MembersOnly), (Some(BuiltInRole::Member), LACKS)] {
        let mut tx = finds(role, false);
        assert_eq!(list_requests(&mut tx, &me(), &query()).unwrap_err(), refusal.into());
    }
}

const DELETED: GroupId = GroupId::new(8);

/// A deleted user has asked to join a group that is there, and one that was deleted.
fn ends_of_user() -> MockTx {
    let mut tx = removes(MockTx::new(), OTHER, true);
    tx.join_requests.expect_groups_of().with(eq(OTHER), eq(9)).returning(|_, _| Ok(vec![GROUP, DELETED]));
    tx.groups.expect_lock().returning(|_| Ok(()));
    let found = |ids: &[GroupId]| if ids == [GROUP] { vec![closed()] } else { Vec::new() };
    tx.groups.expect_find_many().returning(move |ids| Ok(found(ids)));
    tx.join_requests.expect_remove().with(eq(DELETED), eq(OTHER)).times(..=1).returning(|_, _| Ok(true));
    tx
}

#[test]
fn the_requests_of_a_deleted_user_end() {
    let mut tx = ends_of_user();
    assert_eq!(end_requests_of_user(&mut tx, OTHER, 9), Ok(false));
    assert_eq!(tx.emitted, [ended(None)]);
    let mut tx = MockTx::new();
    tx.join_requests.expect_groups_of().returning(|_, _| Ok(Vec::new()));
    assert_eq!(end_requests_of_user(&mut tx, OTHER, 9), Ok(true));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| approves(OWNER, Unique::Stored(())), |tx| approve(tx));
    let refuses = || removes(MockTx::new().called_by_in(OWNER, closed()), OTHER, true);
    assert_hands_faults_on(refuses, |tx| end_request(tx, &me(), GROUP, OTHER));
    let lists = || {
        let mut tx = MockTx::new().finds_group(Some(closed()), Some(BuiltInRole::Admin));
        tx.join_requests.expect_list().returning(|_| Ok(Vec::new()));
        tx
    };
    assert_hands_faults_on(lists, |tx| list_requests(tx, &me(), &query()));
    assert_hands_faults_on(ends_of_user, |tx| end_requests_of_user(tx, OTHER, 9));
}
