//! Races about quotes: a message is quoted while it is edited and deleted.

use groupchat_domain::Refusal;
use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{self, ChangeTerms, MessageDraft, MessageRefusal, MessageView, Sent};
use groupchat_domain::permissions::BuiltInRole;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::text;

/// How many members quote at once.
const MEMBERS: usize = 5;

fn send(arena: &Arena, author: &Person, group: GroupId, quoted: Option<MessageId>) -> Result<Sent, Refusal> {
    let draft = MessageDraft {
        group,
        text: text("well"),
        client_id: None,
        thread: None,
        reply_to: quoted,
        poll: None,
    };
    arena.act(author.who, move |tx, actor| messages::send(tx, actor, &draft))
}

fn find(arena: &Arena, viewer: &Person, group: GroupId, id: MessageId) -> MessageView {
    arena.act(viewer.who, move |tx, actor| messages::find(tx, actor, group, id)).unwrap()
}

/// However a message is quoted while it is edited and deleted, nobody is answered with a quote of what was deleted before,
/// and all quotes say afterwards that it is deleted.
fn a_quote_is_of_what_is_not_deleted_yet(arena: &Arena) {
    let people: Vec<Person> = (0..=MEMBERS).map(|_| arena.person()).collect();
    let roles: Vec<_> = people.iter().map(|person| (person, BuiltInRole::Member)).collect();
    let group = arena.group(&roles);
    let (author, members) = people.split_first().expect("people");
    rounds(|round| {
        let quoted = send(arena, author, group, None).unwrap().view.message.id;
        let mut parts: Vec<Part<'_, Result<Option<MessageView>, Refusal>>> = vec![part(move || {
            let other = text("something else");
            let edit = move |tx: &mut dyn groupchat_domain::storage::Tx, actor: &_| {
                messages::edit(tx, actor, group, quoted, Some(&other), ChangeTerms::default()).map(drop)
            };
            arena.act(author.who, edit)?;
            arena
                .act(author.who, move |tx, actor| {
                    messages::delete(tx, actor, group, quoted, ChangeTerms::default())
                })
                .map(|()| None)
        })];
        for member in members {
            parts.push(part(move || send(arena, member, group, Some(quoted)).map(|sent| Some(sent.view))));
        }
        for outcome in at_once(parts) {
            let quoting = match outcome {
                Ok(quoting) => quoting,
                Err(refusal) => {
                    assert_eq!(refusal, Refusal::Message(MessageRefusal::Deleted), "in round {round}");
                    continue;
                }
            };
            let Some(quoting) = quoting else { continue };
            assert!(!quoting.quoted.expect("the quoted message").is_deleted(), "in round {round}");
            let now = find(arena, author, group, quoting.message.id);
            assert_eq!(now.message.reply_to, Some(quoted), "in round {round}");
            assert!(now.quoted.expect("the quoted message").is_deleted(), "in round {round}");
        }
    });
}

/// However a message that quotes another one is deleted, edited, liked and pinned at once, its tombstone quotes nothing.
fn what_is_deleted_quotes_nothing(arena: &Arena) {
    let (author, other) = (arena.person(), arena.person());
    let group = arena.group(&[(&author, BuiltInRole::Owner), (&other, BuiltInRole::Member)]);
    let (author, other) = (&author, &other);
    rounds(|round| {
        let quoted = send(arena, other, group, None).unwrap().view.message.id;
        let id = send(arena, author, group, Some(quoted)).unwrap().view.message.id;
        let changed = text("changed");
        let parts: Vec<Part<'_, Result<(), Refusal>>> = vec![
            part(move || {
                arena.act(author.who, move |tx, actor| {
                    messages::delete(tx, actor, group, id, ChangeTerms::default())
                })
            }),
            part(move || {
                arena.act(other.who, move |tx, actor| messages::like(tx, actor, group, id)).map(drop)
            }),
            part(move || {
                let edit = move |tx: &mut dyn groupchat_domain::storage::Tx, actor: &_| {
                    messages::edit(tx, actor, group, id, Some(&changed), ChangeTerms::default()).map(drop)
                };
                arena.act(author.who, edit)
            }),
            part(move || {
                let draft = MessageDraft {
                    group,
                    text: text("in its thread"),
                    client_id: None,
                    thread: Some(id),
                    reply_to: Some(id),
                    poll: None,
                };
                arena.act(other.who, move |tx, actor| messages::send(tx, actor, &draft)).map(drop)
            }),
        ];
        for refusal in at_once(parts).into_iter().filter_map(Result::err) {
            assert_eq!(refusal, Refusal::Message(MessageRefusal::Deleted), "in round {round}");
        }
        let left = find(arena, author, group, id);
        assert!(left.message.is_deleted() && !left.message.quotes(), "in round {round}: {left:?}");
        assert_eq!((left.message.reply_to, left.quoted), (None, None), "in round {round}");
    });
}

cases! { once:
    a_quote_is_of_what_is_not_deleted_yet
    what_is_deleted_quotes_nothing
}
