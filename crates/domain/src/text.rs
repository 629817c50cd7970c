//! What all text has in common: normalization, forbidden characters, folding for comparison.

mod folding;
mod properties;

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::validation::{Violation, ViolationCode, check_length};
use properties::{is_control_or_line_end, is_direction_control, is_noncharacter, is_visible};

pub use folding::{FOLDING_VERSION, MAX_KEY_LENGTH, fold, name_key};

macro_rules! text_newtype {
    ($name:ident) => {
        impl $name {
            /// Wraps a value that was checked before it was stored.
            pub fn from_stored(value: String) -> Self {
                Self(value)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, without its wrapper.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl $crate::text::TextBytes for $name {
            fn text_bytes(&self) -> usize {
                self.0.len()
            }
        }
    };
}
pub(crate) use text_newtype;

/// How much text a value contains, for everything that is limited in bytes: pages, queues.
pub trait TextBytes {
    /// The bytes of its texts. Everything else in it is small and of a fixed size.
    fn text_bytes(&self) -> usize;
}

impl TextBytes for String {
    fn text_bytes(&self) -> usize {
        self.len()
    }
}

impl<T: TextBytes> TextBytes for Option<T> {
    fn text_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::text_bytes)
    }
}

/// Text in Unicode Normalization Form C (UAX #15), so that what looks the same is stored the same.
pub fn nfc(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

/// Whether the text holds a control character (Unicode category Cc) other than those in `allowed`.
pub fn has_control_character(text: &str, allowed: &[char]) -> bool {
    text.chars().any(|c| c.is_control() && !allowed.contains(&c))
}

/// Whether the text contains a visible character.
pub fn has_visible_character(text: &str) -> bool {
    text.chars().any(is_visible)
}

/// Checks that the text contains a visible character.
pub(crate) fn check_visible(text: &str) -> Result<(), Violation> {
    if has_visible_character(text) {
        return Ok(());
    }
    Err(Violation::new(ViolationCode::Required, "must contain a visible character"))
}

/// Normalizes a name, which is [`one_line`], and checks that it has at most [`MAX_KEY_LENGTH`] characters when folded.
pub(crate) fn single_line(text: &str, max: usize) -> Result<String, Violation> {
    let text = one_line(text, max)?;
    check_key_length(&fold(&text))?;
    Ok(text)
}

/// Normalizes a text of one line, and checks that it has 1 to `max` characters, one of them visible. Rejects line ends,
/// control characters, characters that change the text direction, and noncharacters.
pub(crate) fn one_line(text: &str, max: usize) -> Result<String, Violation> {
    let text = nfc(text.trim());
    check_length(&text, 1, max)?;
    refuse(&text, is_control_or_line_end, "must be one line without control characters")?;
    let directions = "must not contain characters that embed, override or isolate a text direction";
    refuse(&text, is_direction_control, directions)?;
    refuse(&text, is_noncharacter, "must not contain noncharacters")?;
    check_visible(&text)?;
    Ok(text.into_owned())
}

/// Checks that a folded text is not longer than a key may be.
pub(crate) fn check_key_length(folded: &str) -> Result<(), Violation> {
    let length = folded.chars().count();
    if length <= MAX_KEY_LENGTH {
        return Ok(());
    }
    let detail =
        format!("must have at most {MAX_KEY_LENGTH} characters with ligatures expanded, has {length}");
    Err(Violation::new(ViolationCode::TooLong, detail))
}

fn refuse(text: &str, is_bad: impl Fn(char) -> bool, detail: &str) -> Result<(), Violation> {
    if text.chars().any(is_bad) {
        return Err(Violation::new(ViolationCode::InvalidCharacters, detail));
    }
    Ok(())
}

/// Normalizes a text that may have several lines and checks that it has `min` to `max` characters. Line ends
/// become `\n`.
pub(crate) fn multi_line(text: &str, min: usize, max: usize) -> Result<String, Violation> {
    let unix;
    let text = if text.contains('\r') {
        unix = text.replace("\r\n", "\n");
        nfc(&unix)
    } else {
        nfc(text)
    };
    check_length(&text, min, max)?;
    if has_control_character(&text, &['\n', '\t']) {
        let detail = "must not contain control characters other than newlines and tabs";
        return Err(Violation::new(ViolationCode::InvalidCharacters, detail));
    }
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    mod text_bytes;

    use super::*;

    #[test]
    fn nfc_composes_and_leaves_composed_text_alone() {
        assert_eq!(nfc("e\u{301}"), "é");
        assert!(matches!(nfc("é"), Cow::Borrowed(_)));
    }

    #[test]
    fn white_space_and_ignorable_characters_are_nothing_to_see() {
        for blank in ["", " \n\u{a0}\u{3000}", "\u{200b}", " \u{2060}\u{feff}", "\u{3164}", "\u{ad}\u{fe0f}"]
        {
            assert!(!has_visible_character(blank), "{blank:?}");
        }
        for seen in ["a", "\u{200b}.", "👩🏽\u{200d}🍳", "\u{301}"] {
            assert!(has_visible_character(seen), "{seen:?}");
        }
    }

    #[test]
    fn control_characters_are_found_unless_allowed() {
        assert!(has_control_character("a\0b", &['\n', '\t']));
        assert!(has_control_character("a\u{85}b", &['\n', '\t']));
        assert!(!has_control_character("a\n\tb", &['\n', '\t']));
    }

    fn refused(name: &str) -> Option<ViolationCode> {
        single_line(name, 100).err().map(|violation| violation.code)
    }

    #[test]
    fn a_name_is_one_line() {
        for end in ["\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}", "\0"] {
            let name = format!("Team{end}A");
            assert_eq!(refused(&name), Some(ViolationCode::InvalidCharacters), "{name:?}");
        }
    }

    #[test]
    fn a_name_turns_no_direction_and_has_no_noncharacter() {
        for c in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}').chain(['\u{fdd0}', '\u{ffff}']) {
            assert_eq!(refused(&format!("Team{c}A")), Some(ViolationCode::InvalidCharacters), "{c:?}");
        }
        // The marks that keep mixed scripts in order are allowed.
        assert_eq!(single_line("שלום\u{200f}!", 100).as_deref(), Ok("שלום\u{200f}!"));
    }

    #[test]
    fn a_name_has_something_to_see_and_a_key_of_bounded_length() {
        for blank in ["\u{2800}", "\u{fff9}\u{fffb}", "\u{13430}", "\u{e000}", "\u{200b} \u{200b}"] {
            assert_eq!(refused(blank), Some(ViolationCode::Required), "{blank:?}");
        }
        assert_eq!(refused(&"ß".repeat(100)), None);
        assert_eq!(refused(&"\u{fdfa}".repeat(12)), Some(ViolationCode::TooLong));
    }
}
