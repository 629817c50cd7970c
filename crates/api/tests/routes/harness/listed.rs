//! Lists that are kept by hand, and have to have what the code has.

use std::collections::BTreeSet;

/// Panics unless a file lists what there is and nothing else; says what it lacks.
#[track_caller]
pub(crate) fn assert_listed(file: &str, listed: &BTreeSet<String>, there: &BTreeSet<String>) {
    let difference = |one: &BTreeSet<String>, other| {
        one.difference(other)
            .map(|entry| entry.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    let (missing, extra) = (difference(there, listed), difference(listed, there));
    assert!(missing.is_empty(), "{file} lacks: {}", missing.join(", "));
    assert!(extra.is_empty(), "{file} has what is not there: {}", extra.join(", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(entries: &[&str]) -> BTreeSet<String> {
        entries.iter().map(|entry| (*entry).to_owned()).collect()
    }

    #[test]
    #[should_panic(expected = "matrix.toml lacks: GET /api/a, PUT /api/b")]
    fn what_is_missing_is_named() {
        assert_listed(
            "matrix.toml",
            &set(&["GET    /api/c"]),
            &set(&["GET    /api/a", "GET    /api/c", "PUT    /api/b"]),
        );
    }

    #[test]
    #[should_panic(expected = "matrix.toml has what is not there: GET /api/d")]
    fn what_is_not_there_is_named() {
        assert_listed("matrix.toml", &set(&["GET    /api/d"]), &set(&[]));
    }
}
