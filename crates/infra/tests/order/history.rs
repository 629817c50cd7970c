//! What the writers know of the order of their commands, and whether the log agrees.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use groupchat_domain::events::{EventRecord, EventType};
use groupchat_domain::ids::{EventId, GroupId, MessageId, Position};
use groupchat_domain::messages::Message;
use groupchat_domain::storage::{Access, Caller, Mode, Storage};

use crate::support::Database;

/// Counts moments, so that any two of them have an order.
#[derive(Default)]
pub(crate) struct MomentCounter(AtomicU64);

impl MomentCounter {
    /// This moment.
    pub(crate) fn tick(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// A message that was acknowledged: between which moments its command ran.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub begun: u64,
    pub ended: u64,
    pub message: MessageId,
}

/// Fails unless the log, read from its start, holds every acknowledged message once, in an order that agrees with what
/// the writers saw and with the numbers of the messages.
pub(crate) fn check(database: &Database, storage: &dyn Storage, log: &[EventRecord], written: &[Written]) {
    let sent = log.iter().filter(|event| event.event_type == EventType::MessageCreated);
    let sent: Vec<_> =
        sent.map(|event| (event.subject.message.expect("a message"), event.position)).collect();
    let places: HashMap<MessageId, Position> = sent.iter().copied().collect();
    assert_eq!(places.len(), sent.len(), "a message is told of twice");
    check_commands(&places, written);
    check_ids(log);
    let ids: Vec<_> = sent.iter().map(|(id, _)| *id).collect();
    check_numbers(&ids, &find(database, storage, ids.clone()));
}

/// A command that began after another was acknowledged has the greater position.
fn check_commands(places: &HashMap<MessageId, Position>, written: &[Written]) {
    let place =
        |command: &Written| *places.get(&command.message).expect("an acknowledged message is in the log");
    let mut begun: Vec<_> = written.iter().collect();
    let mut ended = begun.clone();
    begun.sort_by_key(|command| command.begun);
    ended.sort_by_key(|command| command.ended);
    let mut ended = ended.into_iter().peekable();
    let mut greatest = Position::ZERO;
    for command in begun {
        while let Some(earlier) = ended.next_if(|earlier| earlier.ended < command.begun) {
            greatest = greatest.max(place(earlier));
        }
        let own = place(command);
        assert!(own > greatest, "{command:?} is at {own}, one that was acknowledged before it at {greatest}");
    }
}

/// In a group, ids go up with positions.
fn check_ids(log: &[EventRecord]) {
    let mut last: HashMap<GroupId, EventId> = HashMap::new();
    for event in log {
        let Some(group) = event.subject.group else { continue };
        let before = last.insert(group, event.id);
        assert!(before.is_none_or(|before| before < event.id), "{event:?} comes after {before:?}");
    }
}

/// In a group, messages are numbered 1, 2, 3, … in the order of the log, and no other is stored.
fn check_numbers(told: &[MessageId], stored: &HashMap<MessageId, Message>) {
    let mut last: HashMap<GroupId, i64> = HashMap::new();
    for id in told {
        let message = stored.get(id).expect("a message that is told of is stored");
        let number = last.entry(message.group_id).or_default();
        *number += 1;
        assert_eq!(message.seq.get(), *number, "in {:?}", message.group_id);
    }
}

/// The messages themselves.
fn find(database: &Database, storage: &dyn Storage, ids: Vec<MessageId>) -> HashMap<MessageId, Message> {
    let access = Access { mode: Mode::Read, caller: Caller::System };
    let found = storage.run(access, move |tx| {
        let mut found = Vec::new();
        for ids in ids.chunks(500) {
            found.extend(tx.messages().find_many(ids)?);
        }
        Ok(found)
    });
    let found = database.wait_for(found).expect("messages can be read");
    found.into_iter().map(|message| (message.id, message)).collect()
}
