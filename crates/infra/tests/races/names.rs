//! Races for a name.

use std::sync::Arc;

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{
    AccountRefusal, NoWelcome, UserChanges, create, create_by_operator, edit_user,
};
use groupchat_domain::groups::{self, GroupChanges, GroupDraft, GroupRefusal, Quotas, edit};
use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::BuiltInRole;
use groupchat_infra::accounts::keys::RandomKeys;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::{Person, draft, group_name, username};
use crate::plain_hasher::PlainHasher;

/// How many want the name in each of the ways to get it.
const EACH: usize = 3;

/// A username that many want at once, new users and such that are renamed, in upper and lower case, is one user's;
/// the others are told that it is taken.
fn a_username_is_given_once(arena: &Arena) {
    let admin = arena.admin();
    rounds(|_| {
        let serial = arena.serial();
        let wanted = [format!("Wanted-{serial}"), format!("wanted-{serial}")];
        let others: Vec<Person> = (0..EACH).map(|_| arena.person()).collect();
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = Vec::new();
        for (nth, other) in others.iter().enumerate() {
            let (name, who) = (&wanted[nth % 2], admin.who);
            parts.push(part(move || {
                let created =
                    create(arena.server(), &PlainHasher, &RandomKeys, Arc::new(NoWelcome), who, draft(name));
                arena.wait_for(created).map(drop)
            }));
            parts.push(part(move || {
                let created =
                    create_by_operator(arena.server(), &PlainHasher, Arc::new(NoWelcome), draft(name));
                arena.wait_for(created).map(drop)
            }));
            parts.push(part(move || {
                let changes = UserChanges { username: Some(username(name)), ..UserChanges::default() };
                arena.wait_for(edit_user(arena.server(), &PlainHasher, who, other.id, changes)).map(drop)
            }));
        }
        expect_one_winner(&at_once(parts), &AccountRefusal::UsernameTaken.into());
        let key = username(&wanted[0]).key();
        let found = arena.look(move |tx| tx.accounts().find_by_username(&key).unwrap());
        found.expect("the name is somebody's");
    });
}

/// A public group's name that many want at once, new groups and such that are renamed, is one group's; the others are
/// told that it is taken.
fn a_group_name_is_given_once(arena: &Arena) {
    let owner = arena.person();
    rounds(|_| {
        let serial = arena.serial();
        let wanted = [format!("Straße {serial}"), format!("STRASSE {serial}")];
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = Vec::new();
        for nth in 0..EACH {
            let (name, who) = (group_name(&wanted[nth % 2]), owner.who);
            let draft = GroupDraft::named(name);
            parts.push(part(move || {
                arena
                    .act(who, move |tx, actor| groups::create(tx, actor, &draft, &Quotas::default()))
                    .map(drop)
            }));
            let (owner, group, name) =
                (&owner, arena.group(&[(&owner, BuiltInRole::Owner)]), &wanted[nth % 2]);
            parts.push(part(move || rename(arena, owner, group, name)));
        }
        expect_one_winner(&at_once(parts), &GroupRefusal::NameTaken.into());
    });
}

/// Two groups that take each other's name at once are both rejected: neither name is free before the other moves.
fn groups_that_swap_names_are_refused(arena: &Arena) {
    let owner = arena.person();
    rounds(|_| {
        let groups = [(); 2].map(|()| arena.group(&[(&owner, BuiltInRole::Owner)]));
        let names = groups.map(|group| arena.members(group).expect("a group").0.name.expect("a name"));
        let swaps = groups.iter().zip(names.iter().rev()).map(|(group, name)| {
            let owner = &owner;
            part(move || rename(arena, owner, *group, name.as_str()))
        });
        let taken = || Err(GroupRefusal::NameTaken.into());
        assert_eq!(at_once(swaps.collect()), [taken(), taken()]);
    });
}

fn rename(arena: &Arena, owner: &Person, group: GroupId, name: &str) -> Result<(), Refusal> {
    let changes = GroupChanges { name: Some(group_name(name)), ..GroupChanges::default() };
    arena.act(owner.who, move |tx, actor| edit(tx, actor, group, &changes)).map(drop)
}

/// Fails unless one got what all wanted and the others were rejected for this reason.
#[track_caller]
fn expect_one_winner(outcomes: &[Result<(), Refusal>], taken: &Refusal) {
    let winners = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let losers = outcomes.iter().filter(|outcome| outcome.as_ref().err() == Some(taken)).count();
    assert_eq!((winners, losers), (1, outcomes.len() - 1), "{outcomes:?}");
}

cases! { once:
    a_username_is_given_once
    a_group_name_is_given_once
    groups_that_swap_names_are_refused
}
