use mockall::predicate::eq;

use super::*;
use crate::accounts::LockStrength;
use crate::events::{Audience, UserUpdate};
use crate::permissions::ServerRights;
use crate::storage::Unique;
use crate::testing::{
    ME, MockTx, NOW, OTHER, assert_hands_faults_on, me, me_provisioned, needs, rights, rights_with,
    server_admin, user,
};

const AUDITOR: RoleId = RoleId::new(7);

use ServerPermission::{CreateGroups, ManageRoles, ManageUsers, ViewAudit};

fn role(id: RoleId, name: &str, permissions: &[ServerPermission]) -> ServerRole {
    let name = ServerRoleName::parse(name).unwrap();
    ServerRole { id, name, permissions: ServerPermissionSet::of(permissions) }
}

fn auditor() -> ServerRole {
    role(AUDITOR, "Auditor", &[ViewAudit])
}

/// The roles are locked, somebody with these rights acts, and the server stores this role.
fn stores(by: ServerRights, role: &ServerRole) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_lock_admins().times(1..).returning(|| Ok(()));
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Shared)
        .returning(|_, _| Ok(()));
    tx.server_roles.expect_rights().with(eq(ME)).returning(move |_| Ok(Some(by)));
    let (found, listed) = (role.clone(), role.clone());
    tx.server_roles.expect_find().returning(move |id| Ok(Some(found.clone()).filter(|role| role.id == id)));
    tx.server_roles.expect_list().returning(move || Ok(vec![listed.clone()]));
    tx
}

/// Beside that, another user is locked, who has these rights, and these roles by grants.
fn hands(by: ServerRights, target: User, target_rights: ServerRights, held: &'static [RoleId]) -> MockTx {
    let mut tx = stores(by, &auditor());
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME, OTHER] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    tx.accounts.expect_find().with(eq(OTHER)).returning(move |_| Ok(Some(target.clone())));
    tx.server_roles.expect_rights().with(eq(OTHER)).returning(move |_| Ok(Some(target_rights)));
    tx.server_roles.expect_held().returning(move |_| Ok(held.iter().map(|role| (OTHER, *role)).collect()));
    tx
}

fn told(roles: &[ServerRole]) -> (Audience, Option<UserId>, Event) {
    (Audience::All, Some(ME), Event::RolesUpdated(ServerRoles(roles.to_vec())))
}

#[test]
fn everybody_sees_the_roles() {
    let mut tx = MockTx::new();
    tx.server_roles.expect_list().returning(|| Ok(vec![auditor()]));
    let expected = vec![ServerRole::admin(), ServerRole::member(), auditor()];
    assert_eq!(list_server_roles(&mut tx, &me()), Ok(expected));
}

#[test]
fn a_role_is_defined_and_everybody_is_told() {
    let mut tx = stores(rights_with(&[ManageRoles, ViewAudit]), &auditor());
    let name = ServerRoleName::parse("Helper").unwrap();
    let set = ServerPermissionSet::of(&[ViewAudit, CreateGroups]);
    tx.server_roles
        .expect_insert()
        .with(eq(name.clone()), eq(set))
        .times(1)
        .returning(|_, _| Ok(RoleId::new(8)));
    let defined = define_server_role(&mut tx, &me(), &name, set).unwrap();
    assert_eq!(defined, ServerRole { id: RoleId::new(8), name, permissions: set });
    assert_eq!(tx.emitted, [told(&[ServerRole::admin(), ServerRole::member(), auditor()])]);
}

#[test]
fn nobody_defines_a_role_that_allows_more_than_they_may() {
    let name = ServerRoleName::parse("Helper").unwrap();
    for (by, refusal) in [
        (rights(false), needs(ManageRoles)),
        (rights_with(&[ManageUsers]), needs(ManageRoles)),
        (rights_with(&[ManageRoles]), AccountRefusal::NotPermitted(ServerDenial::GivesMore(ViewAudit))),
    ] {
        let set = ServerPermissionSet::of(&[ViewAudit]);
        let outcome = define_server_role(&mut stores(by, &auditor()), &me(), &name, set);
        assert_eq!(outcome, Err(refusal.into()), "{by:?}");
    }
    let set = ServerPermissionSet::EMPTY;
    let outcome = define_server_role(&mut stores(rights(true), &auditor()), &me_provisioned(), &name, set);
    assert_eq!(outcome, Err(AccountRefusal::ProvisionedKey.into()));
}

