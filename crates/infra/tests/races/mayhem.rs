//! Everything at once.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{
    DisplayName, ProfileChanges, UserChanges, delete_user, edit_self, edit_user,
};
use groupchat_domain::admissions::join;
use groupchat_domain::groups::{
    self, Candidate, GroupChanges, GroupDraft, Quotas, add_member, change_role, remove_member,
};
use groupchat_domain::ids::GroupId;
use groupchat_domain::messages::{self, MessageDraft};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_testing::Dice;

use crate::admins::retire;
use crate::arena::{Arena, at_once, part, rounds};
use crate::people::{Person, group_name};
use crate::plain_hasher::PlainHasher;
use crate::removals::check_numbers;
use crate::support::fixture::text;
use crate::support::log::about;

/// How many do something at a time, and how much each.
const THREADS: usize = 6;
const DEEDS: usize = 12;

/// The people and groups of a round; few, so that all get in each other's way.
struct Scene {
    people: Vec<Person>,
    groups: Vec<GroupId>,
    /// What groups are called and re-named to.
    names: Vec<String>,
}

impl Scene {
    fn new(arena: &Arena) -> Self {
        let mut people = vec![arena.admin(), arena.admin()];
        people.extend((0..4).map(|_| arena.person()));
        let groups = (0..3).map(|nth| {
            let roles = [BuiltInRole::Owner, BuiltInRole::Admin, BuiltInRole::Owner, BuiltInRole::Member];
            let members: Vec<_> = (0..4).map(|place| (&people[(nth + place) % 6], roles[place])).collect();
            arena.group(&members)
        });
        let groups = groups.collect();
        let names = (0..3).map(|_| format!("name {}", arena.serial())).collect();
        Self { people, groups, names }
    }
}

/// Whatever people do to each other and to the groups they are in, all at once: no command fails or stays without an
/// answer, the server has an admin, every group with members has an owner, members are counted right, and messages are
/// numbered without gaps in the order of the log.
fn every_rule_holds_whatever_happens_at_once(arena: &Arena) {
    let mut dice = Dice::seeded();
    rounds(|_| {
        let scene = Scene::new(arena);
        let parts = (0..THREADS).map(|_| {
            let (mut dice, scene) = (dice.split(), &scene);
            part(move || {
                for _ in 0..DEEDS {
                    // A rejection is as good as a consent here; anything else has ended the test.
                    let _ = deed(arena, scene, &mut dice);
                }
            })
        });
        at_once(parts.collect());
        arena.settle();
        check(arena, &scene);
        retire(arena, &scene.people);
    });
}

fn check(arena: &Arena, scene: &Scene) {
    let admins = arena.look(|tx| tx.accounts().count_admins().unwrap());
    assert!(admins >= 1, "no admin is left");
    let news = arena.news();
    for group in scene.groups.iter().copied() {
        let Some((found, members)) = arena.members(group) else { continue };
        assert_eq!(usize::try_from(found.member_count), Ok(members.len()), "members are miscounted");
        let owned = members.iter().any(|member| member.role.name == BuiltInRole::Owner);
        assert!(owned || members.is_empty(), "nobody owns the group: {members:?}");
        check_numbers(arena, group, &about(&news, group));
    }
}

/// One thing that somebody does, by chance.
fn deed(arena: &Arena, scene: &Scene, dice: &mut Dice) -> Result<(), Refusal> {
    let person = &scene.people[dice.below(scene.people.len())];
    let other = &scene.people[dice.below(scene.people.len())];
    let group = scene.groups[dice.below(scene.groups.len())];
    let role = BuiltInRole::ALL[dice.below(4)];
    let name = &scene.names[dice.below(scene.names.len())];
    match dice.below(20) {
        0..4 => send(arena, person, group),
        4..7 => {
            let candidate = Candidate::Id(other.id);
            arena
                .act(person.who, move |tx, actor| {
                    add_member(tx, actor, group, &candidate, &role.into(), &Quotas::default())
                })
                .map(drop)
        }
        7 => {
            arena.act(person.who, move |tx, actor| join(tx, actor, group, None, &Quotas::default())).map(drop)
        }
        8..10 => {
            let id = other.id;
            arena.act(person.who, move |tx, actor| remove_member(tx, actor, group, id))
        }
        10..13 => {
            let id = other.id;
            arena
                .act(person.who, move |tx, actor| {
                    change_role(tx, actor, group, id, Some(&role.into()), &Quotas::default())
                })
                .map(drop)
        }
        13..15 => {
            let changes = GroupChanges { name: Some(group_name(name)), ..GroupChanges::default() };
            arena.act(person.who, move |tx, actor| groups::edit(tx, actor, group, &changes)).map(drop)
        }
        15 => {
            let draft = GroupDraft::named(group_name(name));
            arena
                .act(person.who, move |tx, actor| groups::create(tx, actor, &draft, &Quotas::default()))
                .map(drop)
        }
        rare => on_accounts(arena, person, other, group, rare),
    }
}

fn send(arena: &Arena, person: &Person, group: GroupId) -> Result<(), Refusal> {
    let draft = MessageDraft {
        group,
        text: text("hello"),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    };
    let sent = arena.act(person.who, move |tx, actor| messages::send(tx, actor, &draft))?;
    let id = sent.view.message.id;
    arena.act(person.who, move |tx, actor| messages::like(tx, actor, group, id)).map(drop)
}

/// What has to do with accounts, and the end of groups.
fn on_accounts(
    arena: &Arena,
    person: &Person,
    other: &Person,
    group: GroupId,
    deed: usize,
) -> Result<(), Refusal> {
    let id = other.id;
    match deed {
        16 => {
            let changes = UserChanges { is_admin: Some(group.get() % 2 == 0), ..UserChanges::default() };
            arena.wait_for(edit_user(arena.server(), &PlainHasher, person.who, id, changes)).map(drop)
        }
        17 => arena.act(person.who, move |tx, actor| delete_user(tx, actor, id)),
        18 => {
            arena.settle();
            let display_name = Some(Some(DisplayName::parse(&format!("nobody {}", arena.serial())).unwrap()));
            let changes = ProfileChanges { display_name, ..ProfileChanges::default() };
            arena.act(person.who, move |tx, actor| edit_self(tx, actor, &changes)).map(drop)
        }
        _ => arena.act(person.who, move |tx, actor| groups::delete(tx, actor, group)),
    }
}

cases! { once:
    every_rule_holds_whatever_happens_at_once
}
