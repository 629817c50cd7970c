use proptest::prelude::*;

use super::*;
use crate::messages::MessageText;
use crate::text::TextBytes;

/// What is found, as it is written in the text.
fn found(text: &str) -> Vec<&str> {
    find_marks(text).into_iter().map(|mark| &text[mark.range]).collect()
}

#[test]
fn names_are_found_where_a_word_begins() {
    assert_eq!(
        found("@ada and (@Grace), \"@b.c\"; **@d** _@e_ ~~@f~~"),
        ["@ada", "@Grace", "@b.c", "@d", "@e", "@f"]
    );
    assert_eq!(found("Hello @ada. @grace! @x-y_z-..."), ["@ada", "@grace", "@x-y_z"]);
    assert_eq!(found("# @ada\n- @grace\n\n| a |\n|---|\n| @b |"), ["@ada", "@grace", "@b"]);
    assert_eq!(found("¿@ada? —@grace 你好，@b"), ["@ada", "@grace", "@b"]);
    assert_eq!(found("<b>@ada</b>"), ["@ada"]);
}

#[test]
fn names_are_compared_as_they_are_folded() {
    let marks = find_marks("@ADA @All @hERE");
    let meant: Vec<_> = marks.into_iter().map(|mark| mark.of).collect();
    assert_eq!(meant, [MarkTarget::Name(UsernameKey::of("ada")), MarkTarget::All, MarkTarget::Here]);
}

#[test]
fn ids_are_found_as_they_are_stored() {
    let marks = find_marks("a<@42> **<@7>**");
    let meant: Vec<_> = marks.iter().map(|mark| mark.of.clone()).collect();
    assert_eq!(meant, [MarkTarget::Id(UserId::new(42)), MarkTarget::Id(UserId::new(7))]);
    assert_eq!(found("a<@42>b"), ["<@42>"]);
    assert_eq!(found(&format!("so {}", stored_mark(UserId::new(42)))), ["<@42>"]);
    for text in [
        "<@042>",
        "<@>",
        "<@-1>",
        "<@99999999999999999999>",
        "\\<@42>",
        "<@4",
        "`<@42>`",
        "> <@42>",
        "<@ada>",
    ] {
        assert_eq!(found(text), [""; 0], "{text:?}");
    }
}

#[test]
fn code_quotations_and_links_mention_nobody() {
    for text in [
        "`@ada`",
        "``a ` @ada``",
        "```\n@ada\n```",
        "~~~ @ada\n@ada",
        "    @ada",
        "> @ada",
        "> a\n@ada",
        "- > @ada",
        "[@ada](https://example.org)",
        "[a](https://example.org/@ada)",
        "![@ada](https://example.org)",
        "[](@ada\"(\")",
        "[](\n@ada\" \")",
        "[a]: @ada\" \"",
        "<https://example.org/@ada>",
        "https://example.org/@ada",
        "https://example.org/_a_@ada",
        "see https://example.org/?a=(@ada",
        "[a]\n\n[a]: https://example.org/@ada",
    ] {
        assert_eq!(found(text), [""; 0], "{text:?}");
    }
    assert_eq!(found("> a\n\n@ada"), ["@ada"]);
    assert_eq!(found("`a` @ada `b`"), ["@ada"]);
    assert_eq!(found("https://example.org/@ada @grace"), ["@grace"]);
}

#[test]
fn an_element_that_reaches_out_of_a_bare_link_ends_it() {
    assert_eq!(found("~a://b~@ada.~://c~@grace"), ["@ada", "@grace"]);
    assert_eq!(found("a://b[c](d)@ada.~://e~@grace"), ["@ada", "@grace"]);
    assert_eq!(found("a://b*~c d*@ada"), ["@ada"]);
}

