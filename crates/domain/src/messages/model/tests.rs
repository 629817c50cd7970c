use super::*;
use ViolationCode::{InvalidCharacters, Required, TooLong};

use proptest::prelude::*;

use crate::testing::{GROUP, ME, MESSAGE, NOW, any_text, message, text, tombstone, user};

/// Which rule a value breaks, if any.
fn broken<T>(parsed: Result<T, Violation>) -> Option<ViolationCode> {
    parsed.err().map(|violation| violation.code)
}

#[test]
fn a_text_has_1_to_10000_characters_with_newlines_and_tabs() {
    for good in ["x", "first\n\n\tsecond", "👩‍🍳", &"ü".repeat(10_000)] {
        assert_eq!(MessageText::parse(good).unwrap().as_str(), good);
    }
    for (bad, code) in [
        ("", Required),
        (&*"ü".repeat(10_001), TooLong),
        (&*"x".repeat(10_001), TooLong),
        ("a\0b", InvalidCharacters),
        ("a\u{7}b", InvalidCharacters),
        ("a\u{9b}b", InvalidCharacters),
    ] {
        assert_eq!(broken(MessageText::parse(bad)), Some(code), "{code:?}");
    }
}

#[test]
fn what_nobody_sees_is_no_text() {
    for blank in [" ", "\n", "\t", "\r\n", "\u{a0}\u{3000}\u{2028}", "\u{200b}\u{200d}", "\u{feff} \u{3164}"]
    {
        assert_eq!(broken(MessageText::parse(blank)), Some(Required), "{blank:?}");
    }
}

#[test]
fn a_text_keeps_the_white_space_around_it() {
    assert_eq!(MessageText::parse("  code\n").unwrap().as_str(), "  code\n");
}

#[test]
fn a_text_is_normalised_and_only_then_counted() {
    assert_eq!(MessageText::parse("e\u{301}").unwrap().as_str(), "é");
    assert_eq!(MessageText::parse(&"e\u{301}".repeat(10_000)).unwrap().as_str(), "é".repeat(10_000));
    // U+FB2C has three characters in NFC.
    assert_eq!(broken(MessageText::parse(&"\u{fb2c}".repeat(3_334))), Some(TooLong));
}

#[test]
fn line_ends_become_newlines_and_a_lone_carriage_return_is_refused() {
    assert_eq!(MessageText::parse("a\r\n\r\nb").unwrap().as_str(), "a\n\nb");
    assert_eq!(MessageText::parse(&"\r\nx".repeat(5_000)).unwrap().as_str(), "\nx".repeat(5_000));
    for bad in ["a\rb", "a\r", "a\r\r\nb"] {
        assert_eq!(broken(MessageText::parse(bad)), Some(InvalidCharacters), "{bad:?}");
    }
}

#[test]
fn a_client_id_has_1_to_64_printable_ascii_characters() {
    for good in ["1", " ", "~", "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "a b", &"x".repeat(64)] {
        assert_eq!(ClientId::parse(good).unwrap().as_str(), good);
    }
    for (bad, code) in [
        ("", Required),
        (&*"x".repeat(65), TooLong),
        ("a\tb", InvalidCharacters),
        ("a\u{7f}", InvalidCharacters),
        ("a\0", InvalidCharacters),
        ("é", InvalidCharacters),
    ] {
        assert_eq!(broken(ClientId::parse(bad)), Some(code), "{bad:?}");
    }
}

#[test]
fn a_tombstone_is_told_by_the_time_of_its_deletion() {
    assert!(!message(ME).is_deleted());
    assert!(tombstone(ME).is_deleted());
}

#[test]
fn a_new_message_is_unchanged_and_liked_by_nobody() {
    let (text, client_id) = (Some(text("hello")), Some(ClientId::parse("c-1").unwrap()));
    let new = NewMessage {
        group: GROUP,
        thread: None,
        seq: Seq::new(33),
        author: ME,
        text: text.clone().unwrap(),
        client_id: client_id.clone(),
        created_at: NOW,
        attachments: Attachments::default(),
    };
    let sent = new.into_message(MESSAGE, user(ME).as_ref());
    assert_eq!((sent.id, sent.group_id, sent.seq, sent.author.id), (MESSAGE, GROUP, Seq::new(33), ME));
    assert_eq!((sent.text, sent.client_id, sent.created_at), (text, client_id, NOW));
    assert_eq!(
        (sent.version, sent.edited_at, sent.deleted_at, sent.reactions),
        (Version::FIRST, None, None, Reactions::NONE)
    );
}

#[test]
fn nothing_of_what_was_said_is_left_in_a_tombstone() {
    let left = message(ME).into_tombstone(NOW);
    assert_eq!((left.text, left.reactions, left.deleted_at), (None, Reactions::NONE, Some(NOW)));
    assert_eq!(left.version, message(ME).version.next());
}

proptest! {
    #[test]
    fn a_text_that_was_accepted_is_accepted_again_and_the_same(text in any_text(0..200)) {
        if let Ok(text) = MessageText::parse(&text) {
            prop_assert_eq!(MessageText::parse(text.as_str()), Ok(text));
        }
    }

    #[test]
    fn a_client_id_is_kept_as_it_is(text in "[ -~]{1,64}") {
        let id = ClientId::parse(&text).unwrap();
        prop_assert_eq!(id.as_str(), text);
    }
}

#[test]
fn what_somebody_wrote_is_shown_by_no_debug() {
    let text = MessageText::parse("between us").unwrap();
    assert_eq!(format!("{text:?}"), "MessageText(…)");
    let sent = Message { text: Some(text), ..message(ME) };
    assert!(!format!("{sent:?}").contains("between us"));
}
