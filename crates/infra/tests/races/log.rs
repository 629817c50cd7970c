//! The event log, read whole.

use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use groupchat_domain::events::{Audience, Event, EventRecord, EventType};
use groupchat_domain::ids::{GroupId, Position, UserId};

use crate::support::Database;

/// How long an event may take from its acknowledgement into the log.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything in the log after this position that is acknowledged by now, and an event that marks the end. A server
/// may number events a little after it has acknowledged them; what was acknowledged before another command began
/// comes first.
pub fn read(database: &Database, after: Position) -> Vec<EventRecord> {
    let mark = emit_mark(database);
    let is_mark =
        |event: &EventRecord| event.event_type == EventType::UserDeleted && event.user == Some(mark);
    let deadline = Instant::now() + PATIENCE;
    let mut events = Vec::new();
    while !events.iter().any(is_mark) {
        assert!(Instant::now() < deadline, "an acknowledged event is still not in the log");
        let last = events.last().map_or(after, |event: &EventRecord| event.position);
        let more = database.read(move |tx| Ok(tx.events().after(last, 500)?)).expect("the log can be read");
        if more.is_empty() {
            thread::sleep(Duration::from_millis(2));
        }
        events.extend(more);
    }
    events
}

/// Emits an event about a user whom nobody else names.
fn emit_mark(database: &Database) -> UserId {
    static NEXT: AtomicI64 = AtomicI64::new(1 << 40);
    let mark = UserId::new(NEXT.fetch_add(1, Ordering::Relaxed));
    let emitted = database.write(move |tx| {
        tx.emit(Audience::User(mark), None, Event::UserDeleted(mark));
        Ok(())
    });
    emitted.expect("an event can be emitted");
    mark
}

/// The events about a group and what is in it.
pub fn about(events: &[EventRecord], group: GroupId) -> Vec<EventRecord> {
    events.iter().filter(|event| event.group == Some(group)).copied().collect()
}

/// Whether the user came and left in turns, and has left in the end. Where the membership was there before the log,
/// only the one departure is told.
pub fn is_balanced(log: &[EventRecord], user: UserId) -> bool {
    let moves = log.iter().filter(|event| event.user == Some(user)).map(|event| event.event_type);
    let moves: Vec<_> = moves
        .filter(|event_type| matches!(event_type, EventType::MemberAdded | EventType::MemberRemoved))
        .collect();
    let alternate = moves.windows(2).all(|pair| pair[0] != pair[1]);
    alternate && moves.last().is_none_or(|last| *last == EventType::MemberRemoved)
}
