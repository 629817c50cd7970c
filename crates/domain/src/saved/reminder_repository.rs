//! The port for reminders.

use crate::ids::{MessageId, UserId};
use crate::saved::reminder::{OwnReminder, Reminder};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::Timestamp;

repository! {
    /// Reminders. One *waits* until its user was reminded. The time at which that is tried, which is the reminder's, is put off
    /// where the storage fails.
    #[cfg_attr(test, mockall::automock)]
    pub trait ReminderRepository {
        /// The reminder of a user of a message, with the group of that; also of one that the user can't read any more.
        fn find(&mut self, user: UserId, message: MessageId) -> Result<Option<OwnReminder>, StorageFault>;

        /// The reminders of these users of these messages, in no particular order. MUST be one query.
        fn find_many(&mut self, reminders: &[(UserId, MessageId)]) -> Result<Vec<Reminder>, StorageFault>;

        /// All reminders of a user, in the order of their times, then of their messages.
        fn list(&mut self, user: UserId) -> Result<Vec<OwnReminder>, StorageFault>;

        /// Stores a reminder that waits, instead of the one that its user has of the message. It is tried at its time.
        fn put(&mut self, reminder: &Reminder) -> Result<(), StorageFault>;

        /// Removes the reminder of a user of a message, if there is one.
        fn remove(&mut self, user: UserId, message: MessageId) -> Result<(), StorageFault>;

        /// The first reminders that wait and whose time has come, in the order of their times.
        fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<(UserId, MessageId)>, StorageFault>;

        /// When the next one that waits is tried; `None` if none waits.
        fn next_due(&mut self) -> Result<Option<Timestamp>, StorageFault>;

        /// Notes that a user is reminded, if the reminder waits and its time has come: so that nobody else reminds them. `None`
        /// if not.
        fn ring(
            &mut self,
            user: UserId,
            message: MessageId,
            now: Timestamp,
        ) -> Result<Option<OwnReminder>, StorageFault>;

        /// Puts off when a reminder is tried, so that others get their turn.
        fn postpone(&mut self, user: UserId, message: MessageId, until: Timestamp) -> Result<(), StorageFault>;

        /// Removes the reminders of a user, of which there are at most as many as a user may have.
        fn forget(&mut self, user: UserId) -> Result<(), StorageFault>;
    }
}
