//! Messages as people write them who use everything: every second one has three reactions, a thread and a mention.

use std::ops::Range;

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{self, Emoji, MessageDraft, MessageQuery, MessageRange, MessageText};
use groupchat_domain::paging::Limit;
use groupchat_domain::storage::Tx;

use super::text::text;

/// How many messages a command writes: with their replies, reactions, mentions and events some 500 rows.
pub(super) const PER_COMMAND: u64 = 50;

/// The reactions to every second message. Others than likes, so that a page looks for the reader's own.
const REACTIONS: [&str; 3] = ["🎉", "❤️", "😀"];

/// For one message in this many, there is a reply to the first message of the group, which has a long thread.
const IN_LONG_THREAD_ONE_IN: u64 = 5;

/// In how many pairs of a plain and a rich message the regulars take part: each of 64 has 50 mentions and 150 threads, as
/// long as there are so many pairs. Further ones are written by others, so that lists of a regular's own are as long in a
/// large database as in a small one.
const PAIRS_OF_REGULARS: u64 = 3_200;

/// Who write.
pub(super) struct People {
    regulars: Vec<Actor>,
    others: Vec<Actor>,
    /// The regulars write one in so many pairs of messages.
    regulars_one_in: u64,
}

impl People {
    /// Those who write so many messages.
    pub(super) fn new(regulars: Vec<Actor>, others: Vec<Actor>, count: u64) -> Self {
        let regulars_one_in = if others.is_empty() { 1 } else { (count / 2 / PAIRS_OF_REGULARS).max(1) };
        Self { regulars, others, regulars_one_in }
    }

    /// The person with this number among those who write a pair of messages.
    fn of(&self, pair: u64, number: u64) -> &Actor {
        let (people, round) = if pair.is_multiple_of(self.regulars_one_in) {
            (&self.regulars, pair / self.regulars_one_in)
        } else {
            (&self.others, pair)
        };
        nth(people, round + number)
    }

    /// One of those who react to a pair of messages: always the regulars, as those who read.
    fn fan(&self, pair: u64, number: u64) -> &Actor {
        nth(&self.regulars, pair + number)
    }
}

fn nth(people: &[Actor], number: u64) -> &Actor {
    &people[number as usize % people.len()]
}

/// Writes the messages with these numbers to a group.
///
/// # Errors
/// The storage failed, or rejected a step.
pub(super) fn write(
    tx: &mut dyn Tx,
    people: &People,
    group: GroupId,
    numbers: Range<u64>,
) -> Result<(), Error> {
    let mut first = find_first(tx, people, group)?;
    for number in numbers {
        let pair = number / 2;
        let id = if number.is_multiple_of(2) {
            write_rich(tx, people, group, pair, number)?
        } else {
            send(tx, people.of(pair, 3), group, text(number), None)?
        };
        let first = *first.get_or_insert(id);
        if number.is_multiple_of(IN_LONG_THREAD_ONE_IN) {
            send(tx, people.of(pair, 0), group, text(number), Some(first))?;
        }
    }
    Ok(())
}

/// The first message of a group; `None` if it has none.
fn find_first(tx: &mut dyn Tx, people: &People, group: GroupId) -> Result<Option<MessageId>, Error> {
    let query = MessageQuery {
        group,
        thread: None,
        viewer: people.of(0, 0).id(),
        run: MessageRange::Above(Seq::ZERO),
        above: Seq::ZERO,
        hidden: None,
        limit: Limit::ONE,
    };
    Ok(tx.messages().list(&query)?.first().map(|view| view.message.id))
}

/// Writes a message that mentions somebody, two replies to it, and reactions of three people.
fn write_rich(
    tx: &mut dyn Tx,
    people: &People,
    group: GroupId,
    pair: u64,
    number: u64,
) -> Result<MessageId, Error> {
    let words = format!("<@{}> {}", people.of(pair, 1).id(), text(number));
    let id = send(tx, people.of(pair, 0), group, words, None)?;
    for replier in [1, 2] {
        send(tx, people.of(pair, replier), group, text(number), Some(id))?;
    }
    for (nth, emoji) in (0..).zip(REACTIONS) {
        let emoji = Emoji::parse(emoji).map_err(|violation| violation.in_field("emoji"))?;
        messages::react(tx, people.fan(pair, nth), group, id, emoji)?;
    }
    Ok(id)
}

fn send(
    tx: &mut dyn Tx,
    author: &Actor,
    group: GroupId,
    words: String,
    thread: Option<MessageId>,
) -> Result<MessageId, Error> {
    // Parsed, because only then it mentions somebody.
    let text = MessageText::parse(&words).map_err(|violation| violation.in_field("text"))?;
    let draft = MessageDraft { group, text, client_id: None, thread, reply_to: None, poll: None };
    Ok(messages::send(tx, author, &draft)?.view.message.id)
}
