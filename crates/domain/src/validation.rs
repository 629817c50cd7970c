//! Rejecting invalid input: what is wrong, in which field, and what would be valid.

use crate::time::Timestamp;
use std::time::Duration;

/// What kind of rule a value broke. Part of the HTTP contract: names never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViolationCode {
    /// The value is missing, empty or blank.
    Required,
    /// Shorter than the least length.
    TooShort,
    /// Longer than the greatest length.
    TooLong,
    /// Holds a character that is not allowed.
    InvalidCharacters,
    /// Not of the form that is asked for.
    InvalidFormat,
    /// A name that the server keeps for itself.
    Reserved,
    /// A password that is easy to guess.
    TooCommon,
    /// A number outside its range.
    OutOfRange,
    /// Not of the type that is asked for.
    InvalidType,
    /// Cannot be given together with another field.
    Exclusive,
    /// Cannot be cleared.
    NotNullable,
    /// Not a parameter of this request.
    Unknown,
    /// Exists, but cannot be changed by this call.
    NotEditable,
    /// Part of the contract, but not built yet.
    NotSupported,
}

impl ViolationCode {
    /// The stable name of the code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::InvalidCharacters => "invalid_characters",
            Self::InvalidFormat => "invalid_format",
            Self::Reserved => "reserved",
            Self::TooCommon => "too_common",
            Self::OutOfRange => "out_of_range",
            Self::InvalidType => "invalid_type",
            Self::Exclusive => "exclusive",
            Self::NotNullable => "not_nullable",
            Self::Unknown => "unknown",
            Self::NotEditable => "not_editable",
            Self::NotSupported => "not_supported",
        }
    }
}

/// A broken rule, not yet tied to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which kind of rule.
    pub code: ViolationCode,
    /// A sentence for a person, with the limit in it.
    pub detail: String,
}

impl Violation {
    /// A violation with its sentence.
    pub fn new(code: ViolationCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// The violation of a value that is part of the contract, but not built yet.
    pub fn not_supported() -> Self {
        Self::new(ViolationCode::NotSupported, "is not supported by this server yet")
    }

    /// Ties the violation to the field that it was found in.
    pub fn in_field(self, field: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), violation: self }
    }
}

/// Rejects an end that is not in the future.
///
/// # Errors
/// [`ViolationCode::OutOfRange`].
pub(crate) fn in_future(end: Option<Timestamp>, now: Timestamp) -> Result<(), Violation> {
    if end.is_none_or(|end| end > now) {
        return Ok(());
    }
    Err(Violation::new(ViolationCode::OutOfRange, "must be in the future"))
}

/// The furthest away that a time may be at which something is to happen: a year, in every calendar.
pub(crate) const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

/// Rejects a time that is not in the future, or more than a year away.
///
/// # Errors
/// [`ViolationCode::OutOfRange`].
pub(crate) fn within_a_year(at: Timestamp, now: Timestamp) -> Result<(), Violation> {
    in_future(Some(at), now)?;
    if at <= now.plus(YEAR) {
        return Ok(());
    }
    Err(Violation::new(ViolationCode::OutOfRange, "must be at most a year away"))
}

/// The value of this name, among all that there are.
///
/// # Errors
/// [`ViolationCode::InvalidFormat`], which lists all names.
pub fn one_of<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> Result<T, Violation> {
    all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| {
        let names: Vec<_> = all.iter().copied().map(name).collect();
        Violation::new(ViolationCode::InvalidFormat, format!("must be one of: {}", names.join(", ")))
    })
}

/// A broken rule and the field that broke it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as the caller named it; nested ones with dots.
    pub field: String,
    /// What is wrong with it.
    pub violation: Violation,
}

/// Checks that a text has `min` to `max` characters (Unicode scalar values).
///
/// # Errors
/// [`ViolationCode::Required`] for an empty text where one is needed, else `TooShort` or `TooLong`.
pub fn check_length(text: &str, min: usize, max: usize) -> Result<(), Violation> {
    // No character takes less than a byte, so most texts need no counting.
    let length = if text.len() <= max && min <= 1 { text.len() } else { text.chars().count() };
    if length >= min && length <= max {
        return Ok(());
    }
    let code = match length {
        0 => ViolationCode::Required,
        _ if length < min => ViolationCode::TooShort,
        _ => ViolationCode::TooLong,
    };
    Err(Violation::new(code, format!("must have {min} to {max} characters, has {length}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_codes_are_those_of_the_contract() {
        for (code, name) in [
            (ViolationCode::Required, "required"),
            (ViolationCode::TooShort, "too_short"),
            (ViolationCode::TooLong, "too_long"),
            (ViolationCode::InvalidCharacters, "invalid_characters"),
            (ViolationCode::InvalidFormat, "invalid_format"),
            (ViolationCode::Reserved, "reserved"),
            (ViolationCode::OutOfRange, "out_of_range"),
            (ViolationCode::InvalidType, "invalid_type"),
            (ViolationCode::Exclusive, "exclusive"),
            (ViolationCode::NotNullable, "not_nullable"),
            (ViolationCode::Unknown, "unknown"),
            (ViolationCode::NotEditable, "not_editable"),
            (ViolationCode::NotSupported, "not_supported"),
        ] {
            assert_eq!(code.as_str(), name);
        }
    }

    #[test]
    fn length_is_counted_in_characters_and_the_limit_is_named() {
        assert_eq!(check_length("äöü", 1, 3), Ok(()));
        let too_long = check_length("äöüß", 1, 3).unwrap_err();
        assert_eq!(too_long.code, ViolationCode::TooLong);
        assert_eq!(too_long.detail, "must have 1 to 3 characters, has 4");
        assert_eq!(check_length("", 1, 3).unwrap_err().code, ViolationCode::Required);
        assert_eq!(check_length("ä", 2, 3).unwrap_err().code, ViolationCode::TooShort);
        assert_eq!(check_length("", 0, 3), Ok(()));
    }
}
