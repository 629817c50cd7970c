//! Whatever those who own nothing do in a group, nobody comes to have a permission that whoever gave it lacked.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod support;

use std::collections::BTreeMap;

use groupchat_domain::accounts::Actor;
use groupchat_domain::events::Epoch;
use groupchat_domain::groups::{
    self, Candidate, GroupDraft, GroupName, History, Quotas, RoleChanges, Visibility,
};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::permissions::{
    BuiltInRole, GroupPermission, PermissionSet, Rank, RoleDefinition, RoleName,
};
use groupchat_domain::{Error, Refusal};
use groupchat_simulation::model::ModelDatabase;
use groupchat_testing::Dice;

use crate::support::{NOW, new_user, run};

const NAMES: [&str; 6] = ["Herald", "Helper", "Judge", "admin", "member", "readonly"];

/// A group with an owner, the first of the users, and roles by chance.
struct Scene {
    database: ModelDatabase,
    users: Vec<Actor>,
    group: GroupId,
}

fn any_set(dice: &mut Dice) -> PermissionSet {
    use GroupPermission::{AddMembers, ManageRoles, RemoveMembers, View};
    let likely = [AddMembers, ManageRoles, RemoveMembers]
        .into_iter()
        .filter(|_| dice.below(3) > 0)
        .collect::<Vec<_>>();
    let others = GroupPermission::ALL.iter().copied().filter(|_| dice.below(3) == 0);
    others.chain(likely).collect::<PermissionSet>().with(View)
}

fn any_definition(dice: &mut Dice) -> RoleDefinition {
    let rank = Rank::parse(i64::try_from(dice.below(99)).unwrap() + 1).unwrap();
    RoleDefinition { rank, permissions: any_set(dice) }
}

fn any_name(dice: &mut Dice) -> RoleName {
    RoleName::parse(NAMES[dice.below(NAMES.len())]).unwrap()
}

impl Scene {
    fn set(dice: &mut Dice) -> Self {
        let epoch = Epoch::parse("model").unwrap();
        let database = ModelDatabase::new(epoch);
        let users: Vec<_> =
            (0..7).map(|number| run(&database, move |tx| Ok(new_user(tx, number, false))).unwrap()).collect();
        let (owner, draft) = (
            users[0].clone(),
            GroupDraft {
                name: GroupName::parse("Class").unwrap(),
                description: None,
                visibility: Visibility::Public,
                history: History::All,
            },
        );
        let creator = owner.clone();
        let group = run(&database, move |tx| groups::create(tx, &creator, &draft, &Quotas::UNLIMITED))
            .unwrap()
            .group
            .id;
        let scene = Self { database, users, group };
        for name in &NAMES[..2] {
            let (owner, name, definition) =
                (owner.clone(), RoleName::parse(name).unwrap(), any_definition(dice));
            run(&scene.database, move |tx| groups::define_role(tx, &owner, group, &name, definition))
                .unwrap();
        }
        for user in 1..5 {
            let (owner, role) = (owner.clone(), any_name(dice));
            let candidate = Candidate::Id(scene.users[user].id());
            // Of the roles that the names stand for, one is not defined.
            drop(run(&scene.database, move |tx| {
                groups::add_member(tx, &owner, group, &candidate, &role, &Quotas::UNLIMITED)
            }));
        }
        scene
    }

    /// What everybody may do by their role.
    fn held(&self) -> BTreeMap<UserId, PermissionSet> {
        let held = |user: &Actor| {
            let (id, group) = (user.id(), self.group);
            let found =
                self.database.inspect(NOW, |tx| tx.groups().find_visible(group, id).unwrap()).unwrap();
            (id, found.standing.map_or(PermissionSet::EMPTY, |standing| standing.role.permissions))
        };
        self.users.iter().map(held).collect()
    }

    /// Somebody but the owner does something; whether it was allowed.
    fn act(&self, actor: &Actor, dice: &mut Dice) -> bool {
        let (actor, group) = (actor.clone(), self.group);
        let (user, role) = (self.users[dice.below(self.users.len())].id(), any_name(dice));
        let definition = any_definition(dice);
        let changes = RoleChanges {
            rank: (dice.below(2) == 0).then_some(definition.rank),
            permissions: (dice.below(4) > 0).then_some(definition.permissions),
        };
        let deed = dice.below(6);
        let outcome = run(&self.database, move |tx| match deed {
            0 => groups::add_member(tx, &actor, group, &Candidate::Id(user), &role, &Quotas::UNLIMITED)
                .map(drop),
            1 | 2 => groups::change_role(tx, &actor, group, user, Some(&role), &Quotas::UNLIMITED).map(drop),
            3 => groups::define_role(tx, &actor, group, &role, definition).map(drop),
            4 => groups::edit_role(tx, &actor, group, &role, changes).map(drop),
            _ => groups::remove_member(tx, &actor, group, user),
        });
        match outcome {
            Ok(()) => true,
            Err(Error::Refused(Refusal::Group(_) | Refusal::Invalid(_))) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn nobody_comes_to_have_a_permission_that_whoever_gave_it_lacked() {
    let mut dice = Dice::seeded();
    let (mut allowed, mut given) = (0, 0);
    for _ in 0..400 {
        let scene = Scene::set(&mut dice);
        for _ in 0..60 {
            let actor = &scene.users[1 + dice.below(scene.users.len() - 1)];
            let before = scene.held();
            allowed += u32::from(scene.act(actor, &mut dice));
            for (user, after) in scene.held() {
                let gained = after.without_all(before[&user]);
                given += u32::from(gained != PermissionSet::EMPTY);
                let excess = gained.without_all(before[&actor.id()]);
                assert_eq!(excess, PermissionSet::EMPTY, "{actor:?} gave {user}");
            }
        }
    }
    assert!(allowed > 100 && given > 20, "{allowed} deeds were allowed and {given} gave something");
}

#[test]
fn the_owner_stays_whatever_the_others_do() {
    let mut dice = Dice::seeded();
    for _ in 0..50 {
        let scene = Scene::set(&mut dice);
        for _ in 0..40 {
            let actor = &scene.users[1 + dice.below(scene.users.len() - 1)];
            scene.act(actor, &mut dice);
        }
        let owner = scene.users[0].id();
        assert_eq!(scene.held()[&owner], PermissionSet::default_of(BuiltInRole::Owner, false));
    }
}
