//! Races about threads: replies, their deletion, and that of the root, all at once.

use groupchat_domain::Refusal;
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{
    self, ChangeTerms, MessageDraft, MessageQuery, MessageRange, MessageRefusal, Sent, ThreadView,
};
use groupchat_domain::permissions::BuiltInRole;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::{limit, text};

/// How many members reply at once.
const MEMBERS: usize = 7;

fn send(arena: &Arena, author: &Person, group: GroupId, thread: Option<MessageId>) -> Result<Sent, Refusal> {
    let draft =
        MessageDraft { group, text: text("well"), client_id: None, thread, reply_to: None, poll: None };
    arena.act(author.who, move |tx, actor| messages::send(tx, actor, &draft))
}

/// A thread as somebody sees it, and its replies: their numbers, and whether each is deleted.
fn look(
    arena: &Arena,
    viewer: &Person,
    group: GroupId,
    root: MessageId,
) -> (Option<ThreadView>, Vec<(Seq, bool)>) {
    let viewer = viewer.id;
    arena.look(move |tx| {
        let message = tx.messages().find(group, root, viewer).unwrap().expect("the root").message;
        let thread = Some(messages::InThread { root, root_seq: message.seq });
        let run = MessageRange::Above(Seq::ZERO);
        let query =
            MessageQuery { group, thread, viewer, run, above: Seq::ZERO, hidden: None, limit: limit(200) };
        let replies = tx.messages().list(&query).unwrap();
        let replies = replies.iter().map(|view| (view.message.seq, view.message.is_deleted())).collect();
        (tx.threads().views(&[root], viewer).unwrap().pop(), replies)
    })
}

/// However replies are sent and deleted while the root is, they are numbered without gaps and counted right; only a root
/// that is deleted first takes none.
fn replies_are_numbered_and_counted_right(arena: &Arena) {
    let people: Vec<Person> = (0..=MEMBERS).map(|_| arena.person()).collect();
    let roles: Vec<_> = people.iter().map(|person| (person, BuiltInRole::Member)).collect();
    let group = arena.group(&roles);
    let (owner, members) = people.split_first().expect("people");
    rounds(|round| {
        let root = send(arena, owner, group, None).unwrap().view.message.id;
        let delete = move |id| {
            arena.act(owner.who, move |tx, actor| {
                messages::delete(tx, actor, group, id, ChangeTerms::default())
            })
        };
        // In some rounds there is a reply before the race, which is then deleted in it.
        let first = (round % 3 == 0).then(|| send(arena, owner, group, Some(root)).unwrap().view.message.id);
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = vec![part(move || delete(root))];
        if let Some(first) = first {
            parts.push(part(move || delete(first)));
        }
        for member in members {
            parts.push(part(move || {
                let seq = send(arena, member, group, Some(root))?.view.message.seq;
                let read = move |tx: &mut dyn groupchat_domain::storage::Tx, actor: &_| {
                    messages::mark_thread_read(tx, actor, group, root, messages::ReadMark::Read(seq))
                };
                arena.act(member.who, read).map(drop)
            }));
        }
        let outcomes = at_once(parts);
        for refusal in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            assert_eq!(*refusal, Refusal::Message(MessageRefusal::Deleted), "in round {round}");
        }
        let (thread, replies) = look(arena, owner, group, root);
        let numbers: Vec<_> = replies.iter().map(|(seq, _)| seq.get()).collect();
        let sent = i64::try_from(replies.len()).expect("few");
        assert_eq!(numbers, (1..=sent).collect::<Vec<_>>(), "in round {round}");
        let living = i64::try_from(replies.iter().filter(|(_, deleted)| !deleted).count()).expect("few");
        let counted = thread.map_or((0, 0), |view| (view.thread.reply_count, view.thread.last_seq.get()));
        assert_eq!(counted, (living, sent), "in round {round}");
    });
}

cases! { once:
    replies_are_numbered_and_counted_right
}
