//! Durable jobs.

mod model;
mod repository;

pub use model::{Job, Task};
pub use repository::JobRepository;
#[cfg(test)]
pub(crate) use repository::MockJobRepository;
