//! Races about who sees a group.

use groupchat_domain::Refusal;
use groupchat_domain::events::{EventRecord, EventType};
use groupchat_domain::groups::{
    GroupChanges, GroupDraft, GroupRefusal, Quotas, Visibility, create, edit, join,
};
use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::BuiltInRole;

use crate::arena::{Arena, at_once, part, rounds};
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
                    arena.act(joiner.who, move |tx, actor| join(tx, actor, group, &Quotas::UNLIMITED));
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
    one_of_several_private_groups_of_a_name_is_shown
}
