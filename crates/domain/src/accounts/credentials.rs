//! Who may change credentials and rights on the server: one rule that every use case that changes any of them applies.
//!
//! The operator needs no key and is not subject to this rule (see [`operator`](super::operator)). Ending sessions and
//! issuing tickets are not listed: the former only takes access away, and the latter lends the access of the current
//! session for a moment. Tokens, which end no sessions of their user, are rejected by
//! [`reject_tokens`](super::permit::reject_tokens).

use crate::accounts::error::AccountRefusal;
use crate::accounts::model::{User, UserKind};
use crate::accounts::rights::{check, rights_of};
use crate::accounts::session::{Actor, SessionKind};
use crate::error::Error;
use crate::ids::UserId;
use crate::permissions::{Gift, ServerPermission, ServerRights, ServerScope};
use crate::storage::Tx;

/// A change of credentials or of rights on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialChange {
    /// Of the actor's own password, with the current one as proof.
    OwnPassword,
    /// Of the actor's own second factors, with the password as proof.
    OwnFactors,
    /// Of the actor's own tokens.
    OwnTokens,
    /// Of the actor's own bots and their tokens.
    OwnBots,
    /// Of who owns somebody else's bot.
    BotOwner,
    /// Of this user's password, without the current one.
    PasswordOf(UserId),
    /// Of this user's second factors, without password and code.
    FactorsOf(UserId),
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
    /// An invite, by which others make themselves an account.
    Invite,
    /// The deletion of an account.
    Deletion,
}

impl CredentialChange {
    /// The permission that it takes, and what it gives or takes.
    const fn takes(self) -> Option<(ServerPermission, Option<Gift>)> {
        match self {
            Self::OwnPassword | Self::OwnFactors | Self::OwnTokens | Self::OwnBots => None,
            Self::BotOwner
            | Self::PasswordOf(_)
            | Self::FactorsOf(_)
            | Self::EmailOf(_)
            | Self::Username
            | Self::Suspension
            | Self::NewAccount
            | Self::Deletion => Some((ServerPermission::ManageUsers, None)),
            Self::Invite => Some((ServerPermission::InviteUsers, None)),
            Self::ServerAdmin => Some((ServerPermission::ManageUsers, Some(Gift::Admin))),
            Self::ServerRole(gift) => Some((ServerPermission::ManageRoles, Some(gift))),
        }
    }

    /// Whether no token of this user may make it, whatever it is for.
    fn is_closed_to_tokens_of(self, user: UserId) -> bool {
        match self {
            Self::OwnPassword
            | Self::OwnFactors
            | Self::OwnTokens
            | Self::OwnBots
            | Self::BotOwner
            | Self::ServerAdmin
            | Self::ServerRole(_) => true,
            Self::PasswordOf(of) | Self::FactorsOf(of) | Self::EmailOf(of) => of == user,
            Self::Username | Self::Suspension | Self::NewAccount | Self::Invite | Self::Deletion => false,
        }
    }
}

/// Rejects a change that the actor, who has these rights, may not make. Whether the actor may do anything to the user
/// that is changed is checked before; see [`lock_for_change`](super::rights::lock_for_change).
///
/// - Users may change their own password, second factors, tokens and bots, and nothing else here. All else takes a
///   permission on the server, and only admins decide who is an admin.
/// - A provisioned key may change nothing, whatever its user has become since: it exists for a setup script and is
///   stored where that script is.
/// - A token changes nothing of its own user, makes no bots, and gives and takes no rights on the server, whatever its
///   scope.
/// - Nobody's own password, factors or address can be changed without the current password. Otherwise a stolen key would be enough to lock out
///   its owner.
pub(crate) fn authorize(
    actor: &Actor,
    rights: &ServerRights,
    change: CredentialChange,
) -> Result<(), AccountRefusal> {
    if let Some((permission, gift)) = change.takes() {
        check(rights, permission, &ServerScope { target: None, gift })?;
    }
    match (&actor.session_kind, change) {
        (SessionKind::Provisioned, _) => Err(AccountRefusal::ProvisionedKey),
        (SessionKind::Token(_), change) if change.is_closed_to_tokens_of(actor.id()) => {
            Err(AccountRefusal::InsufficientScope)
        }
        (SessionKind::Token(_), _) => Ok(()),
        (
            SessionKind::Login,
            CredentialChange::PasswordOf(user)
            | CredentialChange::FactorsOf(user)
            | CredentialChange::EmailOf(user),
        ) if user == actor.id() => Err(AccountRefusal::CurrentPasswordRequired),
        (SessionKind::Login, _) => Ok(()),
    }
}

/// Rejects what takes a person: bots have no password, e-mail address or second factor, and are never server admins.
pub(super) const fn require_person(user: &User) -> Result<(), AccountRefusal> {
    match user.kind() {
        UserKind::Person => Ok(()),
        UserKind::Bot => Err(AccountRefusal::IsBot),
    }
}

/// Rejects actors who may not change their own tokens.
pub(crate) fn authorize_own_tokens(actor: &Actor) -> Result<(), AccountRefusal> {
    authorize(actor, &ServerRights::NONE, CredentialChange::OwnTokens)
}

/// Rejects actors who may not change their own bots.
pub(crate) fn authorize_own_bots(actor: &Actor) -> Result<(), AccountRefusal> {
    authorize(actor, &ServerRights::NONE, CredentialChange::OwnBots)
}

/// The same with the actor's current rights, which it returns.
pub(crate) fn require(
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
