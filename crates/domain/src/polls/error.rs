//! Rejections about polls.

use crate::polls::options::MAX_OPTIONS;

/// Why a use case of polls rejected a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PollRefusal {
    /// The message is no poll.
    #[error("the message is no poll")]
    NoPoll,
    /// The poll has no such option.
    #[error("the poll has no such option")]
    UnknownOption,
    /// More options than one may vote for.
    #[error("at most {max} options may be voted for")]
    TooManyChoices {
        /// How many one may vote for.
        max: i64,
    },
    /// The poll is closed, or its time is over.
    #[error("the poll is closed")]
    Closed,
    /// Somebody has voted, so what was voted on stays as it is.
    #[error("somebody has voted already")]
    HasVotes,
    /// The poll has as many options as it may.
    #[error("a poll may have at most {MAX_OPTIONS} options")]
    TooManyOptions,
    /// Nobody learns who votes what.
    #[error("nobody learns who has voted for what in an anonymous poll")]
    Anonymous,
    /// The results are not shown to the caller yet.
    #[error("the results are not shown yet")]
    ResultsHidden,
    /// The server has no key, or not the one that it needs, for votes in an anonymous poll.
    #[error("the server lacks the key that anonymous polls need")]
    NoKey,
}
