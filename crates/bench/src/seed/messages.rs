//! The messages and likes of a seeded database.

use std::ops::Range;

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{self, Attachments, ClientId, MessageDraft, MessageText, NewMessage};
use groupchat_domain::storage::{Storage, Tx, Unique};
use indicatif::ProgressBar;

use super::commands::{STEPS_PER_COMMAND, WRITE};
use super::users::SignedIn;
use crate::error::BenchError;

/// One message in this many is liked by two users.
const LIKED_ONE_IN: u64 = 8;

/// One message in this many is the root of a thread of two replies, by the next two authors.
const REPLIED_ONE_IN: u64 = 32;

/// One message in this many mentions the next author.
const MENTIONED_ONE_IN: u64 = 20;

/// How the messages of a plan are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As people send them, with events, and some of them liked and replied to.
    Sent,
    /// Only the messages themselves, and replies as people send them.
    Bulk,
}

/// Writes `count` messages: a command's worth into one group, the next into the next, each message by the
/// next of the authors.
///
/// # Errors
/// The storage failed.
pub(super) async fn spread(
    storage: &dyn Storage,
    groups: &[GroupId],
    authors: &[SignedIn],
    count: u64,
    manner: Manner,
    bar: &ProgressBar,
) -> Result<(), BenchError> {
    let authors: Vec<Actor> = authors.iter().map(|author| author.actor.clone()).collect();
    let mut next_group = groups.iter().copied().cycle();
    let mut written = 0;
    while written < count {
        let Some(group) = next_group.next() else { return Ok(()) };
        let numbers = written..count.min(written + STEPS_PER_COMMAND as u64);
        written = numbers.end;
        bar.inc(numbers.end - numbers.start);
        let authors = authors.clone();
        storage
            .run(WRITE, move |tx| match manner {
                Manner::Sent => numbers.clone().try_for_each(|number| write(tx, &authors, group, number)),
                Manner::Bulk => store(tx, &authors, group, numbers.clone()),
            })
            .await?;
    }
    Ok(())
}

/// Stores these messages and nothing else.
fn store(tx: &mut dyn Tx, authors: &[Actor], group: GroupId, numbers: Range<u64>) -> Result<(), Error> {
    let found = tx.groups().find_many(&[group])?;
    let mut seq = found.first().map_or(Seq::ZERO, |group| group.last_seq);
    for number in numbers {
        seq = seq.next();
        if number % MENTIONED_ONE_IN == 1 {
            mention(tx, authors, group, number)?;
            continue;
        }
        let author = authors[number as usize % authors.len()].id();
        let (text, created_at) = (MessageText::from_stored(text(number)), tx.now());
        let stored = tx.messages().insert(&NewMessage {
            group,
            thread: None,
            seq,
            author,
            text,
            client_id: None,
            created_at,
            attachments: Attachments::default(),
        })?;
        if let Unique::Stored(root) = stored {
            reply(tx, authors, (group, root), number)?;
        }
    }
    Ok(())
}

/// Sends a message that mentions the author of the next one.
fn mention(tx: &mut dyn Tx, authors: &[Actor], group: GroupId, number: u64) -> Result<(), Error> {
    let of = |number: u64| &authors[number as usize % authors.len()];
    let words = format!("<@{}> {}", of(number + 1).id(), text(number));
    // Parsed, because only then it mentions somebody.
    let text = MessageText::parse(&words).unwrap_or_else(|_| MessageText::from_stored(words));
    let draft = MessageDraft { group, text, client_id: None, thread: None, reply_to: None };
    messages::send(tx, of(number), &draft).map(drop)
}

/// Replies to some messages: to this one, if its number is among theirs.
fn reply(tx: &mut dyn Tx, authors: &[Actor], root: (GroupId, MessageId), number: u64) -> Result<(), Error> {
    if !number.is_multiple_of(REPLIED_ONE_IN) {
        return Ok(());
    }
    for next in [number + 1, number + 2] {
        let (text, thread) = (MessageText::from_stored(text(next)), Some(root.1));
        let draft = MessageDraft { group: root.0, text, client_id: None, thread, reply_to: None };
        messages::send(tx, &authors[next as usize % authors.len()], &draft)?;
    }
    Ok(())
}

/// Writes one message into each of the groups.
///
/// # Errors
/// The storage failed.
pub(super) async fn one_in_each(
    storage: &dyn Storage,
    groups: &[GroupId],
    authors: &[SignedIn],
) -> Result<(), BenchError> {
    let authors: Vec<Actor> = authors.iter().map(|author| author.actor.clone()).collect();
    for (number, &group) in (0..).zip(groups) {
        let authors = authors.clone();
        storage.run(WRITE, move |tx| write(tx, &authors, group, number)).await?;
    }
    Ok(())
}

fn write(tx: &mut dyn Tx, authors: &[Actor], group: GroupId, number: u64) -> Result<(), Error> {
    if number % MENTIONED_ONE_IN == 1 {
        return mention(tx, authors, group, number);
    }
    let of = |number: u64| &authors[number as usize % authors.len()];
    // With the time, so that filling the same database again repeats no client id.
    let client_id = ClientId::from_stored(format!("seed-{:x}-{number}", tx.now().as_micros()));
    let text = MessageText::from_stored(text(number));
    let draft = MessageDraft { group, text, client_id: Some(client_id), thread: None, reply_to: None };
    let sent = messages::send(tx, of(number), &draft)?;
    if number.is_multiple_of(LIKED_ONE_IN) {
        for fan in [number + 1, number + 2] {
            messages::like(tx, of(fan), group, sent.view.message.id)?;
        }
    }
    reply(tx, authors, (group, sent.view.message.id), number)
}

/// A message's text: a sentence or two, some 100 characters.
pub(crate) fn text(number: u64) -> String {
    format!(
        "Number {number}: the build is green again, thanks to everybody who looked into it. Shall we ship it today?"
    )
}
