//! Mail that the server sends.

use std::fmt;

use crate::accounts::Email;
use crate::storage::BoxFuture;

/// A mail. What is in it may be secret, so `Debug` doesn't print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The one recipient.
    pub to: Email,
    /// One line.
    pub subject: String,
    /// Plain text. Lines end with a line feed.
    pub text: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(…)")
    }
}

/// Why a mail was not sent. Says nothing of the mail or its recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    /// It would be rejected again.
    #[error("the mail was rejected: {reason}")]
    Rejected {
        /// What the log may say of it.
        reason: String,
    },
    /// It may be taken later.
    #[error("the mail server can't be used at the moment: {reason}")]
    Unavailable {
        /// What the log may say of it.
        reason: String,
    },
}

/// Sends mail.
#[cfg_attr(test, mockall::automock)]
pub trait Mailer: Send + Sync {
    /// Hands a mail to the mail server. MUST come back within a time that the operator has set. Nothing in the mail MUST
    /// become a header or a recipient of its own. A mail whose fault is [`MailFault::Unavailable`] may have been taken
    /// all the same, if only the answer was lost.
    fn send(&self, mail: Mail) -> BoxFuture<'static, Result<(), MailFault>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_mail() {
        let to = Email::parse("ada@example.org").unwrap();
        let mail = Mail { to, subject: "secret".to_owned(), text: "secret".to_owned() };
        assert_eq!(format!("{mail:?}"), "Mail(…)");
    }
}
