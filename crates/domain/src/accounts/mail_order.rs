//! Mails that users are to get, as requests order them. They are written and sent beside the requests, so that no answer
//! depends on whether there is anybody to write to, or waits for a mail server.

use std::time::Duration;

use crate::accounts::model::{Email, UsernameKey};
use crate::accounts::pending_account::PendingAccount;
use crate::accounts::session::ClientInfo;
use crate::ids::UserId;

/// Whose password is to be reset, as a caller typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResetAccount {
    /// The account of this name.
    Username(UsernameKey),
    /// The accounts with this address.
    Email(Email),
}

/// A mail that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailOrder {
    /// A code that resets the password, if there is such an account.
    Reset {
        /// Whose.
        account: ResetAccount,
        /// Who asked for it.
        client: ClientInfo,
    },
    /// A code that makes an account for whoever reads the mail.
    ConfirmAccount {
        /// The account.
        account: Box<PendingAccount>,
        /// Who signs up.
        client: ClientInfo,
    },
    /// That a session of this user has ended, since its refresh token was used again.
    RefreshReused(UserId, ClientInfo),
}

impl MailOrder {
    /// Who caused it.
    pub const fn client(&self) -> &ClientInfo {
        match self {
            Self::Reset { client, .. }
            | Self::ConfirmAccount { client, .. }
            | Self::RefreshReused(_, client) => client,
        }
    }
}

/// Where mails are ordered.
#[cfg_attr(test, mockall::automock)]
pub trait MailQueue: Send + Sync {
    /// Whether the server sends mail at all.
    fn is_on(&self) -> bool;

    /// Takes an order. MUST NOT wait. Orders MUST be bounded, for each network as well as together, and be worked off at
    /// a pace that doesn't depend on what is found.
    ///
    /// # Errors
    /// When to try again. Then nothing is taken.
    fn order(&self, order: MailOrder) -> Result<(), Duration>;
}

/// Of a server that sends no mail.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMail;

impl MailQueue for NoMail {
    fn is_on(&self) -> bool {
        false
    }

    fn order(&self, _: MailOrder) -> Result<(), Duration> {
        Ok(())
    }
}
