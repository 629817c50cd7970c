//! The values that fields hold, and their schemas. A feature describes its own in `values.rs`; what a field may be
//! follows from its type.

use groupchat_domain::ids::MAX_SAFE_INTEGER;
use groupchat_domain::time::Timestamp;
use groupchat_domain::validation::Violation;
use paperclip::v2::models::DefaultSchemaRaw;
use paperclip::v2::schema::{Apiv2Schema, TypedData};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::annotation::{Annotation, Occurrence};

/// The pattern of text that has something else than white space.
pub const NOT_BLANK: &str = r"\S";

/// A kind of value: how it looks in JSON, and which of those there may be.
pub trait Described: Sized {
    /// What it is in JSON.
    type Json: TypedData + DeserializeOwned;

    /// The component of the document that describes it. For values in several places of which clients should get
    /// one type.
    const COMPONENT: Option<&'static str> = None;

    /// Keywords of JSON Schema: limits, which are those that the code checks, and an example.
    fn rules() -> Value;

    /// The same where a client gives the value.
    fn rules_to_give() -> Value {
        Self::rules()
    }
}

/// A value that requests may hold.
pub trait FromJson: Described {
    /// Checks what the client gave.
    ///
    /// # Errors
    /// The rule that it breaks.
    fn from_json(json: Self::Json) -> Result<Self, Violation>;
}

/// A value that answers may hold.
pub trait ToJson: Described {
    /// Writes it.
    ///
    /// # Errors
    /// Those of the serializer.
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// A field of an answer. It is always there; as an `Option`, it may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<T>(pub T);

/// A point in time.
pub type Time = Field<Timestamp>;

impl<T: Described> From<T> for Field<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: ToJson> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_json(serializer)
    }
}

impl<T: Described> Apiv2Schema for Field<T> {
    fn raw_schema() -> DefaultSchemaRaw {
        annotation::<T>(T::rules(), None).of::<T::Json>()
    }
}

/// The schema of a field of a request.
pub(super) fn schema_to_give<T: Described>(occurrence: Occurrence) -> DefaultSchemaRaw {
    annotation::<T>(T::rules_to_give(), Some(occurrence)).of::<T::Json>()
}

fn annotation<T: Described>(rules: Value, occurrence: Option<Occurrence>) -> Annotation {
    Annotation { component: T::COMPONENT.map(str::to_owned), occurrence, ..Annotation::new(rules) }
}

/// Describes values that are text in JSON: made by `parse(&str)`, read by `as_str`. One that is named in quotes is a
/// component.
macro_rules! text_values {
    ($($name:ident $($component:literal)? => $rules:expr;)+) => {$(
        impl $crate::wire::Described for $name {
            type Json = String;
            $(const COMPONENT: Option<&'static str> = Some($component);)?

            fn rules() -> serde_json::Value {
                $rules
            }
        }

        impl $crate::wire::FromJson for $name {
            fn from_json(json: String) -> Result<Self, groupchat_domain::validation::Violation> {
                Self::parse(&json)
            }
        }

        $crate::wire::write_as_str! { $name }
    )+};
}

/// Writes values as the text that their `as_str` gives.
macro_rules! write_as_str {
    ($($name:ident)+) => {$(
        impl $crate::wire::ToJson for $name {
            fn to_json<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

/// Declares values that are nothing but text: checked nowhere, or made here.
macro_rules! plain_texts {
    ($($(#[$meta:meta])+ $name:ident => $rules:expr;)+) => {$(
        $(#[$meta])+
        pub(crate) struct $name(pub String);

        impl $crate::wire::Described for $name {
            type Json = String;

            fn rules() -> serde_json::Value {
                $rules
            }
        }

        impl $crate::wire::FromJson for $name {
            fn from_json(json: String) -> Result<Self, groupchat_domain::validation::Violation> {
                Ok(Self(json))
            }
        }

        impl $crate::wire::ToJson for $name {
            fn to_json<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    )+};
}

/// What an id may be. An example is for answers only: which there are for a client to give, no example can know.
pub fn id_rules(with_example: bool) -> Value {
    let mut rules = json!({"minimum": 1, "maximum": MAX_SAFE_INTEGER});
    if with_example {
        rules["example"] = 7.into();
    }
    rules
}

/// Describes ids.
macro_rules! id_values {
    ($($name:ident)+) => {$(
        impl $crate::wire::Described for $name {
            type Json = i64;

            fn rules() -> serde_json::Value {
                $crate::wire::id_rules(true)
            }

            fn rules_to_give() -> serde_json::Value {
                $crate::wire::id_rules(false)
            }
        }

        impl $crate::wire::FromJson for $name {
            fn from_json(json: i64) -> Result<Self, groupchat_domain::validation::Violation> {
                Self::parse(json)
            }
        }

        impl $crate::wire::ToJson for $name {
            fn to_json<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.get())
            }
        }
    )+};
}

pub(crate) use {id_values, plain_texts, text_values, write_as_str};
