//! Roles of groups.

use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::permissions::{
    BuiltInRole, GroupPermission, PermissionSet, Rank, Role, RoleDefinition, RoleName,
};
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

fn name(text: &str) -> RoleName {
    RoleName::parse(text).expect("a good name")
}

fn defined(rank: i64, permissions: &[GroupPermission]) -> RoleDefinition {
    RoleDefinition { rank: Rank::parse(rank).unwrap(), permissions: PermissionSet::of(permissions) }
}

fn role_of(tx: &mut dyn Tx, group: GroupId, user: UserId) -> Role {
    let found = tx.groups().find_visible(group, user).unwrap().unwrap();
    let standing = found.standing.unwrap();
    assert_eq!(tx.groups().view(group, user).unwrap().unwrap().standing.as_ref(), Some(&standing));
    assert_eq!(tx.members().find(group, user).unwrap().unwrap().role, standing.role.title);
    standing.role
}

fn roles_are_stored_by_group_and_name(tx: &mut dyn Tx) {
    let [chess, go] = ["chess", "go"].map(|name| group(tx, name));
    let (teacher, pupil) = (name("Teacher"), name("Pupil"));
    let (high, low) = (defined(99, &[GroupPermission::DeleteGroup]), defined(1, &[]));
    assert_eq!((tx.roles().find(chess, &teacher), tx.roles().list(chess)), (Ok(None), Ok(Vec::new())));
    tx.roles().put(chess, &teacher, &low).unwrap();
    tx.roles().put(chess, &pupil, &low).unwrap();
    tx.roles().put(go, &teacher, &low).unwrap();
    tx.roles().put(chess, &teacher, &high).unwrap();
    assert_eq!(tx.roles().find(chess, &teacher), Ok(Some(high)));
    assert_eq!(tx.roles().find(go, &teacher), Ok(Some(low)));
    assert_eq!(tx.roles().find(chess, &name("teacher")), Ok(None));
    let mut listed = tx.roles().list(chess).unwrap();
    listed.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(listed, [(pupil.clone(), low), (teacher.clone(), high)]);
    tx.roles().remove(chess, &teacher).unwrap();
    assert_eq!(tx.roles().list(chess), Ok(vec![(pupil, low)]));
    assert_eq!(tx.roles().find(go, &teacher), Ok(Some(low)));
}

fn a_member_has_what_the_group_says_of_the_role(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let id = group(tx, "chess");
    join(tx, id, ann, BuiltInRole::Owner);
    join(tx, id, bob, BuiltInRole::Member);
    assert_eq!(role_of(tx, id, bob), Role::unchanged(BuiltInRole::Member, false));
    let quiet = defined(10, &[GroupPermission::View]);
    tx.roles().put(id, &RoleName::MEMBER, &quiet).unwrap();
    assert_eq!(role_of(tx, id, bob).permissions, quiet.permissions);
    assert_eq!(role_of(tx, id, ann).permissions, PermissionSet::ALL);
    let (teacher, high) = (name("Teacher"), defined(30, &[GroupPermission::View, GroupPermission::Pin]));
    assert_eq!(tx.roles().is_held(id, &teacher), Ok(false));
    tx.roles().put(id, &teacher, &high).unwrap();
    tx.members().set_role(id, bob, &teacher).unwrap();
    assert_eq!(tx.roles().is_held(id, &teacher), Ok(true));
    let role = role_of(tx, id, bob);
    assert_eq!((role.title.name, role.title.rank, role.permissions), (teacher, high.rank, high.permissions));
}

fn the_longest_serving_member_of_the_highest_rank_succeeds(tx: &mut dyn Tx) {
    let names = ["owner", "reader", "pupil", "helper", "herald"];
    let [owner, reader, pupil, helper, herald] = names.map(|name| user(tx, name).id);
    let id = group(tx, "chess");
    join(tx, id, owner, BuiltInRole::Owner);
    join(tx, id, reader, BuiltInRole::Readonly);
    let next = |tx: &mut dyn Tx, user: UserId, role: Option<(&str, i64)>| {
        if let Some((role, rank)) = role {
            tx.roles().put(id, &name(role), &defined(rank, &[])).unwrap();
            join(tx, id, user, BuiltInRole::Member);
            tx.members().set_role(id, user, &name(role)).unwrap();
        }
        tx.members().successor(id).unwrap().expect("somebody is left").user.id
    };
    assert_eq!(next(tx, reader, None), reader);
    assert_eq!(next(tx, pupil, Some(("Pupil", 20))), pupil);
    assert_eq!(next(tx, helper, Some(("Helper", 60))), helper);
    // Two roles of one rank: they joined at one time, so the id decides.
    assert_eq!(next(tx, herald, Some(("Herald", 60))), helper.min(herald));
}

fn roles_go_with_their_group(tx: &mut dyn Tx) {
    let id = group(tx, "chess");
    tx.roles().put(id, &name("Teacher"), &defined(30, &[])).unwrap();
    tx.groups().mark_deleted(id, at(9)).unwrap();
    assert_eq!(tx.groups().purge(id, 100), Ok(true));
    assert_eq!(tx.roles().list(id), Ok(Vec::new()));
}

cases! { transaction:
    roles_are_stored_by_group_and_name
    a_member_has_what_the_group_says_of_the_role
    the_longest_serving_member_of_the_highest_rank_succeeds
    roles_go_with_their_group
}
