use super::*;
use ViolationCode::{InvalidCharacters, InvalidFormat, Required, Reserved, TooLong, TooShort};

use proptest::prelude::*;

use crate::testing::{OTHER, any_text, user};

/// The rule that a value violates, if any.
fn broken<T>(parsed: Result<T, Violation>) -> Option<ViolationCode> {
    parsed.err().map(|violation| violation.code)
}

#[test]
fn a_username_has_1_to_50_ascii_letters_digits_and_some_marks_within() {
    for good in ["a", "7", "ab", "a_b", "a.b", "a-b", "A-1_b.c", "mexico", "system1", &"x".repeat(50)] {
        assert_eq!(Username::parse(good).unwrap().as_str(), good);
    }
    for (bad, code) in [
        ("", Required),
        (&"x".repeat(51), TooLong),
        ("a b", InvalidCharacters),
        (" a", InvalidCharacters),
        ("a\0", InvalidCharacters),
        ("a\n", InvalidCharacters),
        ("a@b", InvalidCharacters),
        ("jürgen", InvalidCharacters),
        ("ａ", InvalidCharacters),
        // Looks like a K and folds to one.
        ("\u{212A}", InvalidCharacters),
        ("_a", InvalidFormat),
        ("a_", InvalidFormat),
        (".a", InvalidFormat),
        ("a.", InvalidFormat),
        ("-a", InvalidFormat),
        ("a-", InvalidFormat),
        ("-", InvalidFormat),
    ] {
        assert_eq!(broken(Username::parse(bad)), Some(code), "{bad:?}");
    }
}

#[test]
fn reserved_names_are_reserved_in_any_case() {
    for reserved in ["all", "here", "me", "system", "ALL", "Here", "mE", "SYSTEM"] {
        assert_eq!(broken(Username::parse(reserved)), Some(Reserved), "{reserved}");
    }
}

#[test]
fn usernames_are_compared_without_regard_to_case() {
    assert_eq!(Username::parse("Ann-Marie").unwrap().key(), UsernameKey::of("aNN-mARIE"));
    assert_ne!(UsernameKey::of("ann"), UsernameKey::of("anne"));
}

#[test]
fn display_names_are_searched_without_regard_to_case() {
    let key = |name| DisplayName::parse(name).unwrap().key();
    assert_eq!(key("Ann MÜLLER"), "ann müller");
    assert_ne!(key("Ann Müller"), key("Ann Muller"));
}

#[test]
fn a_display_name_has_1_to_100_characters_on_one_line() {
    for good in ["x", "Frau Müller", "李小龍", "\u{1F469}\u{200D}\u{1F373}", &"ü".repeat(100)] {
        assert_eq!(DisplayName::parse(good).unwrap().as_str(), good);
    }
    for (bad, code) in [
        ("", Required),
        (" \t\n", Required),
        ("\u{200b}\u{feff}", Required),
        ("\u{3164}", Required),
        (&"ü".repeat(101), TooLong),
        ("a\nb", InvalidCharacters),
        ("a\tb", InvalidCharacters),
        ("a\0b", InvalidCharacters),
        ("a\u{7f}b", InvalidCharacters),
        ("a\u{85}b", InvalidCharacters),
    ] {
        assert_eq!(broken(DisplayName::parse(bad)), Some(code), "{bad:?}");
    }
}

#[test]
fn a_display_name_is_trimmed_and_normalized_before_it_is_measured() {
    assert_eq!(DisplayName::parse("  Rene\u{301}\u{a0}\n").unwrap().as_str(), "René");
    let decomposed = "e\u{301}".repeat(100);
    assert_eq!(DisplayName::parse(&format!("   {decomposed}   ")).unwrap().as_str(), "é".repeat(100));
}

#[test]
fn an_address_looks_like_one_and_has_at_most_254_characters() {
    let longest = format!("{}@example.org", "x".repeat(254 - "@example.org".len()));
    for good in ["a@b", "first.last+tag@mail.example.org", "\"a@b\"@example.org", "用户@例子.广告", &longest]
    {
        assert_eq!(Email::parse(good).unwrap().as_str(), good);
    }
    assert_eq!(Email::parse("  a@b\n").unwrap().as_str(), "a@b");
    for (bad, code) in [
        ("", Required),
        ("   ", Required),
        (&format!("x{longest}"), TooLong),
        ("example.org", InvalidFormat),
        ("@example.org", InvalidFormat),
        ("a@", InvalidFormat),
        ("a@.org", InvalidFormat),
        ("a@org.", InvalidFormat),
        ("a b@example.org", InvalidFormat),
        ("a@exam\tple.org", InvalidFormat),
        ("a@b\r\nBcc: c@d", InvalidFormat),
        ("a\0@example.org", InvalidFormat),
    ] {
        assert_eq!(broken(Email::parse(bad)), Some(code), "{bad:?}");
    }
}

