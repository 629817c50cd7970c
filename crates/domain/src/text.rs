//! What all text has in common: normalisation, forbidden characters, folding for comparison.

mod ignorable;

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::validation::{Violation, ViolationCode, check_length};
use ignorable::is_ignorable;

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

            /// The text, given up by its wrapper.
            pub fn into_string(self) -> String {
                self.0
            }
        }
    };
}
pub(crate) use text_newtype;

/// Text in Unicode Normalization Form C (UAX #15), so that what looks the same is stored the same.
pub fn nfc(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

/// A key by which names are compared and ordered: compatibility-normalised, case-folded, and without the
/// characters that nobody sees (Unicode chapter 3.13, "toNFKC_Casefold"). Done here and not in the database,
/// since databases fold differently.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Taken out of the decomposed text: some show only then, and they keep apart marks that compose.
    let compatible: String = text.nfkd().filter(|c| !is_ignorable(*c)).nfkc().collect();
    caseless::default_case_fold_str(&compatible).nfkc().collect()
}

/// Whether the text holds a control character (Unicode category Cc) other than those in `allowed`.
pub fn has_control_character(text: &str, allowed: &[char]) -> bool {
    text.chars().any(|c| c.is_control() && !allowed.contains(&c))
}

/// Whether there is anything to see: a character that is neither white space nor ignorable.
pub fn has_visible_character(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_ignorable(c))
}

/// Checks that there is anything to see.
pub(crate) fn check_visible(text: &str) -> Result<(), Violation> {
    if has_visible_character(text) {
        return Ok(());
    }
    Err(Violation::new(ViolationCode::Required, "must hold a visible character"))
}

/// Normalises a text of one line and checks that it has 1 to `max` characters, one of them visible.
pub(crate) fn single_line(text: &str, max: usize) -> Result<String, Violation> {
    let text = nfc(text.trim());
    check_length(&text, 1, max)?;
    if has_control_character(&text, &[]) {
        let detail = "must be one line without control characters";
        return Err(Violation::new(ViolationCode::InvalidCharacters, detail));
    }
    check_visible(&text)?;
    Ok(text.into_owned())
}

/// Normalises a text that may have several lines and checks that it has `min` to `max` characters. Line ends
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
        let detail = "must hold no control characters but newlines and tabs";
        return Err(Violation::new(ViolationCode::InvalidCharacters, detail));
    }
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::any_text;

    #[test]
    fn nfc_composes_and_leaves_composed_text_alone() {
        assert_eq!(nfc("e\u{301}"), "é");
        assert!(matches!(nfc("é"), Cow::Borrowed(_)));
    }

    #[test]
    fn fold_makes_names_comparable_across_case_width_and_composition() {
        assert_eq!(fold("Straße"), fold("STRASSE"));
        assert_eq!(fold("ÉCOLE"), fold("e\u{301}cole"));
        assert_eq!(fold("ＡＢＣ"), "abc");
        assert_eq!(fold("Team-1"), "team-1");
        assert_ne!(fold("cafe"), fold("café"));
    }

    #[test]
    fn fold_drops_what_nobody_sees() {
        for (text, folded) in [
            ("ad\u{200b}min", "admin"),
            ("\u{feff}Admin\u{2060}", "admin"),
            ("soft\u{ad}hyphen", "softhyphen"),
            ("❤\u{fe0f}", "❤"),
            // The joiner keeps letter and accent apart.
            ("e\u{34f}\u{301}", "é"),
            // Becomes U+1160, which is ignorable, too.
            ("\u{ffa0}", ""),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
        assert_eq!(fold("👩🏽\u{200d}🍳"), "👩🏽🍳");
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
    fn folding_any_one_character_again_changes_nothing() {
        for character in '\0'..=char::MAX {
            let folded = fold(character.encode_utf8(&mut [0; 4]));
            assert_eq!(fold(&folded), folded, "U+{:04X}", u32::from(character));
        }
    }

    #[test]
    fn control_characters_are_found_unless_allowed() {
        assert!(has_control_character("a\0b", &['\n', '\t']));
        assert!(has_control_character("a\u{85}b", &['\n', '\t']));
        assert!(!has_control_character("a\n\tb", &['\n', '\t']));
    }

    /// Letters that the standard library knows and the tables of the folding don't yet: they fold to themselves.
    fn is_of_unicode_17(c: char) -> bool {
        matches!(c, '\u{A7CE}'..='\u{A7D5}' | '\u{16EA0}'..='\u{16ED3}')
    }

    #[test]
    fn case_makes_no_difference_to_any_one_character() {
        for character in ('\0'..=char::MAX).filter(|c| !is_of_unicode_17(*c)) {
            let lower: String = character.to_lowercase().collect();
            assert_eq!(
                fold(&lower),
                fold(character.encode_utf8(&mut [0; 4])),
                "U+{:04X}",
                u32::from(character)
            );
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in any_text(0..20)) {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn text_that_normalises_alike_folds_alike(text in any_text(0..20)) {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(fold(&nfc(&text)), fold(&text));
            prop_assert_eq!(fold(&decomposed), fold(&text));
        }

        #[test]
        fn case_makes_no_difference(mut text in any_text(0..20)) {
            text.retain(|c| !is_of_unicode_17(c));
            prop_assert_eq!(fold(&text.to_lowercase()), fold(&text));
        }

        #[test]
        fn ascii_folds_to_lower_case(text in "[ -~]{0,20}") {
            prop_assert_eq!(fold(&text), text.to_ascii_lowercase());
        }
    }
}
