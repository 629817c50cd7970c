//! Times in JSON.

use groupchat_domain::time::Timestamp;
use paperclip::v2::models::{DataType, DataTypeFormat};
use paperclip::v2::schema::TypedData;
use serde::{Serialize, Serializer};

/// A point in time as RFC 3339 writes it: in UTC with `Z`, always with six digits of a second, so that texts
/// sort as the times do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(Timestamp);

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Out of range only after the year 9999; no clock of ours tells such a time.
        let time = jiff::Timestamp::from_microsecond(self.0.as_micros()).unwrap_or(jiff::Timestamp::MAX);
        serializer.collect_str(&format_args!("{time:.6}"))
    }
}

impl TypedData for Time {
    fn data_type() -> DataType {
        DataType::String
    }

    fn format() -> Option<DataTypeFormat> {
        Some(DataTypeFormat::DateTime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(micros: i64) -> String {
        serde_json::to_string(&Time::from(Timestamp::from_micros(micros))).unwrap()
    }

    #[test]
    fn times_have_six_digits_of_a_second_and_a_z() {
        assert_eq!(written(0), "\"1970-01-01T00:00:00.000000Z\"");
        assert_eq!(written(1_789_041_600_000_001), "\"2026-09-10T12:00:00.000001Z\"");
        assert_eq!(written(-1), "\"1969-12-31T23:59:59.999999Z\"");
        assert_eq!(written(i64::MAX), "\"9999-12-30T22:00:00.999999Z\"");
    }
}
