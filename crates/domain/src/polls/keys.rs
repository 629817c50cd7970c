//! The server's keys, as far as anonymous polls depend on them: each has a key of its own, which is stored encrypted.

use crate::error::Error;
use crate::factors::SecretsCondition;
use crate::ids::MessageId;
use crate::polls::model::Poll;
use crate::secrets::{SECRETS_AT_ONCE, Sealer, SecretKeyId, after_batch, resealed};
use crate::storage::Tx;

/// Encrypts a batch of keys with the newest key of the server that are encrypted with another one. Returns where to go on;
/// `None` at the end. A key that can't be read stays as it is.
///
/// # Errors
/// A fault.
pub fn reseal_poll_keys(
    tx: &mut dyn Tx,
    sealer: &dyn Sealer,
    newest: SecretKeyId,
    after: Option<MessageId>,
) -> Result<Option<MessageId>, Error> {
    let secrets = tx.polls().secrets(after, SECRETS_AT_ONCE)?;
    for (message, old) in &secrets {
        if let Some(new) = resealed(sealer, newest, &Poll::context(*message), old) {
            tx.polls().reseal(*message, old, &new)?;
        }
    }
    Ok(after_batch(&secrets))
}

/// Reads a batch of keys, and adds to what was found before. Returns where to go on; `None` at the end.
///
/// # Errors
/// A fault.
pub fn check_poll_keys(
    tx: &mut dyn Tx,
    sealer: &dyn Sealer,
    after: Option<MessageId>,
    mut found: SecretsCondition,
) -> Result<(SecretsCondition, Option<MessageId>), Error> {
    let secrets = tx.polls().secrets(after, SECRETS_AT_ONCE)?;
    for (message, sealed) in &secrets {
        found.note(&sealer.open(&Poll::context(*message), sealed));
    }
    Ok((found, after_batch(&secrets)))
}

#[cfg(test)]
mod tests;
