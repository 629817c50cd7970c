//! The fields of requests: whether each is required, and what its value must be. They hold what the client sent, which
//! [`Fields`](super::Fields) checks.

use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::v2::models::DefaultSchemaRaw;
use paperclip::v2::schema::Apiv2Schema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::annotation::{Annotation, Occurrence};
use super::described::{Described, schema_to_give};

macro_rules! given {
    ($($(#[$doc:meta])+ $name:ident)+) => {$(
        $(#[$doc])+
        pub struct $name<T: Described>(pub Option<T::Json>);

        impl<'de, T: Described> Deserialize<'de> for $name<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Option::deserialize(deserializer).map(Self)
            }
        }

        impl<T: Described> Apiv2Schema for $name<T> {
            fn required() -> bool {
                false
            }

            fn raw_schema() -> DefaultSchemaRaw {
                schema_to_give::<T>(Occurrence::$name)
            }
        }
    )+};
}

given! {
    /// A field that must be there.
    Required
    /// A field or parameter that may be left out. In a body, null says the same.
    Optional
    /// One of several fields of which exactly one is given.
    Alternative
}

/// A list of objects that must be there, with at least one of them and at most so many.
pub struct RequiredItems<T, const MOST: usize>(Option<Vec<T>>);

impl<T, const MOST: usize> RequiredItems<T, MOST> {
    /// The objects, if their number is right.
    ///
    /// # Errors
    /// [`ViolationCode::Required`], `TooShort` or `TooLong`.
    pub fn parse(self) -> Result<Vec<T>, Violation> {
        let Some(items) = self.0 else {
            return Err(Violation::new(ViolationCode::Required, "must be given"));
        };
        let code = match items.len() {
            0 => ViolationCode::TooShort,
            length if length <= MOST => return Ok(items),
            _ => ViolationCode::TooLong,
        };
        Err(Violation::new(code, format!("must have 1 to {MOST} items, has {}", items.len())))
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for RequiredItems<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self)
    }
}

impl<T: Apiv2Schema, const MOST: usize> Apiv2Schema for RequiredItems<T, MOST> {
    fn required() -> bool {
        false
    }

    fn raw_schema() -> DefaultSchemaRaw {
        let rules = json!({"minItems": 1, "maxItems": MOST});
        let mut annotation = Annotation { occurrence: Some(Occurrence::Required), ..Annotation::new(rules) };
        let mut list = Vec::<T>::raw_schema();
        // What is said of the fields of an object is put into effect in components only.
        if let Some(name) = T::name() {
            let item = serde_json::to_value(T::raw_schema()).expect("a schema is JSON");
            let reference = Some(format!("#/components/schemas/{name}"));
            list.items = Some(Box::new(DefaultSchemaRaw { reference, ..DefaultSchemaRaw::default() }));
            annotation.components.insert(name, item);
        }
        annotation.into_schema(list)
    }
}

/// An object that may be left out. Null says the same. Mark the field `#[serde(default)]`.
pub struct OptionalObject<T>(pub Option<T>);

impl<T> Default for OptionalObject<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OptionalObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self)
    }
}

impl<T: Apiv2Schema> Apiv2Schema for OptionalObject<T> {
    fn required() -> bool {
        false
    }

    fn raw_schema() -> DefaultSchemaRaw {
        let name = T::name().expect("an object of a request has a name");
        let rules = json!({"allOf": [{"$ref": format!("#/components/schemas/{name}")}]});
        let mut annotation = Annotation { occurrence: Some(Occurrence::Optional), ..Annotation::new(rules) };
        // As for the items of a list.
        let object = serde_json::to_value(T::raw_schema()).expect("a schema is JSON");
        annotation.components.insert(name, object);
        annotation.into_schema(DefaultSchemaRaw::default())
    }
}

/// Notes whether a field was given that a call does not take, and so must not drop in silence; forgets its value. Null
/// asks for nothing, and so counts as absent. Mark the field `#[serde(default)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Given(bool);

impl Given {
    /// Whether the request asks for something by it.
    pub const fn is_given(self) -> bool {
        self.0
    }

    /// One that asks for something in this case only.
    pub(crate) const fn when(asks: bool) -> Self {
        Self(asks)
    }

    /// One that was given.
    #[cfg(test)]
    pub const fn yes() -> Self {
        Self(true)
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<IgnoredAny>::deserialize(deserializer).map(|given| Self(given.is_some()))
    }
}

/// The names of the first fields of a body that are not known, cut short.
#[derive(Debug, Default)]
pub(crate) struct UnknownFields(Vec<String>);

impl UnknownFields {
    const MOST: usize = 10;
    const MOST_CHARACTERS: usize = 64;

    /// Notes one.
    pub(crate) fn note(&mut self, name: &str) {
        if self.0.len() < Self::MOST {
            self.0.push(name.chars().take(Self::MOST_CHARACTERS).collect());
        }
    }

    /// Their names.
    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }
}

macro_rules! hidden {
    ($($field:ident)+) => {$(
        impl Apiv2Schema for $field {
            fn required() -> bool {
                false
            }

            fn raw_schema() -> DefaultSchemaRaw {
                Annotation { occurrence: Some(Occurrence::Hidden), ..Annotation::new(json!({})) }.of::<bool>()
            }
        }
    )+};
}

hidden! { Given UnknownFields }

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Draft {
        #[serde(default)]
        poll: Given,
    }

    #[test]
    fn anything_but_null_counts_as_given() {
        let given = |json| serde_json::from_str::<Draft>(json).unwrap().poll.is_given();
        assert!(!given("{}"));
        assert!(!given(r#"{"poll": null}"#));
        for json in [r#"{"poll": false}"#, r#"{"poll": {"a": [1]}}"#, r#"{"poll": []}"#, r#"{"poll": "x"}"#] {
            assert!(given(json), "{json}");
        }
    }

    #[derive(Deserialize)]
    struct Switch {
        on: Required<bool>,
    }

    #[test]
    fn what_is_left_out_is_noted_and_no_error_yet() {
        let on = |json| serde_json::from_str::<Switch>(json).map(|switch| switch.on.0);
        assert_eq!(on("{}").unwrap(), None);
        assert_eq!(on(r#"{"on": null}"#).unwrap(), None);
        assert_eq!(on(r#"{"on": true}"#).unwrap(), Some(true));
        assert!(on(r#"{"on": 1}"#).is_err());
    }
}
