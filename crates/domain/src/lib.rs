//! The rules of groupchat: entities, use cases and the ports they need.
//!
//! Synchronous and pure: this crate knows no database, web framework, async runtime or crypto crate, and time and
//! randomness are passed in. A module is a feature (`accounts`, `groups`, `messages`, …). In it, `model.rs` has
//! entities and validated values, `repository.rs` the ports to the database, and `error.rs` the reasons for rejections.
//! Every other file is a use case, named after its verb. See `docs/ARCHITECTURE.md` for the whole picture.
//!
//! To add a port: write a narrow trait in the feature that needs it, and document its errors and guarantees; add an
//! accessor to [`storage::Tx`] if it is a repository; implement it in `groupchat-infra`, and add its cases to the
//! conformance suite there.

pub mod accounts;
pub mod admissions;
pub mod audit;
pub mod bots;
pub mod codes;
pub mod error;
pub mod events;
pub mod factors;
pub mod groups;
pub mod ids;
pub mod jobs;
pub mod mail;
pub mod messages;
pub mod network;
pub mod operations;
pub mod paging;
pub mod permissions;
pub mod polls;
pub mod presence;
pub mod rates;
pub mod retention;
pub mod saved;
pub mod scheduled;
pub mod search;
pub mod secrets;
pub mod storage;
pub mod sync;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod time;
pub mod tokens;
pub mod validation;

pub use error::{Error, Refusal};
