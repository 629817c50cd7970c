//! Events: how they come into the log (`log`), how the log is read (`repository`), and how they reach the listeners
//! of this process (`hub`).

pub(crate) mod hub;
pub(crate) mod log;
pub(crate) mod log_state;
mod repository;
