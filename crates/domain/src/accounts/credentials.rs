//! Who may change credentials and rights on the server: one rule that every use case that changes any of them applies.
//!
//! The operator needs no key and is not subject to this rule (see [`operator`](super::operator)). Ending sessions and
//! issuing tickets are not listed: the former only takes access away, and the latter lends the access of the current
//! session for a moment.

use crate::accounts::error::AccountRefusal;
use crate::accounts::rights::{check, rights_of};
use crate::accounts::session::{Actor, SessionKind};
use crate::error::Error;
use crate::ids::UserId;
use crate::permissions::{Gift, ServerPermission, ServerRights, ServerScope};
use crate::storage::Tx;

/// A change of credentials or of rights on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CredentialChange {
    /// Of the actor's own password, with the current one as proof.
    OwnPassword,
    /// Of the actor's own second factors, with the password as proof.
    OwnFactors,
    /// Of this user's password, without the current one.
    PasswordOf(UserId),
    /// Of this user's e-mail address, by which the password can be reset, without the current password.
    EmailOf(UserId),
    /// Of the name that a user signs in with.
    Username,
    /// Of whether a user is a server admin.
    ServerAdmin,
    /// Of a role on the server, or of who has it: one with this.
    ServerRole(Gift),
    /// Of whether a user can sign in at all.
    Suspension,
    /// A new account with a password that the actor chooses.
    NewAccount,
    /// The deletion of an account.
    Deletion,
}

impl CredentialChange {
    /// The permission that it takes, and what it gives or takes.
    const fn takes(self) -> Option<(ServerPermission, Option<Gift>)> {
        match self {
            Self::OwnPassword | Self::OwnFactors => None,
            Self::PasswordOf(_)
            | Self::EmailOf(_)
            | Self::Username
            | Self::Suspension
            | Self::NewAccount
            | Self::Deletion => Some((ServerPermission::ManageUsers, None)),
            Self::ServerAdmin => Some((ServerPermission::ManageUsers, Some(Gift::Admin))),
            Self::ServerRole(gift) => Some((ServerPermission::ManageRoles, Some(gift))),
        }
    }
}

/// Rejects a change that the actor, who has these rights, may not make. Whether the actor may do anything to the user
/// that is changed is checked before; see [`lock_for_change`](super::rights::lock_for_change).
///
/// - Users may change their own password and their own second factors, and nothing else here. All else takes a permission on the server, and only
///   admins decide who is an admin.
/// - A provisioned key may change nothing, whatever its user has become since: it exists for a setup script and is
///   stored where that script is.
/// - Nobody's own password, or address, can be changed without the current password. Otherwise a stolen key would be enough to lock out
///   its owner.
pub(super) fn authorize(
    actor: &Actor,
    rights: &ServerRights,
    change: CredentialChange,
) -> Result<(), AccountRefusal> {
    if let Some((permission, gift)) = change.takes() {
        check(rights, permission, &ServerScope { target: None, gift })?;
    }
    match (actor.session_kind, change) {
        (SessionKind::Provisioned, _) => Err(AccountRefusal::ProvisionedKey),
        (SessionKind::Login, CredentialChange::PasswordOf(user) | CredentialChange::EmailOf(user))
            if user == actor.id() =>
        {
            Err(AccountRefusal::CurrentPasswordRequired)
        }
        (SessionKind::Login, _) => Ok(()),
    }
}

/// The same with the actor's current rights, which it returns.
pub(super) fn require(
    tx: &mut dyn Tx,
    actor: &Actor,
    change: CredentialChange,
) -> Result<ServerRights, Error> {
    let rights = rights_of(tx, actor)?;
    authorize(actor, &rights, change)?;
    Ok(rights)
}

#[cfg(test)]
mod tests;
