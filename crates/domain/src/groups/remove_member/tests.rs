use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::admissions::{EndedInvitation, SentInvitation};
use crate::events::{Audience, GroupMember, RemovedMember};
use crate::groups::model::Group;
use crate::groups::model::{Member, VisibleGroup};
use crate::ids::InvitationId;
use crate::permissions::RoleName;
use crate::testing::told;
use crate::testing::{
    ADMIN, Emitted, GROUP, GroupCaller, ME, MEMBER, MockTx, NOW, OTHER, OUTRANKED, OUTSIDER, OWNER,
    SERVER_ADMIN, SERVER_ADMIN_INSIDE, assert_hands_faults_on, direct, group, lacks, me, member, placed,
    standing,
};

/// The caller finds `target` in the group, which has `owners` owners.
fn called_by(caller: GroupCaller, target: Member, owners: u64) -> MockTx {
    let mut tx = MockTx::new().called_by(caller);
    let user = target.user.id;
    tx.members.expect_find().with(eq(GROUP), eq(user)).returning(move |_, _| Ok(Some(target.clone())));
    tx.members.expect_count_owners().with(eq(GROUP)).returning(move |_| Ok(owners));
    tx
}

fn removes(mut tx: MockTx, user: UserId) -> MockTx {
    tx.members.expect_remove().with(eq(GROUP), eq(user)).times(1).returning(|_, _| Ok(()));
    tx.invitations.expect_remove_by().with(eq(GROUP), eq(user)).returning(|_, _| Ok(Vec::new()));
    tx
}

fn removed(actor: Option<UserId>, user: UserId) -> Emitted {
    (Audience::GroupAndUser(GROUP, user), actor, Event::MemberRemoved(RemovedMember { group: GROUP, user }))
}

#[test]
fn who_removes_whom() {
    const LACKS: GroupRefusal = lacks(GroupPermission::RemoveMembers);
    // The targets have the roles in `BuiltInRole::ALL`.
    for (caller, refusals) in [
        (OUTSIDER, [Some(GroupRefusal::MembersOnly); 4]),
        (MEMBER, [Some(LACKS); 4]),
        (ADMIN, [None, None, Some(OUTRANKED), Some(OUTRANKED)]),
        (OWNER, [None; 4]),
        (SERVER_ADMIN, [None; 4]),
        (SERVER_ADMIN_INSIDE, [None; 4]),
    ] {
        for (role, refusal) in BuiltInRole::ALL.into_iter().zip(refusals) {
            let mut tx = called_by(caller, member(OTHER, role), 2);
            if refusal.is_none() {
                tx = removes(tx, OTHER);
            }
            let outcome = remove_member(&mut tx, &me(), GROUP, OTHER);
            assert_eq!(outcome.err(), refusal.map(Error::from), "{caller:?} removes {role:?}");
            let events = if refusal.is_none() { vec![removed(Some(ME), OTHER)] } else { vec![] };
            assert_eq!(tx.emitted, events, "{caller:?} removes {role:?}");
            let entries = if refusal.is_none() { vec!["member.removed to 2 in 7"] } else { vec![] };
            assert_eq!(told(&tx.recorded), entries, "{caller:?} removes {role:?}");
        }
    }
}

#[test]
fn everybody_may_leave_and_both_the_group_and_they_themselves_learn_of_it() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        let mut tx = removes(called_by(caller, member(ME, caller.role.unwrap()), 2), ME);
        assert_eq!(remove_member(&mut tx, &me(), GROUP, ME), Ok(()), "{caller:?}");
        assert_eq!(tx.emitted, [removed(Some(ME), ME)]);
        assert_eq!(told(&tx.recorded), ["member.left to 1 in 7"]);
    }
}

#[test]
fn the_invitations_of_who_leaves_end() {
    const INVITATION: InvitationId = InvitationId::new(1);
    let mut tx = called_by(ADMIN, member(ME, BuiltInRole::Admin), 1);
    tx.members.expect_remove().returning(|_, _| Ok(()));
    let ended = tx.invitations.expect_remove_by().with(eq(GROUP), eq(ME)).times(1);
    ended.returning(|_, _| Ok(vec![SentInvitation { id: INVITATION, user: OTHER, invited_by: ME }]));
    assert_eq!(remove_member(&mut tx, &me(), GROUP, ME), Ok(()));
    let withdrawn = Event::InvitationWithdrawn(EndedInvitation { id: INVITATION, user: OTHER });
    assert_eq!(tx.emitted, [removed(Some(ME), ME), (Audience::User(OTHER), Some(ME), withdrawn)]);
}

