//! Logins of which the password was right and the second factor is still to come. A ticket stands for one: it is good once,
//! for a few minutes and a few wrong codes, and for nothing but to finish this login.

use std::time::Duration;

use crate::accounts::{DeviceName, KeyHash, PasswordHash};
use crate::error::Error;
use crate::factors::held::{has_passkey, has_totp};
use crate::factors::model::FactorMethod;
use crate::ids::UserId;
use crate::storage::Tx;
use crate::time::{Span, Timestamp};

/// How long a ticket is valid.
pub const HALF_LOGIN_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// How many wrong codes end it.
pub const MAX_WRONG_CODES: u32 = 5;

/// How many of these a user may have at a time. Another one ends the oldest.
pub const MAX_HALF_LOGINS: u32 = 16;

/// How far the clock of the server that issued a ticket may be ahead of the one that sees it.
const SKEW: Duration = Duration::from_secs(60);

/// How far in the future one must expire to be removed as impossible. Large enough that a server whose clock is merely
/// behind doesn't remove what others have just stored.
const IMPOSSIBLE: Duration = Duration::from_secs(3600);

/// How many expired ones one command removes.
const REMOVE_BATCH: i64 = 500;

/// One that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHalfLogin {
    /// SHA-256 of the ticket.
    pub ticket: KeyHash,
    /// Who signs in.
    pub user: UserId,
    /// The hash of the password that was right. Another password ends it.
    pub proven: PasswordHash,
    /// Whether the session gets a refresh token.
    pub refresh: bool,
    /// The name of the device.
    pub device_name: Option<DeviceName>,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// One that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfLogin {
    /// Who signs in.
    pub user: UserId,
    /// The hash of the password that was right.
    pub proven: PasswordHash,
    /// Whether the session gets a refresh token.
    pub refresh: bool,
    /// The name of the device.
    pub device_name: Option<DeviceName>,
    /// How many wrong codes came.
    pub failures: u32,
}

/// What a user whose password was right is asked for in addition; empty if nothing is.
pub(crate) fn asked_of(tx: &mut dyn Tx, user: UserId) -> Result<Vec<FactorMethod>, Error> {
    let mut methods = Vec::new();
    if has_totp(tx, user)? {
        methods.push(FactorMethod::Totp);
    }
    if has_passkey(tx, user)? {
        methods.push(FactorMethod::Passkey);
    }
    if !methods.is_empty() && tx.factors().recovery_codes_left(user)? > 0 {
        methods.push(FactorMethod::RecoveryCode);
    }
    Ok(methods)
}

/// Stores half a login of a user, who must be locked exclusively.
pub(crate) fn begin_half_login(tx: &mut dyn Tx, half: &NewHalfLogin) -> Result<(), Error> {
    tx.half_logins().remove_oldest(half.user, MAX_HALF_LOGINS - 1)?;
    Ok(tx.half_logins().insert(half)?)
}

/// When a valid ticket can expire. One that expires later was issued by a clock that was ahead, and nobody knows how long
/// ago.
pub(crate) fn valid_span(now: Timestamp) -> Span {
    Span { after: now, until: now.plus(HALF_LOGIN_LIFETIME + SKEW) }
}

/// Counts a wrong code; the last one that is allowed ends it.
pub(crate) fn count_wrong_code(tx: &mut dyn Tx, ticket: &KeyHash, half: &HalfLogin) -> Result<(), Error> {
    if half.failures + 1 >= MAX_WRONG_CODES {
        tx.half_logins().remove(ticket)?;
    } else {
        tx.half_logins().count_failure(ticket)?;
    }
    Ok(())
}

/// Removes a batch of expired ones. Returns whether there may be more.
///
/// # Errors
/// A fault.
pub fn remove_expired_half_logins(tx: &mut dyn Tx) -> Result<bool, Error> {
    let now = tx.now();
    // Keeps those that a server whose clock is slightly behind still accepts.
    let keep = Span { after: now.minus(SKEW), until: now.plus(IMPOSSIBLE) };
    let removed = tx.half_logins().remove_others(keep, REMOVE_BATCH)?;
    Ok(i64::try_from(removed).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests;
