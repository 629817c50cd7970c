use mockall::predicate::eq;

use super::*;
use crate::accounts::{AccountRefusal, LockStrength};
use crate::admissions::{EndedInvitation, SentInvitation};
use crate::events::{Audience, RemovedMember};
use crate::groups::model::{Group, Member, Visibility};
use crate::groups::restriction::Reason;
use crate::permissions::BanTerm;
use crate::testing::told;
use crate::testing::{
    ADMIN, EARLIER, Emitted, GROUP, GroupCaller, INVITATION, ME, MEMBER, MockTx, NOW, OTHER, OUTRANKED,
    OUTSIDER, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE, assert_hands_faults_on, group, lacks, me, member,
    moderators, user,
};
use crate::time::Timestamp;

fn draft() -> RestrictionDraft {
    RestrictionDraft { reason: Some(Reason::parse("spam").unwrap()), until: Some(later(60)) }
}

fn later(micros: i64) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() + micros)
}

fn the_ban() -> Ban {
    let RestrictionDraft { reason, until } = draft();
    Ban { user: user(OTHER).as_ref(), reason, until, banned_by: ME, created_at: NOW, terms_at: NOW }
}

/// The caller bans OTHER, who is in the group with this role, or not in it. A ban may be there already.
fn bans_in(caller: GroupCaller, group: Group, role: Option<BuiltInRole>, before: Option<Ban>) -> MockTx {
    let mut tx = MockTx::new().called_by_in(caller, group);
    tx = tx.locks_users(&[OTHER], LockStrength::Exclusive).finds_user(user(OTHER));
    let target: Option<Member> = role.map(|role| member(OTHER, role));
    tx.members.expect_find().with(eq(GROUP), eq(OTHER)).returning(move |_, _| Ok(target.clone()));
    tx.members.expect_count_owners().returning(|_| Ok(2));
    tx.bans.expect_find().with(eq(GROUP), eq(OTHER)).returning(move |_, _| Ok(before.clone()));
    tx.bans.expect_count().with(eq(GROUP), eq(MAX_BANS)).returning(|_, _| Ok(MAX_BANS - 1));
    tx.roles.expect_list().with(eq(GROUP)).returning(|_| Ok(Vec::new()));
    tx
}

fn bans(caller: GroupCaller, role: Option<BuiltInRole>) -> MockTx {
    bans_in(caller, group(), role, None)
}

fn stores(mut tx: MockTx, ban: Ban, role: Option<BuiltInRole>) -> MockTx {
    tx.bans.expect_put().with(eq(GROUP), eq(ban)).times(1).returning(|_, _| Ok(()));
    let removals = usize::from(role.is_some());
    tx.members.expect_remove().with(eq(GROUP), eq(OTHER)).times(removals).returning(|_, _| Ok(()));
    tx.invitations.expect_remove_of().with(eq(GROUP), eq(OTHER)).returning(|_, _| Ok(None));
    tx.invitations.expect_remove_by().with(eq(GROUP), eq(OTHER)).returning(|_, _| Ok(Vec::new()));
    tx.join_requests.expect_remove().returning(|_, _| Ok(false));
    tx
}

fn removed() -> Emitted {
    let removed = RemovedMember { group: GROUP, user: OTHER };
    (Audience::GroupAndUser(GROUP, OTHER), Some(ME), Event::MemberRemoved(removed))
}

fn banned(tells_user: bool) -> Emitted {
    let audience = if tells_user { Audience::GroupAndUser(GROUP, OTHER) } else { Audience::Group(GROUP) };
    let update = BanUpdate::of(GROUP, the_ban(), moderators(), tells_user);
    (audience, Some(ME), Event::BanCreated(update))
}

