//! The position in a list, as opaque text.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use groupchat_domain::paging::NameCursor;
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::OperationModifier;
use paperclip::v2::schema::Apiv2Schema;

/// The form of the payload. A cursor of another form is rejected, never misread.
const VERSION: u8 = 3;
const HEAD: usize = 1 + 2 * size_of::<i64>();

/// The list that a request reads. It is identified by a hash of the request's path, which contains the group's id if
/// it is the list of a group. A cursor works only for the list that returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List(u64);

impl List {
    /// The list at this path.
    // FNV-1a, because the hash must be the same on every server and in every version.
    pub(crate) fn at(path: &str) -> Self {
        const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        Self(path.bytes().fold(OFFSET_BASIS, add))
    }
}

impl FromRequest for List {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::at(request.path())))
    }
}

impl Apiv2Schema for List {}

impl OperationModifier for List {}

/// A place in a list. Each list defines what the parts mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCursor {
    /// An id or a number of the last entry seen.
    pub id: i64,
    /// What else the place needs, for instance a name.
    pub tail: String,
}

impl ListCursor {
    /// A place in a list that is ordered by an id or a number alone.
    pub const fn after(id: i64) -> Self {
        Self { id, tail: String::new() }
    }

    /// A place in a list that is ordered by name. The tail is the number of renames, a space and the name.
    pub fn after_name(position: &NameCursor) -> Self {
        Self { id: position.id, tail: format!("{} {}", position.renames, position.name_key) }
    }

    /// A place in a list that is ordered by an id or a number, and is about this other number.
    pub fn after_about(id: i64, number: i64) -> Self {
        Self { id, tail: number.to_string() }
    }

    /// The other number of such a place.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`] for a place in another list.
    pub fn number(&self) -> Result<i64, Violation> {
        let number: Option<i64> = self.tail.parse().ok().filter(|number| *number >= 0);
        number.filter(|number| number.to_string() == self.tail).ok_or_else(foreign)
    }

    /// The cursor as clients hold it.
    pub fn encode(&self, list: List) -> String {
        let mut payload = Vec::with_capacity(HEAD + self.tail.len());
        payload.push(VERSION);
        payload.extend(list.0.to_be_bytes());
        payload.extend(self.id.to_be_bytes());
        payload.extend(self.tail.as_bytes());
        URL_SAFE_NO_PAD.encode(payload)
    }

    /// Reads a cursor of this list.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`] for anything but a cursor that this very list gave out.
    pub fn decode(list: List, text: &str) -> Result<Self, Violation> {
        Self::read(list, text).ok_or_else(foreign)
    }

    /// Reads a cursor of this list, which is ordered by name.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_name(list: List, text: &str) -> Result<NameCursor, Violation> {
        Self::read(list, text).and_then(Self::into_name).ok_or_else(foreign)
    }

    fn read(list: List, text: &str) -> Option<Self> {
        let payload = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (&version, rest) = payload.split_first()?;
        let (of_list, rest) = rest.split_first_chunk()?;
        let (id, tail) = rest.split_first_chunk()?;
        let id = i64::from_be_bytes(*id);
        let tail = String::from_utf8(tail.to_vec()).ok()?;
        // No name has one, and PostgreSQL takes no U+0000.
        let has_control_character = tail.chars().any(char::is_control);
        let is_ours = version == VERSION && u64::from_be_bytes(*of_list) == list.0;
        (is_ours && id >= 0 && !has_control_character).then_some(Self { id, tail })
    }

    fn into_name(self) -> Option<NameCursor> {
        let (text, name_key) = self.tail.split_once(' ')?;
        let renames: i64 = text.parse().ok()?;
        // Each cursor has exactly one text: no sign, no leading zero.
        let is_plain = renames >= 0 && renames.to_string() == text;
        is_plain.then(|| NameCursor { name_key: name_key.to_owned(), id: self.id, renames })
    }
}

fn foreign() -> Violation {
    Violation::new(ViolationCode::InvalidFormat, "must be the `next` of an earlier page of this list")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> List {
        List::at("/api/groups/7/members")
    }

    fn cursor() -> ListCursor {
        ListCursor { id: 42, tail: "zoë".to_owned() }
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        assert_eq!(ListCursor::decode(members(), &cursor().encode(members())).unwrap(), cursor());
    }

    #[test]
    fn a_number_comes_back_as_it_was_and_has_one_text() {
        let place = ListCursor::after_about(42, 7);
        let read = ListCursor::decode(members(), &place.encode(members())).unwrap();
        assert_eq!((read.id, read.number().ok()), (42, Some(7)));
        for tail in ["", "07", "+7", "-7", "7 ", "x", "9223372036854775808"] {
            assert!(ListCursor { id: 42, tail: tail.to_owned() }.number().is_err(), "{tail:?}");
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let text = cursor().encode(members());
        for path in ["/api/groups/8/members", "/api/groups/7/messages", "/api/users", ""] {
            assert!(ListCursor::decode(List::at(path), &text).is_err(), "{path}");
        }
    }

    #[test]
    fn a_cursor_stays_the_same_between_versions() {
        // The hash is the one of the reference implementation of FNV-1a.
        assert_eq!(List::at("foobar"), List(0x8594_4171_f739_67e8));
        assert_eq!(ListCursor::after(42).encode(List::at("foobar")), "A4WUQXH3OWfoAAAAAAAAACo");
    }

    #[test]
    fn a_place_among_names_comes_back_as_it_was() {
        let position = NameCursor { name_key: "7 go  12".to_owned(), id: 12, renames: 40 };
        let text = ListCursor::after_name(&position).encode(members());
        assert_eq!(ListCursor::decode_name(members(), &text).unwrap(), position);
        for tail in ["", "go", " go", "-1 go", "x go", "+1 go", "01 go"] {
            let text = ListCursor { id: 12, tail: tail.to_owned() }.encode(members());
            assert!(ListCursor::decode_name(members(), &text).is_err(), "{tail}");
        }
    }

    #[test]
    fn nothing_else_is_a_cursor() {
        let mut payload = URL_SAFE_NO_PAD.decode(cursor().encode(members())).unwrap();
        payload[0] = VERSION + 1;
        let newer = URL_SAFE_NO_PAD.encode(&payload);
        let negative = ListCursor { id: -1, ..cursor() }.encode(members());
        let no_name = ListCursor { tail: "zo\0".to_owned(), ..cursor() }.encode(members());
        for bad in ["", "x", "====", "AQ", "not a cursor", &newer, &negative, &no_name] {
            assert!(ListCursor::decode(members(), bad).is_err(), "{bad}");
        }
    }
}
