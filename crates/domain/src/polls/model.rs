//! Polls.

use std::time::Duration;

use crate::ids::{MessageId, UserId};
use crate::polls::error::PollRefusal;
use crate::polls::options::{Choices, MAX_OPTIONS, OptionId, OptionText, PollOptions};
use crate::text::TextBytes;
use crate::time::Timestamp;
use crate::validation::{FieldError, Violation, ViolationCode, one_of, within_a_year};

/// Votes in a poll are told at most this often.
pub const TELL_EVERY: Duration = Duration::from_millis(500);

/// So many of those who vote for an option are shown with it.
pub const FIRST_VOTERS: usize = 5;

/// When the results of a poll are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollResults {
    /// At any time.
    Always,
    /// To whoever has voted and, once it is closed, to everybody.
    AfterVote,
    /// Once it is closed.
    AfterClose,
}

impl PollResults {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Always, Self::AfterVote, Self::AfterClose];

    /// The stable name, on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::AfterVote => "after_vote",
            Self::AfterClose => "after_close",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_of(Self::ALL, Self::as_str, text)
    }
}

/// Who adds options to a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionsBy {
    /// The author, as long as nobody has voted.
    Author,
    /// Any member who may write, until it is closed.
    Members,
}

impl OptionsBy {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Author, Self::Members];

    /// The stable name, on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Members => "members",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_of(Self::ALL, Self::as_str, text)
    }
}

/// A poll that somebody wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollDraft {
    options: PollOptions,
    max_choices: i64,
    /// Whether nobody learns who votes what.
    pub anonymous: bool,
    /// When the results are shown.
    pub results: PollResults,
    /// Who adds options.
    pub options_by: OptionsBy,
    /// When it closes by itself.
    pub closes_at: Option<Timestamp>,
}

impl PollDraft {
    /// A poll of which one may vote for so many options, one unless another number is given. It has names, shows its
    /// results at any time, and stays open until somebody closes it.
    ///
    /// # Errors
    /// The number is not one up to that of the options.
    pub fn new(options: PollOptions, max_choices: Option<i64>) -> Result<Self, Violation> {
        let (count, max_choices) = (options.count(), max_choices.unwrap_or(1));
        if !(1..=count).contains(&max_choices) {
            let detail = format!("must be 1 to the number of options, {count}");
            return Err(Violation::new(ViolationCode::OutOfRange, detail));
        }
        Ok(Self {
            options,
            max_choices,
            anonymous: false,
            results: PollResults::Always,
            options_by: OptionsBy::Author,
            closes_at: None,
        })
    }

    /// The options.
    pub const fn options(&self) -> &PollOptions {
        &self.options
    }

    /// For how many of them one may vote.
    pub const fn max_choices(&self) -> i64 {
        self.max_choices
    }

    /// Rejects a poll that would close before it is sent, or too long afterwards.
    pub(crate) fn require_to_close_in_time(&self, now: Timestamp) -> Result<(), FieldError> {
        let closing = self.closes_at.map_or(Ok(()), |at| within_a_year(at, now));
        closing.map_err(|violation| violation.in_field("poll.closes_at"))
    }
}

impl TextBytes for PollDraft {
    fn text_bytes(&self) -> usize {
        self.options.text_bytes()
    }
}

/// An option, and how many vote for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollOption {
    /// What it says.
    pub text: OptionText,
    /// How many vote for it.
    pub votes: i64,
    /// The first of them, in the order in which they came, and no more than [`FIRST_VOTERS`]; nobody in an anonymous poll.
    pub first_voters: Vec<UserId>,
}

impl PollOption {
    /// An option that nobody votes for.
    pub const fn new(text: OptionText) -> Self {
        Self { text, votes: 0, first_voters: Vec::new() }
    }

    /// Counts a vote; of this user, unless the poll is anonymous.
    fn add_vote(&mut self, voter: Option<UserId>) {
        self.votes += 1;
        voter.into_iter().for_each(|voter| self.show_voter(voter));
    }

