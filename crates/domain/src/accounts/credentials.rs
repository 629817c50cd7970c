//! Who may change credentials and rights on the server: one rule, which every use case that changes any of them asks.
//!
//! Whoever runs the server is not asked for a key, and so not subject to it (see [`operator`](super::operator)). Ending
//! sessions and issuing tickets are not listed: the one only takes access away, the other lends that of the session at
//! hand for moments.

use crate::accounts::error::AccountRefusal;
use crate::accounts::rights::is_server_admin;
use crate::accounts::session::{Actor, SessionKind};
use crate::error::Error;
use crate::ids::UserId;
use crate::storage::Tx;

/// What somebody wants to change of how people get in, or of what they may do on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CredentialChange {
    /// The actor's own password, with the current one as proof.
    OwnPassword,
    /// The password of this user, without the current one.
    PasswordOf(UserId),
    /// The name that a user signs in with.
    Username,
    /// Whether a user administers the server.
    ServerAdmin,
    /// A new account, with a password that the actor chooses.
    NewAccount,
    /// The end of an account.
    Deletion,
}

/// Rejects a change that is not the actor's to make; `is_admin` is whether the actor administers the server.
///
/// - Users change their own password and nothing else here; all else is for server admins.
/// - A key that was handed out with an account changes nothing, whatever its user has become since: it exists for
///   a script that sets things up, and lies where that script lies.
/// - Nobody's own password is changed without the current one, or a stolen key would be enough to keep its owner out.
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

/// The same with the actor's rights as of now.
pub(super) fn require(tx: &mut dyn Tx, actor: &Actor, change: CredentialChange) -> Result<(), Error> {
    let is_admin = is_server_admin(tx, actor)?;
    Ok(authorize(actor, is_admin, change)?)
}

#[cfg(test)]
mod tests;
