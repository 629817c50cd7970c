//! Races about several messages and several groups at once: batches, and forwards.

use std::collections::{BTreeMap, BTreeSet};

use groupchat_domain::Refusal;
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{
    self, BatchItem, ChangeTerms, ForwardDraft, MessageDraft, MessageRefusal, MessageView, Sent,
};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::{client_id, text};
use crate::support::log::about;

/// How many batches with the same messages are sent at once.
const COPIES: usize = 6;
/// How many messages a batch has.
const ITEMS: usize = 5;
/// How many members forward a message at once.
const MEMBERS: usize = 4;

/// The messages of a round, in one order or the other, beginning with another one each time.
fn batch(round: usize, nth: usize) -> Vec<BatchItem> {
    let named = |number: usize| BatchItem {
        text: text(&format!("variant {nth} of {number}")),
        client_id: Some(client_id(&format!("round {round}, {number}"))),
        author: None,
        created_at: None,
    };
    let mut numbers: Vec<_> = (0..ITEMS).collect();
    numbers.rotate_left(nth % ITEMS);
    if nth.is_multiple_of(2) {
        numbers.reverse();
    }
    numbers.into_iter().map(named).collect()
}

/// However batches with the same client ids are sent at once, in any order of their messages, each message is stored once:
/// every batch is answered with the same messages, and one of them says that all were new.
fn batches_with_the_same_client_ids_store_each_message_once(arena: &Arena) {
    let author = arena.person();
    let group = arena.group(&[(&author, BuiltInRole::Owner)]);
    rounds(|round| {
        let parts = (0..COPIES).map(|nth| {
            let (author, items) = (author.who, batch(round, nth));
            part(move || {
                arena.act(author, move |tx, actor| messages::send_batch(tx, actor, group, &items, &[]))
            })
        });
        let answers: Vec<_> = at_once(parts.collect()).into_iter().map(|answer| answer.unwrap()).collect();
        let by_name = |sent: &[Sent]| -> BTreeMap<String, (MessageId, Seq)> {
            let all = sent.iter().map(|sent| &sent.view.message);
            all.map(|message| {
                let name = message.client_id.as_ref().expect("a client id").as_str().to_owned();
                (name, (message.id, message.seq))
            })
            .collect()
        };
        let first = by_name(&answers[0]);
        assert_eq!(first.len(), ITEMS, "in round {round}");
        assert!(answers.iter().all(|answer| by_name(answer) == first), "in round {round}: {answers:?}");
        let new = answers.iter().filter(|answer| answer.iter().all(|sent| !sent.repeated)).count();
        let old = answers.iter().filter(|answer| answer.iter().all(|sent| sent.repeated)).count();
        assert_eq!((new, old), (1, COPIES - 1), "in round {round}: a batch is new as a whole");
        let numbers: BTreeSet<_> = first.values().map(|(_, seq)| seq.get()).collect();
        let stored = i64::try_from(ITEMS * (round + 1)).expect("few");
        let count = i64::try_from(ITEMS).expect("few");
        assert!(numbers.into_iter().eq(stored - count + 1..=stored), "in round {round}");
    });
    let told = about(&arena.news(), group).len();
    let stored = arena.members(group).expect("the group").0.last_seq;
    assert_eq!(i64::try_from(told), Ok(stored.get()), "a message was told of twice");
}

fn say(arena: &Arena, author: &Person, group: GroupId) -> MessageId {
    let draft = MessageDraft {
        group,
        text: text("look at this"),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    };
    arena.act(author.who, move |tx, actor| messages::send(tx, actor, &draft)).unwrap().view.message.id
}

fn forward(arena: &Arena, who: &Person, from: GroupId, id: MessageId, to: GroupId) -> Result<Sent, Refusal> {
    let draft = ForwardDraft { from, message: id, to, client_id: None };
    arena.act(who.who, move |tx, actor| messages::forward(tx, actor, &draft))
}

