//! The port for reading the event log.

use crate::events::cursor::LogState;
use crate::events::record::EventRecord;
use crate::ids::{EventId, GroupId, Position};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::Timestamp;

/// Which events to keep in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retained {
    /// Events that happened at this time or later.
    pub since: Timestamp,
    /// The latest time at which an event can have happened. If an event seems to be later, the clock was ahead, and the
    /// event counts as old as the next event with a possible time.
    pub latest: Timestamp,
    /// The maximum number of events, of which the newest are kept. At least 1.
    pub rows: i64,
}

/// What was removed from the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// How many events.
    pub count: usize,
    /// The private groups whose deletions are among them.
    pub ended: Vec<GroupId>,
}

repository! {
    /// The events that have positions: 1, 2, 3, … without a gap, except that the oldest are removed in time. An event
    /// that has a position keeps it, and an event that gets one later gets a greater one. So a reader that continues
    /// after the last position it has seen neither misses an event nor sees one twice.
    ///
    /// It doesn't contain yet what the reading command itself emits. To write to the log, use
    /// [`Tx::emit`](crate::storage::Tx::emit).
    #[cfg_attr(test, mockall::automock)]
    pub trait EventRepository {
        /// The greatest position; [`Position::ZERO`] for an empty log.
        fn head(&mut self) -> Result<Position, StorageFault>;

        /// Up to `limit` events after this position, in the order of positions.
        ///
        /// # Errors
        /// Also if a row contains a word that the program doesn't know.
        fn after(&mut self, position: Position, limit: i64) -> Result<Vec<EventRecord>, StorageFault>;

        /// The private groups whose deletions are stored but have no position yet. They are few: positions are assigned
        /// shortly after the commit.
        fn unnumbered_ends(&mut self) -> Result<Vec<GroupId>, StorageFault>;

        /// The log's epoch and head, and up to which position events have been removed.
        fn state(&mut self) -> Result<LogState, StorageFault>;

        /// Computes the checksums that are missing in up to `limit` events after this one, in the order of ids: those
        /// that were stored by a version without checksums. Returns the last event that it looked at, `None` if there
        /// was none.
        fn add_checksums(&mut self, after: EventId, limit: i64) -> Result<Option<EventId>, StorageFault>;

        /// Removes up to `limit` of the oldest events that need not be kept. MUST spare the newest
        /// event, whose position is the head.
        fn remove_old(&mut self, retained: Retained, limit: i64) -> Result<Removed, StorageFault>;
    }
}
