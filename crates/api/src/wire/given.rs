//! Fields of the contract that a call does not take, and so must not drop in silence.

use paperclip::v2::models::{DataType, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// Marks the schema of such a field, so that the document can leave it out.
const MARKER: &str = "x-not-taken";

/// Notes whether a field was given, and forgets its value. Null asks for nothing, and so counts as absent.
/// Mark the field `#[serde(default)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Given(bool);

impl Given {
    /// Whether the request asks for something by it.
    pub const fn is_given(self) -> bool {
        self.0
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

/// The same for a switch, which asks for nothing by `false` either. Mark the field `#[serde(default)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish(bool);

impl<'de> Deserialize<'de> for Wish {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<bool>::deserialize(deserializer).map(|wish| Self(wish == Some(true)))
    }
}

impl From<Wish> for Given {
    fn from(wish: Wish) -> Self {
        Self(wish.0)
    }
}

macro_rules! undocumented {
    ($($field:ident)+) => {$(
        impl Apiv2Schema for $field {
            fn required() -> bool {
                false
            }

            fn raw_schema() -> DefaultSchemaRaw {
                DefaultSchemaRaw {
                    title: Some(MARKER.to_owned()),
                    data_type: Some(DataType::Object),
                    ..DefaultSchemaRaw::default()
                }
            }
        }
    )+};
}

undocumented! { Given Wish }

/// Whether a schema in the OpenAPI document is that of such a field.
pub fn is_marker(schema: &serde_json::Value) -> bool {
    schema["title"] == MARKER
}

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
}
