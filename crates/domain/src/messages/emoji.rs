//! Emoji: what people react with.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use crate::validation::{Violation, ViolationCode};

/// Every emoji of Unicode 18.0, one a line, in its fully-qualified form (UTS #51, ED-18), in the order of what is left
/// without U+FE0F. `crates/server/tests/emoji.rs` writes it. What users write is searched for where the list lies.
///
/// From Unicode's `emoji-test.txt`, © Unicode, Inc., under the Unicode License v3.
const LIST: &str = include_str!("emoji/list.txt");

/// Asks for the colourful form of the character before it (UTS #51, ED-9a). Keyboards and browsers write it or not.
const VARIATION_SELECTOR: char = '\u{FE0F}';

/// An emoji of Unicode's list, also with a skin tone, a flag, a keycap or a sequence. However it was written, it is kept
/// in its fully-qualified form, so that equal emoji are equal texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Emoji(&'static str);

impl Emoji {
    /// A like is this reaction.
    pub const LIKE: Self = Self("👍");

    /// Another reaction.
    #[cfg(test)]
    pub(crate) const PARTY: Self = Self("🎉");

    /// The most characters of an emoji, each with a U+FE0F after it.
    pub const MAX_LENGTH: usize = 18;

    /// Finds the emoji that a text is, with or without U+FE0F.
    ///
    /// # Errors
    /// It is none, or more than one.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let detail = "must be one emoji of Unicode 18.0";
        Self::find(text).ok_or_else(|| Violation::new(ViolationCode::InvalidFormat, detail))
    }

    /// Finds the emoji that is stored as this text; `None` if this program doesn't know it.
    pub fn from_stored(text: &str) -> Option<Self> {
        // A page of messages asks this for each of their reactions.
        static ALL: LazyLock<HashSet<&'static str>> = LazyLock::new(|| LIST.lines().collect());
        ALL.get(text).copied().map(Self)
    }

    /// The emoji in its fully-qualified form.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    fn find(text: &str) -> Option<Self> {
        if text.chars().nth(Self::MAX_LENGTH).is_some() || !selects_characters(text) {
            return None;
        }
        let (mut low, mut high) = (0, LIST.len());
        while low < high {
            let line = line_at(low.midpoint(high));
            match unqualified(&LIST[line.clone()]).cmp(unqualified(text)) {
                Ordering::Less => low = line.end + 1,
                Ordering::Equal => return Some(Self(&LIST[line])),
                Ordering::Greater => high = line.start,
            }
        }
        None
    }
}

impl fmt::Debug for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Where the line of the list is that the byte at this place belongs to, without its end.
fn line_at(place: usize) -> Range<usize> {
    let bytes = LIST.as_bytes();
    let start = bytes[..place].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let end = bytes[place..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| place + end);
    start..end
}

fn unqualified(emoji: &str) -> impl Iterator<Item = char> {
    emoji.chars().filter(|c| *c != VARIATION_SELECTOR)
}

/// Whether each U+FE0F follows another character.
fn selects_characters(text: &str) -> bool {
    let mut before = VARIATION_SELECTOR;
    text.chars().all(|c| {
        let follows = before != VARIATION_SELECTOR;
        before = c;
        c != VARIATION_SELECTOR || follows
    })
}

#[cfg(test)]
mod tests;
