//! Races about who sees a group.

use groupchat_domain::Refusal;
use groupchat_domain::admissions::join;
use groupchat_domain::events::{EventRecord, EventType};
use groupchat_domain::groups::{
    self, Candidate, GroupChanges, GroupDraft, GroupRefusal, Quotas, Visibility, add_member, create, edit,
};
use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::{BuiltInRole, GroupPermission, RoleName, Shortfall};

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::{Person, group_name};
use crate::support::log::about;

fn show(arena: &Arena, owner: &Person, group: GroupId, visibility: Visibility) -> Result<(), Refusal> {
    let changes = GroupChanges { visibility: Some(visibility), ..GroupChanges::default() };
    arena.act(owner.who, move |tx, actor| edit(tx, actor, group, &changes)).map(drop)
}

/// Who joins a group while it is hidden comes in before, or learns that there is no such group.
fn nobody_joins_a_group_after_it_was_hidden(arena: &Arena) {
    let (owner, joiner) = (arena.person(), arena.person());
    rounds(|round| {
        let group = arena.group(&[(&owner, BuiltInRole::Owner)]);
        let mut parts = vec![
            part(|| show(arena, &owner, group, Visibility::Private)),
            part(|| {
                let joined =
                    arena.act(joiner.who, move |tx, actor| join(tx, actor, group, None, &Quotas::UNLIMITED));
                joined.map(drop)
            }),
        ];
        parts.rotate_left(round % 2);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 2);
        assert_eq!(outcomes[0], Ok(()));
        let log = about(&arena.news(), group);
        let place =
            |event_type: EventType| log.iter().position(|event: &EventRecord| event.event_type == event_type);
        let hidden = place(EventType::GroupHidden).expect("who is not in it is told");
        match &outcomes[1] {
            Ok(()) => {
                let added = place(EventType::MemberAdded).expect("who is in it is told");
                assert!(added < hidden, "in round {round}: {log:#?}");
            }
            Err(refusal) => assert_eq!(*refusal, GroupRefusal::NotFound.into(), "in round {round}"),
        }
    });
}

/// Of those who join a group, or are added to it, while it is hidden and shown again, each is in it, counted, told of and
/// sees it, or none of these.
fn nobody_is_half_in_a_group_that_is_hidden_and_shown(arena: &Arena) {
    let (owner, helper) = (arena.person(), arena.person());
    rounds(|round| {
        let group = arena.group(&[(&owner, BuiltInRole::Owner), (&helper, BuiltInRole::Member)]);
        let comers: Vec<Person> = (0..4).map(|_| arena.person()).collect();
        let (added, joiners) = comers.split_first().expect("four");
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = Vec::new();
        for joiner in joiners {
            parts.push(part(|| {
                arena
                    .act(joiner.who, move |tx, actor| join(tx, actor, group, None, &Quotas::UNLIMITED))
                    .map(drop)
            }));
        }
        parts.push(part(|| {
            let candidate = Candidate::Id(added.id);
            let outcome = arena.act(helper.who, move |tx, actor| {
                add_member(tx, actor, group, &candidate, &RoleName::MEMBER, &Quotas::UNLIMITED)
            });
            outcome.map(drop)
        }));
        parts.insert(
            round % 5,
            part(|| {
                show(arena, &owner, group, Visibility::Private)?;
                if round.is_multiple_of(2) { show(arena, &owner, group, Visibility::Public) } else { Ok(()) }
            }),
        );
        let mut outcomes = at_once(parts);
        assert_eq!(outcomes.remove(round % 5), Ok(()));
        // Those who join come first.
        outcomes.rotate_right(1);
        let log = about(&arena.news(), group);
        let (found, members) = arena.members(group).expect("the group is there");
        for (comer, outcome) in comers.iter().zip(&outcomes) {
            let is_in = members.iter().any(|member| member.user.id == comer.id);
            assert_eq!(is_in, outcome.is_ok(), "in round {round}: {outcome:?}");
            let told = log.iter().filter(|event| {
                event.event_type == EventType::MemberAdded && event.subject.user == Some(comer.id)
            });
            assert_eq!(told.count(), usize::from(is_in), "in round {round}: {log:#?}");
            let sees = arena.act(comer.who, move |tx, actor| groups::find(tx, actor, group)).is_ok();
            assert_eq!(sees, is_in || found.visibility.is_listed(), "in round {round}");
        }
        assert_eq!(usize::try_from(found.member_count), Ok(members.len()), "in round {round}");
        let fair: [Refusal; 2] = [GroupRefusal::NotFound.into(), role_too_low_to_add()];
        let refused = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        for refusal in refused {
            assert!(fair.contains(refusal), "in round {round}: {refusal:?}");
        }
    });
}

/// What members are told who add somebody to a private group.
fn role_too_low_to_add() -> Refusal {
    GroupRefusal::RoleTooLow(Shortfall::Lacks(GroupPermission::AddMembers)).into()
}

/// Of several private groups of one name that are shown at once, one is.
fn one_of_several_private_groups_of_a_name_is_shown(arena: &Arena) {
    let owner = arena.person();
    rounds(|_| {
        let name = format!("hidden {}", arena.serial());
        let draft = GroupDraft { visibility: Visibility::Private, ..GroupDraft::named(group_name(&name)) };
        let groups = [(); 3].map(|()| {
            let draft = draft.clone();
            let made = arena.act(owner.who, move |tx, actor| create(tx, actor, &draft, &Quotas::UNLIMITED));
            made.expect("a private group may have any name").group.id
        });
        let owner = &owner;
        let parts = groups.map(|group| part(move || show(arena, owner, group, Visibility::Closed)));
        let outcomes = at_once(parts.into());
        let shown = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let taken = Err(GroupRefusal::NameTaken.into());
        let refused = outcomes.iter().filter(|outcome| **outcome == taken).count();
        assert_eq!((shown, refused), (1, 2), "{outcomes:?}");
    });
}

cases! { once:
    nobody_joins_a_group_after_it_was_hidden
    nobody_is_half_in_a_group_that_is_hidden_and_shown
    one_of_several_private_groups_of_a_name_is_shown
}
