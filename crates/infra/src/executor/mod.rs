//! Runs commands on either database: fair, bounded queues, threads and maintenance.

pub(crate) mod command;
pub(crate) mod maintenance;
pub(crate) mod queue;
pub(crate) mod round_robin;
#[cfg(all(test, feature = "shuttle"))]
pub(crate) mod schedules;
pub(crate) mod sync;
pub(crate) mod threads;
