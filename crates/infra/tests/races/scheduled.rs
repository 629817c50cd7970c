//! Races about scheduled messages: their author against the clock, which several servers look at.

use std::time::Duration;

use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::GroupId;
use groupchat_domain::jobs::{DuePorts, run_due};
use groupchat_domain::messages::{self, MessageDraft, MessageRange, Window};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::scheduled::{
    Scheduled, ScheduledChanges, ScheduledId, ScheduledRefusal, drop_scheduled, edit_scheduled,
    list_scheduled, schedule,
};
use groupchat_domain::storage::Tx;
use groupchat_domain::{Error, Refusal};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::{HubOptions, LocalHub};
use std::sync::Arc;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::{limit, text};

/// How many servers do what is due at once.
const SERVERS: usize = 3;

const LATER: Duration = Duration::from_secs(3600);

/// What a message says, and what it is changed to.
const BEFORE: &str = "as it was";
const AFTER: &str = "as it is";

fn room(arena: &Arena) -> (Person, GroupId) {
    let ann = arena.person();
    let group = arena.group(&[(&ann, BuiltInRole::Member)]);
    (ann, group)
}

/// A message of this author whose time has just come.
fn due(arena: &Arena, author: &Person, group: GroupId) -> ScheduledId {
    let id = arena.act(author.who, move |tx, actor| {
        let draft = MessageDraft {
            group,
            text: text(BEFORE),
            client_id: None,
            thread: None,
            reply_to: None,
            poll: None,
        };
        let send_at = tx.now().plus(LATER);
        Ok(schedule(tx, actor, &draft, send_at)?.scheduled.id)
    });
    let (id, user) = (id.unwrap(), author.id);
    arena.prepare(move |tx| {
        let mut scheduled = tx.scheduled().find(user, id).unwrap().expect("it was just stored");
        scheduled.new.send_at = tx.now();
        assert!(tx.scheduled().update(&scheduled).unwrap());
    });
    id
}

/// What the servers do, each by itself.
fn servers<'a>(arena: &'a Arena, live: &'a LocalHub) -> impl Iterator<Item = Part<'a, Result<(), Refusal>>> {
    let run = move || {
        let ports = DuePorts { storage: arena.server(), live, name_of: &|_| "refused" };
        let failed = |due, error: &Error| panic!("{due} failed: {error}");
        arena.wait_for(run_due(&ports, failed)).map(drop)
    };
    (0..SERVERS).map(move |_| part(run))
}

fn hub() -> LocalHub {
    LocalHub::new(HubOptions::default(), Arc::new(SystemClock))
}

/// The texts that were sent to a group, the oldest first, and what waits there.
fn look(arena: &Arena, author: &Person, group: GroupId) -> (Vec<String>, Vec<Scheduled>) {
    let look = move |tx: &mut dyn Tx, actor: &Actor| {
        let sent = messages::list(tx, actor, group, Window::Range(MessageRange::Below(None)), limit(200))?;
        let waiting = list_scheduled(tx, actor, group, None, limit(200))?;
        Ok((sent.items, waiting.items))
    };
    let (sent, waiting) = arena.act(author.who, look).unwrap();
    let texts = sent.into_iter().filter_map(|view| view.message.text);
    (texts.map(|text| text.as_str().to_owned()).collect(), waiting)
}

