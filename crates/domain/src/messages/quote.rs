//! Messages that other messages reply to, or were forwarded from.

use std::fmt;

use unicode_normalization::char::is_combining_mark;

use crate::accounts::UserRef;
use crate::ids::{GroupId, MessageId, Seq};
use crate::messages::names::{name_among, with_names};
use crate::text::{TextBytes, text_newtype};

/// The beginning of a message's text: at most [`Excerpt::MAX_LENGTH`] characters. Shown by no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt(String);
text_newtype!(Excerpt);

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Excerpt(…)")
    }
}

impl Excerpt {
    /// The most characters of an excerpt.
    pub const MAX_LENGTH: usize = 200;

    /// How many characters of a text decide what its excerpt is.
    pub const DECIDED_BY: usize = Self::MAX_LENGTH + 1;

    /// How the excerpt of a stored text reads: with the names of the users whom the text mentions in the place of their ids.
    #[must_use]
    pub fn with_names(&self, mentioned: &[UserRef]) -> Self {
        if mentioned.is_empty() {
            return self.clone();
        }
        let is_cut = self.0.chars().count() >= Self::MAX_LENGTH;
        // Of an id that is cut, nothing is shown.
        let cut = self
            .0
            .rfind("<@")
            .filter(|at| is_cut && self.0[at + 2..].bytes().all(|byte| byte.is_ascii_digit()));
        let whole = &self.0[..cut.unwrap_or(self.0.len())];
        Self::of(&with_names(whole, usize::MAX, name_among(mentioned)))
    }

    /// The beginning of a text, or of its first [`DECIDED_BY`](Self::DECIDED_BY) characters. It doesn't end within what
    /// is seen as one character, unless that is longer than all of it.
    pub fn of(text: &str) -> Self {
        let Some((end, _)) = text.char_indices().nth(Self::MAX_LENGTH) else { return Self(text.to_owned()) };
        let is_inside =
            |end: usize| text[end..].starts_with(extends_the_one_before) || text[..end].ends_with(JOINER);
        let starts = text[..end].char_indices().rev().map(|(start, _)| start);
        let whole = std::iter::once(end).chain(starts).find(|end| !is_inside(*end));
        let end = whole.filter(|end| *end > 0).unwrap_or(end);
        Self(text[..end].to_owned())
    }
}

/// Makes one emoji of two.
const JOINER: char = '\u{200d}';

/// Whether a character belongs to the one before it: marks, variations and skin tones, and what follows a flag.
fn extends_the_one_before(c: char) -> bool {
    is_combining_mark(c)
        || matches!(c, JOINER | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

/// A message that another one replies to or was forwarded from, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// Its id.
    pub id: MessageId,
    /// Its group.
    pub group: GroupId,
    /// The message that it replies to in a thread; `None` for a message of the group itself.
    pub root: Option<MessageId>,
    /// Its number in the thread, or else in the group.
    pub seq: Seq,
    /// The number in the group that decides who reads it: of a reply, that of the root.
    pub history_seq: Seq,
    /// Who wrote it.
    pub author: UserRef,
    /// The beginning of its text; `None` once it is deleted.
    pub excerpt: Option<Excerpt>,
    /// The users whom the text mentions by name, if the excerpt may name one; repositories leave them out.
    pub mentioned: Vec<UserRef>,
}

impl Quoted {
    /// Whether only the tombstone is left.
    pub const fn is_deleted(&self) -> bool {
        self.excerpt.is_none()
    }

    /// Whether the excerpt may mention somebody by id.
    pub(super) fn may_name(&self) -> bool {
        self.excerpt.as_ref().is_some_and(|excerpt| excerpt.0.contains("<@"))
    }

    /// How the beginning of its text reads; `None` once it is deleted.
    pub fn shown_excerpt(&self) -> Option<Excerpt> {
        self.excerpt.as_ref().map(|excerpt| excerpt.with_names(&self.mentioned))
    }
}

impl TextBytes for Quoted {
    fn text_bytes(&self) -> usize {
        let mentioned: usize = self.mentioned.iter().map(TextBytes::text_bytes).sum();
        self.author.text_bytes() + self.excerpt.text_bytes() + mentioned
    }
}

/// That a message quotes another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The message that quotes.
    pub by: MessageId,
    /// The other one.
    pub quoted: Quoted,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str) -> String {
        Excerpt::of(text).into_string()
    }

    #[test]
    fn an_excerpt_reads_with_names_and_is_cut_after_them() {
        use crate::testing::{OTHER, user};
        let mentioned = [user(OTHER).as_ref()];
        let shown = |text: &str| Excerpt::of(text).with_names(&mentioned).into_string();
        assert_eq!(shown("hello <@2>, <@3>"), "hello @user2, <@3>");
        let a = |count: usize| "a".repeat(count);
        assert_eq!(shown(&format!("<@2> {}", a(300))), format!("@user2 {}", a(193)));
        // What is cut off is no mention, whatever there is before.
        for cut in 0..6 {
            let text = format!("{} <@2> more", a(200 - cut));
            assert!(!shown(&text).ends_with(['<', '@', '2']) || cut == 2, "{cut}: {}", shown(&text));
        }
        assert_eq!(Excerpt::of("hello <@2>").with_names(&[]).into_string(), "hello <@2>");
    }

    #[test]
    fn a_short_text_is_its_own_excerpt() {
        for text in ["a".to_owned(), "ä\nb".to_owned(), "🎉".repeat(200)] {
            assert_eq!(excerpt(&text), text);
        }
    }

    #[test]
    fn a_long_text_is_cut_after_two_hundred_characters() {
        for one in ["a", "ä", "日", "🎉"] {
            assert_eq!(excerpt(&one.repeat(201)), one.repeat(200));
            assert_eq!(excerpt(&one.repeat(10_000)), one.repeat(200));
        }
    }

    #[test]
    fn what_is_seen_as_one_character_is_not_cut() {
        let before = "a".repeat(198);
        for whole in ["x\u{301}\u{301}", "👩\u{200d}🚀", "👍🏽🏽", "❤\u{fe0f}\u{fe0f}"] {
            assert_eq!(whole.chars().count(), 3, "{whole:?}");
            assert_eq!(excerpt(&format!("{before}{whole}")), before, "{whole:?}");
            assert_eq!(excerpt(&format!("{}{whole}b", &before[1..])), format!("{}{whole}", &before[1..]));
        }
    }

    #[test]
    fn what_is_seen_as_one_character_and_is_longer_than_all_is_cut() {
        let zalgo = format!("x{}", "\u{301}".repeat(300));
        assert_eq!(excerpt(&zalgo).chars().count(), 200);
        let marks = "\u{301}".repeat(300);
        assert_eq!(excerpt(&marks).chars().count(), 200);
    }

    #[test]
    fn the_first_characters_decide_what_the_excerpt_is() {
        for one in ["a", "👍🏽", "👩\u{200d}🚀", "x\u{301}\u{301}"] {
            for before in 0..3 {
                let text = format!("{}{}", "b".repeat(before), one.repeat(500));
                let first: String = text.chars().take(Excerpt::DECIDED_BY).collect();
                assert_eq!(excerpt(&first), excerpt(&text), "{one:?} after {before}");
            }
        }
    }
}
