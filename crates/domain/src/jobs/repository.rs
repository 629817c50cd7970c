//! The port for durable jobs.

use crate::jobs::model::{Job, JobId, Task};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::Timestamp;

repository! {
    /// Durable jobs.
    #[cfg_attr(test, mockall::automock)]
    pub trait JobRepository {
        /// Stores a job that can run at `at` or later. After the commit, the job runner of this server is woken
        /// ([`EventSink::jobs_enqueued`](crate::storage::EventSink::jobs_enqueued)).
        fn enqueue(&mut self, task: Task, at: Timestamp) -> Result<(), StorageFault>;

        /// The job that may run by `now` and has waited longest. If there is none, one that is postponed beyond
        /// `furthest`.
        fn next(&mut self, now: Timestamp, furthest: Timestamp) -> Result<Option<Job>, StorageFault>;

        /// Locks a job until the transaction ends, so that only one server works on it. Returns `false` if it is done
        /// already.
        fn lock(&mut self, job: JobId) -> Result<bool, StorageFault>;

        /// Postpones a job until `until`, so that others get their turn.
        fn postpone(&mut self, job: JobId, until: Timestamp) -> Result<(), StorageFault>;

        /// Removes a finished job.
        fn finish(&mut self, job: JobId) -> Result<(), StorageFault>;
    }
}
