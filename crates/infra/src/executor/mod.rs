//! Runs commands on either database: fair and bounded queues, threads, and maintenance.

pub(crate) mod command;
pub(crate) mod lines;
pub(crate) mod queue;
pub(crate) mod sync;
pub(crate) mod threads;
pub(crate) mod upkeep;
