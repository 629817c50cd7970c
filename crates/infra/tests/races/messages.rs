//! Races about messages: the same one sent twice, the reactions to one, the last places for a reaction and
//! for a pin.

use std::collections::BTreeSet;

use groupchat_domain::Refusal;
use groupchat_domain::ids::{GroupId, MessageId, Seq, Version};
use groupchat_domain::messages::{
    self, ChangeTerms, EarlierText, EditQuery, MAX_PINS, MAX_REACTIONS, MessageDraft, MessageRefusal,
    PinQuery, ReactionQuery,
};
use groupchat_domain::permissions::BuiltInRole;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::{client_id, emoji, limit, text};
use crate::support::log::about;

/// How many copies of one request are under way.
const COPIES: usize = 8;
/// How many more pins the group may have.
const LEFT: usize = 3;
/// How many members react to a message.
const MEMBERS: usize = 6;

/// A message that is sent several times at once with one client id is stored once; every answer names it, and one
/// says that it was new.
fn a_client_id_stands_for_one_message(arena: &Arena) {
    let author = arena.person();
    let group = arena.group(&[(&author, BuiltInRole::Owner)]);
    rounds(|round| {
        let draft = |nth| MessageDraft {
            group,
            text: text(&format!("variant {nth}")),
            client_id: Some(client_id(&format!("round {round}"))),
            thread: None,
            reply_to: None,
            poll: None,
        };
        let copies = (0..COPIES).map(|nth| {
            let (author, draft) = (author.who, draft(nth));
            let send = move || arena.act(author, move |tx, actor| messages::send(tx, actor, &draft));
            part(send)
        });
        let answers: Vec<_> = at_once(copies.collect()).into_iter().map(|answer| answer.unwrap()).collect();
        let first = &answers[0].view.message;
        assert!(answers.iter().all(|answer| answer.view.message == *first), "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1, "{answers:?}");
        assert_eq!(usize::try_from(first.seq.get()), Ok(round + 1), "a number was given for nothing");
    });
    let numbered = about(&arena.news(), group).len();
    let stored = arena.members(group).expect("the group").0.last_seq;
    assert_eq!(i64::try_from(numbered), Ok(stored.get()), "a message was told of twice");
}

/// However members react to a message and take it back at once while its author edits it, its counts are those of who
/// has reacted, and every change has a version of its own.
fn reactions_are_counted_right(arena: &Arena) {
    let members: Vec<Person> = (0..MEMBERS).map(|_| arena.person()).collect();
    let roles: Vec<_> = members.iter().map(|member| (member, BuiltInRole::Member)).collect();
    let group = arena.group(&roles);
    rounds(|round| {
        let draft = MessageDraft {
            group,
            text: text("what do you think?"),
            client_id: None,
            thread: None,
            reply_to: None,
            poll: None,
        };
        let author = members[0].who;
        let sent = arena.act(author, move |tx, actor| messages::send(tx, actor, &draft)).unwrap();
        let id = sent.view.message.id;
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = vec![part(move || {
            let other = text("what do you think now?");
            arena
                .act(author, move |tx, actor| {
                    messages::edit(tx, actor, group, id, Some(&other), ChangeTerms::default())
                })
                .map(drop)
        })];
        for (nth, member) in members.iter().enumerate() {
            parts.push(part(move || like(arena, member, group, id)));
            if (nth + round) % 3 > 0 {
                parts.push(part(move || unlike(arena, member, group, id)));
            }
            parts.push(part(move || react(arena, member, group, id, "🎉")));
            if (nth + round).is_multiple_of(3) {
                parts.push(part(move || unreact(arena, member, group, id, "🎉")));
            }
        }
        let outcomes = at_once(parts);
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        check_likes(arena, &members, group, id);
    });
}

/// However many members react at once, each with another emoji, a message has no more different reactions than it may.
fn no_message_gets_more_reactions_than_it_may(arena: &Arena) {
    let members: Vec<Person> = (0..MEMBERS).map(|_| arena.person()).collect();
    let roles: Vec<_> = members.iter().map(|member| (member, BuiltInRole::Member)).collect();
    let group = arena.group(&roles);
    rounds(|round| {
        let id = say(arena, &members[0], group);
        let face = |number: usize| {
            let code = 0x1F600 + u32::try_from(number).expect("a small number");
            char::from_u32(code).expect("a face").to_string()
        };
        let room = members.len() / 2;
        for number in 0..MAX_REACTIONS - room {
            react(arena, &members[0], group, id, &face(number)).unwrap();
        }
        let parts = members.iter().enumerate().map(|(nth, member)| {
            let emoji = face(MAX_REACTIONS + nth);
            part(move || react(arena, member, group, id, &emoji))
        });
        let outcomes = at_once(parts.collect());
        for refusal in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            assert_eq!(*refusal, Refusal::Message(MessageRefusal::TooManyReactions));
        }
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), room, "in round {round}");
        let viewer = members[0].id;
        let message = arena.look(move |tx| tx.messages().find(group, id, viewer).unwrap()).unwrap().message;
        assert_eq!(message.reactions.iter().len(), MAX_REACTIONS, "in round {round}");
    });
}

