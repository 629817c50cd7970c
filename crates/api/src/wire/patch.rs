//! The fields of a change (RFC 7396): absent keeps, null clears, a value sets.

use paperclip::v2::models::DefaultSchemaRaw;
use paperclip::v2::schema::Apiv2Schema;
use serde::{Deserialize, Deserializer};

use super::annotation::Occurrence;
use super::described::{Described, schema_to_give};

/// What a change asks of one field. Mark the field `#[serde(default)]`.
#[derive(Default)]
pub enum Patch<T: Described> {
    /// Keep it.
    #[default]
    Absent,
    /// Clear it.
    Null,
    /// Set it.
    Value(T::Json),
}

/// The same for a field that always has a value: null is rejected. Mark the field `#[serde(default)]`.
pub struct Change<T: Described>(pub Patch<T>);

impl<T: Described> Default for Change<T> {
    fn default() -> Self {
        Self(Patch::Absent)
    }
}

impl<'de, T: Described> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|given| given.map_or(Self::Null, Self::Value))
    }
}

impl<'de, T: Described> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Patch::deserialize(deserializer).map(Self)
    }
}

impl<T: Described> Apiv2Schema for Patch<T> {
    fn required() -> bool {
        false
    }

    fn raw_schema() -> DefaultSchemaRaw {
        schema_to_give::<T>(Occurrence::Optional)
    }
}

impl<T: Described> Apiv2Schema for Change<T> {
    fn required() -> bool {
        false
    }

    fn raw_schema() -> DefaultSchemaRaw {
        schema_to_give::<T>(Occurrence::Omittable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Switch {
        #[serde(default)]
        on: Patch<bool>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let on = |json| serde_json::from_str::<Switch>(json).unwrap().on;
        assert!(matches!(on("{}"), Patch::Absent));
        assert!(matches!(on(r#"{"on": null}"#), Patch::Null));
        assert!(matches!(on(r#"{"on": true}"#), Patch::Value(true)));
    }
}