#[test]
fn names_are_unique_without_regard_to_case_also_of_built_in_roles() {
    for name in ["auditor", "AUDITOR", "Admin", "member"] {
        let (name, set) = (ServerRoleName::parse(name).unwrap(), ServerPermissionSet::EMPTY);
        let outcome = define_server_role(&mut stores(rights(true), &auditor()), &me(), &name, set);
        assert_eq!(outcome, Err(AccountRefusal::RoleNameTaken.into()), "{name:?}");
    }
}

#[test]
fn a_server_has_only_so_many_roles() {
    let mut tx = MockTx::new().reads_rights(true);
    tx.accounts.expect_lock_admins().returning(|| Ok(()));
    let all = (0..MAX_SERVER_ROLES).map(|n| role(RoleId::new(10 + n as i64), &format!("r{n}"), &[]));
    let all: Vec<_> = all.chain([ServerRole::member()]).collect();
    tx.server_roles.expect_list().returning(move || Ok(all.clone()));
    let name = ServerRoleName::parse("Helper").unwrap();
    let outcome = define_server_role(&mut tx, &me(), &name, ServerPermissionSet::EMPTY);
    assert_eq!(outcome, Err(AccountRefusal::TooManyRoles.into()));
}

#[test]
fn what_everybody_may_do_is_changed() {
    let mut tx = stores(rights(true), &auditor());
    let changed = ServerRole { permissions: ServerPermissionSet::EMPTY, ..ServerRole::member() };
    tx.server_roles.expect_put().with(eq(changed.clone())).times(1).returning(|_| Ok(()));
    let changes = ServerRoleChanges { permissions: Some(ServerPermissionSet::EMPTY), name: None };
    assert_eq!(edit_server_role(&mut tx, &me(), ServerRole::MEMBER, &changes), Ok(changed));
    assert_eq!(tx.emitted.len(), 1);
}

#[test]
fn built_in_roles_keep_their_names_and_admins_keep_everything() {
    let renamed =
        |name| ServerRoleChanges { name: Some(ServerRoleName::parse(name).unwrap()), permissions: None };
    let emptied = ServerRoleChanges { permissions: Some(ServerPermissionSet::EMPTY), name: None };
    for (id, changes) in [
        (ServerRole::ADMIN, emptied),
        (ServerRole::ADMIN, renamed("root")),
        (ServerRole::MEMBER, renamed("everybody")),
    ] {
        let outcome = edit_server_role(&mut stores(rights(true), &auditor()), &me(), id, &changes);
        assert_eq!(outcome, Err(AccountRefusal::RoleFixed.into()), "{id} {changes:?}");
    }
    let outcome = delete_server_role(&mut stores(rights(true), &auditor()), &me(), ServerRole::MEMBER);
    assert_eq!(outcome, Err(AccountRefusal::RoleFixed.into()));
}

#[test]
fn a_role_is_changed_only_by_those_who_may_do_what_it_allows_before_and_after() {
    let to = |set: &[ServerPermission]| ServerRoleChanges {
        permissions: Some(ServerPermissionSet::of(set)),
        name: None,
    };
    for (by, changes, denied) in [
        (rights_with(&[ManageRoles]), to(&[]), Some(ViewAudit)),
        (rights_with(&[ManageRoles, ViewAudit]), to(&[ViewAudit, ManageUsers]), Some(ManageUsers)),
        (rights_with(&[ManageRoles, ViewAudit]), to(&[ManageRoles]), None),
    ] {
        let mut tx = stores(by, &auditor());
        tx.server_roles.expect_put().returning(|_| Ok(()));
        let outcome = edit_server_role(&mut tx, &me(), AUDITOR, &changes);
        let denial = denied.map(|denied| AccountRefusal::NotPermitted(ServerDenial::GivesMore(denied)));
        assert_eq!(outcome.err(), denial.map(Error::from), "{changes:?}");
    }
}

#[test]
fn a_change_of_nothing_is_not_told() {
    let mut tx = stores(rights(true), &auditor());
    let outcome = edit_server_role(&mut tx, &me(), AUDITOR, &ServerRoleChanges::default());
    assert_eq!((outcome, tx.emitted), (Ok(auditor()), vec![]));
}

