//! Races about direct conversations and blocks.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::delete_user;
use groupchat_domain::events::{EventRecord, EventType};
use groupchat_domain::groups::{GroupRefusal, People, Quotas, block, start_direct, unblock};
use groupchat_domain::ids::GroupId;
use groupchat_domain::messages::{MessageDraft, send};

use crate::arena::{Arena, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::text;

fn start(arena: &Arena, one: &Person, others: &[&Person]) -> Result<(GroupId, bool), Refusal> {
    let ids: Vec<_> = others.iter().map(|other| other.id.get()).collect();
    let people = People::parse(&ids).unwrap();
    let started = arena.act(one.who, move |tx, actor| start_direct(tx, actor, &people, &Quotas::UNLIMITED));
    started.map(|(view, is_new)| (view.group.id, is_new))
}

fn say(arena: &Arena, one: &Person, group: GroupId) -> Result<(), Refusal> {
    let draft = MessageDraft {
        group,
        text: text("hello"),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    };
    arena.act(one.who, move |tx, actor| send(tx, actor, &draft)).map(drop)
}

fn stop(arena: &Arena, one: &Person, other: &Person) -> Result<(), Refusal> {
    let other = other.id;
    arena.act(one.who, move |tx, actor| block(tx, actor, other)).map(drop)
}

/// However many of them start it at once, people have one conversation, and one of them has made it.
fn people_who_write_to_each_other_at_once_meet_in_one_conversation(arena: &Arena) {
    rounds(|_| {
        let [ann, bob, cleo] = [(); 3].map(|()| arena.person());
        let parts = vec![
            part(|| start(arena, &ann, &[&bob, &cleo])),
            part(|| start(arena, &bob, &[&cleo, &ann])),
            part(|| start(arena, &cleo, &[&ann, &bob])),
            part(|| start(arena, &ann, &[&cleo, &bob])),
        ];
        let started: Vec<_> = at_once(parts).into_iter().map(|outcome| outcome.unwrap()).collect();
        assert!(started.iter().all(|(id, _)| *id == started[0].0), "{started:?}");
        assert_eq!(started.iter().filter(|(_, is_new)| *is_new).count(), 1, "{started:?}");
        let (group, members) = arena.members(started[0].0).unwrap();
        assert_eq!((group.member_count, members.len()), (3, 3));
    });
}

/// What is sent while the other blocks the sender comes before the block, or is refused; nothing follows the block.
fn nothing_is_sent_after_a_block(arena: &Arena) {
    rounds(|round| {
        let [ann, bob] = [(); 2].map(|()| arena.person());
        let (group, _) = start(arena, &ann, &[&bob]).unwrap();
        arena.news();
        let mut parts = vec![part(|| stop(arena, &ann, &bob)), part(|| say(arena, &bob, group))];
        parts.rotate_left(round % 2);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 2);
        assert_eq!(outcomes[0], Ok(()));
        let log = arena.news();
        let place =
            |event_type: EventType| log.iter().position(|event: &EventRecord| event.event_type == event_type);
        let blocked = place(EventType::BlocksUpdated).expect("own devices are told");
        match &outcomes[1] {
            Ok(()) => assert!(place(EventType::MessageCreated).unwrap() < blocked, "{round}: {log:#?}"),
            Err(refusal) => assert_eq!(*refusal, GroupRefusal::DirectClosed.into(), "{round}"),
        }
        assert_eq!(say(arena, &bob, group), Err(GroupRefusal::DirectClosed.into()));
        assert_eq!(say(arena, &ann, group), Err(GroupRefusal::DirectClosed.into()));
    });
}

/// Who starts a conversation while the other blocks them has it, closed, or does not have it.
fn a_conversation_that_begins_with_a_block_is_closed_or_does_not_begin(arena: &Arena) {
    rounds(|round| {
        let [ann, bob] = [(); 2].map(|()| arena.person());
        let started = |outcome: Result<(GroupId, bool), Refusal>| outcome.map(|(id, _)| Some(id));
        let mut parts = vec![
            part(|| stop(arena, &ann, &bob).map(|()| None)),
            part(|| started(start(arena, &bob, &[&ann]))),
        ];
        parts.rotate_left(round % 2);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 2);
        assert_eq!(outcomes[0], Ok(None));
        let closed = GroupRefusal::DirectClosed.into();
        let (refused, again) = (outcomes.remove(1), start(arena, &bob, &[&ann]));
        match refused {
            Ok(found) => {
                assert_eq!(again, Ok((found.unwrap(), false)), "what there is is found");
                assert_eq!(say(arena, &bob, found.unwrap()), Err(closed));
            }
            Err(refusal) => assert_eq!((refusal, again), (closed.clone(), Err(closed))),
        }
        let other = bob.id;
        arena.act(ann.who, move |tx, actor| unblock(tx, actor, other)).unwrap();
        let (group, _) = start(arena, &bob, &[&ann]).unwrap();
        assert_eq!(say(arena, &bob, group), Ok(()));
    });
}

/// What is sent in a conversation as soon as it begins comes before the block that comes at that moment, or is refused.
fn nothing_is_sent_after_a_block_in_a_conversation_that_begins(arena: &Arena) {
    rounds(|round| {
        let [ann, bob] = [(); 2].map(|()| arena.person());
        arena.news();
        let begin = || {
            let (group, _) = start(arena, &ann, &[&bob])?;
            say(arena, &ann, group)
        };
        let mut parts = vec![part(begin), part(|| stop(arena, &bob, &ann))];
        parts.rotate_left(round % 2);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 2);
        assert_eq!(outcomes[1], Ok(()));
        let log = arena.news();
        let place = |event_type| log.iter().position(|event: &EventRecord| event.event_type == event_type);
        let blocked = place(EventType::BlocksUpdated).expect("own devices are told");
        match &outcomes[0] {
            Ok(()) => assert!(place(EventType::MessageCreated).unwrap() < blocked, "{round}: {log:#?}"),
            Err(refusal) => assert_eq!(*refusal, GroupRefusal::DirectClosed.into(), "{round}"),
        }
    });
}

/// Nothing stays of what was said in a conversation once the accounts of all its people are deleted, at once or not.
fn a_conversation_goes_with_the_last_of_its_people(arena: &Arena) {
    let admin = arena.admin();
    rounds(|_| {
        let people = [(); 2].map(|()| arena.person());
        let [ann, bob] = &people;
        let (group, _) = start(arena, ann, &[bob]).unwrap();
        say(arena, ann, group).unwrap();
        let leave = |person: &Person| {
            let id = person.id;
            arena.act(admin.who, move |tx, actor| delete_user(tx, actor, id)).unwrap();
            arena.settle();
        };
        at_once(people.iter().map(|person| part(move || leave(person))).collect());
        arena.settle();
        assert_eq!(arena.look(move |tx| tx.groups().find_many(&[group])), Ok(vec![]));
        let is_empty = arena.prepare(move |tx| tx.groups().forget(group, 1));
        assert_eq!(is_empty, Ok(true), "the messages are still stored");
    });
}

cases! { once:
    a_conversation_goes_with_the_last_of_its_people
    people_who_write_to_each_other_at_once_meet_in_one_conversation
    nothing_is_sent_after_a_block
    nothing_is_sent_after_a_block_in_a_conversation_that_begins
    a_conversation_that_begins_with_a_block_is_closed_or_does_not_begin
}
