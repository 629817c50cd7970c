//! Races about mentions: edits, a deletion, and reading on, all at once.

use groupchat_domain::Refusal;
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{self, ChangeTerms, MentionQuery, MessageDraft, MessageRefusal};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::text;

fn send(arena: &Arena, author: &Person, group: GroupId, words: &str) -> MessageId {
    let draft =
        MessageDraft { group, text: text(words), client_id: None, thread: None, reply_to: None, poll: None };
    arena.act(author.who, move |tx, actor| messages::send(tx, actor, &draft)).unwrap().view.message.id
}

/// Whatever comes first, a deleted message mentions nobody, and what somebody is shown as unread is what is listed as unread.
fn what_is_counted_is_what_is_listed(arena: &Arena) {
    let people: Vec<Person> = (0..3).map(|_| arena.person()).collect();
    let roles: Vec<_> = people.iter().map(|person| (person, BuiltInRole::Admin)).collect();
    let group = arena.group(&roles);
    let [author, bob, cid] = &people[..] else { unreachable!("three") };
    rounds(|round| {
        let kept = send(arena, author, group, &format!("<@{}>", bob.id));
        let message = send(arena, author, group, "hello");
        let edit = |words: String| {
            let words = text(&words);
            arena
                .act(author.who, move |tx, actor| {
                    messages::edit(tx, actor, group, message, Some(&words), ChangeTerms::default())
                })
                .map(drop)
        };
        let (to_both, to_all) = (format!("<@{}> <@{}>", bob.id, cid.id), "@all".to_owned());
        let read = move |tx: &mut dyn Tx, actor: &_| {
            let seq = messages::find(tx, actor, group, kept)?.message.seq;
            messages::mark_read(tx, actor, group, messages::ReadMark::Read(seq)).map(drop)
        };
        let parts: Vec<Part<'_, Result<(), Refusal>>> = vec![
            part(move || edit(to_both)),
            part(move || edit(to_all)),
            part(move || {
                arena.act(author.who, move |tx, actor| {
                    messages::delete(tx, actor, group, message, ChangeTerms::default())
                })
            }),
            part(move || arena.act(bob.who, read)),
        ];
        for refusal in at_once(parts).iter().filter_map(|outcome| outcome.as_ref().err()) {
            assert_eq!(*refusal, Refusal::Message(MessageRefusal::Deleted), "in round {round}");
        }
        let bob = bob.id;
        arena.look(move |tx| {
            assert_eq!(tx.mentions().find(message), Ok(Vec::new()), "in round {round}");
            let query = MentionQuery { user: bob, before: None, limit: 500 };
            let mut listed = tx.mentions().list(&query).unwrap();
            listed.extend(tx.mentions().list_to_all(&query).unwrap());
            let unread = listed.iter().filter(|mention| mention.is_unread).count();
            let view = tx.groups().view(group, bob).unwrap().expect("the group");
            assert_eq!(view.unread_mentions, i64::try_from(unread).expect("few"), "in round {round}");
            assert!(view.standing.expect("a member").read_seq > Seq::ZERO);
        });
    });
}

cases! { once:
    what_is_counted_is_what_is_listed
}
