use mockall::predicate::eq;

use super::*;
use crate::events::{Audience, Event, EventType, GroupSenders, GroupUpdate};
use crate::groups::model::{Standing, Visibility};
use crate::groups::role_lookup::find_role;
use crate::permissions::Shortfall;
use crate::testing::told;
use crate::testing::{
    ADMIN, EARLIER, GROUP, GroupCaller, ME, MEMBER, MockTx, OTHER, OUTRANKED, OUTSIDER, OWNER, SERVER_ADMIN,
    SERVER_ADMIN_INSIDE, assert_hands_faults_on, group, lacks, me, member, rights, server_admin, standing,
};

const LACKS: GroupRefusal = lacks(GroupPermission::ManageRoles);

fn name(text: &str) -> RoleName {
    RoleName::parse(text).unwrap()
}

fn defined(rank: i64, permissions: &[GroupPermission]) -> RoleDefinition {
    RoleDefinition { rank: Rank::parse(rank).unwrap(), permissions: PermissionSet::of(permissions) }
}

fn role(text: &str, definition: RoleDefinition) -> Role {
    Role::resolve(name(text), Some(definition), false).unwrap()
}

/// What a pupil may do, who has rank 20.
fn pupil() -> RoleDefinition {
    defined(20, &[GroupPermission::View, GroupPermission::ReadHistory])
}

/// The group stores these roles.
fn with_roles(mut tx: MockTx, stored: Vec<(RoleName, RoleDefinition)>) -> MockTx {
    tx.roles.checkpoint();
    let listed = stored.clone();
    tx.roles.expect_list().with(eq(GROUP)).returning(move |_| Ok(listed.clone()));
    tx.roles.expect_find().returning(move |_, wanted| {
        Ok(stored.iter().find(|(name, _)| name == wanted).map(|(_, definition)| *definition))
    });
    tx
}

fn called_by(caller: GroupCaller) -> MockTx {
    with_roles(MockTx::new().called_by(caller), vec![(name("Pupil"), pupil())])
}

/// The actor has a role that the group has defined.
fn called_with(own: RoleDefinition) -> MockTx {
    let standing = Standing { role: role("Teacher", own), ..standing(BuiltInRole::Member) };
    let found = VisibleGroup { group: group(), standing: Some(standing) };
    let mut tx = MockTx::new().locks_visible_group(Some(found));
    tx.accounts.expect_lock().returning(|_, _| Ok(()));
    tx.server_roles.expect_rights().returning(|_| Ok(Some(rights(false))));
    with_roles(tx, vec![(name("Teacher"), own), (name("Pupil"), pupil())])
}

fn changed_group() -> Group {
    Group { version: group().version.next(), ..group() }
}

/// The role is stored, and the group counts a change.
fn puts(mut tx: MockTx, text: &str, definition: RoleDefinition) -> MockTx {
    let put = tx.roles.expect_put().with(eq(GROUP), eq(name(text)), eq(definition));
    put.times(1).returning(|_, _, _| Ok(()));
    counts_a_change(tx)
}

fn counts_a_change(mut tx: MockTx) -> MockTx {
    let update = tx.groups.expect_update().withf(|stored| *stored == changed_group());
    update.times(1).returning(|_| Ok(crate::storage::Unique::Stored(())));
    tx
}

fn define(tx: &mut MockTx, text: &str, definition: RoleDefinition) -> Result<Role, Error> {
    define_role(tx, &me(), GROUP, &name(text), definition)
}