#[test]
fn who_bans_whom() {
    const LACKS: Option<GroupRefusal> = Some(lacks(GroupPermission::BanMembers));
    const OUTRANKED_: Option<GroupRefusal> = Some(OUTRANKED);
    const NONE: Option<GroupRefusal> = None;
    // The targets are not in the group, or have the roles in `BuiltInRole::ALL`.
    for (caller, refusals) in [
        (OUTSIDER, [Some(GroupRefusal::MembersOnly); 5]),
        (MEMBER, [LACKS; 5]),
        (ADMIN, [NONE, NONE, NONE, OUTRANKED_, OUTRANKED_]),
        (OWNER, [NONE; 5]),
        (SERVER_ADMIN, [NONE; 5]),
        (SERVER_ADMIN_INSIDE, [NONE; 5]),
    ] {
        let roles = [None].into_iter().chain(BuiltInRole::ALL.map(Some));
        for (role, refusal) in roles.zip(refusals) {
            let mut tx = bans(caller, role);
            if refusal.is_none() {
                tx = stores(tx, the_ban(), role);
            }
            let outcome = ban(&mut tx, &me(), GROUP, OTHER, &draft());
            let expected = refusal.map_or_else(|| Ok(the_ban()), |refusal| Err(refusal.into()));
            assert_eq!(outcome, expected, "{caller:?} bans {role:?}");
            let removal = role.map(|_| removed());
            let events: Vec<_> = removal.into_iter().chain([banned(true)]).collect();
            let events = if refusal.is_none() { events } else { vec![] };
            assert_eq!(tx.emitted, events, "{caller:?} bans {role:?}");
            let entries = if refusal.is_none() { vec!["member.banned to 2 in 7"] } else { vec![] };
            assert_eq!(told(&tx.recorded), entries, "{caller:?} bans {role:?}");
        }
    }
}

#[test]
fn an_outsider_is_not_told_of_a_private_group() {
    let hidden = || Group { visibility: Visibility::Private, ..group() };
    for (role, is_told) in [(None, false), (Some(BuiltInRole::Member), true)] {
        let mut tx = stores(bans_in(OWNER, hidden(), role, None), the_ban(), role);
        ban(&mut tx, &me(), GROUP, OTHER, &draft()).unwrap();
        assert_eq!(tx.emitted.last(), Some(&banned(is_told)));
    }
}

#[test]
fn the_invitation_and_the_request_of_who_is_banned_end() {
    let mut tx = bans(ADMIN, None);
    tx.bans.expect_put().returning(|_, _| Ok(()));
    let removal = tx.invitations.expect_remove_of().with(eq(GROUP), eq(OTHER)).times(1);
    removal.returning(|_, _| Ok(Some(SentInvitation { id: INVITATION, user: OTHER, invited_by: ME })));
    tx.join_requests.expect_remove().with(eq(GROUP), eq(OTHER)).times(1).returning(|_, _| Ok(true));
    ban(&mut tx, &me(), GROUP, OTHER, &draft()).unwrap();
    let ended = Event::InvitationWithdrawn(EndedInvitation { id: INVITATION, user: OTHER });
    assert_eq!(tx.emitted[0], (Audience::User(OTHER), Some(ME), ended));
    assert!(matches!(tx.emitted[1].2, Event::JoinRequestEnded(_)));
}

#[test]
fn nobody_bans_themselves() {
    for caller in [ADMIN, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE] {
        let mut tx = MockTx::new().called_by(caller).locks_users(&[ME], LockStrength::Exclusive);
        let found = caller.role.map(|role| member(ME, role));
        tx.members.expect_find().with(eq(GROUP), eq(ME)).returning(move |_, _| Ok(found.clone()));
        let outcome = ban(&mut tx, &me(), GROUP, ME, &draft());
        assert_eq!(outcome, Err(OUTRANKED.into()), "{caller:?}");
    }
}

#[test]
fn the_last_owner_is_not_banned() {
    for caller in [OWNER, SERVER_ADMIN] {
        let mut tx = MockTx::new().called_by(caller);
        tx = tx.locks_users(&[OTHER], LockStrength::Exclusive).finds_user(user(OTHER));
        tx.members.expect_find().returning(|_, _| Ok(Some(member(OTHER, BuiltInRole::Owner))));
        tx.members.expect_count_owners().returning(|_| Ok(1));
        let outcome = ban(&mut tx, &me(), GROUP, OTHER, &draft());
        assert_eq!(outcome, Err(GroupRefusal::LastOwner.into()), "{caller:?}");
    }
}