/// However members react while the message is deleted, nothing of their reactions is left.
fn a_deleted_message_keeps_no_reaction(arena: &Arena) {
    let members: Vec<Person> = (0..MEMBERS).map(|_| arena.person()).collect();
    let roles: Vec<_> = members.iter().map(|member| (member, BuiltInRole::Member)).collect();
    let group = arena.group(&roles);
    rounds(|round| {
        let id = say(arena, &members[0], group);
        let author = members[0].who;
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> =
            members.iter().map(|member| part(move || react(arena, member, group, id, "🎉"))).collect();
        let delete = part(move || {
            arena.act(author, move |tx, actor| messages::delete(tx, actor, group, id, ChangeTerms::default()))
        });
        parts.insert(round % parts.len(), delete);
        for refusal in at_once(parts).into_iter().filter_map(Result::err) {
            assert_eq!(refusal, Refusal::Message(MessageRefusal::Deleted));
        }
        let viewer = members[0].id;
        let message = arena.look(move |tx| tx.messages().find(group, id, viewer).unwrap()).unwrap().message;
        assert!(message.is_deleted() && message.reactions.is_empty());
        let query = ReactionQuery { message: id, emoji: emoji("🎉"), after: None, limit: limit(200) };
        let left = arena.look(move |tx| tx.messages().list_reactors(&query).unwrap());
        assert_eq!(left, [], "in round {round}");
    });
}

/// Of several edits at once that all have seen the same version, one is made, and the others are told of the version
/// that it left. Without a version all are made, one after the other, and each text but the last is kept once.
fn only_one_edit_of_a_version_is_made(arena: &Arena) {
    let author = arena.person();
    let group = arena.group(&[(&author, BuiltInRole::Member)]);
    rounds(|round| {
        let id = say(arena, &author, group);
        let terms = |seen| ChangeTerms { if_version: seen, within: None };
        let edits = |seen: Option<Version>, word: &str| {
            let texts = (0..COPIES).map(|nth| format!("{word} {nth} of round {round}")).collect::<Vec<_>>();
            let who = author.who;
            let parts = texts.iter().map(|new| {
                let new = text(new);
                part(move || {
                    arena.act(who, move |tx, actor| {
                        messages::edit(tx, actor, group, id, Some(&new), terms(seen))
                    })
                })
            });
            at_once(parts.collect())
        };
        let first = edits(Some(Version::FIRST), "seen");
        let made: Vec<_> = first.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(made.len(), 1, "in round {round}");
        let current = made[0].message.version;
        for refusal in first.iter().filter_map(|outcome| outcome.as_ref().err()) {
            assert_eq!(*refusal, Refusal::Message(MessageRefusal::VersionConflict { current }));
        }
        assert!(edits(None, "blind").iter().all(Result::is_ok), "in round {round}");
        let history = earlier_texts(arena, id);
        assert_eq!(history.len(), COPIES + 1, "in round {round}");
        let distinct: BTreeSet<_> = history.iter().map(|earlier| earlier.text.as_str()).collect();
        assert_eq!(distinct.len(), history.len(), "a text was kept twice");
    });
}

/// However often the message is edited while it is deleted, nothing of what it said is left.
fn a_deleted_message_keeps_no_earlier_text(arena: &Arena) {
    let author = arena.person();
    let group = arena.group(&[(&author, BuiltInRole::Member)]);
    rounds(|round| {
        let id = say(arena, &author, group);
        let who = author.who;
        let edits = (0..COPIES).map(|nth| {
            let new = text(&format!("edit {nth}"));
            part(move || {
                let terms = ChangeTerms::default();
                arena
                    .act(who, move |tx, actor| messages::edit(tx, actor, group, id, Some(&new), terms))
                    .map(drop)
            })
        });
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = edits.collect();
        let delete = part(move || {
            arena.act(who, move |tx, actor| messages::delete(tx, actor, group, id, ChangeTerms::default()))
        });
        parts.insert(round % parts.len(), delete);
        for refusal in at_once(parts).into_iter().filter_map(Result::err) {
            assert_eq!(refusal, Refusal::Message(MessageRefusal::Deleted));
        }
        assert_eq!(earlier_texts(arena, id), [], "in round {round}");
    });
}

fn earlier_texts(arena: &Arena, message: MessageId) -> Vec<EarlierText> {
    let query = EditQuery { message, before: None, limit: limit(200) };
    arena.look(move |tx| tx.edits().list(&query).unwrap())
}

