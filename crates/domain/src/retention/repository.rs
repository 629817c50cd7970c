//! The port for removing messages for their age.

use crate::groups::{RetentionDays, SeqSpan, Trimmed};
use crate::ids::{GroupId, Seq};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::Timestamp;

/// A group, and what decides whether messages of it are to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrimState {
    /// The group.
    pub group: GroupId,
    /// How long messages stay; `None` leaves it to the server.
    pub days: Option<RetentionDays>,
    /// What was removed so far.
    pub trimmed: Trimmed,
    /// How many messages of those up to [`Trimmed::upto`] are there, because they were exempt, and are not hidden.
    pub kept: i64,
    /// When the first message after those was sent; `None` where there is none.
    pub next_at: Option<Timestamp>,
}

/// A message of a group itself, as far as its age decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgedMessage {
    /// Its number.
    pub seq: Seq,
    /// When it was sent.
    pub at: Timestamp,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// How many messages and replies were removed.
    pub messages: i64,
    /// Whether all of them are.
    pub is_done: bool,
}

repository! {
    /// Removing messages for their age.
    #[cfg_attr(test, mockall::automock)]
    pub trait RetentionRepository {
        /// The next groups after this one, in the order of their ids: at most `limit`. Deleted ones are left out.
        fn groups(&mut self, after: GroupId, limit: i64) -> Result<Vec<TrimState>, StorageFault>;

        /// One group; `None` if there is none, or it is deleted.
        fn find(&mut self, group: GroupId) -> Result<Option<TrimState>, StorageFault>;

        /// The numbers of the messages of a group that are pinned, or have a reply that is, in any order.
        fn pinned(&mut self, group: GroupId) -> Result<Vec<Seq>, StorageFault>;

        /// The first messages of a group itself with these numbers, in their order: at most `limit`.
        fn aged(
            &mut self,
            group: GroupId,
            span: SeqSpan,
            limit: i64,
        ) -> Result<Vec<AgedMessage>, StorageFault>;

        /// How many messages with these numbers and replies to them there are.
        fn count(&mut self, group: GroupId, span: SeqSpan) -> Result<i64, StorageFault>;

        /// Stores what was removed of a group, and how many messages are kept. The group MUST be locked.
        fn put(&mut self, group: GroupId, trimmed: &Trimmed, kept: i64) -> Result<(), StorageFault>;

        /// Removes messages with these numbers and the replies to them, with all that belongs to them: about `limit` rows at
        /// most. The group MUST be locked, and nobody may read these messages any more.
        fn purge(&mut self, group: GroupId, span: SeqSpan, limit: i64) -> Result<Purged, StorageFault>;
    }
}
