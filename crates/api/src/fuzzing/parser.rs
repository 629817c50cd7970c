//! The parsers of bodies and queries, from bytes to domain values.

use std::collections::BTreeSet;

use paperclip::v2::schema::Apiv2Schema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::extract::{parse_json, parse_query};
use crate::problem::{ApiError, Code};

/// The maximum length of a rejection in bytes.
const MAX_REJECTION: usize = 16 << 10;

type Parse = Box<dyn Fn(&str) -> Result<(), ApiError> + Send + Sync>;

/// A parser of bodies or queries.
pub(crate) struct Parser {
    /// The name of a body's schema in the OpenAPI document.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test compares it with the document"))]
    pub(super) name: Option<String>,
    /// The names of the fields or parameters.
    pub(super) fields: BTreeSet<String>,
    parse: Parse,
}

impl Parser {
    /// A parser of bodies.
    pub(crate) fn of_body<T: DeserializeOwned + Apiv2Schema + 'static, R: 'static>(
        parse: fn(T) -> Result<R, ApiError>,
    ) -> Self {
        Self::new::<T>(Box::new(move |body| parse_json(body.as_bytes()).and_then(parse).map(drop)))
    }

    /// A parser of queries.
    pub(crate) fn of_query<T: DeserializeOwned + Apiv2Schema + 'static, R: 'static>(
        parse: fn(T) -> Result<R, ApiError>,
    ) -> Self {
        Self::new::<T>(Box::new(move |query| parse_query(query).and_then(parse).map(drop)))
    }

    fn new<T: Apiv2Schema>(parse: Parse) -> Self {
        Self { name: T::name(), fields: T::raw_schema().properties.into_keys().collect(), parse }
    }

    /// Parses a text. Panics if a rejection isn't one that helps the client.
    pub(super) fn accepts(&self, text: &str) -> bool {
        match (self.parse)(text) {
            Ok(()) => true,
            Err(error) => {
                self.check(&error);
                false
            }
        }
    }

    /// A rejection says that the syntax is wrong, or which fields are, and isn't much longer than the request.
    fn check(&self, error: &ApiError) {
        let json = error.to_json();
        assert!(json.to_string().len() <= MAX_REJECTION, "{json}");
        if error.code() == Code::MalformedJson {
            return;
        }
        let is_of_fields =
            matches!(error.code(), Code::ValidationFailed | Code::NotEditable | Code::NotSupported);
        assert!(is_of_fields, "{json}");
        let errors = json["errors"].as_array().expect("a code of fields");
        for error in errors {
            let is_of_request = error["code"] == "unknown" || self.has_field(&error["field"]);
            assert!(is_of_request, "no field of {:?}: {json}", self.fields);
        }
    }

    /// Whether a name is that of a field, or the way to a value in one: `field[2].name`.
    fn has_field(&self, name: &Value) -> bool {
        let field = name.as_str().and_then(|name| name.split(['.', '[']).next());
        field.is_some_and(|field| self.fields.contains(field))
    }
}
