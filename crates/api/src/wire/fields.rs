//! Checks the fields of a body or a query and reports all errors at once.

use groupchat_domain::paging::{Limit, NameCursor};
use groupchat_domain::search::SearchText;
use groupchat_domain::text::has_visible_character;
use groupchat_domain::validation::{FieldError, Violation, ViolationCode};

use super::{
    Change, CursorText, FromJson, Given, List, ListCursor, Optional, Patch, Required, UnknownFields,
};
use crate::problem::ApiError;

/// Collects what is wrong with the fields of one request.
#[derive(Debug, Default)]
pub struct Fields {
    errors: Vec<FieldError>,
}

impl Fields {
    /// No field looked at yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that a field broke a rule.
    pub fn refuse(&mut self, field: &str, violation: Violation) {
        self.errors.push(violation.in_field(field));
    }

    /// Takes a checked value, or notes why there is none.
    pub fn check<T>(&mut self, field: &str, checked: Result<T, Violation>) -> Option<T> {
        checked.map_err(|violation| self.refuse(field, violation)).ok()
    }

    /// A field that must be there.
    pub fn required<T: FromJson>(&mut self, field: &str, given: Required<T>) -> Option<T> {
        match given.0 {
            Some(json) => self.check(field, T::from_json(json)),
            None => self.missing(field),
        }
    }

    /// Notes that a field which must be there is not.
    pub fn missing<T>(&mut self, field: &str) -> Option<T> {
        self.check(field, Err(Violation::new(ViolationCode::Required, "must be given")))
    }

    /// A field that may be left out.
    pub fn optional<T: FromJson>(&mut self, field: &str, given: Optional<T>) -> Option<T> {
        given.0.and_then(|json| self.check(field, T::from_json(json)))
    }

    /// A field to change, which can be cleared: `None` keeps, `Some(None)` clears.
    pub fn clearable<T: FromJson>(&mut self, field: &str, given: Patch<T>) -> Option<Option<T>> {
        match given {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Value(json) => self.check(field, T::from_json(json)).map(Some),
        }
    }

    /// A field to change, which always has a value: `None` keeps.
    pub fn changeable<T: FromJson>(&mut self, field: &str, given: Change<T>) -> Option<T> {
        match given.0 {
            Patch::Absent => None,
            Patch::Null => {
                self.refuse(field, Violation::new(ViolationCode::NotNullable, "must not be null"));
                None
            }
            Patch::Value(json) => self.check(field, T::from_json(json)),
        }
    }

    /// Rejects fields of the contract that this server has not built yet.
    pub fn unbuilt<const N: usize>(&mut self, fields: [(&str, Given); N]) {
        for (field, given) in fields {
            if given.is_given() {
                self.refuse(field, Violation::not_supported());
            }
        }
    }

    /// Rejects fields that exist but that this call does not change.
    pub fn fixed<const N: usize>(&mut self, fields: [(&str, Given); N]) {
        for (field, given) in fields {
            if given.is_given() {
                let detail = "cannot be changed by this call";
                self.refuse(field, Violation::new(ViolationCode::NotEditable, detail));
            }
        }
    }

    /// Rejects fields that the request doesn't have.
    pub(crate) fn unknown(&mut self, unknown: &UnknownFields, known: &[&str]) {
        for name in unknown.names() {
            let detail = format!("is not a field of this request; its fields are: {}", known.join(", "));
            self.refuse(name, Violation::new(ViolationCode::Unknown, detail));
        }
    }

    /// The size of a page.
    pub fn limit(&mut self, given: Optional<Limit>) -> Limit {
        self.optional("limit", given).unwrap_or(Limit::DEFAULT)
    }

    /// Text to search names for; none where there is nothing to see, as in a search form left empty.
    pub fn search(&mut self, given: Optional<SearchText>) -> Option<SearchText> {
        let has_control = |text: &str| text.chars().any(|c| c.is_control() && !c.is_whitespace());
        let sought = given.0.filter(|text| has_visible_character(text) || has_control(text));
        self.optional("q", Optional(sought))
    }

    /// Where a list goes on.
    pub fn cursor(&mut self, list: List, given: &Optional<CursorText>) -> Option<ListCursor> {
        given.0.as_ref().and_then(|text| self.check("cursor", ListCursor::decode(list, text)))
    }

    /// The same for a list in the order of names.
    pub fn name_cursor(&mut self, list: List, given: &Optional<CursorText>) -> Option<NameCursor> {
        given.0.as_ref().and_then(|text| self.check("cursor", ListCursor::decode_name(list, text)))
    }

    /// Whether every field was good so far.
    pub const fn are_good(&self) -> bool {
        self.errors.is_empty()
    }

    /// Passes if every field was good.
    ///
    /// # Errors
    /// All that was noted.
    pub fn finish(self) -> Result<(), ApiError> {
        if self.are_good() { Ok(()) } else { Err(self.into()) }
    }
}

impl From<Fields> for ApiError {
    fn from(fields: Fields) -> Self {
        Self::invalid(fields.errors)
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::groups::GroupName;

    use super::*;
    use crate::problem::Code;

    #[test]
    fn all_mistakes_are_told_at_once() {
        let mut fields = Fields::new();
        assert_eq!(fields.required::<GroupName>("name", Required(None)), None);
        assert_eq!(fields.optional::<GroupName>("other", Optional(Some(" ".to_owned()))), None);
        assert_eq!(fields.limit(Optional(Some(0))), Limit::DEFAULT);
        let error = fields.finish().unwrap_err();
        let body = String::from_utf8(error_body(&error)).unwrap();
        for field in ["name", "other", "limit"] {
            assert!(body.contains(&format!("\"field\":\"{field}\"")), "{body}");
        }
    }

    fn error_body(error: &ApiError) -> Vec<u8> {
        use actix_web::body::MessageBody;
        error.response(None).into_body().try_into_bytes().unwrap().to_vec()
    }

    #[test]
    fn a_patch_keeps_clears_or_sets() {
        let mut fields = Fields::new();
        let name = |text: &str| Patch::<GroupName>::Value(text.to_owned());
        assert_eq!(fields.clearable::<GroupName>("name", Patch::Absent), None);
        assert_eq!(fields.clearable::<GroupName>("name", Patch::Null), Some(None));
        assert_eq!(fields.clearable("name", name("x")).flatten().unwrap().as_str(), "x");
        assert_eq!(fields.changeable("name", Change(name("y"))).unwrap().as_str(), "y");
        assert_eq!(fields.changeable::<GroupName>("name", Change::default()), None);
        assert!(fields.are_good());
        assert_eq!(fields.changeable::<GroupName>("name", Change(Patch::Null)), None);
        assert!(!fields.are_good());
    }

    #[test]
    fn only_what_is_given_is_refused() {
        let mut fields = Fields::new();
        fields.unbuilt([("poll", Given::default())]);
        assert!(fields.are_good());
        fields.unbuilt([("files", Given::yes())]);
        assert_eq!(fields.finish().unwrap_err().code(), Code::NotSupported);
    }
}
