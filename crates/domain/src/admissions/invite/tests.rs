use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::accounts::{AccountRefusal, Block, LockStrength};
use crate::admissions::model::{EndedInvitation, IssuedInvitation};
use crate::events::Audience;
use crate::groups::Group;
use crate::permissions::{BuiltInRole, Role, Shortfall};
use crate::testing::told;
use crate::testing::{
    ADMIN, EARLIER, GROUP, GroupCaller, INVITATION, ME, MEMBER, MockTx, NOW, OTHER, OUTSIDER, OWNER,
    SERVER_ADMIN, assert_hands_faults_on, ban, group, invitation, issued, lacks, me, member, rights, user,
};
use crate::validation::{Violation, ViolationCode};

fn draft(role: BuiltInRole) -> InvitationDraft {
    InvitationDraft {
        candidate: Candidate::Id(OTHER),
        role: role.into(),
        note: invitation().note,
        expires_at: None,
    }
}

fn locks_candidate(caller: GroupCaller) -> MockTx {
    MockTx::new().called_by(caller).locks_users(&[OTHER], LockStrength::Exclusive).finds_user(user(OTHER))
}

/// The user is no member, and has this invitation already.
fn finds(tx: MockTx, before: Option<IssuedInvitation>) -> MockTx {
    let mut tx = tx.bans_nobody();
    tx.members.expect_find().with(eq(GROUP), eq(OTHER)).times(1).returning(|_, _| Ok(None));
    let found = tx.invitations.expect_find_of().with(eq(GROUP), eq(OTHER)).times(1);
    found.returning(move |_, _| Ok(before.clone()));
    tx
}

fn counts(mut tx: MockTx, of: Counted, count: u32) -> MockTx {
    tx.invitations.expect_count().withf(move |counted, _| *counted == of).returning(move |_, _| Ok(count));
    tx
}

fn stores(tx: MockTx, role: BuiltInRole) -> MockTx {
    let mut tx = counts(counts(tx, Counted::To(GROUP), 999), Counted::By(ME), 499);
    let new = NewInvitation {
        group: GROUP,
        user: OTHER,
        invited_by: ME,
        role: role.into(),
        note: invitation().note,
        created_at: NOW,
        expires_at: None,
    };
    tx.invitations.expect_put().with(eq(new)).times(1).returning(|_| Ok(INVITATION));
    tx
}

fn stored(role: BuiltInRole) -> Invitation {
    Invitation { role: role.into(), created_at: NOW, ..invitation() }
}

#[test]
fn who_may_invite_does_and_who_manages_roles_also_as_more_than_a_member() {
    const MEMBERS_ONLY: GroupRefusal = GroupRefusal::MembersOnly;
    const INVITE: GroupRefusal = lacks(GroupPermission::Invite);
    const ROLES: GroupRefusal = lacks(GroupPermission::ManageRoles);
    for (caller, as_member, as_admin) in [
        (OUTSIDER, Some(MEMBERS_ONLY), Some(MEMBERS_ONLY)),
        (MEMBER, Some(INVITE), Some(INVITE)),
        (ADMIN, None, Some(ROLES)),
        (OWNER, None, None),
        (SERVER_ADMIN, None, None),
    ] {
        for (role, refusal) in [(BuiltInRole::Member, as_member), (BuiltInRole::Admin, as_admin)] {
            let tx = locks_candidate(caller);
            let mut tx = if refusal.is_none() { stores(finds(tx, None), role) } else { tx };
            let outcome = invite(&mut tx, &me(), GROUP, &draft(role));
            let made = JudgedInvitation { invitation: stored(role), is_valid: true };
            let expected = refusal.map_or(Ok((made, true)), |refusal| Err(refusal.into()));
            assert_eq!(outcome, expected, "{caller:?} {role:?}");
        }
    }
}

#[test]
fn the_invited_are_told_and_nobody_else() {
    let mut tx = stores(finds(locks_candidate(ADMIN), None), BuiltInRole::Member);
    invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Member)).unwrap();
    let event = Event::InvitationCreated(stored(BuiltInRole::Member));
    assert_eq!(tx.emitted, [(Audience::User(OTHER), Some(ME), event)]);
    assert_eq!(told(&tx.recorded), [format!("invitation.created to 2 in 7 about {INVITATION}")]);
}

