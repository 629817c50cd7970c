//! The devices on which users signed in recently. Each keeps a token, and whoever shows one with the right account is not
//! kept out by others who guess passwords, not even behind the same address.

use std::time::Duration;

use crate::accounts::session::KeyHash;
use crate::error::Error;
use crate::ids::UserId;
use crate::storage::Tx;

/// How long a device stays known after the last login on it, by default.
pub const KNOWN_DEVICE_RETENTION: Duration = Duration::from_secs(90 * 24 * 3600);

/// How many devices are kept per user: the latest.
pub const MAX_KNOWN_DEVICES: u32 = 16;

/// Old devices that one command removes.
const REMOVE_BATCH: i64 = 500;

/// Whose device this is, if it is known. The answer takes equally long for every account.
pub(super) fn owner(
    tx: &mut dyn Tx,
    shown: Option<KeyHash>,
    known_for: Duration,
) -> Result<Option<UserId>, Error> {
    let since = tx.now().minus(known_for);
    Ok(match shown {
        Some(device) => tx.known_devices().owner(&device, since)?,
        None => None,
    })
}

/// Records the device that a user signed in on: the one that was shown if it is the user's, else `new`. Returns which. A
/// device of another user stays theirs, or whoever shared a device once could use up the attempts of both.
pub(super) fn remember(
    tx: &mut dyn Tx,
    user: UserId,
    shown: Option<KeyHash>,
    new: KeyHash,
    known_for: Duration,
) -> Result<KeyHash, Error> {
    let is_own = owner(tx, shown, known_for)? == Some(user);
    let device = shown.filter(|_| is_own).unwrap_or(new);
    let now = tx.now();
    tx.known_devices().remember(user, &device, now, MAX_KNOWN_DEVICES)?;
    Ok(device)
}

/// Removes a batch of devices on which nobody has signed in for long. Returns whether there may be more.
///
/// # Errors
/// A fault.
pub fn remove_old_known_devices(tx: &mut dyn Tx, known_for: Duration) -> Result<bool, Error> {
    let before = tx.now().minus(known_for);
    let removed = tx.known_devices().remove_old(before, REMOVE_BATCH)?;
    Ok(i64::try_from(removed).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests;
