//! What an audit of a measured database can find.

use groupchat_domain::ids::MessageId;

/// How what is stored differs from what was acknowledged.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuditFault {
    /// Messages are missing.
    #[error(
        "{lost} of {acknowledged} acknowledged messages are not stored; the first has the client id {first}"
    )]
    Lost {
        /// How many.
        lost: u64,
        /// How many there should be.
        acknowledged: u64,
        /// One of them.
        first: String,
    },
    /// A message is there more than once.
    #[error("the message with the client id {0} is stored twice")]
    Repeated(String),
    /// A message has another text, or is in another group.
    #[error("the message with the client id {0} is not stored as it was sent")]
    Altered(String),
    /// The counts of a poll are not those of its ballots.
    #[error("the votes in the poll {0} are not counted right")]
    Miscounted(MessageId),
}
