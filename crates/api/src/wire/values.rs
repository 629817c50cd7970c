//! The values that belong to no feature.

use groupchat_domain::ids::{MAX_SAFE_INTEGER, Version};
use groupchat_domain::paging::Limit;
use groupchat_domain::search::SearchText;
use groupchat_domain::time::Timestamp;
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::v2::models::{DataType, DataTypeFormat};
use paperclip::v2::schema::TypedData;
use serde::{Deserialize, Serializer};
use serde_json::{Value, json};

use super::described::{Described, Field, FromJson, ToJson, text_values};
use super::time_text;

text_values! {
    SearchText => json!({"maxLength": SearchText::MAX_LENGTH, "example": "engine"});
}

/// How many there are of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub i64);

impl From<i64> for Field<Count> {
    fn from(count: i64) -> Self {
        Self(Count(count))
    }
}

/// Where a list goes on, as clients hold it: see [`ListCursor`](super::ListCursor).
#[derive(Debug)]
pub struct CursorText;

macro_rules! integers {
    ($($name:ident: $get:expr => $rules:expr;)+) => {$(
        impl Described for $name {
            type Json = i64;

            fn rules() -> Value {
                $rules
            }
        }

        impl ToJson for $name {
            fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let get: fn(&Self) -> i64 = $get;
                serializer.serialize_i64(get(self))
            }
        }
    )+};
}

integers! {
    Count: |count| count.0 => json!({"minimum": 0, "maximum": MAX_SAFE_INTEGER, "example": 3});
    Version: |version| version.get() => json!({"minimum": 1, "maximum": MAX_SAFE_INTEGER, "example": 1});
    Limit: |limit| limit.get() => json!({
        "minimum": 1,
        "maximum": Limit::MAX,
        "default": Limit::DEFAULT.get(),
        "example": Limit::DEFAULT.get(),
    });
}

impl FromJson for Version {
    fn from_json(json: i64) -> Result<Self, Violation> {
        Self::parse(json)
    }
}

impl FromJson for Limit {
    fn from_json(json: i64) -> Result<Self, Violation> {
        Self::parse(json)
    }
}

impl Described for CursorText {
    type Json = String;

    fn rules() -> Value {
        json!({"minLength": 1, "example": "AQIAAAAAAAAAAAAAAAAAAAAH"})
    }
}

impl Described for bool {
    type Json = Self;

    fn rules() -> Value {
        json!({"example": false})
    }
}

impl FromJson for bool {
    fn from_json(json: Self) -> Result<Self, Violation> {
        Ok(json)
    }
}

impl ToJson for bool {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }
}

/// The JSON of a [`Timestamp`]: RFC 3339, in UTC with `Z`, always with six digits of a second, so that texts sort as
/// the times do.
#[derive(Debug, Deserialize)]
pub struct TimeText(String);

impl TypedData for TimeText {
    fn data_type() -> DataType {
        DataType::String
    }

    fn format() -> Option<DataTypeFormat> {
        Some(DataTypeFormat::DateTime)
    }
}

impl Described for Timestamp {
    type Json = TimeText;

    fn rules() -> Value {
        json!({"example": "2026-09-10T12:00:00.000001Z"})
    }
}

/// 9999-12-01T00:00:00Z, the last time that requests may hold: RFC 3339 ends with that year, in every offset.
const LAST_TIME: Timestamp = Timestamp::from_micros(253_399_622_400_000_000);

/// Whether a text has the form of a time that is too far away to be told in UTC.
fn is_far_away(text: &str) -> bool {
    jiff::fmt::temporal::Pieces::parse(text)
        .is_ok_and(|pieces| pieces.time().is_some() && pieces.offset().is_some() && pieces.date().year() > 0)
}

/// Any RFC 3339 time, whatever its offset and the number of its digits, up to the end of the year 9999.
impl FromJson for Timestamp {
    fn from_json(TimeText(text): TimeText) -> Result<Self, Violation> {
        match text.parse::<jiff::Timestamp>() {
            Ok(time) if time.as_microsecond() <= LAST_TIME.as_micros() => {
                Ok(Self::from_micros(time.as_microsecond()))
            }
            // Also a time that jiff can't hold, in whatever offset.
            outcome if outcome.is_ok() || is_far_away(&text) => {
                let detail = "must be at most 9999-12-01T00:00:00Z; leave it out where there is to be no end";
                Err(Violation::new(ViolationCode::OutOfRange, detail))
            }
            _ => {
                let detail = "must be a time such as 2026-09-10T12:00:00Z (RFC 3339)";
                Err(Violation::new(ViolationCode::InvalidFormat, detail))
            }
        }
    }
}

impl ToJson for Timestamp {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = [0; time_text::LENGTH];
        if let Some(text) = time_text::write(self.as_micros(), &mut buffer) {
            return serializer.serialize_str(text);
        }
        // No clock of ours tells such a time.
        let time = jiff::Timestamp::from_microsecond(self.as_micros()).unwrap_or(jiff::Timestamp::MAX);
        serializer.collect_str(&format_args!("{time:.6}"))
    }
}

/// The JSON of several ids.
#[derive(Debug, Deserialize)]
pub struct IdList(pub Vec<i64>);

impl TypedData for IdList {
    fn data_type() -> DataType {
        DataType::Array
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Time;

    fn written(micros: i64) -> String {
        serde_json::to_string(&Time::from(Timestamp::from_micros(micros))).unwrap()
    }

    #[test]
    fn times_are_read_with_any_offset() {
        let read = |text: &str| Timestamp::from_json(TimeText(text.to_owned()));
        let noon = Ok(Timestamp::from_micros(1_789_041_600_000_000));
        for text in ["2026-09-10T12:00:00Z", "2026-09-10T14:00:00.000+02:00", "2026-09-10 12:00:00z"] {
            assert_eq!(read(text), noon, "{text}");
        }
        for bad in ["", "tomorrow", "2026-09-10", "2026-09-10T12:00:00", "1789041600"] {
            assert_eq!(read(bad).unwrap_err().code, ViolationCode::InvalidFormat, "{bad}");
        }
    }

    #[test]
    fn times_have_six_digits_of_a_second_and_a_z() {
        assert_eq!(written(0), "\"1970-01-01T00:00:00.000000Z\"");
        assert_eq!(written(1_789_041_600_000_001), "\"2026-09-10T12:00:00.000001Z\"");
        assert_eq!(written(-1), "\"1969-12-31T23:59:59.999999Z\"");
        assert_eq!(written(i64::MAX), "\"9999-12-30T22:00:00.999999Z\"");
    }
}
