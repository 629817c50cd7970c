//! The audit log: who signed in, changed an account or managed the server, when, from where, and whether it worked.
//!
//! An entry is recorded by [`Tx::record`](crate::storage::Tx::record) and stored in the transaction of what it tells. It
//! has ids and never a name, a text or a secret.

mod entry;
mod list;
mod prune;
mod repository;
mod settings;

pub use entry::{AuditAction, AuditEntry, AuditOutcome, AuditParty};
pub use list::{list_audit, list_group_audit};
pub use prune::prune_audit;
pub use repository::{
    AuditHash, AuditHead, AuditQuery, AuditRecord, AuditRepository, DifferentSetting, KnownSetting,
    SettingRepository,
};
#[cfg(test)]
pub(crate) use repository::{MockAuditRepository, MockSettingRepository};
pub use settings::{known_settings, note_settings};
