//! Whether the storage works.

use crate::error::Error;
use crate::storage::{Access, Caller, Condition, Mode, Storage, StorageFault};

/// Proves that the storage can be read and takes writes, by a read and a write. The write is in line with all
/// others, so an answer also proves that the line moves; a caller waits for as long as it sees fit.
///
/// # Errors
/// A fault; also when what is stored is known to be damaged, or has next to no room left, however well it takes writes.
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