#[test]
fn owners_and_server_admins_define_roles_and_all_who_see_the_group_learn_that_it_has_changed() {
    for caller in [OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE] {
        let mut tx = puts(called_by(caller), "Herald", pupil());
        assert_eq!(define(&mut tx, "Herald", pupil()), Ok(role("Herald", pupil())), "{caller:?}");
        assert_eq!(told(&tx.recorded), ["group_role.defined in 7"]);
        assert_eq!(
            tx.emitted,
            [(Audience::All, Some(ME), Event::GroupUpdated(GroupUpdate::of(changed_group())))]
        );
    }
    for (caller, refusal) in [(OUTSIDER, GroupRefusal::MembersOnly), (MEMBER, LACKS), (ADMIN, LACKS)] {
        let mut tx = called_by(caller);
        assert_eq!(define(&mut tx, "Herald", pupil()), Err(refusal.into()), "{caller:?}");
        assert_eq!(
            edit_role(&mut called_by(caller), &me(), GROUP, &name("Pupil"), RoleChanges::default()),
            Err(refusal.into())
        );
        assert_eq!(delete_role(&mut called_by(caller), &me(), GROUP, &name("Pupil")), Err(refusal.into()));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn whoever_manages_roles_defines_only_lower_ones_with_no_more_than_they_may_do() {
    use GroupPermission::{ManageRoles, Pin, View};
    let own = defined(30, &[View, ManageRoles]);
    let mut tx = puts(called_with(own), "Helper", defined(29, &[View, ManageRoles]));
    assert!(define(&mut tx, "Helper", defined(29, &[View, ManageRoles])).is_ok());
    for (definition, shortfall) in [
        (defined(30, &[View]), Shortfall::Outranked),
        (defined(99, &[View]), Shortfall::Outranked),
        (defined(5, &[View, Pin]), Shortfall::GivesMore(Pin)),
    ] {
        let outcome = define(&mut called_with(own), "Helper", definition);
        assert_eq!(outcome, Err(GroupRefusal::RoleTooLow(shortfall).into()), "{definition:?}");
    }
}

#[test]
fn a_name_is_given_once_whatever_its_case() {
    for taken in ["Pupil", "PUPIL", "owner", "Readonly"] {
        let outcome = define(&mut called_by(OWNER), taken, pupil());
        assert_eq!(outcome, Err(GroupRefusal::RoleNameTaken.into()), "{taken}");
    }
}

#[test]
fn a_group_defines_at_most_twenty_roles_and_changed_ones_do_not_count() {
    let changed = (RoleName::MEMBER, defined(10, &[GroupPermission::View]));
    for (count, refusal) in [(MAX_ROLES - 1, None), (MAX_ROLES, Some(GroupRefusal::TooManyRoles))] {
        let mut stored: Vec<_> = (0..count).map(|number| (name(&format!("r{number}")), pupil())).collect();
        stored.push(changed.clone());
        let mut tx = with_roles(MockTx::new().called_by(OWNER), stored);
        if refusal.is_none() {
            tx = puts(tx, "Herald", pupil());
        }
        assert_eq!(define(&mut tx, "Herald", pupil()).err(), refusal.map(Error::from), "{count}");
    }
}

#[test]
fn what_built_in_roles_allow_can_be_changed_but_neither_their_rank_nor_anything_of_owner() {
    let quiet = PermissionSet::of(&[GroupPermission::View, GroupPermission::ReadHistory]);
    let changes = RoleChanges { permissions: Some(quiet), ..RoleChanges::default() };
    let stored = RoleDefinition { permissions: quiet, ..defined(10, &[]) };
    let mut tx = puts(called_by(OWNER), "member", stored);
    let changed = edit_role(&mut tx, &me(), GROUP, &RoleName::MEMBER, changes).unwrap();
    assert_eq!(told(&tx.recorded), ["group_role.edited in 7 (member)"]);
    assert_eq!((changed.title.rank, changed.permissions), (BuiltInRole::Member.rank(), quiet));
    for (fixed, changes) in [
        (RoleName::OWNER, changes),
        (RoleName::MEMBER, RoleChanges { rank: Some(Rank::parse(11).unwrap()), ..RoleChanges::default() }),
    ] {
        let outcome = edit_role(&mut called_by(OWNER), &me(), GROUP, &fixed, changes);
        assert_eq!(outcome, Err(GroupRefusal::RoleFixed.into()), "{fixed}");
        let outcome = delete_role(&mut called_by(OWNER), &me(), GROUP, &fixed);
        assert_eq!(outcome, Err(GroupRefusal::RoleFixed.into()), "{fixed}");
    }
}

#[test]
fn a_change_takes_a_higher_rank_before_and_after_and_gives_only_what_one_may_do() {
    use GroupPermission::{ManageRoles, Pin, React, View};
    let own = defined(30, &[View, React, ManageRoles]);
    let change = |of: &str, rank, permissions: &[GroupPermission]| {
        let changes = RoleChanges {
            rank: Some(Rank::parse(rank).unwrap()),
            permissions: Some(PermissionSet::of(permissions)),
        };
        let tx = called_with(own);
        let defined = defined(rank, permissions);
        let mut tx = if rank < 30 && !permissions.contains(&Pin) && of == "Pupil" {
            puts(tx, of, defined)
        } else {
            tx
        };
        edit_role(&mut tx, &me(), GROUP, &name(of), changes).map(|changed| changed.permissions)
    };
    assert_eq!(change("Pupil", 29, &[View, React]), Ok(PermissionSet::of(&[View, React])));
    assert_eq!(change("Pupil", 30, &[View]), Err(OUTRANKED.into()));
    assert_eq!(change("Teacher", 20, &[View]), Err(OUTRANKED.into()), "one's own role");
    let more = GroupRefusal::RoleTooLow(Shortfall::GivesMore(Pin));
    assert_eq!(change("Pupil", 20, &[View, Pin]), Err(more.into()));
    // `read_history` was there before, although the actor lacks it.
    assert!(change("Pupil", 21, &[View, GroupPermission::ReadHistory]).is_ok());
}

#[test]
fn a_change_that_changes_nothing_stores_and_emits_nothing() {
    let same = RoleChanges { rank: Some(pupil().rank), permissions: Some(pupil().permissions) };
    for changes in [RoleChanges::default(), same] {
        let mut tx = called_by(OWNER);
        let outcome = edit_role(&mut tx, &me(), GROUP, &name("Pupil"), changes);
        assert_eq!(outcome, Ok(role("Pupil", pupil())));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn a_role_is_deleted_once_nobody_has_it() {
    let mut tx = called_by(OWNER);
    tx.roles.expect_is_held().with(eq(GROUP), eq(name("Pupil"))).returning(|_, _| Ok(true));
    assert_eq!(delete_role(&mut tx, &me(), GROUP, &name("Pupil")), Err(GroupRefusal::RoleInUse.into()));
    let mut tx = counts_a_change(called_by(OWNER));
    tx.roles.expect_is_held().returning(|_, _| Ok(false));
    tx.roles.expect_remove().with(eq(GROUP), eq(name("Pupil"))).times(1).returning(|_, _| Ok(()));
    assert_eq!(delete_role(&mut tx, &me(), GROUP, &name("Pupil")), Ok(()));
    assert_eq!(told(&tx.recorded), ["group_role.deleted in 7"]);
    assert_eq!(
        tx.emitted,
        [(Audience::All, Some(ME), Event::GroupUpdated(GroupUpdate::of(changed_group())))]
    );
}

#[test]
fn connections_learn_which_roles_send_when_that_has_changed() {
    use GroupPermission::{Pin, ReadHistory, Send, View};
    let before = defined(20, &[View, Send]);
    for (after, tells) in
        [(defined(20, &[View, ReadHistory]), true), (defined(20, &[View, Send, Pin]), false)]
    {
        let mut tx = MockTx::new().called_by(OWNER);
        tx.roles.checkpoint();
        tx.roles.expect_find().with(eq(GROUP), eq(name("Pupil"))).returning(move |_, _| Ok(Some(before)));
        tx.roles.expect_list().with(eq(GROUP)).returning(move |_| Ok(vec![(name("Pupil"), after)]));
        let mut tx = puts(tx, "Pupil", after);
        let changes = RoleChanges { permissions: Some(after.permissions), ..RoleChanges::default() };
        assert!(edit_role(&mut tx, &me(), GROUP, &name("Pupil"), changes).is_ok());
        let told: Vec<_> = tx.emitted.iter().map(|(_, _, event)| event.event_type()).collect();
        let expected = [EventType::GroupUpdated, EventType::SendersUpdated];
        assert_eq!(told, expected[..1 + usize::from(tells)]);
        if tells {
            let senders = crate::testing::senders();
            let updated = Event::SendersUpdated(GroupSenders { group: GROUP, senders });
            assert_eq!(tx.emitted[1], (Audience::Group(GROUP), Some(ME), updated));
        }
    }
}

#[test]
fn a_role_that_is_not_there_is_not_found() {
    let (missing, changes) = (name("king"), RoleChanges::default());
    let not_found = GroupRefusal::RoleNotFound;
    assert_eq!(edit_role(&mut called_by(OWNER), &me(), GROUP, &missing, changes), Err(not_found.into()));
    assert_eq!(delete_role(&mut called_by(OWNER), &me(), GROUP, &missing), Err(not_found.into()));
}

#[test]
fn whoever_sees_a_group_sees_its_roles_the_highest_first() {
    let stored = vec![(name("Pupil"), pupil()), (RoleName::MEMBER, defined(10, &[GroupPermission::View]))];
    for caller in [None, Some(BuiltInRole::Readonly)] {
        let mut tx = with_roles(MockTx::new().finds_group(Some(group()), caller), stored.clone());
        let roles = list_roles(&mut tx, &me(), GROUP).unwrap();
        let names: Vec<_> = roles.iter().map(|role| role.title.name.as_str()).collect();
        assert_eq!(names, ["owner", "admin", "Pupil", "member", "readonly"]);
        assert_eq!(roles[3].permissions, PermissionSet::of(&[GroupPermission::View]));
        assert_eq!(roles[1].permissions, PermissionSet::default_of(BuiltInRole::Admin, false));
    }
}

/// In a private group, `member` doesn't add members unless the group has changed that.
#[test]
fn what_a_built_in_role_may_do_depends_on_whether_the_group_is_private() {
    for (visibility, adds) in [(Visibility::Public, true), (Visibility::Private, false)] {
        let group = Group { visibility, ..group() };
        let mut tx = MockTx::new().finds_group(Some(group.clone()), Some(BuiltInRole::Member));
        tx = with_roles(tx, vec![]);
        let listed = list_roles(&mut tx, &me(), GROUP).unwrap();
        let found = find_role(&mut tx, &group, RoleName::MEMBER).unwrap();
        for role in [listed.into_iter().find(|role| role.title.name == RoleName::MEMBER), found] {
            let may = role.unwrap().permissions.contains(GroupPermission::AddMembers);
            assert_eq!(may, adds, "{visibility:?}");
        }
    }
}

fn explained(tx: &mut MockTx, user: UserId, permission: GroupPermission) -> Result<Decision, Error> {
    let explained = explain(tx, &me(), GROUP, user)?;
    assert_eq!(explained.len(), GroupPermission::ALL.len());
    Ok(explained.into_iter().find(|(found, _)| *found == permission).unwrap().1)
}

#[test]
fn everybody_is_told_what_they_may_do_and_why() {
    let finds = |caller: GroupCaller| {
        let tx = MockTx::new().finds_group(Some(group()), caller.role).may_manage(caller.server_admin);
        tx.bans_nobody()
    };
    for (caller, permission, allowed, reason) in [
        (MEMBER, GroupPermission::Send, true, "role"),
        (MEMBER, GroupPermission::Pin, false, "role"),
        (OUTSIDER, GroupPermission::View, true, "open"),
        (OUTSIDER, GroupPermission::Send, false, "not_member"),
        (SERVER_ADMIN, GroupPermission::EditGroup, true, "manages_groups"),
        (SERVER_ADMIN, GroupPermission::ReadHistory, false, "not_member"),
    ] {
        let decision = explained(&mut finds(caller), ME, permission).unwrap();
        assert_eq!(
            (decision.is_allowed(), decision.reason()),
            (allowed, reason),
            "{caller:?} {permission:?}"
        );
    }
}

#[test]
fn whoever_manages_roles_is_told_what_others_may_do() {
    let finds = |caller: GroupCaller, is_member: bool| {
        let mut tx = with_roles(MockTx::new().finds_group(Some(group()), caller.role), Vec::new());
        tx.members
            .expect_find()
            .with(eq(GROUP), eq(OTHER))
            .returning(move |_, _| Ok(is_member.then(|| member(OTHER, BuiltInRole::Admin))));
        tx.bans_nobody().finds_user(server_admin(OTHER)).reads_rights_of(OTHER, rights(true))
    };
    let reason = |is_member, permission| {
        explained(&mut finds(OWNER, is_member), OTHER, permission).map(Decision::reason)
    };
    assert_eq!(reason(true, GroupPermission::Pin), Ok("role"));
    assert_eq!(reason(false, GroupPermission::Pin), Ok("not_member"));
    assert_eq!(reason(false, GroupPermission::DeleteGroup), Ok("manages_groups"));
    let archived = Group { archived_at: Some(EARLIER), ..group() };
    let mut tx = with_roles(MockTx::new().finds_group(Some(archived), OWNER.role), Vec::new());
    tx.members.expect_find().returning(|_, _| Ok(Some(member(OTHER, BuiltInRole::Admin))));
    let mut tx = tx.finds_user(server_admin(OTHER)).reads_rights_of(OTHER, rights(false));
    assert_eq!(explained(&mut tx, OTHER, GroupPermission::Pin).map(Decision::reason), Ok("archived"));
    let mut tx = MockTx::new().finds_group(Some(group()), ADMIN.role).reads_rights(false);
    assert_eq!(explain(&mut tx, &me(), GROUP, OTHER), Err(LACKS.into()));
    let mut tx = MockTx::new().finds_group(Some(group()), OWNER.role).misses_user(OTHER);
    assert_eq!(explain(&mut tx, &me(), GROUP, OTHER), Err(AccountRefusal::UserNotFound.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || puts(called_by(OWNER), "Herald", pupil()),
        |tx| define_role(tx, &me(), GROUP, &name("Herald"), pupil()),
    );
    let changes = RoleChanges { rank: Some(Rank::parse(3).unwrap()), ..RoleChanges::default() };
    let lower = RoleDefinition { rank: Rank::parse(3).unwrap(), ..pupil() };
    assert_hands_faults_on(
        || puts(called_by(OWNER), "Pupil", lower),
        |tx| edit_role(tx, &me(), GROUP, &name("Pupil"), changes),
    );
    assert_hands_faults_on(
        || {
            let mut tx = counts_a_change(called_by(OWNER));
            tx.roles.expect_is_held().returning(|_, _| Ok(false));
            tx.roles.expect_remove().returning(|_, _| Ok(()));
            tx
        },
        |tx| delete_role(tx, &me(), GROUP, &name("Pupil")),
    );
}