#[test]
fn a_role_is_gone_at_once_and_what_is_left_of_it_by_a_job() {
    let mut tx = stores(rights(true), &auditor());
    tx.server_roles.expect_remove().with(eq(AUDITOR)).times(1).returning(|_| Ok(()));
    tx.jobs.expect_enqueue().with(eq(Task::RemoveRole(AUDITOR)), eq(NOW)).times(1).returning(|_, _| Ok(()));
    assert_eq!(delete_server_role(&mut tx, &me(), AUDITOR), Ok(()));
    assert_eq!(tx.emitted.len(), 1);
    let by = rights_with(&[ManageRoles]);
    let refused = delete_server_role(&mut stores(by, &auditor()), &me(), AUDITOR);
    assert_eq!(refused, Err(AccountRefusal::NotPermitted(ServerDenial::GivesMore(ViewAudit)).into()));
}

#[test]
fn a_role_that_is_not_there_is_not_found_before_rights_are_read() {
    let unknown = RoleId::new(99);
    let not_found = || Error::from(AccountRefusal::RoleNotFound);
    let tx = || stores(rights(false), &auditor());
    assert_eq!(edit_server_role(&mut tx(), &me(), unknown, &ServerRoleChanges::default()), Err(not_found()));
    assert_eq!(delete_server_role(&mut tx(), &me(), unknown), Err(not_found()));
    assert_eq!(give_server_role(&mut tx(), &me(), OTHER, unknown), Err(not_found()));
    assert_eq!(take_server_role(&mut tx(), &me(), OTHER, unknown), Err(not_found()));
}

#[test]
fn a_role_is_given_once_and_everybody_is_told() {
    let mut tx = hands(rights_with(&[ManageRoles, ViewAudit]), user(OTHER), rights(false), &[]);
    tx.server_roles.expect_give().with(eq(OTHER), eq(AUDITOR)).times(1).returning(|_, _| Ok(()));
    assert!(give_server_role(&mut tx, &me(), OTHER, AUDITOR).is_ok());
    // The mock has not stored it.
    let roles = RolesOfUser { user: OTHER, roles: vec![ServerRole::member()] };
    assert_eq!(tx.emitted, [(Audience::All, Some(ME), Event::UserRolesUpdated(roles))]);

    let mut tx = hands(rights(true), user(OTHER), rights_with(&[ViewAudit]), &[AUDITOR]);
    let held = give_server_role(&mut tx, &me(), OTHER, AUDITOR);
    assert_eq!((held, tx.emitted), (Ok(vec![ServerRole::member(), auditor()]), vec![]));
}

#[test]
fn a_role_is_taken_once() {
    let mut tx = hands(rights(true), user(OTHER), rights_with(&[ViewAudit]), &[AUDITOR]);
    tx.server_roles.expect_take().with(eq(OTHER), eq(AUDITOR)).times(1).returning(|_, _| Ok(()));
    assert_eq!(take_server_role(&mut tx, &me(), OTHER, AUDITOR), Ok(()));
    assert_eq!(tx.emitted.len(), 1);
    let mut tx = hands(rights(true), user(OTHER), rights(false), &[]);
    assert_eq!(take_server_role(&mut tx, &me(), OTHER, AUDITOR), Ok(()));
    assert_eq!(tx.emitted, []);
    let mut tx = hands(rights(true), user(OTHER), rights(false), &[]);
    let refused = take_server_role(&mut tx, &me(), OTHER, ServerRole::MEMBER);
    assert_eq!(refused, Err(AccountRefusal::RoleFixed.into()));
}