fn find(arena: &Arena, viewer: &Person, group: GroupId, id: MessageId) -> MessageView {
    arena.act(viewer.who, move |tx, actor| messages::find(tx, actor, group, id)).unwrap()
}

/// However a message is forwarded while it is deleted, it is forwarded with its text or not at all, nobody is answered with a
/// source that was deleted before, and afterwards all copies have their text and say that their source is deleted.
fn what_is_forwarded_was_not_deleted_yet(arena: &Arena) {
    let people: Vec<Person> = (0..=MEMBERS).map(|_| arena.person()).collect();
    let roles: Vec<_> = people.iter().map(|person| (person, BuiltInRole::Member)).collect();
    // One of them comes before the group of the message, and one after it: groups are locked in the order of their ids.
    let (before, from, after) = (arena.group(&roles), arena.group(&roles), arena.group(&roles));
    let (author, members) = people.split_first().expect("people");
    rounds(|round| {
        let id = say(arena, author, from);
        let mut parts: Vec<Part<'_, Result<Option<MessageView>, Refusal>>> = members
            .iter()
            .enumerate()
            .map(|(nth, member)| {
                let to = [before, after, from][nth % 3];
                part(move || forward(arena, member, from, id, to).map(|sent| Some(sent.view)))
            })
            .collect();
        let delete = move |tx: &mut dyn Tx, actor: &_| {
            messages::delete(tx, actor, from, id, ChangeTerms::default()).map(|()| None)
        };
        parts.insert(round % parts.len(), part(move || arena.act(author.who, delete)));
        for outcome in at_once(parts) {
            let copy = match outcome {
                Ok(Some(copy)) => copy,
                Ok(None) => continue,
                Err(refusal) => {
                    assert_eq!(refusal, Refusal::Message(MessageRefusal::Deleted), "in round {round}");
                    continue;
                }
            };
            assert_eq!(copy.message.text, Some(text("look at this")), "in round {round}");
            assert!(!copy.quoted.expect("the source").is_deleted(), "in round {round}");
            let now = find(arena, author, copy.message.group_id, copy.message.id);
            assert_eq!(now.message.text, copy.message.text, "in round {round}");
            assert!(now.quoted.expect("the source").is_deleted(), "in round {round}");
        }
    });
}

/// Members who forward between two groups in both directions at once never wait for each other forever, and every copy gets
/// the next number.
fn forwards_in_both_directions_come_through(arena: &Arena) {
    let people: Vec<Person> = (0..MEMBERS).map(|_| arena.person()).collect();
    let roles: Vec<_> = people.iter().map(|person| (person, BuiltInRole::Member)).collect();
    let (one, other) = (arena.group(&roles), arena.group(&roles));
    let (in_one, in_other) = (say(arena, &people[0], one), say(arena, &people[0], other));
    rounds(|round| {
        let parts = people.iter().enumerate().map(|(nth, member)| {
            let (from, id, to) =
                if nth.is_multiple_of(2) { (one, in_one, other) } else { (other, in_other, one) };
            part(move || forward(arena, member, from, id, to))
        });
        let sent: Vec<_> = at_once(parts.collect()).into_iter().map(|outcome| outcome.unwrap()).collect();
        for group in [one, other] {
            let copies = sent.iter().map(|sent| &sent.view.message).filter(|copy| copy.group_id == group);
            let numbers: BTreeSet<_> = copies.map(|copy| copy.seq.get()).collect();
            let last = arena.members(group).expect("the group").0.last_seq.get();
            let half = i64::try_from(MEMBERS / 2).expect("few");
            assert!(numbers.into_iter().eq(last - half + 1..=last), "in round {round}");
        }
    });
}

cases! { once:
    batches_with_the_same_client_ids_store_each_message_once
    what_is_forwarded_was_not_deleted_yet
    forwards_in_both_directions_come_through
}
