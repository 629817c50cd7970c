//! Whatever those who are no server admins do with roles and users, nobody comes to have a permission on the server
//! that whoever gave it lacked, and nobody but admins decides who is one.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod support;

use std::collections::BTreeMap;

use groupchat_domain::accounts::{self, AccountRefusal, Actor, ServerRoleChanges};
use groupchat_domain::events::Epoch;
use groupchat_domain::ids::{RoleId, UserId};
use groupchat_domain::permissions::{
    ServerPermission, ServerPermissionSet, ServerRights, ServerRole, ServerRoleName,
};
use groupchat_domain::{Error, Refusal};
use groupchat_simulation::model::ModelDatabase;
use groupchat_testing::Dice;

use crate::support::{NOW, new_user, run};

/// An admin, the first of the users, and roles by chance.
struct Scene {
    database: ModelDatabase,
    users: Vec<Actor>,
    roles: Vec<RoleId>,
}

fn any_set(dice: &mut Dice) -> ServerPermissionSet {
    use ServerPermission::{ManageRoles, ManageUsers};
    let likely: Vec<_> = [ManageRoles, ManageUsers].into_iter().filter(|_| dice.below(2) > 0).collect();
    let others = ServerPermission::ALL.iter().copied().filter(|_| dice.below(3) == 0);
    others.chain(likely).collect()
}

fn any_name(dice: &mut Dice) -> ServerRoleName {
    ServerRoleName::parse(&format!("Role {}", dice.below(8))).unwrap()
}

impl Scene {
    fn set(dice: &mut Dice) -> Self {
        let database = ModelDatabase::new(Epoch::parse("model").unwrap());
        let users: Vec<_> = (0..6)
            .map(|number| run(&database, move |tx| Ok(new_user(tx, number, number == 0))).unwrap())
            .collect();
        let mut scene = Self { database, users, roles: vec![ServerRole::ADMIN, ServerRole::MEMBER] };
        for number in 0..4 {
            let (admin, permissions) = (scene.users[0].clone(), any_set(dice));
            let name = ServerRoleName::parse(&format!("Role {number}")).unwrap();
            let role =
                run(&scene.database, move |tx| accounts::define_server_role(tx, &admin, &name, permissions));
            scene.roles.push(role.unwrap().id);
        }
        for user in 1..4 {
            let admin = scene.users[0].clone();
            let (user, role) = (scene.users[user].id(), scene.roles[2 + dice.below(4)]);
            run(&scene.database, move |tx| accounts::give_server_role(tx, &admin, user, role)).unwrap();
        }
        scene
    }

    /// What everybody may do on the server.
    fn held(&self) -> BTreeMap<UserId, ServerRights> {
        let held = |user: &Actor| {
            let id = user.id();
            let found = self.database.inspect(NOW, |tx| tx.server_roles().rights(id).unwrap());
            (id, found.unwrap_or(ServerRights::NONE))
        };
        self.users.iter().map(held).collect()
    }

    /// Somebody but the admin does something; whether it was allowed.
    fn act(&mut self, actor: &Actor, dice: &mut Dice) -> bool {
        let actor = actor.clone();
        let user = self.users[dice.below(self.users.len())].id();
        let role = self.roles[dice.below(self.roles.len())];
        let (name, permissions) = (any_name(dice), any_set(dice));
        let changes = ServerRoleChanges {
            name: (dice.below(2) == 0).then(|| name.clone()),
            permissions: (dice.below(4) > 0).then_some(permissions),
        };
        let deed = dice.below(6);
        let outcome = run(&self.database, move |tx| match deed {
            0 | 1 => accounts::give_server_role(tx, &actor, user, role).map(|_| None),
            2 => accounts::take_server_role(tx, &actor, user, role).map(|()| None),
            3 => accounts::define_server_role(tx, &actor, &name, permissions).map(|role| Some(role.id)),
            4 => accounts::edit_server_role(tx, &actor, role, &changes).map(|_| None),
            _ => accounts::delete_server_role(tx, &actor, role).map(|()| None),
        });
        match outcome {
            Ok(defined) => {
                self.roles.extend(defined);
                true
            }
            Err(Error::Refused(Refusal::Account(_))) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn nobody_comes_to_have_a_permission_that_whoever_gave_it_lacked() {
    let mut dice = Dice::seeded();
    let (mut allowed, mut given) = (0, 0);
    for _ in 0..400 {
        let mut scene = Scene::set(&mut dice);
        for _ in 0..50 {
            let actor = scene.users[1 + dice.below(scene.users.len() - 1)].clone();
            let before = scene.held();
            allowed += u32::from(scene.act(&actor, &mut dice));
            for (user, after) in scene.held() {
                let (before_of, giver) = (&before[&user], before[&actor.id()].permissions());
                let gained = after.permissions().without_all(before_of.permissions());
                given += u32::from(gained != ServerPermissionSet::EMPTY);
                assert_eq!(gained.without_all(giver), ServerPermissionSet::EMPTY, "{actor:?} gave {user}");
                assert_eq!(after.is_admin, before_of.is_admin, "{actor:?} decided about {user}");
                // Nor does anybody take from those who may do more.
                let lost = before_of.permissions().without_all(after.permissions());
                assert_eq!(lost.without_all(giver), ServerPermissionSet::EMPTY, "{actor:?} took from {user}");
            }
        }
    }
    assert!(allowed > 100 && given > 20, "{allowed} deeds were allowed and {given} gave something");
}

/// Whoever sets somebody's password comes to have what they may do.
#[test]
fn nobody_takes_over_an_account_that_may_do_more() {
    let mut dice = Dice::seeded();
    let mut allowed = 0;
    for _ in 0..200 {
        let scene = Scene::set(&mut dice);
        let rights = scene.held();
        for actor in &scene.users[1..] {
            for target in &scene.users {
                let (by, user) = (actor.clone(), target.id());
                let outcome = run(&scene.database, move |tx| accounts::delete_user(tx, &by, user));
                let (mine, theirs) = (rights[&actor.id()], rights[&user]);
                match outcome {
                    Ok(()) => {
                        allowed += 1;
                        let more = theirs.permissions().without_all(mine.permissions());
                        assert!(mine.allow(ServerPermission::ManageUsers), "{actor:?}");
                        assert_eq!((theirs.is_admin, more), (false, ServerPermissionSet::EMPTY), "{actor:?}");
                    }
                    Err(Error::Refused(Refusal::Account(
                        AccountRefusal::NotPermitted(_) | AccountRefusal::UserNotFound,
                    ))) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
    assert!(allowed > 20, "{allowed} were allowed");
}
