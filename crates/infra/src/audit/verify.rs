//! Verifying the chain.

use std::fmt;

use groupchat_domain::Error;
use groupchat_domain::audit::{AuditHash, AuditHead, AuditRecord};
use groupchat_domain::storage::{Access, Caller, Mode, Storage};

use super::chain::{Chain, follows};
use crate::rows::audit_log::Row;

/// Entries that are read at a time.
const PAGE: i64 = 500;

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };

/// A log whose chain holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedAudit {
    /// The number of the first entry that is stored, if older ones were removed the next one.
    pub first: i64,
    /// What is stored a second time, which the entries agree with.
    pub head: AuditHead,
}

/// What is wrong with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditDamage {
    /// This entry was changed or is missing, or one before it was inserted.
    Broken(i64),
    /// The entries end before the one that is noted as the newest, or go on after it, or their hashes differ.
    Ends {
        /// The last entry.
        last: i64,
        /// The one that is noted.
        noted: i64,
    },
    /// No entry has the expected hash.
    Unexpected(AuditHash),
}

impl fmt::Display for AuditDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(seq) => {
                write!(f, "entry {seq} was changed or removed, or another inserted before it")
            }
            Self::Ends { last, noted } => {
                write!(f, "the entries end with {last}, but {noted} is noted as the newest")
            }
            Self::Unexpected(hash) => write!(f, "no entry has the hash {hash}"),
        }
    }
}

/// Walks through the log as it is now. If `expected` is given, an entry must have this hash: one that was noted elsewhere
/// shows that everything up to it is as it was then.
///
/// # Errors
/// A fault; the inner error says what is wrong with the log.
pub async fn verify(
    storage: &dyn Storage,
    expected: Option<AuditHash>,
) -> Result<Result<VerifiedAudit, AuditDamage>, Error> {
    let mut head = head_of(storage).await?;
    loop {
        let found = walk(storage, head, expected).await?;
        let later = head_of(storage).await?;
        if found.is_ok() || later.pruned == head.pruned {
            return Ok(found);
        }
        // Old entries were removed meanwhile, perhaps some that were to be read.
        head = later;
    }
}

async fn head_of(storage: &dyn Storage) -> Result<AuditHead, Error> {
    storage.run(READ, |tx| Ok(tx.audit().head()?)).await
}

/// Walks from the start of the log to what was its end.
async fn walk(
    storage: &dyn Storage,
    head: AuditHead,
    expected: Option<AuditHash>,
) -> Result<Result<VerifiedAudit, AuditDamage>, Error> {
    let mut chain = Chain { seq: head.pruned, hash: head.pruned_hash };
    let mut is_met = expected.is_none_or(|hash| hash == chain.hash);
    while chain.seq < head.count {
        let after = chain.seq;
        let page = storage.run(READ, move |tx| Ok(tx.audit().walk(after, PAGE)?)).await?;
        for record in page.iter().map(Row::from) {
            if record.seq > head.count {
                break;
            }
            if !follows(&chain, &record) {
                return Ok(Err(AuditDamage::Broken(chain.seq + 1)));
            }
            chain = Chain::stored(record.seq, &record.hash);
            is_met |= expected == Some(chain.hash);
        }
        if chain.seq == after {
            break;
        }
    }
    if chain != (Chain { seq: head.count, hash: head.hash }) {
        return Ok(Err(AuditDamage::Ends { last: chain.seq, noted: head.count }));
    }
    match expected {
        Some(hash) if !is_met => Ok(Err(AuditDamage::Unexpected(hash))),
        _ => Ok(Ok(VerifiedAudit { first: head.pruned + 1, head })),
    }
}

impl From<&AuditRecord> for Row {
    fn from(record: &AuditRecord) -> Self {
        Self {
            seq: record.seq,
            at: record.at.as_micros(),
            action: record.action.clone(),
            outcome: record.outcome.clone(),
            party: record.party.clone(),
            actor_id: record.actor.map(|id| id.get()),
            session_id: record.session.map(|id| id.get()),
            target_id: record.target.map(|id| id.get()),
            group_id: record.group.map(|id| id.get()),
            object_id: record.object,
            detail: record.detail.clone(),
            address: record.address.clone(),
            user_agent: record.user_agent.clone(),
            hash: record.hash.0.to_vec(),
        }
    }
}