    /// Takes a vote back. Whether one of the first voters is missing now, though there are others.
    fn remove_vote(&mut self, voter: Option<UserId>) -> bool {
        self.votes -= 1;
        let shown = self.first_voters.len();
        self.first_voters.retain(|first| Some(*first) != voter);
        let left = self.first_voters.len();
        left < shown && usize::try_from(self.votes).is_ok_and(|votes| votes > left)
    }

    /// Adds one of those who vote for it to the first ones, if there is room.
    fn show_voter(&mut self, voter: UserId) {
        if self.first_voters.len() < FIRST_VOTERS && !self.first_voters.contains(&voter) {
            self.first_voters.push(voter);
        }
    }
}

/// Whether votes were told at a time that the clocks of several servers, which differ a little, don't explain.
fn is_of_wrong_clock(told: Timestamp, now: Timestamp) -> bool {
    told >= now.plus(TELL_EVERY)
}

/// A poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// Its options: the first one has the id 1.
    pub options: Vec<PollOption>,
    /// How many of them one may vote for.
    pub max_choices: i64,
    /// Whether nobody learns who votes what.
    pub anonymous: bool,
    /// When the results are shown.
    pub results: PollResults,
    /// Who adds options.
    pub options_by: OptionsBy,
    /// When it closes by itself.
    pub closes_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// How many users have voted, deleted users among them.
    pub voters: i64,
    /// When votes were last told; `None` as long as nobody has ever voted.
    pub told_at: Option<Timestamp>,
    /// Whether there are votes that were not told.
    pub is_untold: bool,
}

impl From<&PollDraft> for Poll {
    fn from(draft: &PollDraft) -> Self {
        Self {
            options: draft.options.iter().cloned().map(PollOption::new).collect(),
            max_choices: draft.max_choices,
            anonymous: draft.anonymous,
            results: draft.results,
            options_by: draft.options_by,
            closes_at: draft.closes_at,
            closed_at: None,
            voters: 0,
            told_at: None,
            is_untold: false,
        }
    }
}

impl Poll {
    /// What the key of an anonymous poll is encrypted for.
    pub fn context(message: MessageId) -> String {
        format!("poll:{message}")
    }

    /// How many votes there are: whoever votes for two options has two.
    pub fn votes(&self) -> i64 {
        self.options.iter().map(|option| option.votes).sum()
    }

    /// Whether somebody has ever voted, also if all votes were taken back: the first one is told at once.
    pub const fn was_voted_on(&self) -> bool {
        self.voters > 0 || self.told_at.is_some()
    }

    /// Whether it is closed, also if the clock has not come to it yet.
    pub fn is_closed_at(&self, now: Timestamp) -> bool {
        self.closed_at.is_some() || self.closes_at.is_some_and(|at| at <= now)
    }

    /// Whether the results are shown to somebody who has voted, or hasn't; to everybody, if they are to those who haven't.
    pub const fn shows_results(&self, has_voted: bool) -> bool {
        match self.results {
            PollResults::Always => true,
            PollResults::AfterVote => has_voted || self.closed_at.is_some(),
            PollResults::AfterClose => self.closed_at.is_some(),
        }
    }

    /// Whether it shows who votes for what to somebody who has voted, or hasn't.
    pub(crate) const fn shows_voters(&self, has_voted: bool) -> bool {
        !self.anonymous && self.shows_results(has_voted)
    }

    /// Whether there is such an option.
    pub fn has_option(&self, option: OptionId) -> bool {
        self.ids().any(|id| id == option)
    }

    /// The ids of its options.
    pub fn ids(&self) -> impl Iterator<Item = OptionId> {
        (0..self.options.len()).map(OptionId::at)
    }

