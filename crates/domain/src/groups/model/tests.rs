use super::*;
use crate::validation::ViolationCode;
use ViolationCode::{InvalidCharacters, InvalidFormat, Required, TooLong};

use proptest::prelude::*;

use crate::events::Audience;
use crate::permissions::BuiltInRole;
use crate::testing::{GROUP, ME, NOW, any_text, group, message, standing, view};

/// Which rule a value breaks, if any.
fn broken<T>(parsed: Result<T, Violation>) -> Option<ViolationCode> {
    parsed.err().map(|violation| violation.code)
}

#[test]
fn a_group_name_has_1_to_100_characters_on_one_line() {
    for good in ["x", "Kleingärtner 🌻", "👩🏽\u{200d}🍳 ❤\u{fe0f}", &"ü".repeat(100)] {
        assert_eq!(GroupName::parse(good).unwrap().as_str(), good);
    }
    for (bad, code) in [
        ("", Required),
        ("  ", Required),
        ("\u{200b}", Required),
        ("\u{200e} \u{3164}", Required),
        (&"ü".repeat(101), TooLong),
        ("a\nb", InvalidCharacters),
        ("a\0b", InvalidCharacters),
    ] {
        assert_eq!(broken(GroupName::parse(bad)), Some(code), "{bad:?}");
    }
}

#[test]
fn group_names_are_compared_without_regard_to_case_in_any_script() {
    let key = |name| GroupName::parse(name).unwrap().key();
    assert_eq!(key("  GÄRTNER "), key("ga\u{308}rtner"));
    assert_eq!(key("ΣΊΣΥΦΟΣ"), key("σίσυφος"));
    assert_ne!(key("Gärtner"), key("Gartner"));
    assert_eq!(key("Gar\u{200b}ten"), key("garten"));
}

#[test]
fn a_description_has_at_most_1000_characters_with_newlines_and_tabs() {
    for good in ["", " ", "first\n\n\tsecond", &"ü".repeat(1_000)] {
        assert_eq!(Description::parse(good).unwrap().as_str(), good);
    }
    assert_eq!(Description::parse("a\r\nb").unwrap().as_str(), "a\nb");
    for (bad, code) in [
        (&*"ü".repeat(1_001), TooLong),
        ("a\0b", InvalidCharacters),
        ("a\rb", InvalidCharacters),
        ("a\u{1b}[31mb", InvalidCharacters),
    ] {
        assert_eq!(broken(Description::parse(bad)), Some(code), "{bad:?}");
    }
}

#[test]
fn a_member_sees_the_newest_message_only_where_the_role_allows_to_read() {
    let newest = || Some(view(message(ME)));
    let mut standing = standing(BuiltInRole::Readonly);
    let shown = GroupView::new(group(), Some(standing.clone()), newest());
    assert_eq!(shown.last_message, newest());
    standing.role.permissions = standing.role.permissions.without(GroupPermission::ReadHistory);
    assert_eq!(GroupView::new(group(), Some(standing), newest()).last_message, None);
    assert_eq!(GroupView::new(group(), None, newest()).last_message, None);
}

#[test]
fn visibilities_and_rules_of_history_are_known_by_their_names() {
    for (visibility, name) in Visibility::ALL.into_iter().zip(["public", "closed", "private"]) {
        assert_eq!((visibility.as_str(), Visibility::parse(name)), (name, Ok(visibility)));
    }
    for (history, name) in History::ALL.into_iter().zip(["all", "joined"]) {
        assert_eq!((history.as_str(), History::parse(name)), (name, Ok(history)));
    }
    for bad in ["", "Public", "All", "secret"] {
        assert_eq!(broken(Visibility::parse(bad)), Some(InvalidFormat), "{bad:?}");
        assert_eq!(broken(History::parse(bad)), Some(InvalidFormat), "{bad:?}");
    }
}

#[test]
fn only_members_learn_of_what_happens_to_a_private_group() {
    for (visibility, audience) in [
        (Visibility::Public, Audience::All),
        (Visibility::Closed, Audience::All),
        (Visibility::Private, Audience::Group(GROUP)),
    ] {
        assert_eq!(Group { visibility, ..group() }.audience(), audience);
    }
}

#[test]
fn a_new_group_has_no_members_and_no_messages() {
    let Group { name, description, visibility, history, .. } = group();
    let new = NewGroup { name: name.unwrap(), description, visibility, history, created_at: NOW };
    let version = Version::FIRST;
    let expected = Group { version, created_at: NOW, member_count: 0, last_seq: Seq::ZERO, ..group() };
    assert_eq!(new.into_group(GROUP), expected);
}

proptest! {
    #[test]
    fn a_name_that_was_accepted_is_accepted_again_and_the_same(text in any_text(0..110)) {
        if let Ok(name) = GroupName::parse(&text) {
            prop_assert_eq!(GroupName::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn a_description_that_was_accepted_is_accepted_again_and_the_same(text in any_text(0..110)) {
        if let Ok(description) = Description::parse(&text) {
            prop_assert_eq!(Description::parse(description.as_str()), Ok(description));
        }
    }
}
