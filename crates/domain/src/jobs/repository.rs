//! The port for durable jobs.

use crate::ids::JobId;
use crate::jobs::model::{Job, Task};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::Timestamp;

repository! {
    /// Durable jobs.
    #[cfg_attr(test, mockall::automock)]
    pub trait JobRepository {
        /// Stores a job that may run from `at` on.
        ///
        /// # Errors
        /// A storage fault.
        fn enqueue(&mut self, task: Task, at: Timestamp) -> Result<(), StorageFault>;

        /// The job that may run by `now` and has waited longest; where there is none, one that is put off beyond
        /// `furthest`.
        ///
        /// # Errors
        /// A storage fault.
        fn next(&mut self, now: Timestamp, furthest: Timestamp) -> Result<Option<Job>, StorageFault>;

        /// Locks a job until the transaction ends, so that one server at a time works on it; `false` if it is done
        /// already.
        ///
        /// # Errors
        /// A storage fault.
        fn lock(&mut self, job: JobId) -> Result<bool, StorageFault>;

        /// Lets a job wait until `until`, so that others get their turn.
        ///
        /// # Errors
        /// A storage fault.
        fn postpone(&mut self, job: JobId, until: Timestamp) -> Result<(), StorageFault>;

        /// Removes a job that is done.
        ///
        /// # Errors
        /// A storage fault.
        fn finish(&mut self, job: JobId) -> Result<(), StorageFault>;
    }
}