#[test]
fn a_password_has_8_characters_72_bytes_at_most_and_no_nul() {
    for good in ["12345678", " \t\n pass", "pässwörd", "пароли-1", &"x".repeat(72), &"ü".repeat(36)]
    {
        assert_eq!(Password::parse(good).unwrap().reveal(), good);
    }
    for (bad, code) in [
        ("", Required),
        ("1234567", TooShort),
        // Seven characters in 14 bytes.
        ("парольк", TooShort),
        (&"x".repeat(73), TooLong),
        // Thirty-seven characters in 74 bytes.
        (&"ü".repeat(37), TooLong),
        ("1234567\0", InvalidCharacters),
        ("\u{0}12345678", InvalidCharacters),
    ] {
        assert_eq!(broken(Password::parse(bad)), Some(code), "{bad:?}");
    }
}

#[test]
fn a_password_is_normalized_before_it_is_measured() {
    let decomposed = "pa\u{308}ssword";
    assert_eq!(Password::parse(decomposed).unwrap().reveal(), "pässword");
    // 75 bytes, and 50 when composed; 8 characters, and 4 when composed.
    assert_eq!(Password::parse(&"a\u{308}".repeat(25)).unwrap().reveal(), "ä".repeat(25));
    assert_eq!(broken(Password::parse(&"a\u{308}".repeat(4))), Some(TooShort));
    // 24 characters of 3 bytes, each of which becomes two characters.
    assert_eq!(broken(Password::parse(&"\u{958}".repeat(24))), Some(TooLong));
}

#[test]
fn a_password_as_typed_counts_only_if_it_differs() {
    let as_typed = |text: &str| Password::as_typed(text).map(|password| password.reveal().to_owned());
    assert_eq!(as_typed("pa\u{308}ssword").as_deref(), Some("pa\u{308}ssword"));
    assert_eq!(as_typed(&"\u{958}".repeat(24)), Some("\u{958}".repeat(24)));
    for same in ["password", "pässword"] {
        assert_eq!(as_typed(same), None);
    }
    for never in ["a\u{308}", &"a\u{308}".repeat(25), "nul\0 a\u{308} nul"] {
        assert_eq!(as_typed(never), None, "{never:?}");
    }
}

#[test]
fn a_password_of_earlier_versions_may_have_fewer_characters() {
    let shown = |text: &str| Password::normalized(text).map(|password| password.reveal().to_owned());
    assert_eq!(shown("пароль").as_deref(), Some("пароль"));
    assert_eq!(shown("pa\u{308}ssword").as_deref(), Some("pässword"));
    for never in ["", "short", "paro\u{301}l", &"x".repeat(73), "nul\0 nul nul"] {
        assert_eq!(shown(never), None, "{never:?}");
    }
}

#[test]
fn debug_shows_no_secrets() {
    let password = Password::parse("correct horse").unwrap();
    assert_eq!(format!("{password:?}"), "Password(…)");
    assert_eq!(format!("{:?}", PasswordHash::from_stored("$2b$12$".to_owned())), "PasswordHash(…)");
    assert_eq!(format!("{:?}", Email::parse("ann@example.org").unwrap()), "Email(…)");
}

#[test]
fn a_presence_setting_is_read_by_its_name() {
    for (setting, name) in PresenceSetting::ALL.into_iter().zip(["shown", "hidden"]) {
        assert_eq!((setting.as_str(), PresenceSetting::parse(name)), (name, Ok(setting)));
    }
    assert_eq!(broken(PresenceSetting::parse("Shown")), Some(InvalidFormat));
}

#[test]
fn a_receipt_setting_is_read_by_its_name() {
    for (setting, name) in ReceiptSetting::ALL.into_iter().zip(["shown", "hidden"]) {
        assert_eq!((setting.as_str(), ReceiptSetting::parse(name)), (name, Ok(setting)));
    }
    assert_eq!(broken(ReceiptSetting::parse("Shown")), Some(InvalidFormat));
}

#[test]
fn messages_contain_only_id_and_names_of_a_user() {
    let reference = user(OTHER).as_ref();
    assert_eq!(reference.id, OTHER);
    assert_eq!(reference.username, Some(user(OTHER).username));
    assert_eq!(reference.display_name, user(OTHER).display_name);
}

proptest! {
    #[test]
    fn a_name_that_was_accepted_is_accepted_again_and_the_same(text in any_text(0..110)) {
        if let Ok(name) = DisplayName::parse(&text) {
            prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn an_address_that_was_accepted_is_accepted_again_and_the_same(
        local in any_text(0..10), host in any_text(0..10),
    ) {
        if let Ok(email) = Email::parse(&format!("{local}@{host}")) {
            prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
        }
    }

    #[test]
    fn a_username_is_ascii_and_its_key_in_lower_case(text in "[ -~]{0,52}") {
        if let Ok(name) = Username::parse(&text) {
            let key = name.key();
            prop_assert_eq!(key.as_str(), text.to_ascii_lowercase());
        }
    }
}

#[test]
fn only_the_user_and_admins_see_the_address() {
    let shared = user(OTHER).without_private_fields();
    assert_eq!(shared, User { email: None, ..user(OTHER) });
    assert!(user(OTHER).email.is_some());
    assert!(!format!("{:?}", user(OTHER)).contains("example"), "{:?}", user(OTHER));
}
