//! Rejections about users, sessions and rights on the server.

use std::time::Duration;

/// Why a use case of accounts rejected a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefusal {
    /// The key is unknown, expired or revoked.
    #[error("the API key is unknown, expired or revoked")]
    Unauthenticated,
    /// The ticket is unknown, used, expired, or belongs to a session that has ended.
    #[error("the ticket is unknown, used or expired, or its session has ended")]
    TicketInvalid,
    /// Username and password don't match. The same whether or not the user exists.
    #[error("wrong username or password")]
    InvalidCredentials,
    /// Too many login attempts from this address or to this account.
    #[error("too many attempts, try again in {retry_after:?}")]
    TooManyAttempts {
        /// When the next attempt is allowed.
        retry_after: Duration,
    },
    /// The current password, required again, is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// A provisioned key can't change credentials.
    #[error("this key was issued with a new account and can't change credentials")]
    ProvisionedKey,
    /// Users can change their own password only with the current one.
    #[error("to change your own password, send the current one")]
    CurrentPasswordRequired,
    /// Only server admins may do this.
    #[error("only a server admin may do this")]
    AdminOnly,
    /// No such user.
    #[error("there is no such user")]
    UserNotFound,
    /// No such session of this user.
    #[error("there is no such session")]
    SessionNotFound,
    /// Another user has this name.
    #[error("the username is taken")]
    UsernameTaken,
    /// The last server admin can't be deleted or demoted.
    #[error("the last server admin can't be deleted or demoted")]
    LastAdmin,
    /// The account changed while the password was being checked.
    #[error("the account was changed by another request")]
    ChangedMeanwhile,
}
