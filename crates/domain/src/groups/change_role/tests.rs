use mockall::predicate::eq;

use super::*;
use crate::accounts::LockStrength;
use crate::events::Audience;
use crate::groups::error::Quota;
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MockTx, OTHER, OUTSIDER, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE,
    assert_hands_faults_on, group, me, member,
};

/// The caller finds `target` in the group, which has `owners` owners.
fn called_by(caller: GroupCaller, target: Member, owners: u64) -> MockTx {
    let mut tx = MockTx::new().called_by(caller);
    tx.members
        .expect_find()
        .with(eq(GROUP), eq(target.user.id))
        .returning(move |_, _| Ok(Some(target.clone())));
    tx.members.expect_count_owners().with(eq(GROUP)).returning(move |_| Ok(owners));
    // Whoever is to own the group is locked, so that what they own can be counted.
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [OTHER] && *strength == LockStrength::Exclusive)
        .returning(|_, _| Ok(()));
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .returning(|_, _| Ok(()));
    tx
}

fn stores_role(mut tx: MockTx, user: UserId, role: Role) -> MockTx {
    tx.members.expect_set_role().with(eq(GROUP), eq(user), eq(role)).times(1).returning(|_, _, _| Ok(()));
    if role == Role::Owner {
        let most = Quotas::default().owned_groups;
        let counts = tx.members.expect_count_groups().with(eq(user), eq(Some(Role::Owner)), eq(most + 1));
        counts.times(1).returning(|_, _, _| Ok(1));
    }
    tx
}

#[test]
fn only_owners_and_server_admins_give_roles_to_whomever() {
    use GroupRefusal::{MembersOnly, RoleTooLow};
    for (caller, refusal) in [
        (OUTSIDER, Some(MembersOnly)),
        (MEMBER, Some(RoleTooLow)),
        (ADMIN, Some(RoleTooLow)),
        (OWNER, None),
        (SERVER_ADMIN, None),
        (SERVER_ADMIN_INSIDE, None),
    ] {
        for (old, new) in Role::ALL.into_iter().flat_map(|old| Role::ALL.map(|new| (old, new))) {
            let mut tx = called_by(caller, member(OTHER, old), 2);
            if refusal.is_none() && old != new {
                tx = stores_role(tx, OTHER, new);
            }
            let outcome = change_role(&mut tx, &me(), GROUP, OTHER, Some(new), &Quotas::default());
            let expected = refusal.map_or_else(|| Ok(member(OTHER, new)), |refusal| Err(refusal.into()));
            assert_eq!(outcome, expected, "{caller:?}: {old:?} to {new:?}");
            assert_eq!(
                tx.emitted.is_empty(),
                refusal.is_some() || old == new,
                "{caller:?}: {old:?} to {new:?}"
            );
        }
    }
}

#[test]
fn members_learn_of_a_new_role() {
    let mut tx = stores_role(called_by(OWNER, member(OTHER, Role::Member), 1), OTHER, Role::Admin);
    let changed = change_role(&mut tx, &me(), GROUP, OTHER, Some(Role::Admin), &Quotas::default()).unwrap();
    assert_eq!(changed, member(OTHER, Role::Admin));
    assert_eq!(
        tx.emitted,
        [(
            Audience::Group(GROUP),
            Some(ME),
            Event::MemberUpdated(GroupMember { group: GROUP, member: changed })
        )]
    );
}

#[test]
fn nobody_changes_their_own_role_but_as_an_owner() {
    for caller in [MEMBER, ADMIN] {
        let mut tx = called_by(caller, member(ME, caller.role.unwrap()), 1);
        let outcome = change_role(&mut tx, &me(), GROUP, ME, Some(Role::Owner), &Quotas::default());
        assert_eq!(outcome, Err(GroupRefusal::RoleTooLow.into()), "{caller:?}");
    }
    let mut tx = stores_role(called_by(OWNER, member(ME, Role::Owner), 2), ME, Role::Member);
    assert_eq!(
        change_role(&mut tx, &me(), GROUP, ME, Some(Role::Member), &Quotas::default()),
        Ok(member(ME, Role::Member))
    );
}

