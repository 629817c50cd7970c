use mockall::predicate::eq;

use super::*;
use crate::events::Audience;
use crate::groups::restriction::Reason;
use crate::permissions::BuiltInRole;
use crate::testing::told;
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MockTx, NOW, OTHER, OUTRANKED, OUTSIDER, OWNER, SERVER_ADMIN,
    SERVER_ADMIN_INSIDE, assert_hands_faults_on, group, lacks, me, member,
};
use crate::time::Timestamp;

fn draft() -> RestrictionDraft {
    let until = Some(Timestamp::from_micros(NOW.as_micros() + 60));
    RestrictionDraft { reason: Some(Reason::parse("noise").unwrap()), until }
}

/// The caller finds this member.
fn finds(caller: GroupCaller, target: Member) -> MockTx {
    let mut tx = MockTx::new().called_by(caller);
    let user = target.user.id;
    tx.members.expect_find().with(eq(GROUP), eq(user)).returning(move |_, _| Ok(Some(target.clone())));
    tx
}

fn stores(mut tx: MockTx, mute: Mute) -> MockTx {
    tx.mutes.expect_put().with(eq(GROUP), eq(OTHER), eq(mute)).times(1).returning(|_, _, _| Ok(()));
    tx
}

fn removes(mut tx: MockTx) -> MockTx {
    tx.mutes.expect_remove().with(eq(GROUP), eq(OTHER)).times(1).returning(|_, _| Ok(()));
    tx
}

fn muted(role: BuiltInRole) -> Member {
    Member { mute: Some(draft().into()), ..member(OTHER, role) }
}

fn updated(member: Member) -> (Audience, Option<UserId>, Event) {
    (Audience::Group(GROUP), Some(ME), Event::MemberUpdated(GroupMember { group: GROUP, member }))
}

const LACKS: GroupRefusal = lacks(GroupPermission::MuteMembers);

#[test]
fn members_of_a_lower_rank_are_muted_and_owners_are_not() {
    // The targets have the roles in `BuiltInRole::ALL`.
    for (caller, refusals) in [
        (OUTSIDER, [Some(GroupRefusal::MembersOnly); 4]),
        (MEMBER, [Some(LACKS); 4]),
        (ADMIN, [None, None, Some(OUTRANKED), Some(OUTRANKED)]),
        (OWNER, [None, None, None, Some(OUTRANKED)]),
        (SERVER_ADMIN, [None, None, None, Some(OUTRANKED)]),
        (SERVER_ADMIN_INSIDE, [None, None, None, Some(OUTRANKED)]),
    ] {
        for (role, refusal) in BuiltInRole::ALL.into_iter().zip(refusals) {
            let mut tx = finds(caller, member(OTHER, role));
            if refusal.is_none() {
                tx = stores(tx, draft().into());
            }
            let outcome = mute(&mut tx, &me(), GROUP, OTHER, &draft());
            let expected = refusal.map_or_else(|| Ok(muted(role)), |refusal| Err(refusal.into()));
            assert_eq!(outcome, expected, "{caller:?} mutes {role:?}");
            let events = if refusal.is_none() { vec![updated(muted(role))] } else { vec![] };
            assert_eq!(tx.emitted, events, "{caller:?} mutes {role:?}");
            let entries = if refusal.is_none() { vec!["member.muted to 2 in 7"] } else { vec![] };
            assert_eq!(told(&tx.recorded), entries, "{caller:?} mutes {role:?}");
        }
    }
}

#[test]
fn the_mute_of_a_member_of_a_lower_rank_is_ended_also_among_owners() {
    for (caller, refusals) in [
        (OUTSIDER, [Some(GroupRefusal::MembersOnly); 4]),
        (MEMBER, [Some(LACKS); 4]),
        (ADMIN, [None, None, Some(OUTRANKED), Some(OUTRANKED)]),
        (OWNER, [None; 4]),
        (SERVER_ADMIN, [None; 4]),
        (SERVER_ADMIN_INSIDE, [None; 4]),
    ] {
        for (role, refusal) in BuiltInRole::ALL.into_iter().zip(refusals) {
            let mut tx = finds(caller, muted(role));
            if refusal.is_none() {
                tx = removes(tx);
            }
            let outcome = unmute(&mut tx, &me(), GROUP, OTHER);
            assert_eq!(outcome, refusal.map_or(Ok(()), |refusal| Err(refusal.into())), "{caller:?} {role:?}");
            let events = if refusal.is_none() { vec![updated(member(OTHER, role))] } else { vec![] };
            assert_eq!(tx.emitted, events, "{caller:?} unmutes {role:?}");
            let entries = if refusal.is_none() { vec!["member.unmuted to 2 in 7"] } else { vec![] };
            assert_eq!(told(&tx.recorded), entries, "{caller:?} unmutes {role:?}");
        }
    }
}

#[test]
fn nobody_mutes_or_unmutes_themselves() {
    for caller in [ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        let me_inside = || Member { mute: Some(draft().into()), ..member(ME, caller.role.unwrap()) };
        let outcome = mute(&mut finds(caller, me_inside()), &me(), GROUP, ME, &draft());
        assert_eq!(outcome, Err(OUTRANKED.into()), "{caller:?}");
        let outcome = unmute(&mut finds(caller, me_inside()), &me(), GROUP, ME);
        assert_eq!(outcome, Err(OUTRANKED.into()), "{caller:?}");
    }
}

#[test]
fn what_is_so_already_stays_and_an_end_is_in_the_future() {
    let mut tx = finds(ADMIN, muted(BuiltInRole::Member));
    assert_eq!(mute(&mut tx, &me(), GROUP, OTHER, &draft()), Ok(muted(BuiltInRole::Member)));
    let mut other = removes(finds(ADMIN, member(OTHER, BuiltInRole::Member)));
    assert_eq!(unmute(&mut other, &me(), GROUP, OTHER), Ok(()));
    assert_eq!((tx.emitted, other.emitted), (vec![], vec![]));
    let past = RestrictionDraft { until: Some(NOW), ..draft() };
    let outcome = mute(&mut finds(ADMIN, muted(BuiltInRole::Member)), &me(), GROUP, OTHER, &past);
    assert_eq!(outcome, Err(past.check(NOW).unwrap_err().into()));
}

#[test]
fn a_mute_without_an_end_has_a_far_one() {
    let mute_of = Mute { until: Mute::WITHOUT_END, reason: None };
    let mut tx = stores(finds(ADMIN, muted(BuiltInRole::Member)), mute_of.clone());
    let outcome = mute(&mut tx, &me(), GROUP, OTHER, &RestrictionDraft::default());
    assert_eq!(outcome.unwrap().mute, Some(mute_of));
}

#[test]
fn only_members_are_muted() {
    let mut tx = MockTx::new().locks_group(Some(group()), ADMIN.role);
    tx.members.expect_find().returning(|_, _| Ok(None));
    let outcome = mute(&mut tx, &me(), GROUP, OTHER, &draft());
    assert_eq!(outcome, Err(GroupRefusal::MemberNotFound.into()));
    let mut tx = MockTx::new().locks_group(None, None).may_manage(false);
    assert_eq!(unmute(&mut tx, &me(), GROUP, OTHER), Err(GroupRefusal::NotFound.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || stores(finds(SERVER_ADMIN, member(OTHER, BuiltInRole::Admin)), draft().into()),
        |tx| mute(tx, &me(), GROUP, OTHER, &draft()),
    );
    assert_hands_faults_on(
        || removes(finds(SERVER_ADMIN, muted(BuiltInRole::Owner))),
        |tx| unmute(tx, &me(), GROUP, OTHER),
    );
}
