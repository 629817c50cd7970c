//! Races between a ban and every way into the group, and between a mute and a message.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{AccountRefusal, delete_user};
use groupchat_domain::admissions::join;
use groupchat_domain::events::EventType;
use groupchat_domain::groups::{
    Candidate, GroupRefusal, Mute, Quotas, RestrictionDraft, add_member, ban, mute,
};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::messages::{self, MessageDraft};
use groupchat_domain::permissions::{BanTerm, BuiltInRole, RoleName};

use crate::arena::{Arena, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::text;
use crate::support::log::about;

const BANNED: GroupRefusal = GroupRefusal::Banned(BanTerm { until: None });

fn shut_out(arena: &Arena, by: &Person, group: GroupId, user: UserId) -> Result<(), Refusal> {
    arena.act(by.who, move |tx, actor| ban(tx, actor, group, user, &RestrictionDraft::default())).map(drop)
}

/// Whether somebody is in a group, and whether they are banned from it.
fn place(arena: &Arena, group: GroupId, user: UserId) -> (bool, bool) {
    arena.look(move |tx| {
        (tx.members().find(group, user).unwrap().is_some(), tx.bans().find(group, user).unwrap().is_some())
    })
}

/// Who is banned while they come in is out in the end, however it falls out.
fn a_ban_wins_over_every_way_in(arena: &Arena) {
    let (owner, helper, guest) = (arena.person(), arena.person(), arena.person());
    rounds(|round| {
        let members = [(&owner, BuiltInRole::Owner), (&helper, BuiltInRole::Member)];
        let (group, id) = (arena.group(&members), guest.id);
        let mut parts = vec![
            part(|| shut_out(arena, &owner, group, id)),
            part(|| {
                arena
                    .act(guest.who, move |tx, actor| join(tx, actor, group, None, &Quotas::UNLIMITED))
                    .map(drop)
            }),
            part(|| {
                let candidate = Candidate::Id(id);
                let added = arena.act(helper.who, move |tx, actor| {
                    add_member(tx, actor, group, &candidate, &RoleName::MEMBER, &Quotas::UNLIMITED)
                });
                added.map(drop)
            }),
        ];
        parts.rotate_left(round % 3);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 3);
        assert_eq!(outcomes[0], Ok(()), "in round {round}");
        for way_in in &outcomes[1..] {
            let is_expected = matches!(way_in, Ok(()))
                || *way_in == Err(BANNED.into())
                || *way_in == Err(GroupRefusal::AlreadyMember.into());
            assert!(is_expected, "in round {round}: {way_in:?}");
        }
        assert_eq!(place(arena, group, id), (false, true), "in round {round}: {outcomes:?}");
    });
}

/// Two owners who ban each other at once leave one of them.
fn of_two_owners_who_ban_each_other_one_stays(arena: &Arena) {
    let (one, other) = (arena.person(), arena.person());
    rounds(|round| {
        let group = arena.group(&[(&one, BuiltInRole::Owner), (&other, BuiltInRole::Owner)]);
        let outcomes = at_once(vec![
            part(|| shut_out(arena, &one, group, other.id)),
            part(|| shut_out(arena, &other, group, one.id)),
        ]);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "in round {round}");
        assert!(outcomes.contains(&Err(GroupRefusal::MembersOnly.into())), "in round {round}: {outcomes:?}");
        let (_, members) = arena.members(group).expect("the group is there");
        assert_eq!(members.len(), 1, "in round {round}");
        assert_eq!(members[0].role.name, BuiltInRole::Owner, "in round {round}");
    });
}

/// A message comes before the mute of its author in the log, or is refused.
fn nobody_who_is_muted_sends(arena: &Arena) {
    let (owner, member) = (arena.person(), arena.person());
    rounds(|round| {
        let group = arena.group(&[(&owner, BuiltInRole::Owner), (&member, BuiltInRole::Member)]);
        let id = member.id;
        let draft = MessageDraft {
            group,
            text: text("hi"),
            client_id: None,
            thread: None,
            reply_to: None,
            poll: None,
        };
        let mut parts = vec![
            part(|| {
                let quiet = RestrictionDraft::default();
                arena.act(owner.who, move |tx, actor| mute(tx, actor, group, id, &quiet)).map(drop)
            }),
            part(|| arena.act(member.who, move |tx, actor| messages::send(tx, actor, &draft)).map(drop)),
        ];
        parts.rotate_left(round % 2);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 2);
        assert_eq!(outcomes[0], Ok(()), "in round {round}");
        let log = about(&arena.news(), group);
        let place = |wanted: EventType| log.iter().position(|event| event.event_type == wanted);
        let muted = place(EventType::MemberUpdated).expect("members are told of the mute");
        match &outcomes[1] {
            Ok(()) => assert!(place(EventType::MessageCreated).is_some_and(|sent| sent < muted), "{log:#?}"),
            Err(refusal) => {
                let until = Mute::WITHOUT_END;
                assert_eq!(*refusal, GroupRefusal::Muted { until }.into(), "in round {round}");
            }
        }
    });
}

/// Of somebody whose account is deleted, no ban is left.
fn no_ban_outlives_an_account(arena: &Arena) {
    let (root, owner) = (arena.admin(), arena.person());
    rounds(|round| {
        let (guest, group) = (arena.person().id, arena.group(&[(&owner, BuiltInRole::Owner)]));
        let outcomes = at_once(vec![
            part(|| arena.act(root.who, move |tx, actor| delete_user(tx, actor, guest))),
            part(|| shut_out(arena, &owner, group, guest)),
        ]);
        assert_eq!(outcomes[0], Ok(()), "in round {round}");
        let gone: Refusal = AccountRefusal::UserNotFound.into();
        assert!(outcomes[1].as_ref().map_or_else(|refusal| *refusal == gone, |()| true), "{outcomes:?}");
        arena.settle();
        // The repository leaves out those whose account is deleted: nothing is left to be removed.
        let is_left = arena.prepare(move |tx| !tx.bans().forget(guest, 1).unwrap());
        assert!(!is_left, "in round {round}");
    });
}

cases! { once:
    a_ban_wins_over_every_way_in
    of_two_owners_who_ban_each_other_one_stays
    nobody_who_is_muted_sends
    no_ban_outlives_an_account
}
