//! Plain messages and likes.

use std::ops::Range;

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{GroupId, Seq};
use groupchat_domain::messages::{self, Attachments, ClientId, MessageDraft, MessageText, NewMessage};
use groupchat_domain::storage::{Storage, Tx};

use super::commands::WRITE;
use super::text::text;
use super::users::SignedIn;
use crate::error::BenchError;

/// One message in this many is liked by two users.
const LIKED_ONE_IN: u64 = 8;

/// How the messages of a plan are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As people send them, with events, and some of them liked.
    Sent,
    /// Only the messages themselves.
    Bulk,
}

/// Writes the messages with these numbers to a group, each by the next of the authors.
///
/// # Errors
/// The storage failed, or rejected a step.
pub(super) fn write_all(
    tx: &mut dyn Tx,
    authors: &[Actor],
    group: GroupId,
    numbers: Range<u64>,
    manner: Manner,
) -> Result<(), Error> {
    match manner {
        Manner::Sent => numbers.into_iter().try_for_each(|number| write(tx, authors, group, number)),
        Manner::Bulk => store(tx, authors, group, numbers),
    }
}

/// Stores these messages and nothing else.
fn store(tx: &mut dyn Tx, authors: &[Actor], group: GroupId, numbers: Range<u64>) -> Result<(), Error> {
    let found = tx.groups().find_many(&[group])?;
    let mut seq = found.first().map_or(Seq::ZERO, |group| group.last_seq);
    for number in numbers {
        seq = seq.next();
        let author = authors[number as usize % authors.len()].id();
        let (text, created_at) = (MessageText::from_stored(text(number)), tx.now());
        tx.messages().insert(&NewMessage {
            group,
            thread: None,
            seq,
            author,
            text,
            client_id: None,
            created_at,
            attachments: Attachments::default(),
        })?;
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
    let of = |number: u64| &authors[number as usize % authors.len()];
    // With the time, so that filling the same database again repeats no client id.
    let client_id = ClientId::from_stored(format!("seed-{:x}-{number}", tx.now().as_micros()));
    let text = MessageText::from_stored(text(number));
    let draft =
        MessageDraft { group, text, client_id: Some(client_id), thread: None, reply_to: None, poll: None };
    let sent = messages::send(tx, of(number), &draft)?;
    if number.is_multiple_of(LIKED_ONE_IN) {
        for fan in [number + 1, number + 2] {
            messages::like(tx, of(fan), group, sent.view.message.id)?;
        }
    }
    Ok(())
}
