//! The port for reading the event log.

use crate::events::cursor::LogState;
use crate::events::record::EventRecord;
use crate::ids::Position;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::Timestamp;

/// Which events to keep in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retained {
    /// Events that happened at this time or later.
    pub since: Timestamp,
    /// No event can have happened later than this. Where one seems to have, the clock was ahead, and it is as old as
    /// the
    /// next event in the log that tells its age.
    pub latest: Timestamp,
    /// The maximum number of events, of which the newest are kept. At least 1.
    pub rows: i64,
}

repository! {
    /// The log as far as it is numbered: positions 1, 2, 3, … without a gap, but for the oldest, which are removed
    /// in time. An event that has a position keeps it, and an event that gets one later gets a greater one: a
    /// reader that goes on after the last position it has seen neither misses an event nor meets one twice.
    ///
    /// What the reading command itself emits is not in it yet. To write to the log is
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

        /// The log's epoch and head, and up to which position events have been removed.
        fn state(&mut self) -> Result<LogState, StorageFault>;

        /// Removes up to `limit` of the oldest events that need not be kept; says how many. MUST spare the newest
        /// event,
        /// whose position is the head.
        fn remove_old(&mut self, retained: Retained, limit: i64) -> Result<usize, StorageFault>;
    }
}
