//! The audit log: appending, reading and verifying it.

mod append;
mod chain;
mod repository;
mod verify;

pub(crate) use append::{Recorded, append};
pub(crate) use chain::{Chain, follows};
pub use verify::{AuditDamage, VerifiedAudit, verify};
