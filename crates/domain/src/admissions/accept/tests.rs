use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::accounts::{Block, LockStrength};
use crate::admissions::model::Invitation;
use crate::events::{AddedMember, Audience};
use crate::groups::GroupRefusal;
use crate::groups::{Group, History, MemberSettings, Visibility};
use crate::permissions::{BuiltInRole, Role};
use crate::storage::Unique;
use crate::testing::told;
use crate::testing::{
    GROUP, INVITATION, ME, MockTx, NOW, OTHER, assert_hands_faults_on, group, invitation, issued, me, member,
    rights, user,
};

/// An invitation of the actor by somebody else.
fn mine(issuer: Option<BuiltInRole>) -> IssuedInvitation {
    let invitation = Invitation { user: user(ME).as_ref(), invited_by: user(OTHER).as_ref(), ..invitation() };
    IssuedInvitation { invitation, ..issued(issuer) }
}

/// The invitation is found, its group is locked, and it is read again.
fn locks(mut tx: MockTx, first: IssuedInvitation, then: Option<IssuedInvitation>) -> MockTx {
    let mut order = Sequence::new();
    let found = tx.invitations.expect_find().with(eq(INVITATION)).times(1).in_sequence(&mut order);
    found.returning(move |_| Ok(Some(first.clone())));
    tx.groups.expect_lock().with(eq(GROUP)).times(1).in_sequence(&mut order).returning(|_| Ok(()));
    let found = tx.invitations.expect_find().with(eq(INVITATION)).times(1).in_sequence(&mut order);
    found.returning(move |_| Ok(then.clone()));
    tx.blocks.expect_find().with(eq(ME), eq(OTHER)).returning(|_, _| Ok(None));
    tx
}

fn locks_users(tx: MockTx) -> MockTx {
    tx.locks_users(&[ME], LockStrength::Exclusive).locks_users(&[OTHER], LockStrength::Shared)
}

fn removes(mut tx: MockTx) -> MockTx {
    tx.invitations.expect_remove().with(eq(INVITATION)).times(1).returning(|_| Ok(true));
    tx
}

fn admits(found: IssuedInvitation) -> MockTx {
    let mut tx = removes(locks_users(locks(MockTx::new(), found.clone(), Some(found)))).bans_nobody();
    tx.members.expect_count_owners().returning(|_| Ok(1));
    tx.members.expect_insert().times(1).returning(|_| Ok(Unique::Stored(())));
    tx.members.expect_count_groups().returning(|_, _, _| Ok(1));
    tx.invitations.expect_remove_of().returning(|_, _| Ok(None));
    tx.join_requests.expect_remove().returning(|_, _| Ok(false));
    tx
}

fn accept_it(tx: &mut dyn Tx) -> Result<(GroupId, Member), Error> {
    accept(tx, &me(), INVITATION, &Quotas::default())
}

const GONE: AdmissionRefusal = AdmissionRefusal::InvitationNotFound;

#[test]
fn who_accepts_comes_in_with_the_role_that_was_offered() {
    for role in [BuiltInRole::Member, BuiltInRole::Admin] {
        let found =
            IssuedInvitation { gift: Some(Role::unchanged(role, false)), ..mine(Some(BuiltInRole::Owner)) };
        let mut tx = admits(found);
        let settings = MemberSettings::default();
        let expected = Member { joined_at: NOW, joined_seq: group().last_seq, settings, ..member(ME, role) };
        assert_eq!(accept_it(&mut tx), Ok((GROUP, expected.clone())));
        let ended = Event::InvitationAccepted(EndedInvitation { id: INVITATION, user: ME });
        let added = AddedMember { group: GROUP, member: expected, history: History::All };
        let expected = [
            (Audience::User(ME), Some(ME), ended),
            (Audience::Group(GROUP), Some(ME), Event::MemberAdded(added)),
        ];
        assert_eq!(tx.emitted, expected);
        let id = INVITATION;
        assert_eq!(told(&tx.recorded), [format!("invitation.accepted in 7 about {id} ({})", role.as_str())]);
    }
}

