//! The options of a poll, and which of them somebody votes for.

use std::collections::BTreeSet;
use std::fmt;

use crate::ids::integer_newtype;
use crate::text::{TextBytes, fold, one_line, text_newtype};
use crate::validation::{Violation, ViolationCode};

/// The fewest options of a poll.
pub const MIN_OPTIONS: usize = 2;
/// The most options of a poll.
pub const MAX_OPTIONS: usize = 20;

/// What an option says: one line of 1–200 characters. Shown by no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct OptionText(String);
text_newtype!(OptionText);

impl fmt::Debug for OptionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OptionText(…)")
    }
}

impl OptionText {
    /// The most characters of an option.
    pub const MAX_LENGTH: usize = 200;

    /// Normalizes and checks an option.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_line(text, Self::MAX_LENGTH).map(Self)
    }

    /// What two options of a poll must not have in common: like names, they differ in more than case and width.
    pub(crate) fn key(&self) -> String {
        fold(&self.0)
    }
}

/// The options of a new poll: 2–20, all different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollOptions(Vec<OptionText>);

impl PollOptions {
    /// Checks options.
    ///
    /// # Errors
    /// The rule that they break.
    pub fn parse(options: Vec<OptionText>) -> Result<Self, Violation> {
        if !(MIN_OPTIONS..=MAX_OPTIONS).contains(&options.len()) {
            let detail = format!("must be {MIN_OPTIONS} to {MAX_OPTIONS} options, are {}", options.len());
            return Err(Violation::new(ViolationCode::OutOfRange, detail));
        }
        let different: BTreeSet<_> = options.iter().map(OptionText::key).collect();
        if different.len() < options.len() {
            let detail = "must all be different, in more than the case of letters";
            return Err(Violation::new(ViolationCode::InvalidFormat, detail));
        }
        Ok(Self(options))
    }

    /// How many there are.
    pub fn count(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    /// The options, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &OptionText> {
        self.0.iter()
    }
}

impl TextBytes for PollOptions {
    fn text_bytes(&self) -> usize {
        self.0.iter().map(TextBytes::text_bytes).sum()
    }
}

integer_newtype! {
    /// An option within its poll: 1, 2, 3, … in the order in which they came.
    OptionId;
}

impl OptionId {
    /// The option with this index from 0 on.
    pub fn at(index: usize) -> Self {
        Self(i64::try_from(index).map_or(i64::MAX, |index| index.saturating_add(1)))
    }

    /// Checks an id.
    ///
    /// # Errors
    /// It is none that an option can have.
    pub fn parse(id: i64) -> Result<Self, Violation> {
        if (1..=MAX_OPTIONS as i64).contains(&id) {
            return Ok(Self(id));
        }
        Err(Violation::new(ViolationCode::OutOfRange, format!("must be 1 to {MAX_OPTIONS}")))
    }

    const fn bit(self) -> i64 {
        if self.0 >= 1 && self.0 <= MAX_OPTIONS as i64 { 1 << (self.0 - 1) } else { 0 }
    }
}

/// Which options somebody votes for, in no order. Shown by no `Debug`: it is nobody else's business.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Choices(i64);

impl fmt::Debug for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Choices(…)")
    }
}

impl Choices {
    /// None: whoever hasn't voted.
    pub const NONE: Self = Self(0);

    /// The choices that are stored as these bits: the lowest stands for the first option.
    pub const fn from_stored(bits: i64) -> Self {
        Self(bits)
    }

    /// The bits, to be stored.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub const fn count(self) -> i64 {
        self.0.count_ones() as i64
    }

    /// Whether this option is among them.
    pub const fn contain(self, option: OptionId) -> bool {
        self.0 & option.bit() != 0
    }

    /// The options, in order.
    pub fn iter(self) -> impl Iterator<Item = OptionId> {
        (0..MAX_OPTIONS).map(OptionId::at).filter(move |option| self.contain(*option))
    }
}

impl FromIterator<OptionId> for Choices {
    fn from_iter<I: IntoIterator<Item = OptionId>>(options: I) -> Self {
        Self(options.into_iter().fold(0, |bits, option| bits | option.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(texts: &[&str]) -> Result<PollOptions, Violation> {
        PollOptions::parse(texts.iter().map(|text| OptionText::parse(text).unwrap()).collect())
    }

    #[test]
    fn an_option_is_one_line_of_up_to_two_hundred_characters() {
        assert_eq!(OptionText::parse("  e\u{301}clair ").unwrap().as_str(), "éclair");
        assert!(OptionText::parse(&"x".repeat(200)).is_ok());
        for bad in ["", " ", "\u{200b}", "a\nb", &"x".repeat(201)] {
            assert!(OptionText::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_poll_has_two_to_twenty_different_options() {
        assert_eq!(options(&["yes", "no"]).unwrap().count(), 2);
        let many: Vec<String> = (0..21).map(|nth| nth.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(options(&many[..20]).is_ok());
        for bad in [&many[..], &many[..1], &[]] {
            assert_eq!(options(bad).unwrap_err().code, ViolationCode::OutOfRange);
        }
        for alike in [["yes", "yes"], ["yes", "YES"], ["e\u{301}", "é"]] {
            assert_eq!(options(&alike).unwrap_err().code, ViolationCode::InvalidFormat, "{alike:?}");
        }
    }

    #[test]
    fn choices_are_options_each_once() {
        let choices: Choices = [3, 1, 3].map(OptionId::new).into_iter().collect();
        assert_eq!(choices.iter().map(OptionId::get).collect::<Vec<_>>(), [1, 3]);
        assert_eq!((choices.count(), choices.bits(), choices.is_empty()), (2, 0b101, false));
        assert_eq!(Choices::from_stored(choices.bits()), choices);
        assert!(choices.contain(OptionId::new(3)) && !choices.contain(OptionId::new(2)));
        assert!(OptionId::parse(20).is_ok() && OptionId::parse(21).is_err() && OptionId::parse(0).is_err());
        assert_eq!(format!("{choices:?}"), "Choices(…)");
    }
}
