//! Races of the removal of old messages: two servers that remove, members who reply and react, and one who pages.

use std::collections::BTreeMap;
use std::time::Duration;

use groupchat_domain::Refusal;
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{
    self, MessageDraft, MessageRange, MessageRefusal, MessageView, ReadMark, Window,
};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::retention::{RetentionBy, RetentionTerms, run_retention};

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::{emoji, limit, text};

/// Messages of the group in a round: more than one step removes.
const MESSAGES: usize = 130;
/// Each message whose number this divides has replies.
const WITH_THREAD: usize = 10;
/// Replies to each of these.
const REPLIES: i64 = 3;

/// All that is there is old.
const TERMS: RetentionTerms = RetentionTerms { age: Some(Duration::ZERO), keeps_pinned: true };

fn send(
    arena: &Arena,
    author: &Person,
    group: GroupId,
    thread: Option<MessageId>,
) -> Result<MessageView, Refusal> {
    let draft =
        MessageDraft { group, text: text("well"), client_id: None, thread, reply_to: None, poll: None };
    Ok(arena.act(author.who, move |tx, actor| messages::send(tx, actor, &draft))?.view)
}

fn remove_all(arena: &Arena) {
    let server = arena.server();
    let pause = || async {};
    arena
        .wait_for(run_retention(server, || TERMS, RetentionBy::Server, |_| true, pause))
        .expect("it can't be refused");
}

/// What somebody may be told who wants something of a message that is being removed.
fn is_gone(refusal: &Refusal) -> bool {
    *refusal == Refusal::Message(MessageRefusal::NotFound)
}

/// Reads all pages in one direction. Each has numbers without gaps, and every root that is there has all of its replies.
fn page_through(arena: &Arena, reader: &Person, group: GroupId, whole: &BTreeMap<i64, i64>, upwards: bool) {
    let mut next = Some(if upwards { MessageRange::Above(Seq::ZERO) } else { MessageRange::Below(None) });
    while let Some(range) = next {
        let read = move |tx: &mut dyn groupchat_domain::storage::Tx, actor: &_| {
            messages::list(tx, actor, group, Window::Range(range), limit(20))
        };
        let page = arena.wait_for(arena.server().read_as(reader.who, read));
        let page = page.expect("a member may read, whatever is left");
        let seqs: Vec<_> = page.items.iter().map(|view| view.message.seq.get()).collect();
        assert!(seqs.windows(2).all(|pair| pair[0] == pair[1] + 1), "a gap in {seqs:?}");
        for view in &page.items {
            let replies = view.thread.as_ref().map_or(0, |thread| thread.thread.reply_count);
            let least = whole.get(&view.message.id.get()).copied().unwrap_or(0);
            assert!(replies >= least, "{} of {least} replies to {:?}", replies, view.message.seq);
            if least > 0 {
                read_thread(arena, reader, group, view.message.id, least);
            }
        }
        next = page.next;
    }
}

fn read_thread(arena: &Arena, reader: &Person, group: GroupId, root: MessageId, least: i64) {
    let range = Window::Range(MessageRange::Above(Seq::ZERO));
    let read = move |tx: &mut dyn groupchat_domain::storage::Tx, actor: &_| {
        messages::list_replies(tx, actor, group, root, range, limit(50))
    };
    match arena.wait_for(arena.server().read_as(reader.who, read)) {
        Ok(page) => {
            let found = i64::try_from(page.items.len()).expect("few");
            assert!(found >= least, "{found} of {least} replies");
        }
        Err(refusal) => assert!(is_gone(&refusal), "{refusal:?}"),
    }
}

/// Whatever members do with messages that two servers remove at once: nobody reads a part of a thread or of a page, all is gone
/// in the end but what came later, and the database is sound.
fn old_messages_go_whole(arena: &Arena) {
    let (owner, member) = (arena.person(), arena.person());
    let group = arena.group(&[(&owner, BuiltInRole::Owner), (&member, BuiltInRole::Member)]);
    rounds(|round| {
        let mut whole = BTreeMap::new();
        let mut roots = Vec::new();
        for nth in 0..MESSAGES {
            let root = send(arena, &owner, group, None).unwrap().message.id;
            if nth.is_multiple_of(WITH_THREAD) {
                for _ in 0..REPLIES {
                    send(arena, &member, group, Some(root)).unwrap();
                }
                whole.insert(root.get(), REPLIES);
                roots.push(root);
            }
        }
        let pager = |upwards| -> Part<'_, ()> {
            let (reader, whole) = (&member, &whole);
            part(move || (0..4).for_each(|_| page_through(arena, reader, group, whole, upwards)))
        };
        let tolerate = |outcome: Result<(), Refusal>| {
            if let Err(refusal) = outcome {
                assert!(is_gone(&refusal), "{refusal:?}");
            }
        };
        let (members, some) = (&member, &roots);
        let mut parts: Vec<Part<'_, ()>> = vec![pager(true), pager(false)];
        parts.extend((0..2).map(|_| part(|| remove_all(arena))));
        parts.push(part(|| {
            for root in some.iter().rev() {
                tolerate(send(arena, members, group, Some(*root)).map(drop));
            }
        }));
        parts.push(part(|| {
            for root in some {
                let id = *root;
                tolerate(arena.act(members.who, move |tx, actor| {
                    messages::react(tx, actor, group, id, emoji("🎉")).map(drop)
                }));
                tolerate(arena.act(members.who, move |tx, actor| {
                    messages::mark_thread_read(tx, actor, group, id, ReadMark::Read(Seq::new(1))).map(drop)
                }));
            }
        }));
        at_once(parts);
        // What was sent during the last step may be younger than it.
        remove_all(arena);
        let id = member.id;
        let (state, left) = arena.look(move |tx| {
            let view = tx.groups().view(group, id).unwrap().expect("the group");
            (tx.read_cursors().find(group, id).unwrap().expect("a member"), view.last_message)
        });
        assert_eq!((state.unread, left.is_none()), (0, true), "in round {round}: {state:?}");
    });
    arena.assert_sound();
}

cases! { once:
    old_messages_go_whole
}
