//! The query of a request.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Query;
use actix_web::{FromRequest, HttpRequest};
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

use super::serde_errors::field_name;
use crate::problem::ApiError;

/// The query's parameters, deserialised. A bad one is refused with a 400 that names it.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Params))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let text = error.inner().to_string();
        let twice = text.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`'));
        let (field, detail) = match twice {
            Some(name) => (name.to_owned(), "must be given once".to_owned()),
            None => (field_name(error.path()), text),
        };
        Violation::new(ViolationCode::InvalidType, detail).in_field(field).into()
    })
}

impl<T: Apiv2Schema> Apiv2Schema for Params<T> {}

impl<T: Apiv2Schema> OperationModifier for Params<T> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        Query::<T>::update_parameter(operation);
    }

    fn update_definitions(_: &mut BTreeMap<String, DefaultSchemaRaw>) {}
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Search {
        q: Option<String>,
        limit: Option<i64>,
        mine: Option<bool>,
    }

    #[test]
    fn parameters_are_decoded_and_unknown_ones_ignored() {
        let search = parse::<Search>("q=a%26b+c&limit=7&mine=true&x=y").unwrap();
        assert_eq!(search, Search { q: Some("a&b c".to_owned()), limit: Some(7), mine: Some(true) });
        assert_eq!(parse::<Search>("").unwrap(), Search { q: None, limit: None, mine: None });
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
