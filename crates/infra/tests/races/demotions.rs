//! Races between leaving and losing a role.

use groupchat_domain::Refusal;
use groupchat_domain::admissions::join;
use groupchat_domain::events::{EventRecord, EventType};
use groupchat_domain::groups::{GroupRefusal, Quotas, change_role, remove_member};
use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::{BuiltInRole, RoleName};

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::log::about;

fn leave(arena: &Arena, group: GroupId, who: &Person) -> Result<(), Refusal> {
    let id = who.id;
    arena.act(who.who, move |tx, actor| remove_member(tx, actor, group, id))
}

fn demote(arena: &Arena, group: GroupId, by: &Person, who: &Person) -> Result<(), Refusal> {
    let (id, role) = (who.id, RoleName::MEMBER);
    let quotas = Quotas::UNLIMITED;
    arena.act(by.who, move |tx, actor| change_role(tx, actor, group, id, Some(&role), &quotas)).map(drop)
}

/// The roles of those of a group, whose members are counted right.
fn roles(arena: &Arena, group: GroupId) -> Vec<(groupchat_domain::ids::UserId, RoleName)> {
    let (found, members) = arena.members(group).expect("the group is there");
    assert_eq!(usize::try_from(found.member_count), Ok(members.len()), "members are miscounted");
    members.into_iter().map(|member| (member.user.id, member.role.name)).collect()
}

/// Of two owners who both leave, step down, or demote each other, at once, one does, and the other owns the group.
fn of_two_owners_one_stays_owner(arena: &Arena) {
    let (one, other) = (arena.person(), arena.person());
    rounds(|round| {
        let group = arena.group(&[(&one, BuiltInRole::Owner), (&other, BuiltInRole::Owner)]);
        let (one, other) = if round.is_multiple_of(2) { (&one, &other) } else { (&other, &one) };
        let last = GroupRefusal::LastOwner;
        let parts: Vec<Part<'_, Result<(), Refusal>>> = match round % 4 {
            0 => vec![part(|| leave(arena, group, one)), part(|| leave(arena, group, other))],
            1 => vec![part(|| demote(arena, group, one, one)), part(|| demote(arena, group, other, other))],
            2 => vec![part(|| leave(arena, group, one)), part(|| demote(arena, group, other, other))],
            _ => vec![part(|| demote(arena, group, one, other)), part(|| demote(arena, group, other, one))],
        };
        let outcomes = at_once(parts);
        let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        let [refused] = refused[..] else { panic!("in round {round}: {outcomes:?}") };
        let is_fair = *refused == last.into()
            || round % 4 == 3 && matches!(refused, Refusal::Group(GroupRefusal::RoleTooLow(_)));
        assert!(is_fair, "in round {round}: {refused:?}");
        let owners = roles(arena, group).into_iter().filter(|(_, role)| *role == BuiltInRole::Owner).count();
        assert_eq!(owners, 1, "in round {round}: {outcomes:?}");
    });
}

/// Who leaves while they are demoted, and comes back, is a plain member: a demotion that came too late for the first
/// membership is refused, or meets the second, in which it changes nothing; and events tell it in this order.
fn who_leaves_while_they_are_demoted_is_gone(arena: &Arena) {
    let (owner, admin) = (arena.person(), arena.person());
    rounds(|round| {
        let group = arena.group(&[(&owner, BuiltInRole::Owner), (&admin, BuiltInRole::Admin)]);
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> =
            vec![part(|| leave(arena, group, &admin)), part(|| demote(arena, group, &owner, &admin))];
        let comes_back = round % 4 >= 2;
        if comes_back {
            parts.push(part(|| {
                let joined =
                    arena.act(admin.who, move |tx, actor| join(tx, actor, group, None, &Quotas::UNLIMITED));
                joined.map(drop)
            }));
        }
        parts.rotate_left(round % 2);
        let count = parts.len();
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 2 % count);
        assert_eq!(outcomes[0], Ok(()), "in round {round}");
        let too_late: Refusal = GroupRefusal::MemberNotFound.into();
        assert!(outcomes[1].as_ref().err().is_none_or(|refusal| *refusal == too_late), "{outcomes:?}");
        let log = about(&arena.news(), group);
        let place = |event_type| log.iter().position(|event: &EventRecord| event.event_type == event_type);
        let (left, changed) = (place(EventType::MemberRemoved), place(EventType::MemberUpdated));
        assert!(changed.is_none_or(|changed| Some(changed) < left), "in round {round}: {log:#?}");
        let role = roles(arena, group).into_iter().find(|(id, _)| *id == admin.id).map(|(_, role)| role);
        // Who joins before they have left joins nothing.
        let expected = place(EventType::MemberAdded).map(|_| RoleName::MEMBER);
        assert_eq!(role, expected, "in round {round}: {log:#?}");
        assert!(comes_back || expected.is_none());
    });
}

cases! { once:
    of_two_owners_one_stays_owner
    who_leaves_while_they_are_demoted_is_gone
}