/// The user has blocked whoever invites them.
fn is_blocked(mut tx: MockTx) -> MockTx {
    let block = Block { user: user(ME).as_ref(), created_at: EARLIER };
    tx.blocks.checkpoint();
    tx.blocks
        .expect_find()
        .withf(|user, _| *user == OTHER)
        .times(1)
        .returning(move |_, _| Ok(Some(block.clone())));
    tx
}

/// The invited has blocked whoever has made the invitation.
fn has_blocked_the_inviter(mut tx: MockTx) -> MockTx {
    tx.blocks.checkpoint();
    tx.blocks.expect_find_many().times(1).returning(|pairs| Ok(pairs.to_vec()));
    tx
}

#[test]
fn who_has_blocked_the_inviter_is_not_told_and_the_inviter_is_not_told_that() {
    let mut own = issued(Some(BuiltInRole::Owner));
    own.invitation.note = None;
    for before in [None, Some(own)] {
        let is_new = before.is_none();
        let mut tx = is_blocked(stores(finds(locks_candidate(OWNER), before), BuiltInRole::Member));
        let made = JudgedInvitation { invitation: stored(BuiltInRole::Member), is_valid: true };
        assert_eq!(invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Member)), Ok((made, is_new)));
        assert_eq!(tx.emitted, []);
    }
    let mut tx = has_blocked_the_inviter(removes(OWNER));
    assert_eq!(withdraw(&mut tx, &me(), GROUP, INVITATION), Ok(()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn an_invitation_that_the_invited_would_not_see_replaces_nobody_else_s() {
    let mut by_other = issued(Some(BuiltInRole::Owner));
    by_other.invitation.invited_by = user(UserId::new(3)).as_ref();
    let tx = counts(finds(locks_candidate(OWNER), Some(by_other)), Counted::By(ME), 0);
    let mut tx = is_blocked(tx);
    tx.invitations.expect_put().never();
    let made = JudgedInvitation { invitation: stored(BuiltInRole::Member), is_valid: true };
    assert_eq!(invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Member)), Ok((made, false)));
    assert_eq!(tx.emitted, []);
}

#[test]
fn the_same_invitation_again_changes_nothing() {
    let mut tx = finds(locks_candidate(ADMIN), Some(issued(Some(BuiltInRole::Admin))));
    let same = JudgedInvitation { invitation: invitation(), is_valid: true };
    assert_eq!(invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Member)), Ok((same, false)));
    assert_eq!(tx.emitted, []);
}

#[test]
fn another_invitation_takes_the_place_of_the_first_and_is_the_inviter_s() {
    let mut before = issued(Some(BuiltInRole::Owner));
    before.invitation.invited_by = user(OTHER).as_ref();
    let mut tx = stores(finds(locks_candidate(OWNER), Some(before)), BuiltInRole::Admin);
    let (made, is_new) = invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Admin)).unwrap();
    assert_eq!((made.invitation, is_new), (stored(BuiltInRole::Admin), false));
    assert_eq!(tx.emitted.len(), 1);
}

#[test]
fn groups_and_inviters_have_so_many_invitations_at_most() {
    for (to, by, quota, limit) in [
        (MAX_INVITATIONS, 0, Quota::Invitations, MAX_INVITATIONS),
        (0, MAX_SENT_INVITATIONS, Quota::SentInvitations, MAX_SENT_INVITATIONS),
    ] {
        let tx = finds(locks_candidate(ADMIN), None);
        let mut tx = counts(counts(tx, Counted::To(GROUP), to), Counted::By(ME), by);
        let outcome = invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Member));
        assert_eq!(outcome, Err(GroupRefusal::QuotaExceeded { quota, limit }.into()));
    }
}

