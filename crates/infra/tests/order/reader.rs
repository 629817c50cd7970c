//! Who follows the log: a reader that polls the port, and the sink that is told.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use groupchat_domain::events::{EventRecord, EventType, LoggedEvent};
use groupchat_domain::ids::{EventId, Position, UserId};
use groupchat_domain::storage::{EventSink, Storage};
use groupchat_testing::Dice;

use crate::support::Database;
use crate::support::log::{is_mark, page};

/// How long following the log may take: far longer than writing it does.
const DEADLINE: Duration = Duration::from_secs(30);
/// Between two looks at what has not changed.
const PAUSE: Duration = Duration::from_millis(1);
/// The longest page that the reader asks for.
const LONGEST_PAGE: usize = 40;

/// Reads the log from its start, in pages of any length, up to the mark, which is named once it is on its way. Fails if
/// a position is missing, repeated or out of order.
pub(crate) fn follow(
    database: &Database,
    storage: &dyn Storage,
    mark: &OnceLock<UserId>,
) -> Vec<EventRecord> {
    let (mut events, mut last, mut dice) = (Vec::new(), Position::ZERO, Dice::seeded());
    let deadline = Instant::now() + DEADLINE;
    loop {
        assert!(Instant::now() < deadline, "the log goes no further than {last}");
        let limit = i64::try_from(1 + dice.below(LONGEST_PAGE)).unwrap();
        let news = page(database, storage, last, limit);
        for event in &news {
            assert_eq!(event.position, last.next(), "a position is missing, repeated or out of order");
            last = event.position;
        }
        if news.is_empty() {
            thread::sleep(PAUSE);
        }
        events.extend(news);
        // It may have been read before it was named; nothing comes after it.
        let end = mark.get().zip(events.last()).is_some_and(|(mark, last)| is_mark(last, *mark));
        if end {
            return events;
        }
    }
}

/// An event as the sink was told of it.
type Told = (Position, EventId, EventType);

/// A sink that writes down what it is told.
#[derive(Default)]
pub(crate) struct Recorder {
    told: Mutex<Vec<Told>>,
}

impl EventSink for Recorder {
    fn publish(&self, events: &[LoggedEvent]) {
        let told = events.iter().map(|event| (event.position, event.id, event.event.event_type()));
        self.told.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
    }
}

impl Recorder {
    /// Fails unless the sink was told the log from start to end. What is under way is waited for.
    pub(crate) fn check_all(&self, log: &[EventRecord]) {
        let told = self.told_up_to(log);
        assert!(told == as_told(log), "the sink was told something else than the log");
    }

    /// Fails unless the sink was told the log from somewhere on to the end.
    #[cfg(feature = "postgres")]
    pub(crate) fn check_rest(&self, log: &[EventRecord]) {
        let told = self.told_up_to(log);
        assert!(!told.is_empty() && as_told(log).ends_with(&told), "the sink was told something else");
    }

    /// Fails unless the sink was told the log from its start up to somewhere.
    #[cfg(feature = "postgres")]
    pub(crate) fn check_beginning(&self, log: &[EventRecord]) {
        let told = self.told();
        assert!(!told.is_empty() && as_told(log).starts_with(&told), "the sink was told something else");
    }

    fn told_up_to(&self, log: &[EventRecord]) -> Vec<Told> {
        let (last, deadline) = (log.last().map(|event| event.position), Instant::now() + DEADLINE);
        loop {
            let told = self.told();
            if told.last().map(|(position, ..)| *position) >= last {
                return told;
            }
            assert!(Instant::now() < deadline, "the sink is not told of the end of the log");
            thread::sleep(PAUSE);
        }
    }

    fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn as_told(log: &[EventRecord]) -> Vec<Told> {
    log.iter().map(|event| (event.position, event.id, event.event_type)).collect()
}
