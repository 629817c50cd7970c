//! Falsified sends, numbers and logs.

use super::assert_names;
use super::script::{
    DELETE_C, EDIT_A, PAGE, SEND_A, SEND_B_RETRY, SEND_B_UNKNOWN, SEND_C, SEND_D_UNKNOWN, SEND_REJECTED,
    change_views, message, sound,
};
use crate::checker::{Violation, check};
use crate::history::{Call, History, Outcome};

/// A history in which nobody but the sender was shown anything, so that only the sends are judged by.
fn without_witnesses() -> History {
    let mut history = sound();
    history.operations.truncate(SEND_D_UNKNOWN + 1);
    history.visits.clear();
    history.setup.listeners.clear();
    for view in &mut history.views {
        view.messages =
            vec![message(11, 1, "a"), message(12, 2, "b"), message(14, 3, "d"), message(13, 1, "c")];
        view.log.truncate(4);
    }
    assert_eq!(check(&history), []);
    history
}

/// Removes a message and its events.
fn remove(history: &mut History, id: i64) {
    change_views(history, |view| {
        view.messages.retain(|message| message.id != id);
        view.log.retain(|entry| entry.message != id);
    });
}

#[test]
fn an_acknowledged_message_that_is_not_there_is_lost() {
    let mut history = without_witnesses();
    remove(&mut history, 13);
    assert_names(&history, "a loss", |it| matches!(it, Violation::Lost(lost) if lost.client_id == "c"));
}

#[test]
fn a_message_that_is_acknowledged_only_on_the_retry_is_lost_too() {
    let mut history = without_witnesses();
    remove(&mut history, 12);
    assert_names(&history, "a loss", |it| matches!(it, Violation::Lost(lost) if lost.client_id == "b"));
}

#[test]
fn a_message_that_somebody_was_shown_and_that_is_gone_is_lost() {
    let mut history = sound();
    history.operations.remove(PAGE);
    remove(&mut history, 14);
    assert_names(&history, "a loss", |it| matches!(it, Violation::Lost(lost) if lost.client_id == "d"));
}

#[test]
fn an_unknown_send_may_be_there_or_not() {
    let mut history = without_witnesses();
    remove(&mut history, 14);
    assert_eq!(check(&history), []);
}

#[test]
fn a_message_that_is_there_twice_is_doubled() {
    for client_id in ["a", "b", "d"] {
        let mut history = without_witnesses();
        change_views(&mut history, |view| {
            view.messages.insert(3, message(15, 4, client_id));
            let mut entry = view.log[0].clone();
            (entry.position, entry.message) = (108, 15);
            view.log.push(entry);
        });
        let doubled = Violation::Doubled { client_id: client_id.to_owned() };
        assert_eq!(check(&history), [doubled]);
    }
}

#[test]
fn a_message_that_failed_must_not_be_there() {
    for (status, code) in [(400, "validation_failed"), (503, "unavailable"), (0, "not_connected")] {
        let mut history = without_witnesses();
        let outcome = Outcome::Failed { status, code: code.to_owned() };
        history.operations[SEND_D_UNKNOWN].outcome = outcome;
        let client_id = "d".to_owned();
        assert_names(&history, "a failed send", |it| {
            *it == Violation::FailedButStored { client_id: client_id.clone() }
        });
    }
}

#[test]
fn an_unknown_attempt_before_a_failed_one_may_be_there() {
    let mut history = without_witnesses();
    history.operations[SEND_B_RETRY].outcome =
        Outcome::Failed { status: 503, code: "unavailable".to_owned() };
    assert_eq!(check(&history), []);
    history.operations.remove(SEND_B_UNKNOWN);
    assert_names(&history, "a failed send", |it| matches!(it, Violation::FailedButStored { .. }));
}

#[test]
fn a_message_that_nobody_sent_is_named() {
    let mut history = without_witnesses();
    history.operations.remove(SEND_D_UNKNOWN);
    assert_names(&history, "a foreign message", |it| matches!(it, Violation::NeverSent { .. }));
}

#[test]
fn a_message_with_a_text_that_was_rejected_is_named() {
    let mut history = without_witnesses();
    change_views(&mut history, |view| view.messages[2].text = Some("text of x".to_owned()));
    assert_names(&history, "a text", |it| matches!(it, Violation::ForeignText(_)));
}

