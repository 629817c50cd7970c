//! Folding: the key by which names are compared, ordered and searched.

use unicode_normalization::UnicodeNormalization;

use super::properties::{is_space, is_unseen};

/// The version of the rule of [`fold`]. Databases store the version of their keys; if it differs, the keys are
/// recomputed when the database is opened. A test fails if the rule changes and this doesn't.
pub const FOLDING_VERSION: i64 = 1;

/// The maximum number of characters in a key. Folding can turn one character into eighteen (U+FDFA).
pub const MAX_KEY_LENGTH: usize = 200;

/// The flag character that tags turn into the flag of a region.
const BLACK_FLAG: char = '\u{1F3F4}';

/// The property of strings `RGI_Emoji_Tag_Sequence` (UTS #51), without the flag character: England, Scotland, Wales.
/// All other tags leave the flag black or are invisible.
const FLAG_TAGS: [&str; 3] = [
    "\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    "\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    "\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
];

/// The key by which names are compared and ordered: compatibility-normalized and case-folded (Unicode chapter 3.13,
/// "toNFKC_Casefold"), without invisible characters, with one space for any run of white space and none at the ends.
/// Computed here and not in the database, because databases fold differently.
pub fn fold(text: &str) -> String {
    if is_plain(text) {
        return text.to_ascii_lowercase();
    }
    // Removed from the decomposed text: some appear only there, and they separate marks that would compose.
    let compatible: String = seen(text.nfkd()).nfkc().collect();
    caseless::default_case_fold_str(&compatible).nfkc().collect()
}

/// The key of a name: its fold, truncated if it is too long. Such names are rejected, but earlier versions may have
/// stored some.
pub fn name_key(name: &str) -> String {
    let key = fold(name);
    match key.char_indices().nth(MAX_KEY_LENGTH) {
        Some((end, _)) => key[..end].to_owned(),
        None => key,
    }
}

/// Whether folding can only change the case of the text.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let spaced = bytes.first() == Some(&b' ') || bytes.last() == Some(&b' ');
    !spaced && bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) && !text.contains("  ")
}

/// The visible part of a decomposed text.
fn seen(text: impl Iterator<Item = char>) -> String {
    let mut seen = String::new();
    let mut tags = String::new();
    let mut spaced = false;
    for c in text {
        if is_tag(c) {
            tags.push(c);
        } else if !is_unseen(c) {
            keep_flag(&mut seen, &mut tags, spaced);
            if is_space(c) {
                spaced = !seen.is_empty();
            } else {
                if std::mem::take(&mut spaced) {
                    seen.push(' ');
                }
                seen.push(c);
            }
        }
    }
    keep_flag(&mut seen, &mut tags, spaced);
    seen
}

/// The characters that spell the region of a flag, and the one that ends them.
const fn is_tag(c: char) -> bool {
    matches!(c, '\u{E0020}'..='\u{E007F}')
}

/// Keeps tags that form a flag with the character before them, and removes all others.
fn keep_flag(seen: &mut String, tags: &mut String, spaced: bool) {
    if !spaced && seen.ends_with(BLACK_FLAG) && FLAG_TAGS.contains(&tags.as_str()) {
        seen.push_str(tags);
    }
    tags.clear();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::nfc;
    use super::*;
    use crate::testing::any_text;

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
            // The joiner separates the letter from the accent.
            ("e\u{34f}\u{301}", "é"),
            // Becomes U+1160, which is ignorable, too.
            ("\u{ffa0}", ""),
            ("ad\u{fff9}min\u{13430}", "admin"),
            ("ad\u{ffff}min", "admin"),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
        assert_eq!(fold("👩🏽\u{200d}🍳"), "👩🏽🍳");
    }

    #[test]
    fn any_run_of_spaces_is_one() {
        for text in [
            "Team  A",
            "team\u{a0}\u{3000}a",
            " Team \u{200b} A ",
            "TEAM\u{2800}A",
            "team\u{1680}a",
            "team\t\u{2028}a",
        ] {
            assert_eq!(fold(text), "team a", "{text:?}");
        }
        assert_ne!(fold("teama"), fold("team a"));
    }

    #[test]
    fn tags_make_three_flags_and_nothing_else() {
        let flags = FLAG_TAGS.map(|tags| format!("{BLACK_FLAG}{tags}"));
        for flag in &flags {
            assert_eq!(fold(flag), *flag);
            assert_eq!(
                fold(&format!("{BLACK_FLAG}\u{fe0f}{}", &flag[4..])),
                *flag,
                "a selector shows nothing"
            );
        }
        let [_, scotland, _] = FLAG_TAGS;
        for text in [
            // Another region, no end, an end alone, something before, twice, and a language tag.
            format!("{BLACK_FLAG}\u{E0075}\u{E0073}\u{E0074}\u{E0078}\u{E007F}"),
            format!("{BLACK_FLAG}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}"),
            format!("{BLACK_FLAG}\u{E007F}"),
            format!("{BLACK_FLAG}\u{E0041}{scotland}"),
            format!("{BLACK_FLAG}{scotland}{scotland}"),
            format!("\u{E0001}{BLACK_FLAG}"),
        ] {
            assert_eq!(fold(&text), BLACK_FLAG.to_string(), "{text:?}");
        }
        assert_eq!(fold(&format!("{BLACK_FLAG} {scotland}x")), format!("{BLACK_FLAG} x"));
        assert_eq!(fold(&format!("a{scotland}")), "a");
    }

    #[test]
    fn a_key_is_cut_where_it_is_too_long() {
        assert_eq!(name_key(&"ß".repeat(100)), "s".repeat(200));
        assert_eq!(name_key(&"\u{FDFA}".repeat(100)).chars().count(), MAX_KEY_LENGTH);
    }

    /// The folds of all characters as one number (FNV-1a, which never changes).
    fn digest() -> u64 {
        let folds = ('\0'..=char::MAX).map(|c| fold(c.encode_utf8(&mut [0; 4])));
        let bytes = folds.flat_map(|fold| [fold.into_bytes(), vec![0xFF]].concat());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    #[test]
    fn another_rule_has_another_version() {
        const VERSION_AND_DIGEST: (i64, u64) = (1, 14_333_332_002_079_362_407);
        assert_eq!(
            (FOLDING_VERSION, digest()),
            VERSION_AND_DIGEST,
            "the tables or the rule have changed: raise FOLDING_VERSION, so that stored keys are made anew"
        );
    }

    #[test]
    fn folding_any_one_character_again_changes_nothing() {
        for character in '\0'..=char::MAX {
            let folded = fold(character.encode_utf8(&mut [0; 4]));
            assert_eq!(fold(&folded), folded, "U+{:04X}", u32::from(character));
            assert!(folded.chars().count() <= 18, "U+{:04X}", u32::from(character));
        }
    }

    /// Letters that the standard library knows but the folding tables don't know yet. They fold to themselves.
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
        fn no_fold_has_two_spaces_in_a_row_or_one_at_an_end(text in "[a \u{a0}\u{2800}\u{200b}\u{e0067}🏴]{0,12}") {
            let folded = fold(&text);
            prop_assert!(!folded.contains("  ") && folded.trim() == folded, "{folded:?}");
            prop_assert_eq!(fold(&folded), folded);
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
        fn ascii_folds_to_lower_case(text in "[!-~]{0,20}") {
            prop_assert_eq!(fold(&text), text.to_ascii_lowercase());
        }
    }
}