fn say(arena: &Arena, author: &Person, group: GroupId) -> MessageId {
    let draft = MessageDraft {
        group,
        text: text("react to me"),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    };
    let sent = arena.act(author.who, move |tx, actor| messages::send(tx, actor, &draft)).unwrap();
    sent.view.message.id
}

fn react(arena: &Arena, member: &Person, group: GroupId, id: MessageId, with: &str) -> Result<(), Refusal> {
    let emoji = emoji(with);
    arena.act(member.who, move |tx, actor| messages::react(tx, actor, group, id, emoji)).map(drop)
}

fn unreact(arena: &Arena, member: &Person, group: GroupId, id: MessageId, with: &str) -> Result<(), Refusal> {
    let emoji = emoji(with);
    arena.act(member.who, move |tx, actor| messages::unreact(tx, actor, group, id, emoji)).map(drop)
}

/// However many messages are pinned at once, a group has no more pins than it may, each with a number of its own.
fn no_group_gets_more_pins_than_it_may(arena: &Arena) {
    let owner = arena.person();
    let group = arena.group(&[(&owner, BuiltInRole::Owner)]);
    let send = || {
        let draft = MessageDraft {
            group,
            text: text("pin me"),
            client_id: None,
            thread: None,
            reply_to: None,
            poll: None,
        };
        let sent = arena.act(owner.who, move |tx, actor| messages::send(tx, actor, &draft)).unwrap();
        sent.view.message.id
    };
    let most = usize::try_from(MAX_PINS).expect("a small number");
    for _ in 0..most - LEFT {
        pin(arena, &owner, group, send()).unwrap();
    }
    rounds(|round| {
        let ids: Vec<_> = (0..COPIES).map(|_| send()).collect();
        let owner = &owner;
        let outcomes = at_once(ids.iter().map(|id| part(move || pin(arena, owner, group, *id))).collect());
        for refusal in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            assert_eq!(*refusal, Refusal::Message(MessageRefusal::TooManyPins));
        }
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), LEFT, "in round {round}");
        let viewer = owner.id;
        let query =
            PinQuery { group, viewer, before: None, above: Seq::ZERO, hidden: None, limit: limit(200) };
        let pins = arena.look(move |tx| tx.messages().list_pins(&query).unwrap());
        let numbers: BTreeSet<_> = pins.iter().map(|view| view.message.pin.expect("a pin").seq).collect();
        assert_eq!((pins.len(), numbers.len()), (most, most), "in round {round}");
        for id in pins.iter().take(LEFT).map(|view| view.message.id) {
            arena.act(owner.who, move |tx, actor| messages::unpin(tx, actor, group, id)).unwrap();
        }
    });
}

fn pin(arena: &Arena, owner: &Person, group: GroupId, id: MessageId) -> Result<(), Refusal> {
    arena.act(owner.who, move |tx, actor| messages::pin(tx, actor, group, id)).map(drop)
}

fn like(arena: &Arena, member: &Person, group: GroupId, id: MessageId) -> Result<(), Refusal> {
    arena.act(member.who, move |tx, actor| messages::like(tx, actor, group, id)).map(drop)
}

fn unlike(arena: &Arena, member: &Person, group: GroupId, id: MessageId) -> Result<(), Refusal> {
    arena.act(member.who, move |tx, actor| messages::unlike(tx, actor, group, id)).map(drop)
}

fn check_likes(arena: &Arena, members: &[Person], group: GroupId, id: MessageId) {
    let viewers: Vec<_> = members.iter().map(|member| member.id).collect();
    let views = arena.look(move |tx| {
        let view = |viewer: &_| tx.messages().find(group, id, *viewer).unwrap().expect("the message");
        viewers.iter().map(view).collect::<Vec<_>>()
    });
    let liked = views.iter().filter(|view| view.liked).count();
    let message = &views[0].message;
    assert_eq!(usize::try_from(message.reactions.likes()), Ok(liked), "likes are miscounted");
    let party = emoji("🎉");
    let given = views.iter().filter(|view| view.has_own_reaction(party)).count();
    assert_eq!(usize::try_from(message.reactions.count(party)), Ok(given), "reactions are miscounted");
    // The first version is told too.
    let told = arena.news().iter().filter(|event| event.subject.message == Some(id)).count();
    assert_eq!(usize::try_from(message.version.get()), Ok(told), "changes and versions don't match");
}

cases! { once:
    a_client_id_stands_for_one_message
    reactions_are_counted_right
    no_message_gets_more_reactions_than_it_may
    a_deleted_message_keeps_no_reaction
    only_one_edit_of_a_version_is_made
    a_deleted_message_keeps_no_earlier_text
    no_group_gets_more_pins_than_it_may
}
