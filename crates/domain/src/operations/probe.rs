//! Is the server well?

use crate::error::Error;
use crate::storage::{Access, Caller, Mode, Storage};

/// Proves that the storage can be read and takes writes, by a read and a write. The write is in line with all
/// others, so an answer also proves that the line moves; a caller waits for as long as it sees fit.
///
/// # Errors
/// A fault.
pub async fn probe(storage: &dyn Storage) -> Result<(), Error> {
    let access = |mode| Access { mode, caller: Caller::System };
    storage.run(access(Mode::Read), |tx| Ok(tx.accounts().any_ever()?)).await?;
    storage.run(access(Mode::Write), |tx| Ok(tx.touch()?)).await
}

#[cfg(test)]
mod tests;
