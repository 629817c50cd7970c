//! Falsified edits, deletions and likes.

use super::assert_names;
use super::script::{DELETE_C, EDIT_A, LIKE_B, PAGE, change_views, sound};
use crate::checker::{Violation, check};
use crate::history::{History, Outcome};

fn failed() -> Outcome {
    Outcome::Failed { status: 503, code: "unavailable".to_owned() }
}

fn unknown() -> Outcome {
    Outcome::Unknown("timeout".to_owned())
}

/// The same without pages and listeners.
fn without_witnesses() -> History {
    let mut history = sound();
    history.operations.remove(PAGE);
    history.visits.clear();
    history.setup.listeners.clear();
    assert_eq!(check(&history), []);
    history
}

#[test]
fn an_acknowledged_edit_that_is_undone_is_named() {
    let mut history = without_witnesses();
    change_views(&mut history, |view| {
        let message = &mut view.messages[0];
        (message.version, message.text) = (1, Some("text of a".to_owned()));
        view.log.remove(4);
    });
    assert_names(
        &history,
        "an undone edit",
        |it| matches!(it, Violation::Undone { seen, .. } if seen.id == 11),
    );
}

#[test]
fn an_edit_that_another_overwrote_without_a_version_of_its_own_is_named() {
    let mut history = without_witnesses();
    change_views(&mut history, |view| view.messages[0].text = Some("text of a".to_owned()));
    assert_names(&history, "two states", |it| matches!(it, Violation::TwoStates { one, .. } if one.id == 11));
}

#[test]
fn a_failed_edit_must_not_be_there_and_an_unknown_one_may() {
    let mut history = without_witnesses();
    history.operations[EDIT_A].outcome = failed();
    assert_names(
        &history,
        "a failed edit",
        |it| matches!(it, Violation::ForeignText(found) if found.id == 11),
    );
    history.operations[EDIT_A].outcome = unknown();
    assert_eq!(check(&history), []);
}

#[test]
fn a_deletion_is_there_if_it_was_acknowledged_and_only_if_it_was_requested() {
    let mut history = without_witnesses();
    history.operations[DELETE_C].outcome = failed();
    assert_names(&history, "a deletion", |it| matches!(it, Violation::NeverDeleted { message: 13 }));
    history.operations[DELETE_C].outcome = unknown();
    assert_eq!(check(&history), []);
    let undelete = |history: &mut History| {
        change_views(history, |view| {
            let message = &mut view.messages[3];
            (message.version, message.text) = (1, Some("text of c".to_owned()));
            view.log.pop();
        });
    };
    undelete(&mut history);
    assert_eq!(check(&history), []);
    history.operations[DELETE_C].outcome = Outcome::Ok(vec![]);
    assert_names(&history, "a deletion", |it| matches!(it, Violation::NotDeleted { message: 13 }));
}

#[test]
fn likes_are_counted() {
    let mut history = without_witnesses();
    history.operations[LIKE_B].outcome = failed();
    assert_names(&history, "likes", |it| matches!(it, Violation::Likes { least: 0, most: 0, found: 1, .. }));
    history.operations[LIKE_B].outcome = unknown();
    assert_eq!(check(&history), []);
    let mut history = without_witnesses();
    change_views(&mut history, |view| view.messages[1].likes = 2);
    assert_names(&history, "likes", |it| matches!(it, Violation::Likes { least: 1, most: 1, found: 2, .. }));
}
