//! The position in a list, as opaque text.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use groupchat_domain::paging::NameCursor;
use groupchat_domain::validation::{Violation, ViolationCode};

/// The form of the payload. A cursor of another form is rejected, never misread.
const VERSION: u8 = 2;
const HEAD: usize = 2 + 2 * size_of::<i64>();

/// Which list a cursor belongs to. The numbers are part of the cursors that clients hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the list of that name")]
pub enum List {
    Users = 1,
    Sessions = 2,
    Groups = 3,
    Members = 4,
    Messages = 5,
    Pins = 6,
}

/// A place in a list. What its parts mean is the list's own business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCursor {
    /// Which list.
    pub list: List,
    /// The group whose list it is; 0 for lists of the whole server.
    pub scope: i64,
    /// An id or a number of the last entry seen.
    pub id: i64,
    /// What else the place needs, for instance a name.
    pub tail: String,
}

impl ListCursor {
    /// The cursor as clients hold it.
    pub fn encode(&self) -> String {
        let mut payload = Vec::with_capacity(HEAD + self.tail.len());
        payload.extend([VERSION, self.list as u8]);
        payload.extend(self.scope.to_be_bytes());
        payload.extend(self.id.to_be_bytes());
        payload.extend(self.tail.as_bytes());
        URL_SAFE_NO_PAD.encode(payload)
    }

    /// Reads a cursor of this list.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`] for anything but a cursor that this very list gave out.
    pub fn decode(list: List, scope: i64, text: &str) -> Result<Self, Violation> {
        Self::read(text).filter(|cursor| (cursor.list, cursor.scope) == (list, scope)).ok_or_else(foreign)
    }

    fn read(text: &str) -> Option<Self> {
        let payload = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (&[version, list], rest) = payload.split_first_chunk()?;
        let (scope, rest) = rest.split_first_chunk()?;
        let (id, tail) = rest.split_first_chunk()?;
        let list = [List::Users, List::Sessions, List::Groups, List::Members, List::Messages, List::Pins]
            .into_iter()
            .find(|known| *known as u8 == list)?;
        let id = i64::from_be_bytes(*id);
        let tail = String::from_utf8(tail.to_vec()).ok()?;
        // No name has one, and PostgreSQL takes no U+0000.
        let has_control_character = tail.chars().any(char::is_control);
        let cursor = Self { list, scope: i64::from_be_bytes(*scope), id, tail };
        (version == VERSION && id >= 0 && !has_control_character).then_some(cursor)
    }
}

impl ListCursor {
    /// A place in a list in the order of names. The tail is the number of renames, a space and the name.
    pub fn of_name(list: List, scope: i64, position: &NameCursor) -> Self {
        Self { list, scope, id: position.id, tail: format!("{} {}", position.renames, position.name_key) }
    }

    /// Reads a cursor of this list, which is in the order of names.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_name(list: List, scope: i64, text: &str) -> Result<NameCursor, Violation> {
        let cursor = Self::decode(list, scope, text)?;
        cursor.into_name().ok_or_else(foreign)
    }

    fn into_name(self) -> Option<NameCursor> {
        let (renames, name_key) = self.tail.split_once(' ')?;
        let renames = renames.parse().ok().filter(|renames| *renames >= 0)?;
        Some(NameCursor { name_key: name_key.to_owned(), id: self.id, renames })
    }
}

fn foreign() -> Violation {
    Violation::new(ViolationCode::InvalidFormat, "must be the `next` of an earlier page of this list")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> ListCursor {
        ListCursor { list: List::Members, scope: 7, id: 42, tail: "zoë".to_owned() }
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        assert_eq!(ListCursor::decode(List::Members, 7, &cursor().encode()).unwrap(), cursor());
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let text = cursor().encode();
        assert!(ListCursor::decode(List::Members, 8, &text).is_err());
        assert!(ListCursor::decode(List::Users, 7, &text).is_err());
    }

    #[test]
    fn a_place_among_names_comes_back_as_it_was() {
        let position = NameCursor { name_key: "7 go  12".to_owned(), id: 12, renames: 40 };
        let text = ListCursor::of_name(List::Groups, 0, &position).encode();
        assert_eq!(ListCursor::decode_name(List::Groups, 0, &text).unwrap(), position);
        for tail in ["", "go", " go", "-1 go", "x go"] {
            let text = ListCursor { list: List::Groups, scope: 0, id: 12, tail: tail.to_owned() }.encode();
            assert!(ListCursor::decode_name(List::Groups, 0, &text).is_err(), "{tail}");
        }
    }

    #[test]
    fn nothing_else_is_a_cursor() {
        let mut payload = URL_SAFE_NO_PAD.decode(cursor().encode()).unwrap();
        payload[0] = VERSION + 1;
        let newer = URL_SAFE_NO_PAD.encode(&payload);
        let negative = ListCursor { id: -1, ..cursor() }.encode();
        let no_name = ListCursor { tail: "zo\0".to_owned(), ..cursor() }.encode();
        for bad in ["", "x", "====", "AQ", "not a cursor", &newer, &negative, &no_name] {
            assert!(ListCursor::decode(List::Members, 7, bad).is_err(), "{bad}");
        }
    }
}