#[test]
fn a_ban_has_its_end_in_the_future() {
    let mut tx = bans(ADMIN, None);
    let past = RestrictionDraft { until: Some(NOW), ..draft() };
    let outcome = ban(&mut tx, &me(), GROUP, OTHER, &past);
    assert_eq!(outcome, Err(past.check(NOW).unwrap_err().into()));
}

#[test]
fn nobody_who_is_not_there_is_banned() {
    let mut tx = MockTx::new().called_by(ADMIN);
    tx = tx.locks_users(&[OTHER], LockStrength::Exclusive).misses_user(OTHER);
    let outcome = ban(&mut tx, &me(), GROUP, OTHER, &draft());
    assert_eq!(outcome, Err(AccountRefusal::UserNotFound.into()));
    let mut tx = MockTx::new().locks_group(None, None).may_manage(false);
    assert_eq!(ban(&mut tx, &me(), GROUP, OTHER, &draft()), Err(GroupRefusal::NotFound.into()));
}

#[test]
fn a_ban_that_is_there_gets_another_end_and_keeps_its_beginning() {
    let before = Ban { until: None, created_at: EARLIER, terms_at: EARLIER, banned_by: OTHER, ..the_ban() };
    let after = Ban { until: draft().until, terms_at: NOW, ..before.clone() };
    let mut tx = stores(bans_in(ADMIN, group(), None, Some(before)), after.clone(), None);
    assert_eq!(ban(&mut tx, &me(), GROUP, OTHER, &draft()), Ok(after.clone()));
    let update = BanUpdate::of(GROUP, after.clone(), moderators(), true);
    let audience = Audience::GroupAndUser(GROUP, OTHER);
    assert_eq!(tx.emitted, [(audience, Some(ME), Event::BanUpdated(update))]);

    let after = Ban { terms_at: EARLIER, ..after };
    let mut tx = bans_in(ADMIN, group(), None, Some(after.clone()));
    assert_eq!(ban(&mut tx, &me(), GROUP, OTHER, &draft()), Ok(after), "nothing changes");
    assert_eq!(tx.emitted, []);
}

fn unbans(caller: GroupCaller, group: Group, before: Option<Ban>) -> MockTx {
    let mut tx = MockTx::new().called_by_in(caller, group);
    let is_there = before.is_some();
    tx.bans.expect_find().with(eq(GROUP), eq(OTHER)).returning(move |_, _| Ok(before.clone()));
    if is_there {
        tx.bans.expect_remove().with(eq(GROUP), eq(OTHER)).times(1).returning(|_, _| Ok(()));
    }
    tx.roles.expect_list().with(eq(GROUP)).returning(|_| Ok(Vec::new()));
    tx
}

#[test]
fn those_who_may_ban_lift_bans() {
    for (visibility, is_told) in [(Visibility::Public, true), (Visibility::Private, false)] {
        for caller in [ADMIN, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE] {
            let mut tx = unbans(caller, Group { visibility, ..group() }, Some(the_ban()));
            assert_eq!(unban(&mut tx, &me(), GROUP, OTHER), Ok(()), "{caller:?}");
            let ended = EndedBan::of(GROUP, OTHER, moderators(), is_told);
            let audience = Event::BanEnded(ended.clone()).audience().unwrap();
            assert_eq!(matches!(audience, Audience::GroupAndUser(..)), is_told);
            assert_eq!(tx.emitted, [(audience, Some(ME), Event::BanEnded(ended))]);
            assert_eq!(told(&tx.recorded), ["member.unbanned to 2 in 7"]);
        }
    }
    let mut tx = unbans(ADMIN, group(), None);
    assert_eq!(unban(&mut tx, &me(), GROUP, OTHER), Ok(()), "there is none");
    assert_eq!((tx.emitted, tx.recorded), (vec![], vec![]));
    for (caller, refusal) in
        [(OUTSIDER, GroupRefusal::MembersOnly), (MEMBER, lacks(GroupPermission::BanMembers))]
    {
        let mut tx = MockTx::new().called_by(caller);
        assert_eq!(unban(&mut tx, &me(), GROUP, OTHER), Err(refusal.into()), "{caller:?}");
    }
}

