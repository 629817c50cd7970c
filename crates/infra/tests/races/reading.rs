//! Races about read cursors: reading, marking as unread, reading everything and sending, all at once.

use groupchat_domain::Refusal;
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{self, MessageDraft, ReadMark, ReadState};
use groupchat_domain::permissions::BuiltInRole;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::text;

/// What a device of the reader learns.
#[derive(Debug, Clone, Copy)]
enum Told {
    /// Where the cursor was moved to.
    State(Option<ReadState>),
    /// The number of a message of the reader's own.
    Own(Seq),
    /// Nothing that it needs.
    Nothing,
}

type Learns<'a> = Part<'a, Result<Told, Refusal>>;

/// Where the cursor is for a device that has learned this, in any order, where it was here before.
fn shown(before: ReadState, told: &[Told]) -> (i64, i64) {
    let (mut newest, mut own) = (before, 0);
    for told in told {
        match told {
            Told::State(Some(state)) => {
                if (state.version, state.read_seq) > (newest.version, newest.read_seq) {
                    newest = *state;
                }
            }
            Told::Own(seq) => own = own.max(seq.get()),
            Told::State(None) | Told::Nothing => {}
        }
    }
    let counted = newest.read_seq.get() + newest.unread;
    (if own > counted { own } else { newest.read_seq.get() }, newest.version.get())
}

fn send(arena: &Arena, author: &Person, group: GroupId, thread: Option<MessageId>) -> Result<Seq, Refusal> {
    let draft =
        MessageDraft { group, text: text("well"), client_id: None, thread, reply_to: None, poll: None };
    let sent = arena.act(author.who, move |tx, actor| messages::send(tx, actor, &draft))?;
    Ok(sent.view.message.seq)
}

/// However somebody reads, marks as unread, reads everything and sends at once, also on several servers: a device that
/// hears of it in any order shows what is stored, and no cursor is beyond the last message.
fn devices_agree_on_what_is_read(arena: &Arena) {
    let (reader, other) = (arena.person(), arena.person());
    let group = arena.group(&[(&reader, BuiltInRole::Owner), (&other, BuiltInRole::Member)]);
    for _ in 0..4 {
        send(arena, &other, group, None).unwrap();
    }
    let (who, id) = (reader.who, reader.id);
    let stored = || arena.look(move |tx| tx.read_cursors().find(group, id).unwrap().expect("a member"));
    let mark = |mark| -> Learns<'_> {
        part(move || {
            let marked = arena.act(who, move |tx, actor| messages::mark_read(tx, actor, group, mark))?;
            Ok(Told::State(marked.moved.then_some(marked.state)))
        })
    };
    rounds(|round| {
        let before = stored();
        let last = before.read_seq.get() + before.unread;
        let early = 1 + i64::try_from(round).expect("few") % last;
        let everything: Learns<'_> = part(move || {
            let step = arena.act(who, |tx, actor| messages::read_groups(tx, actor, GroupId::new(0)))?;
            Ok(Told::State(step.moved.first().map(|update| update.state)))
        });
        let own: Learns<'_> = part(|| send(arena, &reader, group, None).map(Told::Own));
        let others: Learns<'_> = part(|| send(arena, &other, group, None).map(|_| Told::Nothing));
        let (unread, later) = (ReadMark::UnreadFrom(Seq::new(early)), ReadMark::UnreadFrom(Seq::new(last)));
        let mut parts = vec![mark(unread), mark(ReadMark::Read(Seq::new(last))), others];
        match round % 4 {
            0 => parts.push(everything),
            1 => parts.push(own),
            2 => parts.extend([own, everything]),
            _ => parts.extend([own, mark(later)]),
        }
        let told: Vec<_> = at_once(parts).into_iter().map(Result::unwrap).collect();
        let after = stored();
        assert!(after.unread >= 0, "{after:?}");
        let expected = (after.read_seq.get(), after.version.get());
        assert_eq!(shown(before, &told), expected, "in round {round}: {before:?} {told:?}");
        let backwards: Vec<_> = told.iter().rev().copied().collect();
        assert_eq!(shown(before, &backwards), expected, "in round {round}: {before:?} {told:?}");
    });
}

/// The same of the replies of a thread.
fn devices_agree_on_which_replies_are_read(arena: &Arena) {
    let (reader, other) = (arena.person(), arena.person());
    let group = arena.group(&[(&reader, BuiltInRole::Owner), (&other, BuiltInRole::Member)]);
    let (who, id) = (reader.who, reader.id);
    let draft = MessageDraft {
        group,
        text: text("what do you think?"),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    };
    let sent = arena.act(who, move |tx, actor| messages::send(tx, actor, &draft)).unwrap();
    let root = sent.view.message.id;
    for _ in 0..3 {
        send(arena, &other, group, Some(root)).unwrap();
    }
    let stored = || {
        arena.look(move |tx| tx.threads().views(&[root], id).unwrap().pop().expect("a thread").read_state())
    };
    rounds(|round| {
        let before = stored();
        let last = before.read_seq.get() + before.unread;
        let mark = |mark| -> Learns<'_> {
            part(move || {
                let marked = arena
                    .act(who, move |tx, actor| messages::mark_thread_read(tx, actor, group, root, mark))?;
                Ok(Told::State(marked.moved.then_some(marked.state)))
            })
        };
        let everything: Learns<'_> = part(move || {
            let step = arena.act(who, |tx, actor| messages::read_threads(tx, actor, None))?;
            Ok(Told::State(step.moved.first().map(|update| update.state)))
        });
        let early = 1 + i64::try_from(round).expect("few") % last;
        let mut parts = vec![
            mark(ReadMark::UnreadFrom(Seq::new(early))),
            mark(ReadMark::Read(Seq::new(last))),
            part(|| send(arena, &other, group, Some(root)).map(|_| Told::Nothing)),
        ];
        if round % 2 == 0 {
            parts.push(everything);
        } else {
            parts.push(part(|| send(arena, &reader, group, Some(root)).map(Told::Own)));
        }
        let told: Vec<_> = at_once(parts).into_iter().map(Result::unwrap).collect();
        let after = stored();
        assert!(after.unread >= 0, "{after:?}");
        let expected = (after.read_seq.get(), after.version.get());
        assert_eq!(shown(before, &told), expected, "in round {round}: {before:?} {told:?}");
    });
}

cases! { once:
    devices_agree_on_what_is_read
    devices_agree_on_which_replies_are_read
}
