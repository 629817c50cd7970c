//! Races for the last owner of a group.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{AccountRefusal, Actor, delete_user};
use groupchat_domain::admissions::join;
use groupchat_domain::groups::{Candidate, GroupRefusal, Quotas, add_member, change_role, remove_member};
use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;

/// How many owners a group has at first.
const OWNERS: usize = 3;

/// However owners remove and demote each other, or themselves, at once, the group has an owner.
fn an_owner_is_left(arena: &Arena) {
    rounds(|round| {
        let (owners, group) = owned_group(arena);
        let departures = owners.iter().enumerate().map(|(nth, owner)| {
            // Each turns on another, or all on themselves: unless some are rejected, none is left.
            let other = &owners[(nth + round) % OWNERS];
            part(move || depart(arena, group, owner, other, (nth + round / OWNERS).is_multiple_of(2)))
        });
        check_refusals(&at_once(departures.collect()));
        let owners = arena.look(move |tx| tx.members().count_owners(group).unwrap());
        assert!(owners >= 1, "no owner is left in round {round}");
    });
}

/// If accounts of owners are deleted besides, the group has an owner, once the jobs are done, as long as it has a
/// member.
fn a_group_whose_owners_are_deleted_is_passed_on(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let (owners, group) = owned_group(arena);
        let mut parts: Vec<Part<'_, _>> = Vec::new();
        for (nth, owner) in owners.iter().enumerate() {
            let other = &owners[(nth + 1) % OWNERS];
            if nth <= round % OWNERS {
                let (admin, id) = (admin.who, owner.id);
                parts.push(part(move || arena.act(admin, move |tx, actor| delete_user(tx, actor, id))));
            }
            parts.push(part(move || depart(arena, group, owner, other, (nth + round).is_multiple_of(2))));
        }
        parts.push(part(|| {
            arena.settle();
            Ok(())
        }));
        check_refusals(&at_once(parts));
        arena.settle();
        let (_, members) = arena.members(group).expect("the group is not deleted");
        let owned = members.iter().any(|member| member.role.name == BuiltInRole::Owner);
        assert!(owned || members.is_empty(), "nobody owns the group in round {round}: {members:?}");
    });
}

/// Of those who join, or are added by a server admin, at the moment when nobody is left in a group, one becomes its
/// owner, be it before the job that ends the last membership or after.
fn of_those_who_join_at_once_a_group_that_nobody_is_in_one_owns_it(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let last = arena.person();
        let group = arena.group(&[(&last, BuiltInRole::Owner)]);
        let comers: Vec<_> = (0..4).map(|_| arena.person()).collect();
        let delete = |id| arena.act(admin.who, move |tx, actor| delete_user(tx, actor, id));
        if !round.is_multiple_of(3) {
            delete(last.id).expect("an admin may");
        }
        if round % 3 == 1 {
            arena.settle();
        }
        let mut parts: Vec<Part<'_, _>> =
            comers.iter().map(|comer| part(|| come(arena, group, &admin, comer))).collect();
        parts.push(part(|| {
            if round.is_multiple_of(3) {
                delete(last.id)?;
            }
            arena.settle();
            Ok(())
        }));
        assert!(at_once(parts).iter().all(Result::is_ok));
        arena.settle();
        let (found, members) = arena.members(group).expect("the group is not deleted");
        let owners = members.iter().filter(|member| member.role.name == BuiltInRole::Owner).count();
        assert_eq!((found.member_count, owners), (4, 1), "in round {round}: {members:?}");
    });
}

/// Somebody joins, or is added by a server admin.
fn come(arena: &Arena, group: GroupId, admin: &Person, comer: &Person) -> Result<(), Refusal> {
    if comer.id.get() % 2 == 0 {
        return arena
            .act(comer.who, move |tx, actor| join(tx, actor, group, None, &Quotas::default()).map(drop));
    }
    let candidate = Candidate::Id(comer.id);
    let add = move |tx: &mut dyn Tx, actor: &Actor| {
        add_member(tx, actor, group, &candidate, &BuiltInRole::Member.into(), &Quotas::default()).map(drop)
    };
    arena.act(admin.who, add)
}

/// A group with owners and one who is not.
fn owned_group(arena: &Arena) -> (Vec<Person>, GroupId) {
    let owners: Vec<Person> = (0..OWNERS).map(|_| arena.person()).collect();
    let heir = arena.person();
    let mut members: Vec<_> = owners.iter().map(|owner| (owner, BuiltInRole::Owner)).collect();
    members.push((&heir, BuiltInRole::Member));
    let group = arena.group(&members);
    (owners, group)
}

/// An owner removes another, or takes the role from them.
fn depart(
    arena: &Arena,
    group: GroupId,
    owner: &Person,
    other: &Person,
    removes: bool,
) -> Result<(), Refusal> {
    let other = other.id;
    arena.act(owner.who, move |tx, actor| {
        if removes {
            remove_member(tx, actor, group, other)
        } else {
            change_role(tx, actor, group, other, Some(&BuiltInRole::Admin.into()), &Quotas::default())
                .map(drop)
        }
    })
}

/// Fails unless each rejection is about somebody who had no right any more, was gone, or was the last.
fn check_refusals(outcomes: &[Result<(), Refusal>]) {
    use GroupRefusal::{LastOwner, MemberNotFound, MembersOnly, RoleTooLow};
    for refusal in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        let fair = match refusal {
            Refusal::Group(refusal) => {
                matches!(refusal, LastOwner | MemberNotFound | MembersOnly | RoleTooLow(_))
            }
            Refusal::Account(refusal) => *refusal == AccountRefusal::Unauthenticated,
            _ => false,
        };
        assert!(fair, "{refusal:?}");
    }
}

cases! { once:
    an_owner_is_left
    a_group_whose_owners_are_deleted_is_passed_on
    of_those_who_join_at_once_a_group_that_nobody_is_in_one_owns_it
}