    /// When there is something to do with it by itself: votes to be told, or its end.
    pub fn due_at(&self) -> Option<Timestamp> {
        if self.closed_at.is_some() {
            return None;
        }
        let tell_at = self.told_at.filter(|_| self.is_untold).map(|at| at.plus(TELL_EVERY));
        tell_at.into_iter().chain(self.closes_at).min()
    }

    /// Whether there is something to do with it by itself now. What could not have been told yet was told by a clock that was
    /// ahead, and keeps nobody waiting.
    pub fn is_due_at(&self, now: Timestamp) -> bool {
        let is_held_back = self.told_at.is_some_and(|told| is_of_wrong_clock(told, now));
        self.due_at().is_some_and(|at| at <= now)
            || self.closed_at.is_none() && self.is_untold && is_held_back
    }

    pub(super) fn require_open(&self, now: Timestamp) -> Result<(), PollRefusal> {
        if self.is_closed_at(now) { Err(PollRefusal::Closed) } else { Ok(()) }
    }

    /// Rejects choices that one can't vote for.
    pub(super) fn require_choosable(&self, choices: Choices) -> Result<(), PollRefusal> {
        if !choices.iter().all(|option| self.has_option(option)) {
            return Err(PollRefusal::UnknownOption);
        }
        if choices.count() > self.max_choices {
            return Err(PollRefusal::TooManyChoices { max: self.max_choices });
        }
        Ok(())
    }

    /// Counts that somebody's choices are these now, and were those before: this user's, unless the poll is anonymous. Returns
    /// the options that show fewer of their voters than they could.
    pub(super) fn count(&mut self, voter: Option<UserId>, before: Choices, now: Choices) -> Vec<OptionId> {
        let mut lacking = Vec::new();
        for (index, option) in self.options.iter_mut().enumerate() {
            let id = OptionId::at(index);
            match (before.contain(id), now.contain(id)) {
                (false, true) => option.add_vote(voter),
                (true, false) if option.remove_vote(voter) => lacking.push(id),
                _ => {}
            }
        }
        self.voters += i64::from(!now.is_empty()) - i64::from(!before.is_empty());
        lacking
    }

    /// Adds one of those who vote for an option to the first ones, if there is room.
    pub(super) fn show_voter(&mut self, option: OptionId, voter: UserId) {
        let mut options = self.options.iter_mut().enumerate();
        let found = options.find(|(index, _)| OptionId::at(*index) == option);
        found.into_iter().for_each(|(_, option)| option.show_voter(voter));
    }

    /// Notes that a vote is told at this time, or has to be a little later; whether it is told now. After the clock was set back,
    /// it is. Clocks of several servers may differ a little.
    pub(super) fn tell(&mut self, now: Timestamp) -> bool {
        let is_early =
            self.told_at.is_some_and(|told| !is_of_wrong_clock(told, now) && now < told.plus(TELL_EVERY));
        if !is_early {
            self.told_at = Some(now);
        }
        self.is_untold = is_early;
        !is_early
    }

    /// Closes it: at the time when it was to close, if that is over.
    pub(super) fn close(&mut self, now: Timestamp) {
        self.closed_at = Some(self.closes_at.map_or(now, |at| at.min(now)));
        self.is_untold = false;
    }

    /// Adds an option, unless there is one that is alike; whether it was added.
    pub(super) fn add(&mut self, text: &OptionText) -> Result<bool, PollRefusal> {
        let key = text.key();
        if self.options.iter().any(|option| option.text.key() == key) {
            return Ok(false);
        }
        if self.options.len() >= MAX_OPTIONS {
            return Err(PollRefusal::TooManyOptions);
        }
        self.options.push(PollOption::new(text.clone()));
        Ok(true)
    }
}

/// About what an option takes in a response besides its text.
const OPTION_BYTES: usize = 64;

impl TextBytes for Poll {
    fn text_bytes(&self) -> usize {
        self.options.iter().map(|option| option.text.text_bytes() + OPTION_BYTES).sum()
    }
}

#[cfg(test)]
mod tests;