/// Runs what an author does with a message at its time against several servers, each round in a group of its own. Whatever it
/// answers, `judge` says with which text the message must have been sent, if it was, and whether it still waits.
fn against_the_clock(
    arena: &Arena,
    act: impl Fn(&mut dyn Tx, &Actor, GroupId, ScheduledId, bool) -> Result<(), Error>
    + Copy
    + Send
    + Sync
    + 'static,
    judge: impl Fn(Result<(), Refusal>, bool) -> (Option<&'static str>, bool),
) {
    let live = hub();
    rounds(|round| {
        let ((author, group), is_odd) = (room(arena), round % 2 == 1);
        let (id, author) = (due(arena, &author, group), &author);
        let own = part(move || arena.act(author.who, move |tx, actor| act(tx, actor, group, id, is_odd)));
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = servers(arena, &live).collect();
        parts.insert(round % (SERVERS + 1), own);
        let mut outcomes = at_once(parts);
        let own = outcomes.remove(round % (SERVERS + 1));
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        if let Err(refusal) = &own {
            assert_eq!(*refusal, ScheduledRefusal::NotFound.into());
        }
        // Whoever looks next finds all that is due.
        let left = servers(arena, &live).take(1).map(|server| server()).collect::<Vec<_>>();
        assert_eq!(left, [Ok(())]);
        let (sent, waiting) = look(arena, author, group);
        let (expected, waits) = judge(own, is_odd);
        assert!(sent.iter().eq(expected.iter()) && waits == (waiting.len() == 1), "{sent:?} {waiting:?}");
        assert!(waiting.iter().all(|waiting| waiting.failed.is_none()), "{waiting:?}");
    });
}

/// Servers that do what is due at once send a message once.
fn a_message_is_sent_once(arena: &Arena) {
    against_the_clock(arena, |_, _, _, _, _| Ok(()), |_, _| (Some(BEFORE), false));
}

/// A message is dropped or sent, never both, and its author is told which of them.
fn a_message_is_dropped_or_sent(arena: &Arena) {
    against_the_clock(
        arena,
        |tx, actor, group, id, _| drop_scheduled(tx, actor, (group, id)),
        |own, _| (own.err().map(|_| BEFORE), false),
    );
}

/// What is changed in time is sent as it was changed, at the time that was changed; what is changed too late was sent as it was.
fn a_message_is_changed_or_sent_as_it_was(arena: &Arena) {
    against_the_clock(
        arena,
        |tx, actor, group, id, is_put_off| {
            let send_at = is_put_off.then(|| tx.now().plus(LATER));
            let changes = ScheduledChanges { text: Some(text(AFTER)), send_at };
            edit_scheduled(tx, actor, (group, id), &changes).map(drop)
        },
        |own, is_put_off| match own {
            Err(_) => (Some(BEFORE), false),
            Ok(()) if is_put_off => (None, true),
            Ok(()) => (Some(AFTER), false),
        },
    );
}

/// Two changes at once are both made, one after the other, and the message is sent once with the later one.
fn a_message_that_is_changed_twice_is_sent_once(arena: &Arena) {
    let live = hub();
    rounds(|_| {
        let (author, group) = room(arena);
        let (id, author) = (due(arena, &author, group), &author);
        let change = |words: &'static str| {
            part(move || {
                let change = move |tx: &mut dyn Tx, actor: &Actor| {
                    let changes = ScheduledChanges { text: Some(text(words)), send_at: None };
                    edit_scheduled(tx, actor, (group, id), &changes).map(drop)
                };
                arena.act(author.who, change)
            })
        };
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = vec![change("one"), change("other")];
        parts.extend(servers(arena, &live));
        let outcomes = at_once(parts);
        let (sent, waiting) = look(arena, author, group);
        assert_eq!((sent.len(), waiting.len()), (1, 0));
        let possible: &[&str] = match (&outcomes[0], &outcomes[1]) {
            (Ok(()), Ok(())) => &["one", "other"],
            (Ok(()), Err(_)) => &["one"],
            (Err(_), Ok(())) => &["other"],
            (Err(_), Err(_)) => &[BEFORE],
        };
        assert!(possible.contains(&sent[0].as_str()), "{sent:?} after {outcomes:?}");
    });
}

cases! { once:
    a_message_is_sent_once
    a_message_is_dropped_or_sent
    a_message_is_changed_or_sent_as_it_was
    a_message_that_is_changed_twice_is_sent_once
}