#[test]
fn the_last_owner_is_not_demoted_not_even_by_a_server_admin() {
    for (caller, target) in [(OWNER, ME), (SERVER_ADMIN, OTHER)] {
        for role in [Role::Member, Role::Admin] {
            let mut tx = called_by(caller, member(target, Role::Owner), 1);
            let outcome = change_role(&mut tx, &me(), GROUP, target, Some(role), &Quotas::default());
            assert_eq!(outcome, Err(GroupRefusal::LastOwner.into()), "{caller:?} to {role:?}");
            assert_eq!(tx.emitted, []);
        }
    }
}

#[test]
fn the_last_owner_keeps_the_role_they_have() {
    let mut tx = called_by(OWNER, member(ME, Role::Owner), 1);
    assert_eq!(
        change_role(&mut tx, &me(), GROUP, ME, Some(Role::Owner), &Quotas::default()),
        Ok(member(ME, Role::Owner))
    );
    assert_eq!(tx.emitted, []);
}

#[test]
fn a_role_that_is_left_out_stays_for_those_who_could_change_it() {
    let mut tx = called_by(OWNER, member(OTHER, Role::Admin), 1);
    assert_eq!(
        change_role(&mut tx, &me(), GROUP, OTHER, None, &Quotas::default()),
        Ok(member(OTHER, Role::Admin))
    );
    assert_eq!(tx.emitted, []);
    let mut tx = called_by(MEMBER, member(OTHER, Role::Admin), 1);
    assert_eq!(
        change_role(&mut tx, &me(), GROUP, OTHER, None, &Quotas::default()),
        Err(GroupRefusal::RoleTooLow.into())
    );
}

#[test]
fn an_ownerless_group_gets_an_owner_from_a_server_admin() {
    let mut tx = stores_role(called_by(SERVER_ADMIN, member(OTHER, Role::Member), 0), OTHER, Role::Owner);
    let changed = change_role(&mut tx, &me(), GROUP, OTHER, Some(Role::Owner), &Quotas::default());
    assert_eq!(changed, Ok(member(OTHER, Role::Owner)));
}

#[test]
fn a_group_and_a_member_that_are_not_there_come_before_missing_rights() {
    let mut tx = MockTx::new().locks_group(None, None).may_manage(false);
    let outcome = change_role(&mut tx, &me(), GROUP, OTHER, Some(Role::Admin), &Quotas::default());
    assert_eq!(outcome, Err(GroupRefusal::NotFound.into()));

    let mut tx = MockTx::new().locks_group(Some(group()), None);
    tx.members.expect_find().returning(|_, _| Ok(None));
    let outcome = change_role(&mut tx, &me(), GROUP, OTHER, Some(Role::Admin), &Quotas::default());
    assert_eq!(outcome, Err(GroupRefusal::MemberNotFound.into()));
}

#[test]
fn missing_rights_come_before_the_last_owner() {
    let mut tx = called_by(ADMIN, member(OTHER, Role::Owner), 1);
    let outcome = change_role(&mut tx, &me(), GROUP, OTHER, Some(Role::Member), &Quotas::default());
    assert_eq!(outcome, Err(GroupRefusal::RoleTooLow.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || stores_role(called_by(SERVER_ADMIN, member(OTHER, Role::Owner), 2), OTHER, Role::Member),
        |tx| change_role(tx, &me(), GROUP, OTHER, Some(Role::Member), &Quotas::default()),
    );
}

#[test]
fn nobody_becomes_the_owner_of_more_groups_than_they_may_own() {
    let quotas = Quotas { owned_groups: 2, ..Quotas::default() };
    for (owned, is_valid) in [(2, true), (3, false)] {
        let mut tx = called_by(OWNER, member(OTHER, Role::Admin), 1);
        tx.members.expect_set_role().times(1).returning(|_, _, _| Ok(()));
        tx.members
            .expect_count_groups()
            .with(eq(OTHER), eq(Some(Role::Owner)), eq(3))
            .times(1)
            .returning(move |_, _, _| Ok(owned));
        let outcome = change_role(&mut tx, &me(), GROUP, OTHER, Some(Role::Owner), &quotas);
        let refusal = GroupRefusal::QuotaExceeded { quota: Quota::OwnedGroups, limit: 2 };
        assert_eq!(outcome.err(), (!is_valid).then(|| refusal.into()), "{owned}");
    }
}
