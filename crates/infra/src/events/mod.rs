//! Events: appending them to the log (`log`), reading the log (`repository`), and delivering events to the listeners of
//! this process (`hub`).

pub(crate) mod hub;
pub(crate) mod log;
pub(crate) mod log_state;
mod repository;
