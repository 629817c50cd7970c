//! Roles on the server.

use groupchat_domain::accounts::User;
use groupchat_domain::ids::{RoleId, UserId};
use groupchat_domain::permissions::{
    ServerPermission, ServerPermissionSet, ServerRights, ServerRole, ServerRoleName,
};
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

fn name(text: &str) -> ServerRoleName {
    ServerRoleName::parse(text).expect("a good name")
}

fn set(permissions: &[ServerPermission]) -> ServerPermissionSet {
    ServerPermissionSet::of(permissions)
}

fn define(tx: &mut dyn Tx, text: &str, permissions: &[ServerPermission]) -> ServerRole {
    let (name, permissions) = (name(text), set(permissions));
    let id = tx.server_roles().insert(&name, permissions).unwrap();
    ServerRole { id, name, permissions }
}

fn listed(tx: &mut dyn Tx) -> Vec<ServerRole> {
    let mut listed = tx.server_roles().list().unwrap();
    listed.sort_by_key(|role| role.id);
    listed
}

fn roles_are_stored_by_id(tx: &mut dyn Tx) {
    assert_eq!(tx.server_roles().list(), Ok(Vec::new()));
    let auditor = define(tx, "Auditor", &[ServerPermission::ViewAudit]);
    let helper = define(tx, "Helper", &[]);
    assert!(ServerRole::MEMBER < auditor.id && auditor.id < helper.id, "ids of built-in roles are kept");
    let changed = ServerRole { name: name("Ältester"), permissions: ServerPermissionSet::ALL, ..auditor };
    tx.server_roles().put(&changed).unwrap();
    assert_eq!(tx.server_roles().find(changed.id), Ok(Some(changed.clone())));
    assert_eq!(tx.server_roles().find(RoleId::new(1_000_000)), Ok(None));
    assert_eq!(listed(tx), [changed.clone(), helper.clone()]);
    // What everybody may do is stored once it was changed.
    assert_eq!(tx.server_roles().find(ServerRole::MEMBER), Ok(None));
    for permissions in [ServerPermissionSet::EMPTY, set(&[ServerPermission::InviteUsers])] {
        let member = ServerRole { permissions, ..ServerRole::member() };
        tx.server_roles().put(&member).unwrap();
        assert_eq!(tx.server_roles().find(ServerRole::MEMBER), Ok(Some(member.clone())));
        assert_eq!(listed(tx), [member, changed.clone(), helper.clone()]);
    }
    tx.server_roles().remove(changed.id).unwrap();
    assert_eq!(tx.server_roles().find(changed.id), Ok(None));
    assert!(define(tx, "Auditor", &[]).id > helper.id, "ids are not used again");
}

fn rights_are_those_of_all_roles_together(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name));
    let plain = ServerRights {
        is_admin: false,
        everybodys: ServerPermissionSet::EVERYBODYS,
        own: ServerPermissionSet::EMPTY,
    };
    assert_eq!(tx.server_roles().rights(ann.id), Ok(Some(plain)));
    let auditor = define(tx, "Auditor", &[ServerPermission::ViewAudit]);
    let helper = define(tx, "Helper", &[ServerPermission::ManageUsers, ServerPermission::ViewAudit]);
    tx.server_roles().give(ann.id, auditor.id).unwrap();
    tx.server_roles().give(ann.id, helper.id).unwrap();
    let own = set(&[ServerPermission::ManageUsers, ServerPermission::ViewAudit]);
    assert_eq!(tx.server_roles().rights(ann.id), Ok(Some(ServerRights { own, ..plain })));
    let member = ServerRole { permissions: ServerPermissionSet::EMPTY, ..ServerRole::member() };
    tx.server_roles().put(&member).unwrap();
    let everybodys = ServerPermissionSet::EMPTY;
    assert_eq!(tx.server_roles().rights(ann.id), Ok(Some(ServerRights { own, everybodys, ..plain })));
    assert_eq!(tx.server_roles().rights(bob.id), Ok(Some(ServerRights { everybodys, ..plain })));
    tx.accounts().update(&User { is_admin: true, ..bob.clone() }).unwrap();
    assert_eq!(tx.server_roles().rights(bob.id).unwrap().unwrap().permissions(), ServerPermissionSet::ALL);
    tx.server_roles().take(ann.id, helper.id).unwrap();
    let own = set(&[ServerPermission::ViewAudit]);
    assert_eq!(tx.server_roles().rights(ann.id).unwrap().unwrap().own, own);
    tx.accounts().mark_deleted(bob.id, at(5)).unwrap();
    assert_eq!(tx.server_roles().rights(bob.id), Ok(None));
}