#[test]
fn members_the_past_and_roles_that_are_not_there_are_rejected() {
    let mut tx = locks_candidate(ADMIN);
    tx.members.expect_find().returning(|_, _| Ok(Some(member(OTHER, BuiltInRole::Member))));
    let outcome = invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Member));
    assert_eq!(outcome, Err(GroupRefusal::AlreadyMember.into()));

    for end in [NOW, EARLIER] {
        let past = InvitationDraft { expires_at: Some(end), ..draft(BuiltInRole::Member) };
        let outcome = invite(&mut locks_candidate(ADMIN), &me(), GROUP, &past).unwrap_err();
        let expected = Violation::new(ViolationCode::OutOfRange, "must be in the future");
        assert_eq!(outcome, expected.in_field("expires_at").into());
    }

    let herald = RoleName::parse("Herald").unwrap();
    let lost = InvitationDraft { role: herald, ..draft(BuiltInRole::Member) };
    assert!(matches!(
        invite(&mut locks_candidate(OWNER), &me(), GROUP, &lost),
        Err(Error::Refused(crate::Refusal::Invalid(_)))
    ));
}

#[test]
fn who_is_banned_is_not_invited() {
    let mut tx = locks_candidate(OWNER);
    tx.members.expect_find().returning(|_, _| Ok(None));
    tx.bans.expect_find().with(eq(GROUP), eq(OTHER)).returning(|_, _| Ok(Some(ban(OTHER))));
    let outcome = invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Member));
    assert_eq!(outcome, Err(GroupRefusal::Banned(ban(OTHER).term()).into()));
}

#[test]
fn an_end_in_the_future_is_kept() {
    let end = Some(NOW.plus(Duration::from_micros(1)));
    let mut tx =
        counts(counts(finds(locks_candidate(ADMIN), None), Counted::To(GROUP), 0), Counted::By(ME), 0);
    tx.invitations.expect_put().withf(move |new| new.expires_at == end).returning(|_| Ok(INVITATION));
    let until = InvitationDraft { expires_at: end, ..draft(BuiltInRole::Member) };
    assert_eq!(invite(&mut tx, &me(), GROUP, &until).unwrap().0.invitation.expires_at, end);
}

#[test]
fn nobody_invites_to_an_archived_group_or_one_that_they_may_not_know_of() {
    let archived = Group { archived_at: Some(EARLIER), ..group() };
    let mut tx = MockTx::new()
        .called_by_in(OWNER, archived)
        .locks_users(&[OTHER], LockStrength::Exclusive)
        .finds_user(user(OTHER));
    let outcome = invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Member));
    assert_eq!(outcome, Err(GroupRefusal::Archived.into()));
    let mut tx = MockTx::new().locks_group(None, None).may_manage(false);
    let outcome = invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Member));
    assert_eq!(outcome, Err(GroupRefusal::NotFound.into()));
    let mut tx = MockTx::new().called_by(OWNER);
    let nobody = InvitationDraft { candidate: Candidate::Nobody, ..draft(BuiltInRole::Member) };
    assert_eq!(invite(&mut tx, &me(), GROUP, &nobody), Err(AccountRefusal::UserNotFound.into()));
}

#[test]
fn nobody_gives_more_than_they_have() {
    // A role of the group's own that allows more than an admin's, who manages roles here.
    let herald = RoleName::parse("Herald").unwrap();
    let mut standing = crate::testing::standing(BuiltInRole::Admin);
    standing.role.permissions = standing.role.permissions.with(GroupPermission::ManageRoles);
    let found = crate::groups::VisibleGroup { group: group(), standing: Some(standing) };
    let mut tx = MockTx::new()
        .locks_visible_group(Some(found))
        .locks_users(&[ME], LockStrength::Shared)
        .locks_users(&[OTHER], LockStrength::Exclusive)
        .finds_user(user(OTHER));
    tx.accounts.expect_lock().returning(|_, _| Ok(()));
    tx.server_roles.expect_rights().with(eq(ME)).returning(|_| Ok(Some(rights(false))));
    tx.roles.expect_find().returning(|_, _| {
        let permissions = crate::permissions::PermissionSet::ALL;
        let rank = BuiltInRole::Member.rank();
        Ok(Some(crate::permissions::RoleDefinition { rank, permissions }))
    });
    let more = InvitationDraft { role: herald, ..draft(BuiltInRole::Member) };
    let refusal = GroupRefusal::RoleTooLow(Shortfall::GivesMore(GroupPermission::DeleteGroup));
    assert_eq!(invite(&mut tx, &me(), GROUP, &more), Err(refusal.into()));
}

