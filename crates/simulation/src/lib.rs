//! What proves the rules of groupchat on histories that nobody has thought of.
//!
//! - [`model`]: a database in memory, the executable specification of the ports.
//! - [`commands`]: all use cases of the domain, drawn at random and run on any backend.
//! - [`cluster`]: simulated servers over one log, and their clients.
//! - [`history`]: histories of commands, and what a backend holds after one.

pub mod cluster;
pub mod commands;
pub mod history;
pub mod model;
