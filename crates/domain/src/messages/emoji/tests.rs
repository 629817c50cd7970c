use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Every text of Unicode's `emoji-test.txt` 18.0, in all forms, and those of `emoji-variation-sequences.txt`, as the npm
/// package `emoji-test-regex-pattern` 2.6.0 lists them.
const TEST_FILE: &str = include_str!("emoji-test.txt");

fn without_selectors(text: &str) -> String {
    text.replace(VARIATION_SELECTOR, "")
}

fn parsed(text: &str) -> Option<&'static str> {
    Emoji::parse(text).ok().map(Emoji::as_str)
}

#[test]
fn every_form_in_the_test_file_of_unicode_is_an_emoji_and_all_forms_of_one_are_the_same() {
    let mut found = BTreeSet::new();
    for text in TEST_FILE.lines() {
        let emoji = parsed(text);
        assert_eq!(emoji, parsed(&without_selectors(text)), "{text}");
        let emoji = emoji.unwrap_or_else(|| panic!("{text} is none"));
        assert_eq!(without_selectors(emoji), without_selectors(text));
        found.insert(emoji);
    }
    assert!(found.len() > 3_900, "{}", found.len());
    assert!(found.into_iter().eq(LIST.lines().collect::<BTreeSet<_>>()), "the list has others");
}

#[test]
fn the_list_is_in_order() {
    assert!(LIST.lines().is_sorted_by(|one, next| unqualified(one).lt(unqualified(next))));
    assert_eq!(LIST.lines().map(|emoji| 2 * unqualified(emoji).count()).max(), Some(Emoji::MAX_LENGTH));
    assert!(LIST.ends_with('\n'));
}

#[test]
fn an_emoji_is_kept_in_its_full_form() {
    for (given, kept) in [
        ("👍", "👍"),
        ("👍\u{FE0F}", "👍"),
        ("❤", "❤️"),
        ("❤️", "❤️"),
        ("1\u{20E3}", "1️⃣"),
        ("👍🏿", "👍🏿"),
        ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
        ("👁‍🗨", "👁️‍🗨️"),
        ("🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("🇩🇪", "🇩🇪"),
    ] {
        assert_eq!(parsed(given), Some(kept), "{given}");
    }
    assert_eq!(Emoji::parse("👍"), Ok(Emoji::LIKE));
}

#[test]
fn nothing_else_is_one() {
    for bad in [
        "",
        " ",
        "\n",
        "a",
        "1",
        "#",
        "👍👍",
        "👍 ",
        " 👍",
        "👍\n",
        ":+1:",
        "🇩",
        "🇩🇪🇩🇪",
        "\u{FE0F}",
        "\u{FE0F}👍",
        "👍\u{FE0F}\u{FE0F}",
        "👍\u{FE0E}",
        "\u{200D}",
        "👍\u{200D}",
        "🏴\u{E0067}",
        "\u{0}",
        "👍🏿🏿",
    ] {
        assert_eq!(parsed(bad), None, "{bad:?}");
    }
    assert_eq!(parsed(&"👍".repeat(100_000)), None);
}

proptest! {
    #[test]
    fn a_text_is_an_emoji_exactly_if_the_list_has_it(
        text in prop::collection::vec(prop::sample::select("👍❤\u{FE0F}\u{200D}🏿🏴👨👩👧#1\u{20E3}🇩🇪a".chars().collect::<Vec<_>>()), 0..5),
    ) {
        let text: String = text.into_iter().collect();
        let listed = LIST.lines().find(|emoji| without_selectors(emoji) == without_selectors(&text));
        prop_assert_eq!(parsed(&text), listed.filter(|_| selects_characters(&text)));
    }
}
