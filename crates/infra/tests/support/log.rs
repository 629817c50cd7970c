//! The event log, read whole.

use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use groupchat_domain::events::{Event, EventRecord, EventType};
use groupchat_domain::ids::{GroupId, Position, UserId};
use groupchat_domain::storage::{Access, Caller, Mode, Storage};

use super::Database;

/// How long an event may take from its acknowledgement into the log.
const DEADLINE: Duration = Duration::from_secs(20);

/// Everything in the log after this position that is acknowledged by now, and an event that marks the end. A server
/// may number events a little after it has acknowledged them; what was acknowledged before another command began
/// comes first.
pub(crate) fn read(database: &Database, after: Position) -> Vec<EventRecord> {
    let storage = database.storage();
    let mark = emit_mark(database, storage.as_ref());
    let deadline = Instant::now() + DEADLINE;
    let mut events = Vec::new();
    while !events.iter().any(|event| is_mark(event, mark)) {
        assert!(Instant::now() < deadline, "an acknowledged event is still not in the log");
        let last = events.last().map_or(after, |event: &EventRecord| event.position);
        let more = page(database, storage.as_ref(), last, 500);
        if more.is_empty() {
            thread::sleep(Duration::from_millis(2));
        }
        events.extend(more);
    }
    events
}

/// A page of the log, as a reader would poll for it.
pub(crate) fn page(
    database: &Database,
    storage: &dyn Storage,
    after: Position,
    limit: i64,
) -> Vec<EventRecord> {
    let access = Access { mode: Mode::Read, caller: Caller::System };
    let page = storage.run(access, move |tx| Ok(tx.events().after(after, limit)?));
    database.wait_for(page).expect("the log can be read")
}

/// Emits an event about a user whom nobody else names.
pub(crate) fn emit_mark(database: &Database, storage: &dyn Storage) -> UserId {
    static NEXT: AtomicI64 = AtomicI64::new(1 << 40);
    let mark = UserId::new(NEXT.fetch_add(1, Ordering::Relaxed));
    let access = Access { mode: Mode::Write, caller: Caller::System };
    let emitted = storage.run(access, move |tx| {
        tx.emit(None, Event::SessionsEnded(mark));
        Ok(())
    });
    database.wait_for(emitted).expect("an event can be emitted");
    mark
}

/// Whether the event is that mark.
pub(crate) fn is_mark(event: &EventRecord, mark: UserId) -> bool {
    event.event_type == EventType::SessionsEnded && event.subject.user == Some(mark)
}

/// The events about a group and what is in it.
pub(crate) fn about(events: &[EventRecord], group: GroupId) -> Vec<EventRecord> {
    events.iter().filter(|event| event.subject.group == Some(group)).copied().collect()
}

/// Whether the user came and left in turns, and has left in the end. Where the membership was there before the log,
/// only the one departure is told.
pub(crate) fn is_balanced(log: &[EventRecord], user: UserId) -> bool {
    let moves = log.iter().filter(|event| event.subject.user == Some(user)).map(|event| event.event_type);
    let moves: Vec<_> = moves
        .filter(|event_type| matches!(event_type, EventType::MemberAdded | EventType::MemberRemoved))
        .collect();
    let alternate = moves.windows(2).all(|pair| pair[0] != pair[1]);
    alternate && moves.last().is_none_or(|last| *last == EventType::MemberRemoved)
}
