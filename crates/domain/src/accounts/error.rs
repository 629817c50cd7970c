//! Rejections about users, sessions and rights on the server.

use std::time::Duration;

use crate::accounts::block::MAX_BLOCKS;
use crate::permissions::{MAX_SERVER_ROLES, ServerDenial};

/// Why a use case of accounts rejected a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefusal {
    /// The key is unknown, expired or revoked.
    #[error("the API key is unknown, expired or revoked")]
    Unauthenticated,
    /// The ticket is unknown, used, expired, or belongs to a session that has ended.
    #[error("the ticket is unknown, used or expired, or its session has ended")]
    TicketInvalid,
    /// The refresh token is mistyped, unknown or expired, or its session has ended.
    #[error("the refresh token is unknown or expired, or its session has ended")]
    RefreshTokenInvalid,
    /// The refresh token was used before: it may have been stolen, so its session has ended.
    #[error("the refresh token was used before, so its session has ended")]
    RefreshTokenReused,
    /// Username and password don't match. The same whether or not the user exists.
    #[error("wrong username or password")]
    InvalidCredentials,
    /// Too many login attempts from this address or to this account.
    #[error("too many attempts, try again in {retry_after:?}")]
    TooManyAttempts {
        /// When the next attempt is allowed.
        retry_after: Duration,
    },
    /// The password is right, but somebody has suspended the account.
    #[error("the account is suspended")]
    Suspended,
    /// The password is one that somebody made up for the user, who has to choose another first.
    #[error("choose another password first: the one of now was made up for you")]
    PasswordChangeRequired,
    /// The server requires a second factor of the user, who has none.
    #[error("set up a second factor first: the server requires one of you")]
    FactorRequired,
    /// The token is for less than this, or for other groups, or it is about how its user signs in.
    #[error("this token is not for that")]
    InsufficientScope,
    /// The current password, required again, is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// A provisioned key can't change credentials.
    #[error("this key was issued with a new account and can't change credentials")]
    ProvisionedKey,
    /// Users can change their own password, and the address that can reset it, only with the current one.
    #[error("to change how you sign in, send your current password")]
    CurrentPasswordRequired,
    /// The caller's roles on the server don't allow this.
    #[error("{0}")]
    NotPermitted(ServerDenial),
    /// No such role on the server.
    #[error("there is no such role")]
    RoleNotFound,
    /// The server has a role of this name already.
    #[error("the server has a role of this name")]
    RoleNameTaken,
    /// What is to be changed of a built-in role is the same on all servers.
    #[error(
        "admins may do everything, everybody is a member, and built-in roles keep their names and can't be deleted"
    )]
    RoleFixed,
    /// The server has as many roles as it may.
    #[error("a server can define at most {MAX_SERVER_ROLES} roles")]
    TooManyRoles,
    /// No such user.
    #[error("there is no such user")]
    UserNotFound,
    /// The server sends no mail.
    #[error("this server sends no mail")]
    MailOff,
    /// The code that resets a password is unknown, used or expired, or what it was issued for has changed.
    #[error("the code is unknown, used or expired")]
    ResetNotFound,
    /// No such session of this user.
    #[error("there is no such session")]
    SessionNotFound,
    /// What is asked for takes a person.
    #[error("a bot has no password, e-mail address or second factor, and is never a server admin")]
    IsBot,
    /// Another user has this name.
    #[error("the username is taken")]
    UsernameTaken,
    /// The last server admin can't be deleted, demoted or suspended.
    #[error("the last server admin can't be deleted, demoted or suspended")]
    LastAdmin,
    /// The user has blocked as many as they may.
    #[error("at most {MAX_BLOCKS} users may be blocked")]
    TooManyBlocks,
    /// The account changed while the password was being checked.
    #[error("the account was changed by another request")]
    ChangedMeanwhile,
}
