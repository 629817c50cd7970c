use mockall::predicate::eq;

use super::*;
use crate::accounts::LockStrength;
use crate::events::Audience;
use crate::groups::error::Quota;
use crate::groups::model::{Standing, VisibleGroup};
use crate::permissions::{PermissionSet, Rank, Role, RoleDefinition, Shortfall};
use crate::testing::told;
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MockTx, OTHER, OUTSIDER, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE,
    assert_hands_faults_on, group, lacks, me, member, rights, standing,
};
use crate::validation::{Violation, ViolationCode};

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

fn stores_role(mut tx: MockTx, user: UserId, role: BuiltInRole) -> MockTx {
    tx.members
        .expect_set_role()
        .with(eq(GROUP), eq(user), eq(RoleName::from(role)))
        .times(1)
        .returning(|_, _, _| Ok(()));
    if role == BuiltInRole::Owner {
        let most = Quotas::default().owned_groups;
        let counts =
            tx.members.expect_count_groups().with(eq(user), eq(Some(BuiltInRole::Owner)), eq(most + 1));
        counts.times(1).returning(|_, _, _| Ok(1));
    }
    tx
}

#[test]
fn only_owners_and_server_admins_give_roles_to_whomever() {
    for (caller, refusal) in [
        (OUTSIDER, Some(GroupRefusal::MembersOnly)),
        (MEMBER, Some(lacks(GroupPermission::ManageRoles))),
        (ADMIN, Some(lacks(GroupPermission::ManageRoles))),
        (OWNER, None),
        (SERVER_ADMIN, None),
        (SERVER_ADMIN_INSIDE, None),
    ] {
        for (old, new) in BuiltInRole::ALL.into_iter().flat_map(|old| BuiltInRole::ALL.map(|new| (old, new)))
        {
            let mut tx = called_by(caller, member(OTHER, old), 2);
            if refusal.is_none() && old != new {
                tx = stores_role(tx, OTHER, new);
            }
            let outcome = change_role(&mut tx, &me(), GROUP, OTHER, Some(&new.into()), &Quotas::default());
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
    let mut tx =
        stores_role(called_by(OWNER, member(OTHER, BuiltInRole::Member), 1), OTHER, BuiltInRole::Admin);
    let changed =
        change_role(&mut tx, &me(), GROUP, OTHER, Some(&BuiltInRole::Admin.into()), &Quotas::default())
            .unwrap();
    assert_eq!(changed, member(OTHER, BuiltInRole::Admin));
    assert_eq!(
        tx.emitted,
        [(
            Audience::Group(GROUP),
            Some(ME),
            Event::MemberUpdated(GroupMember { group: GROUP, member: changed })
        )]
    );
    assert_eq!(told(&tx.recorded), ["member.role_changed to 2 in 7 (admin)"]);
}

#[test]
fn connections_learn_which_roles_send_if_the_name_of_the_new_one_does_not_say_it() {
    let judge = RoleName::parse("Judge").unwrap();
    let permissions = PermissionSet::of(&[GroupPermission::Send]);
    let definition = RoleDefinition { rank: Rank::from_stored(20).unwrap(), permissions };
    let mut tx = called_by(OWNER, member(OTHER, BuiltInRole::Member), 1);
    tx.roles.checkpoint();
    tx.roles.expect_find().with(eq(GROUP), eq(judge.clone())).returning(move |_, _| Ok(Some(definition)));
    let stored = vec![(judge.clone(), definition)];
    tx.roles.expect_list().with(eq(GROUP)).returning(move |_| Ok(stored.clone()));
    tx.members.expect_set_role().returning(|_, _, _| Ok(()));
    assert!(change_role(&mut tx, &me(), GROUP, OTHER, Some(&judge), &Quotas::default()).is_ok());
    let (_, _, Event::SendersUpdated(told)) = &tx.emitted[1] else { panic!("{:?}", tx.emitted) };
    assert!(told.group == GROUP && told.senders.contain(&judge));
}

#[test]
fn nobody_changes_their_own_role_but_as_an_owner() {
    for caller in [MEMBER, ADMIN] {
        let mut tx = called_by(caller, member(ME, caller.role.unwrap()), 1);
        let outcome =
            change_role(&mut tx, &me(), GROUP, ME, Some(&BuiltInRole::Owner.into()), &Quotas::default());
        assert_eq!(outcome, Err(lacks(GroupPermission::ManageRoles).into()), "{caller:?}");
    }
    let mut tx = stores_role(called_by(OWNER, member(ME, BuiltInRole::Owner), 2), ME, BuiltInRole::Member);
    assert_eq!(
        change_role(&mut tx, &me(), GROUP, ME, Some(&BuiltInRole::Member.into()), &Quotas::default()),
        Ok(member(ME, BuiltInRole::Member))
    );
}

#[test]
fn the_last_owner_is_not_demoted_not_even_by_a_server_admin() {
    for (caller, target) in [(OWNER, ME), (SERVER_ADMIN, OTHER)] {
        for role in [BuiltInRole::Member, BuiltInRole::Admin] {
            let mut tx = called_by(caller, member(target, BuiltInRole::Owner), 1);
            let outcome = change_role(&mut tx, &me(), GROUP, target, Some(&role.into()), &Quotas::default());
            assert_eq!(outcome, Err(GroupRefusal::LastOwner.into()), "{caller:?} to {role:?}");
            assert_eq!(tx.emitted, []);
        }
    }
}

#[test]
fn the_last_owner_keeps_the_role_they_have() {
    let mut tx = called_by(OWNER, member(ME, BuiltInRole::Owner), 1);
    assert_eq!(
        change_role(&mut tx, &me(), GROUP, ME, Some(&BuiltInRole::Owner.into()), &Quotas::default()),
        Ok(member(ME, BuiltInRole::Owner))
    );
    assert_eq!(tx.emitted, []);
}

#[test]
fn a_role_that_is_left_out_stays_for_those_who_could_change_it() {
    let mut tx = called_by(OWNER, member(OTHER, BuiltInRole::Admin), 1);
    assert_eq!(
        change_role(&mut tx, &me(), GROUP, OTHER, None, &Quotas::default()),
        Ok(member(OTHER, BuiltInRole::Admin))
    );
    assert_eq!(tx.emitted, []);
    let mut tx = called_by(MEMBER, member(OTHER, BuiltInRole::Admin), 1);
    assert_eq!(
        change_role(&mut tx, &me(), GROUP, OTHER, None, &Quotas::default()),
        Err(lacks(GroupPermission::ManageRoles).into())
    );
}

#[test]
fn an_ownerless_group_gets_an_owner_from_a_server_admin() {
    let mut tx = stores_role(
        called_by(SERVER_ADMIN, member(OTHER, BuiltInRole::Member), 0),
        OTHER,
        BuiltInRole::Owner,
    );
    let changed =
        change_role(&mut tx, &me(), GROUP, OTHER, Some(&BuiltInRole::Owner.into()), &Quotas::default());
    assert_eq!(changed, Ok(member(OTHER, BuiltInRole::Owner)));
}

#[test]
fn a_group_and_a_member_that_are_not_there_come_before_missing_rights() {
    let mut tx = MockTx::new().locks_group(None, None).may_manage(false);
    let outcome =
        change_role(&mut tx, &me(), GROUP, OTHER, Some(&BuiltInRole::Admin.into()), &Quotas::default());
    assert_eq!(outcome, Err(GroupRefusal::NotFound.into()));

    let mut tx = MockTx::new().locks_group(Some(group()), None);
    tx.members.expect_find().returning(|_, _| Ok(None));
    let outcome =
        change_role(&mut tx, &me(), GROUP, OTHER, Some(&BuiltInRole::Admin.into()), &Quotas::default());
    assert_eq!(outcome, Err(GroupRefusal::MemberNotFound.into()));
}

#[test]
fn missing_rights_come_before_the_last_owner() {
    let mut tx = called_by(ADMIN, member(OTHER, BuiltInRole::Owner), 1);
    let outcome =
        change_role(&mut tx, &me(), GROUP, OTHER, Some(&BuiltInRole::Member.into()), &Quotas::default());
    assert_eq!(outcome, Err(lacks(GroupPermission::ManageRoles).into()));
}

/// A role that the group has defined, with this rank.
fn custom(name: &str, rank: i64, permissions: &[GroupPermission]) -> (RoleName, RoleDefinition) {
    let permissions = PermissionSet::of(permissions);
    (RoleName::parse(name).unwrap(), RoleDefinition { rank: Rank::from_stored(rank).unwrap(), permissions })
}

/// The actor has the first role, and the other two are also defined.
fn called_by_a_manager_of_roles(roles: [(RoleName, RoleDefinition); 3], target: BuiltInRole) -> MockTx {
    let role = Role::resolve(roles[0].0.clone(), Some(roles[0].1), false).unwrap();
    let standing = Standing { role, ..standing(BuiltInRole::Member) };
    let found = VisibleGroup { group: group(), standing: Some(standing) };
    let mut tx = MockTx::new().locks_visible_group(Some(found));
    tx.accounts.expect_lock().returning(|_, _| Ok(()));
    tx.server_roles.expect_rights().returning(|_| Ok(Some(rights(false))));
    tx.members.expect_find().returning(move |_, user| Ok(Some(member(user, target))));
    let stored = roles.to_vec();
    tx.roles.expect_list().returning(move |_| Ok(stored.clone()));
    tx.roles.expect_find().returning(move |_, name| {
        Ok(roles.iter().find(|(known, _)| known == name).map(|(_, definition)| *definition))
    });
    tx
}

#[test]
fn whoever_manages_roles_gives_none_beyond_their_own_and_only_to_lower_ranks() {
    use GroupPermission::{ManageRoles, Pin, Send, View};
    let roles = || {
        [
            custom("Teacher", 30, &[View, Send, ManageRoles]),
            custom("Pupil", 20, &[View, Send]),
            custom("Herald", 20, &[View, Pin]),
        ]
    };
    for (target, role, refusal) in [
        (BuiltInRole::Member, "Pupil", None),
        (BuiltInRole::Member, "Teacher", None),
        (BuiltInRole::Member, "Herald", Some(Shortfall::GivesMore(Pin))),
        (BuiltInRole::Member, "admin", Some(Shortfall::GivesHigherRank)),
        (BuiltInRole::Admin, "Pupil", Some(Shortfall::Outranked)),
        (BuiltInRole::Owner, "Pupil", Some(Shortfall::Outranked)),
    ] {
        let mut tx = called_by_a_manager_of_roles(roles(), target);
        let role = RoleName::parse(role).unwrap();
        if refusal.is_none() {
            let given = role.clone();
            tx.members.expect_set_role().with(eq(GROUP), eq(OTHER), eq(given)).returning(|_, _, _| Ok(()));
        }
        let outcome = change_role(&mut tx, &me(), GROUP, OTHER, Some(&role), &Quotas::default());
        let expected = refusal.map(|shortfall| Error::from(GroupRefusal::RoleTooLow(shortfall)));
        assert_eq!(outcome.err(), expected, "{role} to {target:?}");
        assert_eq!(tx.emitted.is_empty(), refusal.is_some(), "{role} to {target:?}");
    }
}

#[test]
fn a_role_that_the_group_does_not_have_is_not_given() {
    let mut tx = called_by(OWNER, member(OTHER, BuiltInRole::Member), 1);
    let unknown = RoleName::parse("king").unwrap();
    let outcome = change_role(&mut tx, &me(), GROUP, OTHER, Some(&unknown), &Quotas::default());
    let violation = Violation::new(
        ViolationCode::InvalidFormat,
        "must be owner, admin, member, readonly or a role that the group has defined",
    );
    assert_eq!(outcome, Err(violation.in_field("role").into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || {
            stores_role(
                called_by(SERVER_ADMIN, member(OTHER, BuiltInRole::Owner), 2),
                OTHER,
                BuiltInRole::Member,
            )
        },
        |tx| change_role(tx, &me(), GROUP, OTHER, Some(&BuiltInRole::Member.into()), &Quotas::default()),
    );
}

#[test]
fn nobody_becomes_the_owner_of_more_groups_than_they_may_own() {
    let quotas = Quotas { owned_groups: 2, ..Quotas::default() };
    for (owned, is_valid) in [(2, true), (3, false)] {
        let mut tx = called_by(OWNER, member(OTHER, BuiltInRole::Admin), 1);
        tx.members.expect_set_role().times(1).returning(|_, _, _| Ok(()));
        tx.members
            .expect_count_groups()
            .with(eq(OTHER), eq(Some(BuiltInRole::Owner)), eq(3))
            .times(1)
            .returning(move |_, _, _| Ok(owned));
        let outcome = change_role(&mut tx, &me(), GROUP, OTHER, Some(&BuiltInRole::Owner.into()), &quotas);
        let refusal = GroupRefusal::QuotaExceeded { quota: Quota::OwnedGroups, limit: 2 };
        assert_eq!(outcome.err(), (!is_valid).then(|| refusal.into()), "{owned}");
    }
}
