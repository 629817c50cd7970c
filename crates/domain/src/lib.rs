//! The rules of groupchat: entities, use-cases and the ports they need.
//!
//! Synchronous and pure: no database, web framework, async runtime or crypto crate is known here, and time
//! and randomness are passed in. A module is a feature (`accounts`, `groups`, `messages`, …); in it,
//! `model.rs` holds entities and checked values, `repository.rs` the ports to the database, `error.rs` the
//! refusals, and each other file a use-case named by its verb. `docs/ARCHITECTURE.md` has the whole picture.
//!
//! To add a port: a narrow trait in the feature that needs it, with the errors and what a caller may rely
//! on in its documentation; an accessor on [`storage::Tx`] if it is a repository; an implementation in
//! `groupchat-infra` and its cases in the conformance suite there.

pub mod accounts;
pub mod error;
pub mod events;
pub mod groups;
pub mod ids;
pub mod jobs;
pub mod messages;
pub mod network;
pub mod operations;
pub mod paging;
pub mod presence;
pub mod search;
pub mod storage;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod time;
pub mod validation;

pub use error::{Error, Refusal};
