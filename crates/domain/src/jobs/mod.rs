//! Durable jobs.

mod model;
mod repository;
mod run;

pub use model::{Job, JobId, Task};
pub use repository::JobRepository;
#[cfg(test)]
pub(crate) use repository::MockJobRepository;
pub use run::run_due_jobs;
