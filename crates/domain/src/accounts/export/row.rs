//! Rows of an export.

use crate::text::TextBytes;
use crate::time::Timestamp;

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportValue {
    /// Nothing.
    Null,
    /// Whether something is so.
    Flag(bool),
    /// A number, or an id.
    Number(i64),
    /// A text.
    Text(String),
    /// A time.
    Time(Timestamp),
}

impl From<bool> for ExportValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for ExportValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for ExportValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ExportValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Timestamp> for ExportValue {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl<T: Into<Self>> From<Option<T>> for ExportValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What is stored in one place, with names. Never a secret, a hash, or a text that somebody else has written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportRow(pub Vec<(&'static str, ExportValue)>);

impl ExportRow {
    /// The same with another value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<ExportValue>) -> Self {
        self.0.push((name, value.into()));
        self
    }
}

impl TextBytes for ExportRow {
    fn text_bytes(&self) -> usize {
        let bytes = |(name, value): &(&str, ExportValue)| match value {
            ExportValue::Text(text) => name.len() + text.len(),
            _ => name.len() + 30,
        };
        self.0.iter().map(bytes).sum()
    }
}
