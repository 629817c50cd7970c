//! Falsified deliveries of events.

use super::assert_names;
use super::script::{KITCHEN, LISTENER, LOBBY, VISITOR, changed, cursor, event, message, operation, sound};
use crate::checker::{Violation, check};
use crate::history::{Arrival, Call, Content, History, Outcome};

/// The first and the second visit of the listener, and that of the visitor.
const FIRST: usize = 0;
const SECOND: usize = 1;
const VISIT: usize = 2;

fn arrivals(history: &mut History, visit: usize) -> &mut Vec<Arrival> {
    &mut history.visits[visit].arrivals
}

#[test]
fn an_event_that_did_not_come_is_skipped() {
    for nth in 1..4 {
        let mut history = sound();
        let lost = arrivals(&mut history, FIRST).remove(nth).position;
        assert_names(&history, "a skip", |it| {
            matches!(it, Violation::Skipped { client: LISTENER, entry } if entry.position == lost)
                // The visit then ends with an older cursor than the next begins with.
                || nth == 3 && matches!(it, Violation::WrongCursor { .. })
        });
    }
}

#[test]
fn an_event_at_the_beginning_of_a_backlog_that_did_not_come_is_skipped() {
    let mut history = sound();
    arrivals(&mut history, SECOND).remove(1);
    assert_names(
        &history,
        "a skip",
        |it| matches!(it, Violation::Skipped { entry, .. } if entry.position == 104),
    );
}

#[test]
fn a_cursor_that_moves_past_an_event_skips_it() {
    let mut history = sound();
    arrivals(&mut history, VISIT)[3] = cursor(605, 104);
    arrivals(&mut history, VISIT).remove(4);
    assert_names(&history, "a skip", |it| matches!(it, Violation::Skipped { client: VISITOR, .. }));
}

#[test]
fn an_event_that_came_twice_is_repeated() {
    let mut history = sound();
    let again = arrivals(&mut history, FIRST)[2].clone();
    arrivals(&mut history, FIRST).insert(3, again);
    assert_names(&history, "a repetition", |it| {
        *it == Violation::Repeated { client: LISTENER, position: 102 }
    });
    let mut history = sound();
    let again = arrivals(&mut history, FIRST)[3].clone();
    arrivals(&mut history, SECOND).insert(1, again);
    assert_names(&history, "a repetition", |it| {
        *it == Violation::Repeated { client: LISTENER, position: 103 }
    });
}

#[test]
fn events_in_another_order_are_named() {
    let mut history = sound();
    arrivals(&mut history, FIRST).swap(1, 2);
    assert_names(&history, "a skip", |it| matches!(it, Violation::Skipped { .. }));
    assert_names(&history, "a late event", |it| matches!(it, Violation::Repeated { position: 101, .. }));
}

#[test]
fn an_event_that_the_log_does_not_have_is_named() {
    let mut history = sound();
    arrivals(&mut history, FIRST)[1] = event(105, 101, "message.liked", &message(11, 1, "a"));
    assert_names(&history, "an untrue event", |it| matches!(it, Violation::Untrue { position: 101, .. }));
}

#[test]
fn an_event_of_a_group_of_others_is_named() {
    let mut history = sound();
    arrivals(&mut history, VISIT)[3] = event(605, 103, "message.created", &message(13, 1, "c"));
    assert_names(&history, "a forbidden event", |it| {
        *it == Violation::Forbidden { client: VISITOR, position: 103 }
    });
}

#[test]
fn a_cursor_that_goes_back_is_named() {
    let mut history = sound();
    arrivals(&mut history, VISIT).push(cursor(910, 101));
    assert_names(&history, "a cursor", |it| matches!(it, Violation::CursorBack { position: 101, .. }));
}

#[test]
fn an_event_with_an_older_state_is_named() {
    let mut history = sound();
    arrivals(&mut history, VISIT)[5] = event(705, 105, "message.updated", &message(11, 1, "a"));
    assert_names(&history, "an old state", |it| {
        matches!(it, Violation::StaleEvent { position: 105, version: 2, shown: 1, .. })
    });
}

#[test]
fn an_event_with_a_state_that_never_was_is_named() {
    let mut history = sound();
    let foreign = changed(&message(11, 1, "a"), |message| message.text = Some("foreign".to_owned()));
    arrivals(&mut history, VISIT)[5] = event(705, 105, "message.updated", &foreign);
    assert_names(&history, "two states", |it| matches!(it, Violation::TwoStates { .. }));
}

#[test]
fn a_client_that_does_not_get_to_the_end_is_named() {
    let mut history = sound();
    arrivals(&mut history, SECOND).pop();
    assert_names(&history, "a client that is behind", |it| {
        *it == Violation::NotCaughtUp { client: LISTENER, position: Some(106), end: 107 }
    });
}

#[test]
fn a_client_that_resumes_from_another_cursor_is_named() {
    let mut history = sound();
    history.visits[SECOND].cursor = Some(102);
    assert_names(&history, "a cursor", |it| matches!(it, Violation::WrongCursor { client: LISTENER, .. }));
}

/// The visitor came before the log that is kept, and was away until event 104.
fn with_gap() -> History {
    let mut history = sound();
    let visit = arrivals(&mut history, VISIT);
    visit.drain(..5);
    let gap = Arrival { at: 690, position: 104, content: Content::Gap };
    visit.splice(0..0, [cursor(60, 50), gap]);
    history
}

#[test]
fn who_is_told_a_gap_has_to_reload() {
    let mut history = with_gap();
    assert_names(&history, "no reload", |it| {
        *it == Violation::NotReloaded { client: VISITOR, position: 104, group: LOBBY }
    });
    let page = Outcome::Ok(vec![message(14, 3, "d"), message(12, 2, "b"), message(11, 1, "a")]);
    history.operations.push(operation(VISITOR, 691, Call::Page { group: LOBBY, limit: 50 }, page));
    // The kitchen is none of its groups.
    assert_eq!(check(&history), [], "{KITCHEN}");
}

#[test]
fn a_gap_within_the_log_that_is_kept_is_false() {
    let mut history = with_gap();
    arrivals(&mut history, VISIT)[0] = cursor(60, 100);
    assert_names(&history, "a false gap", |it| matches!(it, Violation::FalseGap { client: VISITOR, .. }));
}
