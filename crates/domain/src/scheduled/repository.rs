//! The port for scheduled messages.

use crate::ids::{GroupId, UserId};
use crate::messages::ClientId;
use crate::paging::Limit;
use crate::scheduled::model::{Failure, NewScheduled, Scheduled, ScheduledId};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::Timestamp;

/// Which scheduled messages to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduledQuery {
    /// Whose.
    pub user: UserId,
    /// To which group.
    pub group: GroupId,
    /// Only those that were scheduled before this one.
    pub before: Option<ScheduledId>,
    /// How many at most.
    pub limit: Limit,
}

repository! {
    /// Scheduled messages. One is *due* if its time has come and it was not refused. The time at which it is tried, which is
    /// that at which it is to be sent, is put off where the storage fails.
    #[cfg_attr(test, mockall::automock)]
    pub trait ScheduledRepository {
        /// A scheduled message of a user.
        fn find(&mut self, user: UserId, id: ScheduledId) -> Result<Option<Scheduled>, StorageFault>;

        /// The scheduled message to a group that its user gave this name.
        fn find_by_client_id(
            &mut self,
            user: UserId,
            group: GroupId,
            client_id: &ClientId,
        ) -> Result<Option<Scheduled>, StorageFault>;

        /// How many scheduled messages a user has, those that were refused among them.
        fn count(&mut self, user: UserId) -> Result<i64, StorageFault>;

        /// Stores a scheduled message.
        fn insert(&mut self, new: &NewScheduled) -> Result<ScheduledId, StorageFault>;

        /// Stores the text, the time, the token and the failure of a scheduled message, which is tried at its time. Returns
        /// `false` if it isn't there any more.
        fn update(&mut self, scheduled: &Scheduled) -> Result<bool, StorageFault>;

        /// Removes a scheduled message. Returns whether there was one.
        fn remove(&mut self, id: ScheduledId) -> Result<bool, StorageFault>;

        /// The scheduled messages of a user to a group, the latest scheduled first.
        fn list(&mut self, query: &ScheduledQuery) -> Result<Vec<Scheduled>, StorageFault>;

        /// The first messages that are due, in the order of their times.
        fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<Scheduled>, StorageFault>;

        /// When a message is due next; `None` if none waits.
        fn next_due(&mut self) -> Result<Option<Timestamp>, StorageFault>;

        /// Removes a message that is due, so that nobody else sends it. `None` if it is not, or not any more.
        fn take(&mut self, id: ScheduledId, now: Timestamp) -> Result<Option<Scheduled>, StorageFault>;

        /// Stores that a message which is due was refused. Returns whose it is and where it was to be sent; `None` if it is not
        /// due, or not any more.
        fn fail(
            &mut self,
            id: ScheduledId,
            failure: &Failure,
        ) -> Result<Option<(UserId, GroupId)>, StorageFault>;

        /// Puts off when a message is tried, so that others get their turn.
        fn postpone(&mut self, id: ScheduledId, until: Timestamp) -> Result<(), StorageFault>;

        /// Removes up to `limit` scheduled messages of a user. Returns `true` once none is left.
        fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault>;
    }
}
