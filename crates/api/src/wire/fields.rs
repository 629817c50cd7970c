//! Checking the fields of a body or a query, so that all mistakes are told at once.

use groupchat_domain::paging::{Limit, NameCursor};
use groupchat_domain::search::SearchText;
use groupchat_domain::text::has_visible_character;
use groupchat_domain::validation::{FieldError, Violation, ViolationCode};

use super::{Cursor, Given, List, Patch};
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
    pub fn required<S, T>(
        &mut self,
        field: &str,
        given: Option<S>,
        parse: impl FnOnce(S) -> Result<T, Violation>,
    ) -> Option<T> {
        let given = given.ok_or_else(|| Violation::new(ViolationCode::Required, "must be given"));
        self.check(field, given.and_then(parse))
    }

    /// A field that may be left out.
    pub fn optional<S, T>(
        &mut self,
        field: &str,
        given: Option<S>,
        parse: impl FnOnce(S) -> Result<T, Violation>,
    ) -> Option<T> {
        given.and_then(|given| self.check(field, parse(given)))
    }

    /// A field to change, which can be cleared: `None` keeps, `Some(None)` clears.
    pub fn clearable<S, T>(
        &mut self,
        field: &str,
        given: Patch<S>,
        parse: impl FnOnce(S) -> Result<T, Violation>,
    ) -> Option<Option<T>> {
        match given {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Value(given) => self.check(field, parse(given)).map(Some),
        }
    }

    /// A field to change, which always has a value: `None` keeps.
    pub fn changeable<S, T>(
        &mut self,
        field: &str,
        given: Patch<S>,
        parse: impl FnOnce(S) -> Result<T, Violation>,
    ) -> Option<T> {
        match given {
            Patch::Absent => None,
            Patch::Null => {
                self.refuse(field, Violation::new(ViolationCode::NotNullable, "must not be null"));
                None
            }
            Patch::Value(given) => self.check(field, parse(given)),
        }
    }

    /// Refuses fields of the contract that this server has not built yet.
    pub fn unbuilt<const N: usize>(&mut self, fields: [(&str, Given); N]) {
        for (field, given) in fields {
            if given.is_given() {
                self.refuse(field, Violation::not_supported());
            }
        }
    }

    /// Refuses fields that exist but that this call does not change.
    pub fn fixed<const N: usize>(&mut self, fields: [(&str, Given); N]) {
        for (field, given) in fields {
            if given.is_given() {
                let detail = "cannot be changed by this call";
                self.refuse(field, Violation::new(ViolationCode::NotEditable, detail));
            }
        }
    }

    /// The size of a page.
    pub fn limit(&mut self, given: Option<i64>) -> Limit {
        self.optional("limit", given, Limit::parse).unwrap_or(Limit::DEFAULT)
    }

    /// Text to search names for; none where there is nothing to see, as in a search form left empty.
    pub fn search(&mut self, given: Option<&str>) -> Option<SearchText> {
        let has_control = |text: &str| text.chars().any(|c| c.is_control() && !c.is_whitespace());
        let sought = given.filter(|text| has_visible_character(text) || has_control(text));
        self.optional("q", sought, SearchText::parse)
    }

    /// Where a list goes on; 0 is the scope of lists of the whole server.
    pub fn cursor(&mut self, list: List, scope: i64, given: Option<&str>) -> Option<Cursor> {
        self.optional("cursor", given, |text| Cursor::decode(list, scope, text))
    }

    /// The same for a list in the order of names.
    pub fn name_cursor(&mut self, list: List, scope: i64, given: Option<&str>) -> Option<NameCursor> {
        self.optional("cursor", given, |text| Cursor::decode_name(list, scope, text))
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

    fn name(text: &str) -> Result<GroupName, Violation> {
        GroupName::parse(text)
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let mut fields = Fields::new();
        assert_eq!(fields.required("name", None, name), None);
        assert_eq!(fields.optional("other", Some(" "), name), None);
        assert_eq!(fields.limit(Some(0)), Limit::DEFAULT);
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
        assert_eq!(fields.clearable("name", Patch::Absent, name), None);
        assert_eq!(fields.clearable("name", Patch::Null, name), Some(None));
        assert_eq!(fields.clearable("name", Patch::Value("x"), name).flatten().unwrap().as_str(), "x");
        assert_eq!(fields.changeable("name", Patch::Absent, name), None);
        assert!(fields.are_good());
        assert_eq!(fields.changeable("name", Patch::Null, name), None);
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
