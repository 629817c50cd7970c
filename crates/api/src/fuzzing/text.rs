//! Texts: normalization, folding, names, searches.

use groupchat_domain::accounts::{DisplayName, Email, Password, Username, UsernameKey};
use groupchat_domain::groups::{Description, GroupName};
use groupchat_domain::messages::{ClientId, MessageText, find_marks};
use groupchat_domain::search::SearchText;
use groupchat_domain::text::{MAX_KEY_LENGTH, fold, has_visible_character, name_key, nfc};
use groupchat_domain::validation::Violation;

use crate::messages::render_html;

/// Folding a text again changes nothing, and what looks alike folds alike. A value that was accepted is accepted again,
/// unchanged and within its limits. A search for a name finds it.
pub fn text(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    folding(text);
    values(text);
    searches(text);
    marks(text);
}

/// The marks of a text are in order, apart, and what they say. Stored with ids, it mentions as often as before.
fn marks(text: &str) {
    let (mut stored, mut end) = (String::new(), 0);
    let marks = find_marks(text);
    for mark in &marks {
        assert!(mark.range.start >= end);
        stored.push_str(&text[end..mark.range.start]);
        stored.push_str("<@42>");
        end = mark.range.end;
    }
    stored.push_str(&text[end..]);
    assert_eq!(find_marks(&stored).len(), marks.len(), "{text:?} became {stored:?}");
    render_html(&stored);
}

fn folding(text: &str) {
    let folded = fold(text);
    assert_eq!(fold(&folded), folded);
    assert_eq!(fold(&nfc(text)), folded);
    assert_eq!(fold(&format!(" {text}\u{200b} ")), folded);
    assert_eq!(nfc(&nfc(text)), nfc(text));
    assert!(name_key(text).chars().count() <= MAX_KEY_LENGTH && folded.starts_with(&name_key(text)));
}

fn values(text: &str) {
    unchanged(text, Username::parse, Username::as_str, Username::MAX_LENGTH);
    unchanged(text, DisplayName::parse, DisplayName::as_str, DisplayName::MAX_LENGTH);
    unchanged(text, Email::parse, Email::as_str, Email::MAX_LENGTH);
    unchanged(text, Password::parse, Password::reveal, Password::MAX_BYTES);
    unchanged(text, GroupName::parse, GroupName::as_str, GroupName::MAX_LENGTH);
    unchanged(text, Description::parse, Description::as_str, Description::MAX_LENGTH);
    unchanged(text, MessageText::parse, MessageText::as_str, MessageText::MAX_LENGTH);
    unchanged(text, ClientId::parse, ClientId::as_str, ClientId::MAX_LENGTH);
    if let Ok(text) = MessageText::parse(text) {
        assert!(has_visible_character(text.as_str()));
    }
    if let Ok(name) = Username::parse(text) {
        assert_eq!(UsernameKey::of(&name.as_str().to_uppercase()), UsernameKey::of(name.as_str()));
    }
}

/// Parses a text, and the result again.
fn unchanged<T>(text: &str, parse: fn(&str) -> Result<T, Violation>, as_str: fn(&T) -> &str, max: usize) {
    let Ok(value) = parse(text) else { return };
    let kept = as_str(&value);
    assert!(kept.chars().count() <= max);
    let again = parse(kept).unwrap_or_else(|violation| panic!("{kept:?}: {violation:?}"));
    assert_eq!(as_str(&again), kept);
}

fn searches(text: &str) {
    let Ok(search) = SearchText::parse(text) else { return };
    let sought = search.as_str();
    assert!(sought.chars().count() <= MAX_KEY_LENGTH);
    assert_eq!(fold(sought), sought);
    if let Ok(name) = GroupName::parse(text) {
        assert_eq!(name_key(name.as_str()), sought);
    }
}
