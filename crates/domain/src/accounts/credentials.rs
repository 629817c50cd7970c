//! Who may change credentials and rights on the server: one rule that every use case that changes any of them applies.
//!
//! The operator needs no key and is not subject to this rule (see [`operator`](super::operator)). Ending sessions and
//! issuing tickets are not listed: the former only takes access away, and the latter lends the access of the current
//! session for a moment.

use crate::accounts::error::AccountRefusal;
use crate::accounts::rights::is_server_admin;
use crate::accounts::session::{Actor, SessionKind};
use crate::error::Error;
use crate::ids::UserId;
use crate::storage::Tx;

/// A change of credentials or of rights on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CredentialChange {
    /// Of the actor's own password, with the current one as proof.
    OwnPassword,
    /// Of this user's password, without the current one.
    PasswordOf(UserId),
    /// Of the name that a user signs in with.
    Username,
    /// Of whether a user is a server admin.
    ServerAdmin,
    /// A new account with a password that the actor chooses.
    NewAccount,
    /// The deletion of an account.
    Deletion,
}

/// Rejects a change that the actor may not make. `is_admin` is whether the actor is a server admin.
///
/// - Users may change their own password, and nothing else here. All else is for server admins.
/// - A provisioned key may change nothing, whatever its user has become since: it exists for a setup script and is
///   stored where that script is.
/// - Nobody's own password can be changed without the current one. Otherwise a stolen key would be enough to lock out
///   its owner.
pub(super) fn authorize(
    actor: &Actor,
    is_admin: bool,
    change: CredentialChange,
) -> Result<(), AccountRefusal> {
    if change != CredentialChange::OwnPassword && !is_admin {
        return Err(AccountRefusal::AdminOnly);
    }
    match (actor.session_kind, change) {
        (SessionKind::Provisioned, _) => Err(AccountRefusal::ProvisionedKey),
        (SessionKind::Login, CredentialChange::PasswordOf(user)) if user == actor.id() => {
            Err(AccountRefusal::CurrentPasswordRequired)
        }
        (SessionKind::Login, _) => Ok(()),
    }
}

/// The same with the actor's current rights.
pub(super) fn require(tx: &mut dyn Tx, actor: &Actor, change: CredentialChange) -> Result<(), Error> {
    let is_admin = is_server_admin(tx, actor)?;
    Ok(authorize(actor, is_admin, change)?)
}

#[cfg(test)]
mod tests;
