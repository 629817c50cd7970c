//! The audit log: appending, reading and verifying it.

mod append;
mod chain;
mod digest;
mod repository;
mod settings;
mod verify;

pub(crate) use append::{Recorded, append};
pub(crate) use chain::{Chain, follows};
pub use digest::{digest, is_digest_of};
pub use verify::{AuditDamage, VerifiedAudit, verify};
