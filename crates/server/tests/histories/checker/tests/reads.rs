//! Falsified reads.

use super::assert_names;
use super::script::{LOBBY, PAGE, READER, SEND_B_RETRY, SEND_D_UNKNOWN, message, operation, sound};
use crate::checker::{Violation, check};
use crate::history::{Call, History, Message, Outcome};

/// Changes the page.
fn with_page(change: impl FnOnce(&mut Vec<Message>)) -> History {
    let mut history = sound();
    let Outcome::Ok(messages) = &mut history.operations[PAGE].outcome else { unreachable!() };
    change(messages);
    history
}

#[test]
fn a_page_without_a_message_that_was_acknowledged_before_is_stale() {
    let mut history = with_page(|messages| drop(messages.drain(..2)));
    history.visits.clear();
    history.setup.listeners.clear();
    assert_names(&history, "a stale page", |it| {
        matches!(it, Violation::Stale { client: READER, message: 12, shown: None, .. })
    });
    // The acknowledgement came later than the request for the page.
    history.operations[SEND_B_RETRY].completed = 1_001;
    assert_eq!(check(&history), []);
}

#[test]
fn a_page_without_a_message_whose_event_arrived_before_is_stale() {
    let history = with_page(|messages| drop(messages.remove(0)));
    assert_names(&history, "a stale page", |it| {
        matches!(it, Violation::Stale { message: 14, shown: None, .. })
    });
}

#[test]
fn a_page_without_a_message_of_an_earlier_page_is_stale() {
    let mut history = with_page(|messages| drop(messages.remove(0)));
    history.visits.clear();
    history.setup.listeners.clear();
    assert_eq!(check(&history), []);
    let page = Outcome::Ok(vec![message(14, 3, "d"), message(12, 2, "b"), message(11, 1, "a")]);
    history.operations.push(operation(READER, 650, Call::Page { group: LOBBY, limit: 50 }, page));
    assert_names(&history, "a stale page", |it| {
        matches!(it, Violation::Stale { message: 14, shown: None, .. })
    });
}

#[test]
fn a_page_with_an_older_version_is_stale() {
    let history = with_page(|messages| messages[2] = message(11, 1, "a"));
    assert_names(&history, "a stale version", |it| {
        matches!(it, Violation::Stale { message: 11, known: 2, shown: Some(1), .. })
    });
}

#[test]
fn a_page_with_a_message_that_was_deleted_before_is_stale() {
    let mut history = sound();
    history.visits.clear();
    history.setup.listeners.clear();
    let page = Outcome::Ok(vec![message(13, 1, "c")]);
    history.operations.push(operation(READER, 950, Call::Page { group: 2, limit: 50 }, page));
    assert_names(&history, "a deleted one", |it| matches!(it, Violation::Stale { message: 13, .. }));
}

#[test]
fn a_page_with_a_hole_is_named() {
    let history = with_page(|messages| drop(messages.remove(1)));
    assert_names(&history, "a hole", |it| matches!(it, Violation::PageGap { after: 3, found: 1, .. }));
    let history = with_page(|messages| drop(messages.pop()));
    assert_names(&history, "a hole at the end", |it| {
        matches!(it, Violation::PageGap { after: 2, found: 0, .. })
    });
}

#[test]
fn a_page_with_a_message_that_was_rolled_back_is_named() {
    let history = with_page(|messages| messages.insert(0, message(99, 4, "y")));
    assert_names(&history, "a phantom", |it| matches!(it, Violation::Lost(phantom) if phantom.id == 99));
}

#[test]
fn a_retry_that_is_answered_with_an_older_state_is_stale() {
    let mut history = sound();
    let again = Call::Send { group: LOBBY, client_id: "a".to_owned(), text: "text of a".to_owned() };
    history.operations.push(operation(0, 1_050, again, Outcome::Ok(vec![message(11, 1, "a")])));
    assert_names(&history, "a stale reply", |it| matches!(it, Violation::Stale { message: 11, .. }));
    assert!(matches!(history.operations[SEND_D_UNKNOWN].outcome, Outcome::Unknown(_)));
}
