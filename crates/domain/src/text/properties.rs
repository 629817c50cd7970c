//! Properties of characters: whether they are visible, end a line or change the text direction.
//!
//! The tables, and so the version of Unicode, come from the crate `icu_properties`. Only what Unicode has no property
//! for is listed here.

use icu_properties::props::{
    BidiClass, DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory, NoncharacterCodePoint,
    PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Characters with an empty glyph that Unicode classifies as symbols or marks: the Braille pattern without dots, the
/// musical null notehead and the filler of the Khitan small script. No property distinguishes them.
const BLANK: [char; 3] = ['\u{2800}', '\u{1D159}', '\u{16FE4}'];

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// Whether the character is visible by itself: letters, marks, numbers, punctuation and symbols.
///
/// Not visible are white space, control characters, default-ignorable characters (joiners, variation selectors,
/// fillers), format characters except the few Arabic signs that enclose numbers, private-use characters, noncharacters,
/// and unassigned code points, unless they are reserved for emoji: a phone may know more emoji than we do.
pub(super) fn is_visible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic();
    }
    if is_default_ignorable(c) || BLANK.contains(&c) {
        return false;
    }
    match category(c) {
        GeneralCategory::Control
        | GeneralCategory::Surrogate
        | GeneralCategory::PrivateUse
        | GeneralCategory::SpaceSeparator
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => false,
        GeneralCategory::Format => is_visible_format(c),
        GeneralCategory::Unassigned => CodePointSetData::new::<ExtendedPictographic>().contains(c),
        _ => true,
    }
}

/// Whether the character leaves no trace in a text, not even a space.
pub(super) fn is_unseen(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    is_default_ignorable(c)
        || is_noncharacter(c)
        || (category(c) == GeneralCategory::Format && !is_visible_format(c))
}

/// Whether the character looks like a space.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || BLANK.contains(&c)
}

/// Whether the character is a control character or ends a line or paragraph: categories Cc, Zl and Zp.
pub(super) fn is_control_or_line_end(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether the character embeds, overrides or isolates a direction, or ends that (UAX #9, section 2): it can make the
/// rest of a line look different. Plain direction marks are not among these.
pub(super) fn is_direction_control(c: char) -> bool {
    const CONTROLS: [BidiClass; 9] = [
        BidiClass::LeftToRightEmbedding,
        BidiClass::RightToLeftEmbedding,
        BidiClass::LeftToRightOverride,
        BidiClass::RightToLeftOverride,
        BidiClass::PopDirectionalFormat,
        BidiClass::LeftToRightIsolate,
        BidiClass::RightToLeftIsolate,
        BidiClass::FirstStrongIsolate,
        BidiClass::PopDirectionalIsolate,
    ];
    !c.is_ascii() && CONTROLS.contains(&CodePointMapData::<BidiClass>::new().get(c))
}

/// Whether the code point will never be a character.
pub(super) fn is_noncharacter(c: char) -> bool {
    !c.is_ascii() && CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
}

fn is_default_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Format characters that are drawn around the digits that follow them.
fn is_visible_format(c: char) -> bool {
    CodePointSetData::new::<PrependedConcatenationMark>().contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = char> {
        '\0'..=char::MAX
    }

    fn is_one_of(c: char, ranges: &[(u32, u32)]) -> bool {
        ranges.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)))
    }

    /// Ranges that Unicode has reserved permanently, so they can be hard-coded.
    fn is_set_aside(c: char) -> (bool, bool) {
        let code = u32::from(c);
        let noncharacter = code & 0xFFFE == 0xFFFE || (0xFDD0..=0xFDEF).contains(&code);
        let private = is_one_of(c, &[(0xE000, 0xF8FF), (0xF_0000, 0xF_FFFD), (0x10_0000, 0x10_FFFD)]);
        (noncharacter, private)
    }

    #[test]
    fn every_letter_and_digit_of_unicode_is_visible_but_fillers() {
        let hidden: Vec<_> = all().filter(|c| c.is_alphanumeric() && !is_visible(*c)).collect();
        assert_eq!(hidden, ['\u{115F}', '\u{1160}', '\u{3164}', '\u{FFA0}']);
    }

    #[test]
    fn nothing_set_aside_in_unicode_is_visible() {
        for c in all() {
            let (noncharacter, private) = is_set_aside(c);
            assert_eq!(is_noncharacter(c), noncharacter, "U+{:04X}", u32::from(c));
            let blank = noncharacter || private || c.is_whitespace() || c.is_control();
            assert!(!(blank && is_visible(c)), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn every_character_of_unicode_is_seen_or_a_space_or_unseen_or_of_no_use() {
        for c in all() {
            let kinds = [is_visible(c), is_space(c), is_unseen(c)];
            let seen = kinds.into_iter().filter(|kind| *kind).count();
            let (_, private) = is_set_aside(c);
            let useless = c.is_control() || private || category(c) == GeneralCategory::Unassigned;
            assert!(seen == 1 || (seen == 0 && useless), "U+{:04X}: {kinds:?}", u32::from(c));
        }
    }

    #[test]
    fn what_was_taken_for_visible_is_not() {
        let blank = "\u{2800}\u{FFF9}\u{FFFA}\u{FFFB}\u{13430}\u{1343F}\u{FFFF}\u{FDD0}\u{10FFFF}\u{E000}\
                     \u{2028}\u{2029}\u{85}\u{A0}\u{3000}\u{202E}\u{2066}\u{200B}\u{FE0F}\u{E0041}\u{3164}\
                     \u{1D159}\u{16FE4}\u{0378}";
        for c in blank.chars() {
            assert!(!is_visible(c), "U+{:04X}", u32::from(c));
        }
        // An Arabic number sign, a mark, an emoji, and a code point reserved for one.
        for c in "aß水\u{0600}\u{301}👩\u{1FAFF}\u{13440}!".chars() {
            assert!(is_visible(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn line_ends_and_control_characters_are_those_of_their_categories() {
        for c in all() {
            let by_category = matches!(
                category(c),
                GeneralCategory::Control
                    | GeneralCategory::LineSeparator
                    | GeneralCategory::ParagraphSeparator
            );
            assert_eq!(is_control_or_line_end(c), by_category, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn direction_controls_are_the_nine_of_uax_9() {
        let controls: Vec<u32> = all().filter(|c| is_direction_control(*c)).map(u32::from).collect();
        assert_eq!(controls, (0x202A..=0x202E).chain(0x2066..=0x2069).collect::<Vec<u32>>());
    }
}