#[test]
fn those_who_may_ban_list_bans_also_in_an_archived_group() {
    let query = MemberQuery { group: GROUP, search: None, after: None, limit: crate::paging::Limit::DEFAULT };
    let archived = Group { archived_at: Some(EARLIER), ..group() };
    for (role, refusal) in [
        (Some(BuiltInRole::Admin), None),
        (Some(BuiltInRole::Member), Some(lacks(GroupPermission::BanMembers))),
        (None, Some(GroupRefusal::MembersOnly)),
    ] {
        let mut tx = MockTx::new().finds_group(Some(archived.clone()), role).reads_rights_or_not();
        let listed = usize::from(refusal.is_none());
        tx.bans.expect_list().times(listed).returning(|_| Ok(Vec::new()));
        let outcome = list_bans(&mut tx, &me(), &query);
        assert_eq!(outcome.err(), refusal.map(Error::from), "{role:?}");
    }
}

#[test]
fn who_is_banned_is_refused_with_the_end_of_the_ban() {
    let mut tx = MockTx::new();
    tx.bans.expect_find().with(eq(GROUP), eq(OTHER)).returning(|_, _| Ok(Some(the_ban())));
    tx.bans.expect_find().with(eq(GROUP), eq(ME)).returning(|_, _| Ok(None));
    let refuse = crate::groups::ban_check::refuse_banned;
    let term = BanTerm { until: draft().until };
    assert_eq!(refuse(&mut tx, GROUP, OTHER), Err(GroupRefusal::Banned(term).into()));
    assert_eq!(refuse(&mut tx, GROUP, ME), Ok(()));
}

#[test]
fn bans_of_a_group_are_limited_and_those_there_are_can_be_changed() {
    let full = |before: Option<Ban>| {
        let mut tx = bans_in(OWNER, group(), None, before.clone());
        tx.bans.checkpoint();
        tx.bans.expect_find().returning(move |_, _| Ok(before.clone()));
        tx.bans.expect_count().with(eq(GROUP), eq(MAX_BANS)).returning(|_, _| Ok(MAX_BANS));
        tx
    };
    let mut tx = full(None);
    let refusal = GroupRefusal::QuotaExceeded { quota: Quota::Bans, limit: MAX_BANS };
    assert_eq!(ban(&mut tx, &me(), GROUP, OTHER, &draft()), Err(refusal.into()));
    let before = Ban { reason: None, ..the_ban() };
    let mut tx = stores(full(Some(before)), the_ban(), None);
    assert_eq!(ban(&mut tx, &me(), GROUP, OTHER, &draft()), Ok(the_ban()));
}

#[test]
fn ended_bans_are_removed_until_fewer_are_left_than_one_command_removes() {
    for (removed, more) in [(0, false), (499, false), (500, true)] {
        let mut tx = MockTx::new();
        let a_day_ago = NOW.minus(Duration::from_secs(24 * 60 * 60));
        tx.bans
            .expect_remove_ended()
            .with(eq(a_day_ago), eq(500))
            .times(1)
            .returning(move |_, _| Ok(removed));
        assert_eq!(remove_ended_bans(&mut tx), Ok(more), "{removed}");
    }
}

#[test]
fn faults_are_returned() {
    let role = Some(BuiltInRole::Owner);
    assert_hands_faults_on(
        || stores(bans(SERVER_ADMIN, role), the_ban(), role),
        |tx| ban(tx, &me(), GROUP, OTHER, &draft()),
    );
    assert_hands_faults_on(
        || unbans(SERVER_ADMIN, group(), Some(the_ban())),
        |tx| unban(tx, &me(), GROUP, OTHER),
    );
}
