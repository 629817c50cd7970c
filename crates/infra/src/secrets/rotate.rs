//! Rotation of the server's key, while servers run: another key is added to the file, then all secrets are encrypted with it,
//! then the old keys are dropped.
//!
//! Each step leaves every secret readable with the keys that are in the file, so one that is interrupted is repeated.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::audit::{AuditAction, AuditEntry};
use groupchat_domain::factors::{keys_in_use, reseal_secrets};
use groupchat_domain::polls::reseal_poll_keys;
use groupchat_domain::secrets::SecretKeyId;
use groupchat_domain::storage::{Access, Caller, Mode, Storage, Tx};

use super::file::{KeyFileError, LockedKeyFile};
use super::key::{MAX_KEYS, SecretKey};
use super::sealer::RingSealer;

/// How long a file must have been as it is before a key is dropped from it: a server that had read it before has then
/// stored what it encrypted with an older key, or has given up.
pub const SETTLING: Duration = Duration::from_secs(60);

/// How often all secrets are gone through at most. Once is enough, unless a server stores one that it had encrypted before.
const PASSES: usize = 3;

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };
const WRITE: Access = Access { mode: Mode::Write, caller: Caller::System };

/// Why keys can't be rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The file with the keys can't be used.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// There is no file with keys.
    #[error("there is no file with keys {}: the first start of a server makes it", .0.display())]
    NoFile(PathBuf),
    /// The file has as many keys as it can.
    #[error(
        "the file has {MAX_KEYS} keys already: drop those that nothing uses by `groupchat secrets prune`"
    )]
    Full,
    /// The database can't be used.
    #[error(transparent)]
    Database(#[from] groupchat_domain::Error),
}

/// What came of adding a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotated {
    /// This key was added, and encrypts from now on.
    Added(SecretKeyId),
    /// None was added, because an earlier rotation to this key was not finished.
    Unfinished(SecretKeyId),
}

/// What came of dropping keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pruned {
    /// Everything uses these, or they were dropped; none for none.
    Dropped(Vec<SecretKeyId>),
    /// The file has changed lately: keys can be dropped this much later.
    Wait(Duration),
}

/// Adds a key to the file, unless some secrets are still encrypted with an older one that is there.
///
/// # Errors
/// [`RotateError`].
pub async fn add_key(storage: &dyn Storage, path: &Path) -> Result<Rotated, RotateError> {
    let file = locked(path)?;
    let (ring, used) = (file.ring(), storage.run(READ, |tx| keys_in_use(tx)).await?);
    let newest = ring.newest().id();
    if used.iter().any(|id| *id != newest && ring.find(*id).is_some()) {
        return Ok(Rotated::Unfinished(newest));
    }
    let key = SecretKey::generate();
    let added = key.id();
    let more = ring.with_newest(key).ok_or(RotateError::Full)?;
    file.replace(&more)?;
    Ok(Rotated::Added(added))
}

/// Encrypts all secrets with the newest key that can be read and are encrypted with another one, and records it.
///
/// # Errors
/// [`RotateError::Database`].
pub async fn reseal_all(storage: &dyn Storage, sealer: &Arc<RingSealer>) -> Result<(), RotateError> {
    let Some(ring) = sealer.ring() else { return Ok(()) };
    let newest = ring.newest().id();
    for _ in 0..PASSES {
        in_steps(storage, sealer, move |tx, sealer, after| reseal_secrets(tx, sealer, newest, after)).await?;
        in_steps(storage, sealer, move |tx, sealer, after| reseal_poll_keys(tx, sealer, newest, after))
            .await?;
        let used = storage.run(READ, |tx| keys_in_use(tx)).await?;
        if used.iter().all(|id| *id == newest || ring.find(*id).is_none()) {
            break;
        }
    }
    record(storage, AuditEntry::by_operator(AuditAction::SecretsKeyRotated).about(newest.get().into())).await
}

/// Runs a command for one batch after the other.
async fn in_steps<P: Copy + Send + Sync + 'static>(
    storage: &dyn Storage,
    sealer: &Arc<RingSealer>,
    step: impl Fn(&mut dyn Tx, &RingSealer, Option<P>) -> Result<Option<P>, groupchat_domain::Error>
    + Copy
    + Send
    + 'static,
) -> Result<(), RotateError> {
    let mut after = None;
    loop {
        let sealer = sealer.clone();
        after = storage.run(WRITE, move |tx| step(tx, &sealer, after)).await?;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Drops the keys from the file that no secret is encrypted with, but for the newest, and records it.
///
/// # Errors
/// [`RotateError`].
pub async fn prune_keys(storage: &dyn Storage, path: &Path) -> Result<Pruned, RotateError> {
    let file = locked(path)?;
    let ring = file.ring();
    let kept = ring.retaining(&storage.run(READ, |tx| keys_in_use(tx)).await?);
    let gone = ring.keys().iter().map(SecretKey::id).filter(|id| kept.find(*id).is_none());
    let gone: Vec<_> = gone.collect();
    if gone.is_empty() {
        return Ok(Pruned::Dropped(gone));
    }
    let wait = file.unchanged_in(SETTLING);
    if !wait.is_zero() {
        return Ok(Pruned::Wait(wait));
    }
    file.replace(&kept)?;
    record(storage, AuditEntry::by_operator(AuditAction::SecretsKeysPruned)).await?;
    Ok(Pruned::Dropped(gone))
}

fn locked(path: &Path) -> Result<LockedKeyFile, RotateError> {
    LockedKeyFile::wait(path)?.ok_or_else(|| RotateError::NoFile(path.to_owned()))
}

async fn record(storage: &dyn Storage, entry: AuditEntry) -> Result<(), RotateError> {
    let recording = move |tx: &mut dyn Tx| {
        tx.record(entry.clone());
        Ok(())
    };
    Ok(storage.run(WRITE, recording).await?)
}
