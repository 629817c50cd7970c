//! The search text for lists.

use crate::text::{check_key_length, check_visible, fold, has_control_character, text_newtype};
use crate::validation::{Violation, ViolationCode, check_length};

/// Text that names must contain, folded as they are, so that case makes no difference. Its length is bounded
/// like theirs: a longer one finds nothing, and costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText(String);
text_newtype!(SearchText);

impl SearchText {
    /// The most characters a search may have.
    pub const MAX_LENGTH: usize = 100;

    /// Checks and folds a text as somebody typed it; surrounding white space is dropped. No name has a control
    /// character, and some databases take U+0000 for the end of a pattern.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = text.trim();
        check_length(text, 1, Self::MAX_LENGTH)?;
        if has_control_character(text, &[]) {
            let detail = "must not contain control characters";
            return Err(Violation::new(ViolationCode::InvalidCharacters, detail));
        }
        check_visible(text)?;
        let folded = fold(text);
        check_key_length(&folded)?;
        Ok(Self(folded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ViolationCode::{InvalidCharacters, Required, TooLong};

    #[test]
    fn a_search_is_trimmed_and_folded() {
        for (typed, folded) in [
            (" Ann ", "ann"),
            ("GRO\u{308}SSE", "grösse"),
            ("a\u{200b}b", "ab"),
            ("%_", "%_"),
            ("a  b", "a b"),
        ] {
            assert_eq!(SearchText::parse(typed).unwrap().as_str(), folded, "{typed:?}");
        }
        let longest = "ü".repeat(SearchText::MAX_LENGTH);
        assert_eq!(SearchText::parse(&longest).unwrap().as_str(), longest);
    }

    #[test]
    fn what_no_name_can_contain_is_refused() {
        for (bad, code) in [
            ("", Required),
            (" \n", Required),
            ("\u{200b}\u{2060}", Required),
            (&*"ü".repeat(101), TooLong),
            (&*"\u{fdfa}".repeat(12), TooLong),
            ("a\0b", InvalidCharacters),
            ("\0", InvalidCharacters),
        ] {
            assert_eq!(SearchText::parse(bad).map_err(|violation| violation.code), Err(code), "{bad:?}");
        }
    }
}
