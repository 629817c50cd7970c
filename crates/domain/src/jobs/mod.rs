//! Durable jobs, and what is done at a time of its own.

mod due;
mod model;
mod repository;
mod run;

pub use due::{Due, DuePorts, DueRun, run_due};
pub use model::{Job, JobId, Task};
pub use repository::JobRepository;
#[cfg(test)]
pub(crate) use repository::MockJobRepository;
pub use run::run_due_jobs;
