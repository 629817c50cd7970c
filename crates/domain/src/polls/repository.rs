//! The port for polls.

use crate::accounts::UserRef;
use crate::ids::{GroupId, MessageId, UserId};
use crate::paging::Limit;
use crate::polls::model::Poll;
use crate::polls::options::{Choices, OptionId};
use crate::polls::view::{BallotId, FoundPoll, PollPlace, PollView};
use crate::secrets::{SealError, Sealed, SecretKeyId};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::Timestamp;

/// Whose votes for an option of an open poll to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoterQuery {
    /// The poll.
    pub message: MessageId,
    /// The option.
    pub option: OptionId,
    /// Only users with a higher id.
    pub after: Option<UserId>,
    /// The number of rows. The repository reads one more to find out whether there is a next page.
    pub limit: Limit,
}

/// Voters that were found among some of those who voted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundVoters {
    /// In the order of their ids; one more than the limit if there are more.
    pub rows: Vec<UserRef>,
    /// The last voter whose ballot was looked at, if there may be others after them.
    pub looked_up_to: Option<UserId>,
}

repository! {
    /// Polls and their ballots. That a message is a poll is among its [`Attachments`](crate::messages::Attachments).
    ///
    /// A ballot in an anonymous poll MUST NOT be stored with its user, a time or a number that follows from the order of
    /// votes, but only under a keyed hash. The key is a random one of the poll's own, which is stored encrypted.
    #[cfg_attr(test, mockall::automock)]
    pub trait PollRepository {
        /// The polls that these messages are, in no particular order, as this user sees them. MUST be one query, and one more if
        /// some of them are anonymous.
        fn views(
            &mut self,
            messages: &[MessageId],
            viewer: UserId,
        ) -> Result<Vec<(MessageId, PollView)>, StorageFault>;

        /// The polls that these messages are, in no particular order.
        fn find_many(&mut self, messages: &[MessageId]) -> Result<Vec<(MessageId, Poll)>, StorageFault>;

        /// One message of a group, with the poll that it is, as this user sees it. MUST be one query, and one more if it is
        /// anonymous.
        fn find(
            &mut self,
            group: GroupId,
            message: MessageId,
            viewer: UserId,
        ) -> Result<Option<FoundPoll>, StorageFault>;

        /// Stores that a message is this poll, and makes its key if it is anonymous; not where that can't be encrypted. If there is
        /// something to be done with it at a time, calls [`wake`](Self::wake).
        fn insert(
            &mut self,
            message: MessageId,
            poll: &Poll,
        ) -> Result<Result<(), SealError>, StorageFault>;

        /// Stores the counts of votes, the first voters, the times, and what is untold. Its group MUST be locked.
        fn update(&mut self, message: MessageId, poll: &Poll) -> Result<(), StorageFault>;

        /// Wakes whoever does what is due with polls after the commit, as for a job: there is more to be done than was known.
        fn wake(&mut self) -> Result<(), StorageFault>;

        /// Stores the options, which are more than before. Its group MUST be locked.
        fn put_options(&mut self, message: MessageId, poll: &Poll) -> Result<(), StorageFault>;

        /// Replaces a ballot, or removes it where it chooses nothing. Doesn't change the counts.
        fn put_ballot(
            &mut self,
            message: MessageId,
            ballot: BallotId,
            choices: Choices,
        ) -> Result<(), StorageFault>;

        /// Voters for an option of an open poll, in the order of their ids. Looks at
        /// [`MAX_BALLOTS_READ`](crate::polls::MAX_BALLOTS_READ) ballots at most.
        fn voters(&mut self, query: &VoterQuery) -> Result<FoundVoters, StorageFault>;

        /// Some ballots in an open poll, in the order of their users' ids: at most so many.
        fn some_ballots(
            &mut self,
            message: MessageId,
            limit: i64,
        ) -> Result<Vec<(UserId, Choices)>, StorageFault>;

        /// The polls with which there is something to do at this time ([`Poll::is_due_at`]): at most so many. Those that a
        /// clock has told which was ahead come last, the others in the order of their times.
        fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<PollPlace>, StorageFault>;

        /// When there is something to do with the first of all polls; a time that is over, or `now`, if that is so now.
        fn next_due(&mut self, now: Timestamp) -> Result<Option<Timestamp>, StorageFault>;

        /// Removes the poll that a message is, but for its ballots.
        fn remove(&mut self, message: MessageId) -> Result<(), StorageFault>;

        /// Removes up to `limit` ballots of a message that is no poll any more; `true` once none is left.
        fn purge_ballots(&mut self, message: MessageId, limit: i64) -> Result<bool, StorageFault>;

        /// The server's keys that keys of polls are encrypted with.
        fn keys_in_use(&mut self) -> Result<Vec<SecretKeyId>, StorageFault>;

        /// The encrypted keys of up to `limit` anonymous polls after this message, in the order of ids.
        fn secrets(
            &mut self,
            after: Option<MessageId>,
            limit: i64,
        ) -> Result<Vec<(MessageId, Sealed)>, StorageFault>;

        /// Replaces the encrypted key of a poll, if it is still `old`; whether it was.
        fn reseal(&mut self, message: MessageId, old: &Sealed, new: &Sealed) -> Result<bool, StorageFault>;
    }
}
