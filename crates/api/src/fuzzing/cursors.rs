//! Cursors of lists and of events.

use groupchat_domain::events::Cursor;
use groupchat_domain::paging::NameCursor;

use super::queries::list;
use crate::wire::{List, ListCursor};

/// What is accepted as a cursor is exactly what was given out, and for the list that gave it out. What is given out is
/// accepted.
pub(super) fn cursors(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Some(cursor) = Cursor::parse(text) {
        assert_eq!(cursor.to_string(), text);
    }
    if let Ok(cursor) = ListCursor::decode(list(), text) {
        assert_eq!(cursor.encode(list()), text);
        assert!(ListCursor::decode(List::at("/api/users"), text).is_err());
    }
    if let Ok(cursor) = ListCursor::decode_name(list(), text) {
        assert_eq!(ListCursor::after_name(&cursor).encode(list()), text);
    }
    give_out(text);
}

/// Gives out cursors with this text as the name.
fn give_out(text: &str) {
    // No name has a control character.
    let name_key: String = text.chars().filter(|c| !c.is_control()).collect();
    let digits = text.bytes().filter(u8::is_ascii_digit).take(18);
    let id = digits.fold(0_i64, |id, digit| 10 * id + i64::from(digit - b'0'));
    let cursor = NameCursor { name_key, id, renames: id / 3 };
    let given = ListCursor::after_name(&cursor).encode(list());
    assert_eq!(ListCursor::decode_name(list(), &given), Ok(cursor));
}
