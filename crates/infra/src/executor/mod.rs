//! What runs commands on either database: queues that are fair and bounded, threads, and upkeep.

pub(crate) mod command;
pub(crate) mod lines;
pub(crate) mod queue;
pub(crate) mod sync;
pub(crate) mod threads;
pub(crate) mod upkeep;
