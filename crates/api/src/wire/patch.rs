//! A field of a change (RFC 7396): absent keeps, null clears, a value sets.

use paperclip::v2::models::DefaultSchemaRaw;
use paperclip::v2::schema::Apiv2Schema;
use serde::{Deserialize, Deserializer};

/// What a change asks of one field. Mark the field `#[serde(default)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Keep it.
    #[default]
    Absent,
    /// Clear it.
    Null,
    /// Set it.
    Value(T),
}

impl<T> Patch<T> {
    /// The same of what the value holds.
    pub const fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(value),
        }
    }
}

impl Patch<String> {
    /// The same, borrowed.
    pub fn as_deref(&self) -> Patch<&str> {
        match self.as_ref() {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(text) => Patch::Value(text),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|given| given.map_or(Self::Null, Self::Value))
    }
}

impl<T: Apiv2Schema> Apiv2Schema for Patch<T> {
    fn name() -> Option<String> {
        T::name()
    }

    fn required() -> bool {
        false
    }

    fn raw_schema() -> DefaultSchemaRaw {
        T::raw_schema()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Change {
        #[serde(default)]
        name: Patch<String>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let name = |json| serde_json::from_str::<Change>(json).unwrap().name;
        assert_eq!(name("{}"), Patch::Absent);
        assert_eq!(name(r#"{"name": null}"#), Patch::Null);
        assert_eq!(name(r#"{"name": "x"}"#).as_deref(), Patch::Value("x"));
    }
}
