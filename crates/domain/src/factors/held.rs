//! Which factors a user has.

use crate::ids::UserId;
use crate::storage::{StorageFault, Tx};

/// Whether a user has confirmed one-time passwords.
pub(super) fn has_totp(tx: &mut dyn Tx, user: UserId) -> Result<bool, StorageFault> {
    Ok(tx.factors().totp(user)?.is_some_and(|totp| totp.confirmed_at.is_some()))
}

/// Whether a user has a passkey.
pub(super) fn has_passkey(tx: &mut dyn Tx, user: UserId) -> Result<bool, StorageFault> {
    Ok(!tx.passkeys().credentials(user)?.is_empty())
}
