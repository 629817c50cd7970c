//! Why a use case failed.

use std::time::Duration;

use crate::accounts::AccountRefusal;
use crate::admissions::AdmissionRefusal;
use crate::bots::BotRefusal;
use crate::factors::FactorRefusal;
use crate::groups::GroupRefusal;
use crate::messages::MessageRefusal;
use crate::polls::PollRefusal;
use crate::saved::SavedRefusal;
use crate::scheduled::ScheduledRefusal;
use crate::tokens::TokenRefusal;
use crate::validation::FieldError;

/// The error of every use case: either it rejected the request, or something underneath failed. The two never mix: a
/// rejection is for the caller to fix, a fault is ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The use case rejected the request.
    #[error(transparent)]
    Refused(Refusal),
    /// The storage failed; nothing was stored, unless the fault says that this is unknown.
    #[error(transparent)]
    Fault(#[from] StorageFault),
    /// The caller exceeds the write rate limit; nothing was done.
    #[error("too many writes, try again in {retry_after:?}")]
    RateLimited {
        /// When to retry.
        retry_after: Duration,
    },
    /// The disk is nearly full, and the rest is reserved for requests that free space; nothing was done.
    #[error("the disk is nearly full")]
    StorageFull,
    /// The queue is full; nothing was done.
    #[error("too busy, try again in {retry_after:?}")]
    Busy {
        /// When to retry.
        retry_after: Duration,
    },
}

/// Why a use case rejected a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Fields that broke a rule.
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    /// About users, sessions and rights on the server.
    #[error(transparent)]
    Account(#[from] AccountRefusal),
    /// About second factors.
    #[error(transparent)]
    Factor(#[from] FactorRefusal),
    /// About groups and their members.
    #[error(transparent)]
    Group(#[from] GroupRefusal),
    /// About ways into groups.
    #[error(transparent)]
    Admission(#[from] AdmissionRefusal),
    /// About messages and reactions.
    #[error(transparent)]
    Message(#[from] MessageRefusal),
    /// About scheduled messages.
    #[error(transparent)]
    Scheduled(#[from] ScheduledRefusal),
    /// About drafts, bookmarks and reminders.
    #[error(transparent)]
    Saved(#[from] SavedRefusal),
    /// About polls.
    #[error(transparent)]
    Poll(#[from] PollRefusal),
    /// About bots.
    #[error(transparent)]
    Bot(#[from] BotRefusal),
    /// About tokens.
    #[error(transparent)]
    Token(#[from] TokenRefusal),
}

/// Why the storage failed. Says nothing of SQL; what happened in detail is in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageFault {
    /// The queue is full; the command did not run.
    #[error("the queue is full")]
    Overloaded {
        /// When to retry.
        retry_after: Duration,
    },
    /// The database can't be used at the moment (disk full, I/O error, shutting down). Nothing was stored.
    #[error("the storage is unavailable: {reason}")]
    Unavailable {
        /// For the log, not for callers.
        reason: String,
    },
    /// A command that reads took longer than it may, or its caller is gone. Nothing is wrong with the database.
    #[error("the read timed out")]
    TimedOut,
    /// The connection was lost during the commit: stored or not, nobody knows.
    #[error("the outcome of the command is unknown")]
    OutcomeUnknown,
    /// The command panicked. Nothing was stored.
    #[error("the command panicked")]
    Panicked,
    /// A statement failed in a way that the program did not foresee. Nothing was stored.
    #[error("the storage failed: {reason}")]
    Internal {
        /// For the log, not for callers.
        reason: String,
    },
}

impl<R: Into<Refusal>> From<R> for Error {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validation::{Violation, ViolationCode};

    #[test]
    fn refusals_and_faults_don_t_mix() {
        let refusal = Error::from(GroupRefusal::NotFound);
        assert_eq!(refusal, Error::Refused(Refusal::Group(GroupRefusal::NotFound)));
        assert_eq!(Error::from(StorageFault::Panicked), Error::Fault(StorageFault::Panicked));
    }

    #[test]
    fn a_broken_rule_names_its_field() {
        let violation = Violation::new(ViolationCode::TooLong, "must have 1 to 3 characters, has 4");
        let field = violation.clone().in_field("name");
        assert_eq!((field.field.as_str(), &field.violation), ("name", &violation));
        assert_eq!(Error::from(field.clone()), Error::Refused(Refusal::Invalid(vec![field])));
    }
}