#[test]
fn nobody_hands_what_they_lack_or_touches_who_may_do_more() {
    let denied = AccountRefusal::NotPermitted;
    for (by, target, id, refusal) in [
        (rights(false), rights(false), ServerRole::MEMBER, needs(ManageRoles)),
        (rights_with(&[ManageRoles]), rights(false), AUDITOR, denied(ServerDenial::GivesMore(ViewAudit))),
        (
            rights_with(&[ManageRoles, ViewAudit]),
            rights_with(&[ManageUsers]),
            AUDITOR,
            denied(ServerDenial::TargetMay(ManageUsers)),
        ),
        (rights_with(&[ManageRoles, ViewAudit]), rights(true), AUDITOR, denied(ServerDenial::TargetIsAdmin)),
        (
            rights_with(ServerPermission::ALL),
            rights(false),
            ServerRole::ADMIN,
            denied(ServerDenial::GivesAdmin),
        ),
    ] {
        let mut tx = hands(by, user(OTHER), target, &[]);
        assert_eq!(
            give_server_role(&mut tx, &me(), OTHER, id),
            Err(refusal.clone().into()),
            "{by:?} {target:?}"
        );
        let mut tx = hands(by, user(OTHER), target, &[]);
        assert_eq!(take_server_role(&mut tx, &me(), OTHER, id), Err(refusal.into()), "{by:?} {target:?}");
    }
}

#[test]
fn the_role_admin_is_the_same_as_is_admin() {
    let promoted = User { version: user(OTHER).version.next(), ..server_admin(OTHER) };
    let mut tx = hands(rights(true), user(OTHER), rights(false), &[]);
    tx.accounts.expect_update().with(eq(promoted.clone())).times(1).returning(|_| Ok(Unique::Stored(())));
    let roles = give_server_role(&mut tx, &me(), OTHER, ServerRole::ADMIN).unwrap();
    assert_eq!(roles, [ServerRole::admin(), ServerRole::member()]);
    let update = UserUpdate::between(&user(OTHER), &promoted);
    assert_eq!(tx.emitted, [(Audience::All, Some(ME), Event::UserUpdated(update))]);

    let mut tx = hands(rights(true), server_admin(OTHER), rights(true), &[]);
    tx.accounts.expect_count_admins().returning(|| Ok(2));
    tx.accounts.expect_update().times(1).returning(|_| Ok(Unique::Stored(())));
    assert_eq!(take_server_role(&mut tx, &me(), OTHER, ServerRole::ADMIN), Ok(()));

    let mut tx = hands(rights(true), server_admin(OTHER), rights(true), &[]);
    tx.accounts.expect_count_admins().returning(|| Ok(1));
    let refused = take_server_role(&mut tx, &me(), OTHER, ServerRole::ADMIN);
    assert_eq!(refused, Err(AccountRefusal::LastAdmin.into()));
}

#[test]
fn what_a_user_may_do_is_explained_to_the_user_and_to_those_who_manage_users_or_roles() {
    let explains = |by: ServerRights, target: Option<ServerRights>| {
        let mut tx = MockTx::new();
        tx.server_roles.expect_rights().returning(move |user| Ok(if user == ME { Some(by) } else { target }));
        tx
    };
    let own = explain_on_server(&mut explains(rights_with(&[ViewAudit]), None), &me(), ME).unwrap();
    let allowed: Vec<_> = own.iter().filter(|(_, decision)| decision.is_allowed()).collect();
    assert_eq!((own.len(), allowed.len()), (ServerPermission::ALL.len(), 4));
    for (by, outcome) in [
        (rights(true), None),
        (rights_with(&[ManageUsers]), None),
        (rights_with(&[ManageRoles]), None),
        (rights_with(&[ViewAudit]), Some(needs(ManageUsers))),
    ] {
        let mut tx = explains(by, Some(rights(false)));
        let explained = explain_on_server(&mut tx, &me(), OTHER);
        assert_eq!(explained.err(), outcome.map(Error::from), "{by:?}");
    }
    let missing = explain_on_server(&mut explains(rights(true), None), &me(), OTHER);
    assert_eq!(missing, Err(AccountRefusal::UserNotFound.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || {
            let mut tx = hands(rights_with(&[ManageRoles, ViewAudit]), user(OTHER), rights(false), &[]);
            tx.server_roles.expect_give().returning(|_, _| Ok(()));
            tx
        },
        |tx| give_server_role(tx, &me(), OTHER, AUDITOR),
    );
    assert_hands_faults_on(
        || {
            let mut tx = stores(rights(true), &auditor());
            tx.server_roles.expect_remove().returning(|_| Ok(()));
            tx.jobs.expect_enqueue().returning(|_, _| Ok(()));
            tx
        },
        |tx| delete_server_role(tx, &me(), AUDITOR),
    );
}
