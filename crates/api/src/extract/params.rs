//! The query of a request.

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use groupchat_domain::validation::{FieldError, Violation, ViolationCode};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{
    DataType, DefaultOperationRaw, DefaultSchemaRaw, Either, Parameter, ParameterIn,
};
use paperclip::v2::schema::Apiv2Schema;
use serde::de::value::Error as FieldsOnly;
use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};

use super::serde_errors::field_name;
use crate::problem::ApiError;
use crate::wire::annotation::Annotation;

/// Unknown parameters that one answer names, and how many characters of each.
const MAX_NAMED: usize = 10;
const MAX_NAME_SHOWN: usize = 64;

/// The query's parameters, deserialised. A bad one is rejected with a 400 that names it, and so is one that `T` does
/// not declare: a slip such as `?username=` must not list everybody.
#[derive(Debug)]
pub struct Params<T>(pub T);

/// The query of a route that has no parameters: any is rejected. Every handler takes this or [`Params`].
#[derive(Debug, Clone, Copy)]
pub struct NoParams;

impl<T: DeserializeOwned + Apiv2Schema> FromRequest for Params<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Params))
    }
}

impl FromRequest for NoParams {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(refuse_unknown(request.query_string(), &[]).map(|()| Self))
    }
}

/// Parses a query.
///
/// # Errors
/// A parameter is unknown, given twice, or of the wrong type, which is named.
pub(crate) fn parse<T: DeserializeOwned + Apiv2Schema>(query: &str) -> Result<T, ApiError> {
    if !query.is_empty() {
        refuse_unknown(query, declared::<T>())?;
    }
    let pairs = form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let text = error.inner().to_string();
        let twice = text.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`'));
        let found = match twice {
            Some(name) => Violation::new(ViolationCode::InvalidType, "must be given once").in_field(name),
            None => mistyped::<T>(field_name(error.path()), query),
        };
        found.into()
    })
}

/// What is wrong with a parameter that is not of its type, and what the document says that it must be.
fn mistyped<T: Apiv2Schema>(field: String, query: &str) -> FieldError {
    let value = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| *name == *field);
    // Only a whole number that is too large or too small for the type is of the type.
    let is_number = value.is_some_and(|(_, value)| {
        let digits = value.strip_prefix('-').unwrap_or(&value);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let code = if is_number { ViolationCode::OutOfRange } else { ViolationCode::InvalidType };
    let schema = T::raw_schema().properties.remove(&field).map(|schema| *schema).unwrap_or_default();
    let rules = Annotation::of_schema(&schema).unwrap_or_default().rules;
    let detail = match (schema.data_type, rules.get("minimum"), rules.get("maximum")) {
        (Some(DataType::Boolean), ..) => "must be true or false".to_owned(),
        (Some(DataType::Integer), Some(least), Some(most)) => {
            format!("must be an integer from {least} to {most}")
        }
        (Some(DataType::Integer), ..) => "must be an integer".to_owned(),
        _ => "must be of the documented type".to_owned(),
    };
    let code = if schema.data_type == Some(DataType::Integer) { code } else { ViolationCode::InvalidType };
    Violation::new(code, detail).in_field(field)
}

/// Rejects parameters besides the known ones.
fn refuse_unknown(query: &str, known: &[&str]) -> Result<(), ApiError> {
    let names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let unknown = names.filter(|name| !known.contains(&&**name)).take(MAX_NAMED);
    let errors: Vec<_> = unknown.map(|name| not_a_parameter(&name, known)).collect();
    if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(errors)) }
}

fn not_a_parameter(name: &str, known: &[&str]) -> FieldError {
    let takes = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let detail = format!("is not a parameter of this request; its parameters are: {takes}");
    Violation::new(ViolationCode::Unknown, detail)
        .in_field(name.chars().take(MAX_NAME_SHOWN).collect::<String>())
}

/// The names of the fields that a struct declares. One with a flattened field declares none to serde.
fn declared<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &[&str] = &[];
    // Always an error: only the names are asked for.
    let _ = T::deserialize(FieldNames(&mut names));
    names
}

/// Learns from a struct's `Deserialize` what its fields are called.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = FieldsOnly;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, FieldsOnly> {
        *self.0 = fields;
        Err(FieldsOnly::custom(""))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, FieldsOnly> {
        Err(FieldsOnly::custom(""))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<T: Apiv2Schema> Apiv2Schema for Params<T> {}

impl<T: Apiv2Schema> OperationModifier for Params<T> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        // Of what a field may be, paperclip would pass on little more than the type.
        for (name, schema) in T::raw_schema().properties {
            let annotation = Annotation::of_schema(&schema).unwrap_or_default();
            let parameter = annotation.into_parameter(ParameterIn::Query, &schema);
            operation.parameters.push(Either::Right(Parameter { name, ..parameter }));
        }
    }

    fn update_definitions(_: &mut BTreeMap<String, DefaultSchemaRaw>) {}
}

impl Apiv2Schema for NoParams {}

impl OperationModifier for NoParams {}

#[cfg(test)]
mod tests {
    use groupchat_domain::paging::Limit;
    use paperclip::actix::Apiv2Schema;
    use serde::Deserialize;

    use super::*;
    use crate::wire::Optional;

    #[derive(Debug, PartialEq, Deserialize, Apiv2Schema)]
    struct Search {
        q: Option<String>,
        limit: Option<i64>,
        mine: Option<bool>,
    }

    #[test]
    fn parameters_are_decoded() {
        let search = parse::<Search>("q=a%26b+c&limit=7&mine=true").unwrap();
        assert_eq!(search, Search { q: Some("a&b c".to_owned()), limit: Some(7), mine: Some(true) });
        assert_eq!(parse::<Search>("").unwrap(), Search { q: None, limit: None, mine: None });
    }

    #[test]
    fn an_unknown_parameter_is_refused_by_its_name() {
        for (query, name) in [("x=y", "x"), ("limit=7&Limit=8", "Limit"), ("q=a&username", "username")] {
            let error = parse::<Search>(query).unwrap_err().to_string();
            let takes = "its parameters are: q, limit, mine";
            assert!(error.starts_with(&format!("validation_failed: {name}: ")), "{query}: {error}");
            assert!(error.ends_with(takes), "{error}");
        }
        assert!(refuse_unknown("x=y", &[]).unwrap_err().to_string().ends_with("its parameters are: none"));
        assert!(refuse_unknown("", &[]).is_ok() && refuse_unknown("&", &[]).is_ok());
    }

    #[test]
    fn an_answer_names_unknown_parameters_only_so_far() {
        for query in ["x=1&".repeat(1_000), "x".repeat(50_000)] {
            let answer = refuse_unknown(&query, &[]).unwrap_err().response(None);
            let body = actix_web::body::MessageBody::try_into_bytes(answer.into_body()).unwrap();
            assert!(body.len() < 2_000, "{} bytes", body.len());
        }
    }

    #[derive(Deserialize, Apiv2Schema)]
    #[expect(dead_code, reason = "read by serde only")]
    struct Page {
        /// The maximum number of items.
        limit: Optional<Limit>,
        /// Whether to list only one's own.
        mine: Optional<bool>,
    }

    #[test]
    fn what_a_bad_parameter_must_be_is_what_the_document_says() {
        for (query, expected) in [
            ("limit=abc", "limit: must be an integer from 1 to 200"),
            ("limit=", "limit: must be an integer from 1 to 200"),
            ("limit=1.5", "limit: must be an integer from 1 to 200"),
            ("limit=99999999999999999999", "limit: must be an integer from 1 to 200"),
            ("mine=maybe", "mine: must be true or false"),
        ] {
            let Err(error) = parse::<Page>(query) else { panic!("{query} is good") };
            assert_eq!(error.to_string(), format!("validation_failed: {expected}"), "{query}");
        }
        let code = |query| mistyped::<Page>("limit".to_owned(), query).violation.code;
        assert_eq!(code("limit=-99999999999999999999"), ViolationCode::OutOfRange);
        assert_eq!(code("limit=-"), ViolationCode::InvalidType);
    }

    #[test]
    fn a_bad_parameter_is_named() {
        for (query, field) in [
            ("limit=x", "limit"),
            ("limit=", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("mine=1", "mine"),
            ("limit=1&limit=2", "limit"),
        ] {
            let error = parse::<Search>(query).unwrap_err().to_string();
            assert!(error.starts_with(&format!("validation_failed: {field}: ")), "{query}: {error}");
        }
    }
}
