//! Polls: messages whose text is a question, with options to vote for.
//!
//! A poll belongs to its message as its reactions do: whoever may react to the message votes, and it is deleted with the
//! message. Counts are kept with each vote, under the lock of the group. Votes are told twice a second at most; what is
//! untold then, and what closes by the clock, is in the hands of `due`.

mod add_option;
mod close;
mod due;
mod error;
mod keys;
mod load;
mod model;
mod options;
mod repository;
mod view;
mod vote;
mod voters;

pub use add_option::add_option;
pub use close::close;
pub use due::{settle_all, settle_due};
pub use error::PollRefusal;
pub use keys::{check_poll_keys, reseal_poll_keys};
pub use model::{FIRST_VOTERS, OptionsBy, Poll, PollDraft, PollOption, PollResults, TELL_EVERY};
pub use options::{Choices, MAX_OPTIONS, MIN_OPTIONS, OptionId, OptionText, PollOptions};
#[cfg(test)]
pub(crate) use repository::MockPollRepository;
pub use repository::{FoundVoters, PollRepository, VoterQuery};
pub use view::{Ballot, BallotId, FoundPoll, PollPlace, PollView};
pub use vote::{unvote, vote};
pub use voters::{MAX_BALLOTS_READ, VoterPage, list_voters};