fn rights_are_read_for_several_users_at_once(tx: &mut dyn Tx) {
    let [ann, bob, cid, dan] = ["ann", "bob", "cid", "dan"].map(|name| user(tx, name));
    let nobody = UserId::new(99);
    let auditor = define(tx, "Auditor", &[ServerPermission::ViewAudit]);
    let helper = define(tx, "Helper", &[ServerPermission::ManageUsers]);
    for (user, role) in [(&ann, &auditor), (&ann, &helper), (&bob, &helper)] {
        tx.server_roles().give(user.id, role.id).unwrap();
    }
    tx.accounts().update(&User { is_admin: true, ..cid.clone() }).unwrap();
    tx.accounts().mark_deleted(dan.id, at(5)).unwrap();
    for permissions in [None, Some(ServerPermissionSet::EMPTY)] {
        if let Some(permissions) = permissions {
            tx.server_roles().put(&ServerRole { permissions, ..ServerRole::member() }).unwrap();
        }
        let mut all = tx.server_roles().rights_of(&[ann.id, bob.id, cid.id, dan.id, nobody]).unwrap();
        all.sort_unstable_by_key(|(user, _)| *user);
        let each =
            [&ann, &bob, &cid].map(|user| (user.id, tx.server_roles().rights(user.id).unwrap().unwrap()));
        assert_eq!(all, each);
    }
    assert_eq!(tx.server_roles().rights_of(&[dan.id, nobody]), Ok(vec![]));
}

fn who_has_which_role_is_found_for_several_users(tx: &mut dyn Tx) {
    let [ann, bob, cid] = ["ann", "bob", "cid"].map(|name| user(tx, name).id);
    let [auditor, helper] = ["Auditor", "Helper"].map(|name| define(tx, name, &[]).id);
    for (user, role) in [(ann, auditor), (ann, helper), (bob, helper), (cid, helper)] {
        tx.server_roles().give(user, role).unwrap();
    }
    let held = |tx: &mut dyn Tx, users: &[_]| {
        let mut held = tx.server_roles().held(users).unwrap();
        held.sort_unstable();
        held
    };
    assert_eq!(held(tx, &[ann, bob]), [(ann, auditor), (ann, helper), (bob, helper)]);
    tx.server_roles().take_all(ann).unwrap();
    assert_eq!(held(tx, &[ann, bob, cid]), [(bob, helper), (cid, helper)]);
}

fn a_removed_role_is_nobodys_before_its_rows_are_removed(tx: &mut dyn Tx) {
    let users = ["ann", "bob", "cid"].map(|name| user(tx, name).id);
    let helper = define(tx, "Helper", &[ServerPermission::ManageUsers]).id;
    let other = define(tx, "Other", &[]).id;
    for user in users {
        tx.server_roles().give(user, helper).unwrap();
        tx.server_roles().give(user, other).unwrap();
    }
    tx.server_roles().remove(helper).unwrap();
    assert_eq!(tx.server_roles().rights(users[0]).unwrap().unwrap().own, ServerPermissionSet::EMPTY);
    assert_eq!(tx.server_roles().held(&users).unwrap().len(), 3);
    assert_eq!(tx.server_roles().remove_holders(helper, 2), Ok(false));
    assert_eq!(tx.server_roles().remove_holders(helper, 2), Ok(true));
    assert_eq!(tx.server_roles().remove_holders(helper, 2), Ok(true));
    assert_eq!(tx.server_roles().held(&users).unwrap().len(), 3, "other roles stay");
}

cases! { transaction:
    roles_are_stored_by_id
    rights_are_those_of_all_roles_together
    rights_are_read_for_several_users_at_once
    who_has_which_role_is_found_for_several_users
    a_removed_role_is_nobodys_before_its_rows_are_removed
}
