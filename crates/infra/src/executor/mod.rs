//! What runs commands on either database: queues that are fair and bounded, threads, and what is kept in memory
//! of keys.

pub(crate) mod activity;
pub(crate) mod command;
pub(crate) mod limit;
pub(crate) mod lines;
pub(crate) mod queue;
pub(crate) mod sync;
pub(crate) mod threads;
pub(crate) mod upkeep;
