//! The messages and likes of a seeded database.

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::GroupId;
use groupchat_domain::messages::{self, ClientId, MessageDraft, MessageText};
use groupchat_domain::storage::{Storage, Tx};
use indicatif::ProgressBar;

use super::commands::{STEPS_PER_COMMAND, WRITE};
use super::users::SignedIn;
use crate::error::BenchError;

/// One message in this many is liked by two users.
const LIKED_ONE_IN: u64 = 8;

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
            .run(WRITE, move |tx| numbers.clone().try_for_each(|number| write(tx, &authors, group, number)))
            .await?;
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
    let draft = MessageDraft { group, text, client_id: Some(client_id) };
    let sent = messages::send(tx, of(number), &draft)?;
    if number.is_multiple_of(LIKED_ONE_IN) {
        for fan in [number + 1, number + 2] {
            messages::like(tx, of(fan), group, sent.view.message.id)?;
        }
    }
    Ok(())
}

/// A message's text: a sentence or two, some 100 characters.
pub(crate) fn text(number: u64) -> String {
    format!(
        "Number {number}: the build is green again, thanks to everybody who looked into it. Shall we ship it today?"
    )
}