#[test]
fn who_leaves_is_not_mentioned_to_those_who_have_blocked_them() {
    const INVITATION: InvitationId = InvitationId::new(1);
    let mut tx = called_by(ADMIN, member(ME, BuiltInRole::Admin), 1);
    tx.members.expect_remove().returning(|_, _| Ok(()));
    let ended = tx.invitations.expect_remove_by().with(eq(GROUP), eq(ME)).times(1);
    ended.returning(|_, _| Ok(vec![SentInvitation { id: INVITATION, user: OTHER, invited_by: ME }]));
    tx.blocks.checkpoint();
    tx.blocks.expect_find_many().times(1).returning(|pairs| Ok(pairs.to_vec()));
    assert_eq!(remove_member(&mut tx, &me(), GROUP, ME), Ok(()));
    assert_eq!(tx.emitted, [removed(Some(ME), ME)]);
}

#[test]
fn the_last_owner_neither_leaves_nor_is_removed() {
    for (caller, target) in [(OWNER, ME), (SERVER_ADMIN, OTHER), (SERVER_ADMIN_INSIDE, OTHER)] {
        let mut tx = called_by(caller, member(target, BuiltInRole::Owner), 1);
        let outcome = remove_member(&mut tx, &me(), GROUP, target);
        assert_eq!(outcome, Err(GroupRefusal::LastOwner.into()), "{caller:?}");
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn missing_rights_come_before_the_last_owner() {
    let mut tx = called_by(ADMIN, member(OTHER, BuiltInRole::Owner), 1);
    assert_eq!(remove_member(&mut tx, &me(), GROUP, OTHER), Err(OUTRANKED.into()));
}

#[test]
fn a_group_and_a_member_that_are_not_there_come_before_missing_rights() {
    let mut tx = MockTx::new().locks_group(None, None).may_manage(false);
    assert_eq!(remove_member(&mut tx, &me(), GROUP, OTHER), Err(GroupRefusal::NotFound.into()));
    for target in [ME, OTHER] {
        let mut tx = MockTx::new().locks_group(Some(group()), None);
        tx.members.expect_find().with(eq(GROUP), eq(target)).returning(|_, _| Ok(None));
        let outcome = remove_member(&mut tx, &me(), GROUP, target);
        assert_eq!(outcome, Err(GroupRefusal::MemberNotFound.into()));
    }
}

/// The group is locked and then found for the user whose account was deleted.
fn ends_membership(role: BuiltInRole, owners_left: u64) -> MockTx {
    ends_membership_in(group(), role, owners_left)
}

fn ends_membership_in(group: Group, role: BuiltInRole, owners_left: u64) -> MockTx {
    let mut tx = MockTx::new();
    let mut order = Sequence::new();
    tx.groups.expect_lock().with(eq(GROUP)).times(1).in_sequence(&mut order).returning(|_| Ok(()));
    tx.groups.expect_find_visible().with(eq(GROUP), eq(OTHER)).times(1).in_sequence(&mut order).returning(
        move |_, _| Ok(Some(VisibleGroup { group: group.clone(), standing: Some(standing(role)) })),
    );
    tx.members.expect_count_owners().with(eq(GROUP)).returning(move |_| Ok(owners_left));
    removes(tx, OTHER)
}

/// The last owner goes, and this member is next.
fn passes_on_to(heir: Option<Member>) -> MockTx {
    let mut tx = ends_membership(BuiltInRole::Owner, 0);
    if let Some(heir) = &heir {
        let heir = heir.user.id;
        tx.members
            .expect_set_role()
            .with(eq(GROUP), eq(heir), eq(RoleName::OWNER))
            .times(1)
            .returning(|_, _, _| Ok(()));
    }
    tx.members.expect_successor().with(eq(GROUP)).times(1).returning(move |_| Ok(heir.clone()));
    tx
}

#[test]
fn the_successor_of_a_deleted_last_owner_becomes_owner_before_they_go() {
    for role in [BuiltInRole::Admin, BuiltInRole::Member] {
        let mut tx = passes_on_to(Some(member(ME, role)));
        assert_eq!(end_membership(&mut tx, GROUP, OTHER), Ok(()), "{role:?}");
        let promoted =
            Event::MemberUpdated(GroupMember { group: GROUP, member: member(ME, BuiltInRole::Owner) });
        assert_eq!(tx.emitted, [(Audience::Group(GROUP), None, promoted), removed(None, OTHER)]);
        assert_eq!(told(&tx.recorded), ["server: member.role_changed to 1 in 7 (owner)"]);
    }
}

#[test]
fn without_a_successor_the_group_stays_ownerless() {
    let mut tx = passes_on_to(None);
    assert_eq!(end_membership(&mut tx, GROUP, OTHER), Ok(()));
    assert_eq!(tx.emitted, [removed(None, OTHER)]);
}

#[test]
fn a_group_with_an_owner_left_is_not_passed_on() {
    let mut tx = ends_membership(BuiltInRole::Owner, 1);
    assert_eq!(end_membership(&mut tx, GROUP, OTHER), Ok(()));
    assert_eq!(tx.emitted, [removed(None, OTHER)]);
}

#[test]
fn a_group_that_was_ownerless_before_is_not_passed_on_when_a_member_goes() {
    for role in [BuiltInRole::Member, BuiltInRole::Admin] {
        let mut tx = ends_membership(role, 0);
        assert_eq!(end_membership(&mut tx, GROUP, OTHER), Ok(()), "{role:?}");
        assert_eq!(tx.emitted, [removed(None, OTHER)]);
    }
}

/// All that was said in it is nobody's any more.
fn leaves_nobody_in(conversation: Group) -> MockTx {
    let mut tx = ends_membership_in(conversation, BuiltInRole::Member, 0);
    tx.groups.expect_mark_deleted().with(eq(GROUP), eq(NOW)).times(1).returning(|_, _| Ok(()));
    tx.jobs.expect_enqueue().with(eq(Task::ForgetGroup(GROUP)), eq(NOW)).times(1).returning(|_, _| Ok(()));
    tx
}

/// One is left in a conversation; this is that of the two.
fn leaves_one_in(of_two: Option<GroupId>) -> MockTx {
    let mut tx = ends_membership_in(Group { member_count: 2, ..direct() }, BuiltInRole::Member, 0);
    tx.members.expect_list().returning(|_| Ok(placed([member(ME, BuiltInRole::Member)])));
    tx.groups.expect_find_direct().withf(|key| key.people() == [ME, OTHER]).returning(move |_| Ok(of_two));
    tx
}

#[test]
fn a_direct_conversation_goes_with_the_last_of_its_people() {
    let mut tx = leaves_nobody_in(Group { member_count: 1, ..direct() });
    assert_eq!(end_membership(&mut tx, GROUP, OTHER), Ok(()));
    assert_eq!(tx.emitted, [removed(None, OTHER)]);
    // Others still read it.
    let mut tx = leaves_one_in(Some(GROUP));
    assert_eq!(end_membership(&mut tx, GROUP, OTHER), Ok(()));
    let closed = Event::DirectClosed(DirectPartner { group: GROUP, user: OTHER });
    assert_eq!(tx.emitted, [removed(None, OTHER), (Audience::Group(GROUP), None, closed)]);
    assert_hands_faults_on(|| leaves_one_in(Some(GROUP)), |tx| end_membership(tx, GROUP, OTHER));
    // It was one of more than two people, and stays open.
    let mut tx = leaves_one_in(None);
    assert_eq!(end_membership(&mut tx, GROUP, OTHER), Ok(()));
    assert_eq!(tx.emitted, [removed(None, OTHER)]);
    // Somebody may join a group.
    let mut tx = ends_membership_in(Group { member_count: 1, ..group() }, BuiltInRole::Member, 0);
    assert_eq!(end_membership(&mut tx, GROUP, OTHER), Ok(()));
    let last = || leaves_nobody_in(Group { member_count: 1, ..direct() });
    assert_hands_faults_on(last, |tx| end_membership(tx, GROUP, OTHER));
}

#[test]
fn a_membership_that_another_server_has_ended_is_not_ended_again() {
    let mut tx = MockTx::new();
    tx.groups.expect_lock().times(1).returning(|_| Ok(()));
    let left = VisibleGroup { group: group(), standing: None };
    tx.groups.expect_find_visible().times(1).returning(move |_, _| Ok(Some(left.clone())));
    assert_eq!(end_membership(&mut tx, GROUP, OTHER), Ok(()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn a_deleted_group_is_left_without_a_word() {
    let mut tx = MockTx::new();
    tx.groups.expect_lock().times(1).returning(|_| Ok(()));
    tx.groups.expect_find_visible().times(1).returning(|_, _| Ok(None));
    let mut tx = removes(tx, OTHER);
    assert_eq!(end_membership(&mut tx, GROUP, OTHER), Ok(()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || removes(called_by(SERVER_ADMIN, member(OTHER, BuiltInRole::Owner), 2), OTHER),
        |tx| remove_member(tx, &me(), GROUP, OTHER),
    );
    assert_hands_faults_on(
        || passes_on_to(Some(member(ME, BuiltInRole::Admin))),
        |tx| end_membership(tx, GROUP, OTHER),
    );
}

#[test]
fn nobody_leaves_a_direct_conversation_or_is_removed() {
    for user in [ME, OTHER] {
        let mut tx = MockTx::new().called_by_in(MEMBER, direct());
        tx.members.expect_find().returning(|_, user| Ok(Some(member(user, BuiltInRole::Member))));
        assert_eq!(remove_member(&mut tx, &me(), GROUP, user), Err(GroupRefusal::Direct.into()));
        assert_eq!(tx.emitted, []);
    }
}