fn removes(caller: GroupCaller) -> MockTx {
    let mut tx = MockTx::new().called_by(caller);
    let found = tx.invitations.expect_find().with(eq(INVITATION));
    let others = Invitation { invited_by: user(OTHER).as_ref(), ..invitation() };
    let others = IssuedInvitation { invitation: others, ..issued(None) };
    found.returning(move |_| Ok(Some(others.clone())));
    tx.invitations.expect_remove().with(eq(INVITATION)).returning(|_| Ok(true));
    tx
}

/// An invitation that somebody else has made, as an admin.
fn to_an_admin() -> IssuedInvitation {
    let others = Invitation { invited_by: user(OTHER).as_ref(), ..stored(BuiltInRole::Admin) };
    IssuedInvitation {
        invitation: others,
        gift: Some(Role::unchanged(BuiltInRole::Admin, false)),
        ..issued(None)
    }
}

#[test]
fn who_could_not_have_made_an_invitation_neither_replaces_it_nor_takes_it_back() {
    const ROLES: GroupRefusal = lacks(GroupPermission::ManageRoles);
    for (caller, refusal) in [(ADMIN, Some(ROLES)), (OWNER, None), (SERVER_ADMIN, None)] {
        let tx = finds(locks_candidate(caller), Some(to_an_admin()));
        let mut tx = if refusal.is_none() { stores(tx, BuiltInRole::Member) } else { tx };
        let outcome = invite(&mut tx, &me(), GROUP, &draft(BuiltInRole::Member));
        assert_eq!(outcome.err(), refusal.map(Error::from), "{caller:?}");

        let mut tx = MockTx::new().called_by(caller);
        tx.invitations.expect_find().returning(|_| Ok(Some(to_an_admin())));
        let removals = usize::from(refusal.is_none());
        tx.invitations.expect_remove().times(removals).returning(|_| Ok(true));
        assert_eq!(withdraw(&mut tx, &me(), GROUP, INVITATION).err(), refusal.map(Error::from), "{caller:?}");
    }
}

#[test]
fn one_s_own_invitation_is_taken_back_whatever_one_may_do_now() {
    let mut tx = MockTx::new().called_by(MEMBER);
    tx.invitations.expect_find().with(eq(INVITATION)).returning(|_| Ok(Some(issued(None))));
    tx.invitations.expect_remove().with(eq(INVITATION)).times(1).returning(|_| Ok(true));
    assert_eq!(withdraw(&mut tx, &me(), GROUP, INVITATION), Ok(()));
}

#[test]
fn who_may_invite_takes_any_invitation_back() {
    for caller in [ADMIN, OWNER, SERVER_ADMIN] {
        let mut tx = removes(caller);
        assert_eq!(withdraw(&mut tx, &me(), GROUP, INVITATION), Ok(()), "{caller:?}");
        let ended = Event::InvitationWithdrawn(EndedInvitation { id: INVITATION, user: OTHER });
        assert_eq!(tx.emitted, [(Audience::User(OTHER), Some(ME), ended)]);
        assert_eq!(told(&tx.recorded), [format!("invitation.withdrawn to 2 in 7 about {INVITATION}")]);
    }
    for (caller, refusal) in [(OUTSIDER, GroupRefusal::MembersOnly), (MEMBER, lacks(GroupPermission::Invite))]
    {
        let outcome = withdraw(&mut removes(caller), &me(), GROUP, INVITATION);
        assert_eq!(outcome, Err(refusal.into()));
    }
}

#[test]
fn an_invitation_to_another_group_is_not_found_here() {
    let mut elsewhere = issued(None);
    elsewhere.group.id = GroupId::new(8);
    for found in [None, Some(elsewhere)] {
        let mut tx = MockTx::new().called_by(OWNER);
        tx.invitations.expect_find().returning(move |_| Ok(found.clone()));
        let outcome = withdraw(&mut tx, &me(), GROUP, INVITATION);
        assert_eq!(outcome, Err(AdmissionRefusal::InvitationNotFound.into()));
    }
}

#[test]
fn faults_are_returned() {
    let role = BuiltInRole::Member;
    let inviting = || stores(finds(locks_candidate(SERVER_ADMIN), None), role);
    assert_hands_faults_on(inviting, |tx| invite(tx, &me(), GROUP, &draft(role)));
    assert_hands_faults_on(|| removes(ADMIN), |tx| withdraw(tx, &me(), GROUP, INVITATION));
}