#[test]
fn a_gap_in_the_numbers_is_named() {
    let mut history = without_witnesses();
    remove(&mut history, 14);
    change_views(&mut history, |view| view.messages[1].seq = 3);
    let Outcome::Ok(messages) = &mut history.operations[SEND_B_RETRY].outcome else { unreachable!() };
    messages[0].seq = 3;
    assert_names(&history, "a gap", |it| matches!(it, Violation::NumberGap { expected: 2, found: 3, .. }));
}

#[test]
fn numbers_that_contradict_the_times_are_named() {
    let mut history = without_witnesses();
    // "a" was acknowledged before "b" was sent, and nevertheless has the higher number.
    let swap = |messages: &mut Vec<_>| messages.swap(0, 1);
    change_views(&mut history, |view| {
        swap(&mut view.messages);
        (view.messages[0].seq, view.messages[1].seq) = (1, 2);
        view.log.swap(0, 1);
        (view.log[0].position, view.log[1].position) = (101, 102);
    });
    for (nth, seq) in [(SEND_A, 2), (SEND_B_RETRY, 1)] {
        let Outcome::Ok(messages) = &mut history.operations[nth].outcome else { unreachable!() };
        messages[0].seq = seq;
    }
    assert_names(
        &history,
        "an order",
        |it| matches!(it, Violation::NumberOrder { first, second } if (first.id, second.id) == (12, 11)),
    );
    // The second attempt counts from its first: overlapping requests may be numbered either way.
    history.operations[SEND_B_UNKNOWN].invoked = 105;
    assert_eq!(check(&history), []);
}

#[test]
fn a_number_other_than_the_acknowledged_one_is_named() {
    let mut history = without_witnesses();
    let Outcome::Ok(messages) = &mut history.operations[SEND_A].outcome else { unreachable!() };
    messages[0].seq = 2;
    assert_names(&history, "another number", |it| matches!(it, Violation::Lost(lost) if lost.id == 11));
}

#[test]
fn servers_that_show_different_states_are_named() {
    let mut history = sound();
    history.views[1].log.swap(2, 3);
    assert_names(&history, "a difference", |it| matches!(it, Violation::ViewsDiffer { server: 1 }));
    let mut history = sound();
    history.views[1].messages.pop();
    assert_names(&history, "a difference", |it| matches!(it, Violation::ViewsDiffer { server: 1 }));
}

#[test]
fn a_log_that_lacks_or_repeats_an_event_is_named() {
    let mut history = without_witnesses();
    change_views(&mut history, |view| drop(view.log.pop()));
    assert_names(&history, "a lack", |it| {
        matches!(it, Violation::LogDisagrees { message: 14, versions: 1, events: 0 })
    });
    let mut history = without_witnesses();
    change_views(&mut history, |view| {
        let again = view.log[3].clone();
        view.log.push(crate::history::Entry { position: 105, ..again });
    });
    assert_names(&history, "a repetition", |it| matches!(it, Violation::LogDisagrees { events: 2, .. }));
}

#[test]
fn a_log_out_of_order_is_named() {
    let mut history = without_witnesses();
    change_views(&mut history, |view| view.log.swap(0, 1));
    assert_names(&history, "positions", |it| matches!(it, Violation::LogOrder { .. }));
    assert_names(&history, "numbers", |it| matches!(it, Violation::LogNumberOrder { .. }));
    let mut history = without_witnesses();
    // "c" is of another group than "a", and was sent later.
    change_views(&mut history, |view| {
        let (a, c) = (view.log[0].message, view.log[2].message);
        (view.log[0].message, view.log[2].message) = (c, a);
    });
    assert_names(
        &history,
        "the order of the times",
        |it| matches!(it, Violation::LogTimeOrder { first, second } if (first.id, second.id) == (13, 11)),
    );
}

#[test]
fn a_server_error_is_named() {
    let mut history = sound();
    history.operations[SEND_REJECTED].outcome = Outcome::Failed { status: 500, code: "internal".to_owned() };
    assert_names(&history, "a 500", |it| matches!(it, Violation::WrongResponse { status: 500, .. }));
}

#[test]
fn the_script_is_what_the_tests_take_it_for() {
    let history = sound();
    let is_send = |nth: usize, name: &str| matches!(&history.operations[nth].call, Call::Send { client_id, .. } if client_id == name);
    assert!(is_send(SEND_A, "a") && is_send(SEND_C, "c") && is_send(SEND_REJECTED, "x"));
    assert!(matches!(history.operations[EDIT_A].call, Call::Edit { message: 11, .. }));
    assert!(matches!(history.operations[DELETE_C].call, Call::Delete { message: 13 }));
}
