//! The checker finds nothing in a sound history, and names what is wrong in falsified ones.

mod changes;
mod events;
mod reads;
mod script;
mod sends;

use super::{Violation, check};
use crate::history::History;

/// Fails unless the checker names such a violation.
#[track_caller]
fn assert_names(history: &History, what: &str, is_it: impl Fn(&Violation) -> bool) {
    let violations = check(history);
    assert!(violations.iter().any(is_it), "{what} is not among {violations:?}");
}

#[test]
fn a_sound_history_has_no_violations() {
    assert_eq!(check(&script::sound()), []);
}

#[test]
fn a_stored_history_is_the_same_when_read() {
    let folder = crate::harness::folder();
    let path = folder.path().join("history.jsonl");
    let history = script::sound();
    history.save(&path).unwrap();
    assert_eq!(History::read(&path).unwrap(), history);
}