#[test]
fn addresses_and_escaped_signs_mention_nobody() {
    for text in [
        "ada@example.org",
        "a.b+@example.org",
        "<ada@example.org>",
        "@ada@example.org",
        "\\@ada",
        "a\\@ada",
        "&#64;ada",
        "é@ada",
        "@adaé",
        "@",
        "@-",
        "@.ada",
        "@@ada",
        "a/@ada",
        "example.org/@ada",
    ] {
        assert_eq!(found(text), [""; 0], "{text:?}");
    }
    assert_eq!(found(&format!("@{}", "a".repeat(51))), [""; 0]);
    assert_eq!(found(&format!("@{}", "a".repeat(50))).len(), 1);
}

#[test]
fn a_text_that_is_shown_as_it_was_written_mentions_nobody() {
    assert_eq!(found(&format!("{}a\n\n@ada", "> ".repeat(33))), [""; 0]);
}

#[test]
fn marks_are_kept_in_about_as_many_bytes_as_the_text_has() {
    for piece in ["@a ", "<@1>", "@here ", "@abcdefgh "] {
        let words: String = piece.chars().cycle().take(10_000).collect();
        let text = MessageText::parse(&words).unwrap();
        let of = |marks: Vec<Mark>| marks.into_iter().map(|mark| (mark.range, mark.of)).collect::<Vec<_>>();
        assert!(text.marks().count() >= 1_000, "{piece}");
        assert_eq!(of(text.marks().collect()), of(find_marks(text.as_str())), "{piece}");
        assert!(text.text_bytes() > text.as_str().len(), "they are counted");
        assert!(text.text_bytes() <= text.as_str().len() * 5 / 2, "{piece}: {}", text.text_bytes());
    }
    // As long as a text can be, in bytes.
    let far = format!("{} @ada", "🎉".repeat(9_995));
    let text = MessageText::parse(&far).unwrap();
    let marks: Vec<_> = text.marks().map(|mark| (mark.range.start, mark.range.end)).collect();
    assert_eq!(marks, [(39_981, 39_985)]);
}

#[test]
fn here_counts_as_all_who_may_be_shown_as_online() {
    for (words, count) in [("@here", 100), ("@here @ada <@7> @here", 102), ("@all", 0), ("`@here`", 0)] {
        assert_eq!(MessageText::parse(words).unwrap().mention_count(), count, "{words}");
    }
}

#[test]
fn hostile_texts_take_no_longer_than_their_length_explains() {
    for piece in
        ["@", "@a ", "<@", "<@1>", "[@a](", "*@a_", "`@a``", "> @a\n", "://@a", "a@b.c", "|@a|\n", "@a\\"]
    {
        let text: String = piece.chars().cycle().take(10_000).collect();
        let marks = find_marks(&text);
        assert!(marks.len() <= 5_000, "{piece:?}");
    }
}

/// What cuts a text into its elements, and bare links.
const PIECES: &[&str] = &[
    "@a", "@", "a", "1", " ", ".", "\\", "`", "*", "_", "~", "|", ">", "/", "(", ")", "[", "]", "!", "\n",
    "-", "\"", "://", ":", "a://",
];

proptest! {
    #[test]
    fn marks_are_in_order_and_within_the_text(text in "[@<>ab1 .\\\\`*_~|>:/()\\[\\]\n-]{0,60}") {
        let mut end = 0;
        for mark in find_marks(&text) {
            prop_assert!(mark.range.start >= end && mark.range.end <= text.len());
            let written = &text[mark.range.clone()];
            match mark.of {
                MarkTarget::Id(id) => prop_assert_eq!(written, stored_mark(id)),
                _ => prop_assert!(written.starts_with('@')),
            }
            end = mark.range.end;
        }
    }

    #[test]
    fn what_is_stored_mentions_whom_the_text_mentioned(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..25)) {
        let text = pieces.concat();
        let marks = find_marks(&text);
        let mut stored = String::new();
        let mut end = 0;
        for mark in &marks {
            stored.push_str(&text[end..mark.range.start]);
            stored.push_str(&stored_mark(UserId::new(42)));
            end = mark.range.end;
        }
        stored.push_str(&text[end..]);
        let again = find_marks(&stored).into_iter().filter(|mark| mark.of == MarkTarget::Id(UserId::new(42))).count();
        prop_assert_eq!(again, marks.len(), "{} became {}", text, stored);
    }
}
