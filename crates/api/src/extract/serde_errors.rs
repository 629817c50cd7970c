//! Turns serde's messages about invalid values into messages for callers.

use std::fmt::Display;

use groupchat_domain::validation::{FieldError, Violation, ViolationCode};
use serde_path_to_error::{Path, Segment};

/// The violation behind an error that serde found in a value of the wrong type.
///
/// Serde's own text repeats the value, which may be a password; only what it expected is taken from it.
pub(super) fn violation(path: &Path, error: &impl Display) -> FieldError {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let (field, detail) = if let Some(name) = quoted_name(text, "duplicate field `") {
        (name.to_owned(), "must be given once".to_owned())
    } else if let Some((_, expected)) = text.rsplit_once(", expected ") {
        (field_name(path), format!("must be {}", in_words(expected)))
    } else {
        (field_name(path), "must be of the documented type".to_owned())
    };
    Violation::new(ViolationCode::InvalidType, detail).in_field(field)
}

/// The name in back-quotes that follows `prefix`.
fn quoted_name<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.strip_prefix(prefix)?.strip_suffix('`')
}

/// The way to the value, as a caller writes it: `a.b[2]`; empty for the whole.
pub(super) fn field_name(path: &Path) -> String {
    let named = path.iter().all(|segment| !matches!(segment, Segment::Unknown));
    if named && path.iter().next().is_some() { path.to_string() } else { String::new() }
}

fn in_words(expected: &str) -> &str {
    match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "an integer",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read by serde only")]
    struct Outer {
        #[serde(default)]
        password: Option<String>,
        #[serde(default)]
        seq: Option<i64>,
        #[serde(default)]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read by serde only")]
    struct Inner {
        deep: bool,
    }

    fn refuse(json: &str) -> (String, String) {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let error = serde_path_to_error::deserialize::<_, Outer>(&mut deserializer).unwrap_err();
        let found = violation(error.path(), error.inner());
        (found.field, found.violation.detail)
    }

    #[test]
    fn the_field_is_named_and_the_value_is_not() {
        let cases = [
            (r#"{"password": 12345678}"#, "password", "must be a string"),
            (r#"{"seq": "hunter2, expected x"}"#, "seq", "must be an integer"),
            (r#"{"seq": 1.5}"#, "seq", "must be an integer"),
            (r#"{"inner": {"deep": "hunter2"}}"#, "inner.deep", "must be a boolean"),
            (r#"{"inner": 1}"#, "inner", "must be an object"),
            (r#"{"seq": 1, "seq": 2}"#, "seq", "must be given once"),
        ];
        for (json, field, detail) in cases {
            assert_eq!(refuse(json), (field.to_owned(), detail.to_owned()), "{json}");
        }
    }
}