#[test]
fn who_comes_into_a_private_group_is_shown_it() {
    let group = Group { visibility: Visibility::Private, ..group() };
    let mut tx = admits(IssuedInvitation { group, ..mine(Some(BuiltInRole::Owner)) });
    accept_it(&mut tx).unwrap();
    assert!(matches!(tx.emitted[2], (Audience::User(ME), _, Event::GroupCreated(_))));
}

#[test]
fn an_invitation_of_somebody_else_or_none_is_not_found() {
    for found in [None, Some(issued(Some(BuiltInRole::Owner)))] {
        let mut tx = MockTx::new();
        tx.invitations.expect_find().returning(move |_| Ok(found.clone()));
        assert_eq!(accept_it(&mut tx), Err(GONE.into()));
        assert_eq!(decline(&mut tx, &me(), INVITATION), Err(GONE.into()));
    }
}

#[test]
fn an_invitation_by_somebody_whom_one_has_blocked_is_not_found() {
    let blocking = || {
        let mut tx = MockTx::new();
        tx.invitations.expect_find().returning(|_| Ok(Some(mine(Some(BuiltInRole::Owner)))));
        let block = Block { user: user(OTHER).as_ref(), created_at: NOW };
        tx.blocks.expect_find().with(eq(ME), eq(OTHER)).returning(move |_, _| Ok(Some(block.clone())));
        tx
    };
    assert_eq!(accept_it(&mut blocking()), Err(GONE.into()));
    assert_eq!(decline(&mut blocking(), &me(), INVITATION), Err(GONE.into()));
}

#[test]
fn what_counts_is_the_invitation_once_its_group_is_locked() {
    let before = mine(Some(BuiltInRole::Owner));
    let demoted = mine(Some(BuiltInRole::Member));
    for now in [None, Some(demoted)] {
        let tx = locks(MockTx::new(), before.clone(), now.clone());
        let mut tx = if now.is_some() { locks_users(tx) } else { tx };
        tx.server_roles
            .expect_rights_of()
            .withf(|makers| makers == [OTHER])
            .returning(|_| Ok(vec![(OTHER, rights(false))]));
        assert_eq!(accept_it(&mut tx), Err(GONE.into()));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn who_declines_ends_it_and_their_devices_are_told() {
    let found = mine(Some(BuiltInRole::Admin));
    let mut tx = removes(locks(MockTx::new(), found.clone(), Some(found)));
    assert_eq!(decline(&mut tx, &me(), INVITATION), Ok(()));
    let ended = Event::InvitationDeclined(EndedInvitation { id: INVITATION, user: ME });
    assert_eq!(tx.emitted, [(Audience::User(ME), Some(ME), ended)]);
    assert_eq!(told(&tx.recorded), [format!("invitation.declined in 7 about {INVITATION}")]);
    let over = mine(None);
    let mut tx = locks(MockTx::new(), over.clone(), Some(over));
    tx.server_roles.expect_rights_of().withf(|makers| makers == [OTHER]).returning(|_| Ok(Vec::new()));
    assert_eq!(decline(&mut tx, &me(), INVITATION), Err(GONE.into()));
}

#[test]
fn quotas_hold_for_those_who_accept() {
    let found = mine(Some(BuiltInRole::Owner));
    let mut tx = admits(found);
    let quotas = Quotas { members: 3, ..Quotas::default() };
    let outcome = accept(&mut tx, &me(), INVITATION, &quotas);
    assert!(matches!(
        outcome,
        Err(Error::Refused(crate::Refusal::Group(GroupRefusal::QuotaExceeded { .. })))
    ));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| admits(mine(Some(BuiltInRole::Owner))), accept_it);
    let declining = || {
        let found = mine(Some(BuiltInRole::Owner));
        removes(locks(MockTx::new(), found.clone(), Some(found)))
    };
    assert_hands_faults_on(declining, |tx| decline(tx, &me(), INVITATION));
}
