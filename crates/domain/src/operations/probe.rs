//! Whether the storage works.

use crate::error::Error;
use crate::storage::{Access, Caller, Condition, Mode, Storage, StorageFault};

/// Proves by a read and a write that the storage works. The write is queued like all others, so a response also proves
/// that the queue moves. Callers set their own timeout.
///
/// # Errors
/// A fault, also if the stored data is known to be damaged or hardly any space is left, however well writes work.
pub async fn probe(storage: &dyn Storage) -> Result<Condition, Error> {
    let access = |mode| Access { mode, caller: Caller::System };
    storage.run(access(Mode::Read), |tx| Ok(tx.accounts().any_ever()?)).await?;
    storage.run(access(Mode::Write), |tx| Ok(tx.touch()?)).await?;
    let reason = match storage.condition() {
        condition @ (Condition::Sound | Condition::Checking) => return Ok(condition),
        Condition::Damaged => "what is stored is damaged",
        Condition::NoRoom => "there is next to no room left on the disk",
    };
    Err(StorageFault::Unavailable { reason: reason.to_owned() }.into())
}

#[cfg(test)]
mod tests;
