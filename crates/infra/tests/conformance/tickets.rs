//! Tickets.

use groupchat_domain::accounts::NewTicket;
use groupchat_domain::ids::SessionId;
use groupchat_domain::storage::Tx;
use groupchat_domain::time::Span;

use crate::support::fixture::*;

const SESSION: SessionId = SessionId::new(7);
const ANOTHER: SessionId = SessionId::new(8);

/// When tickets expire that are good at the time 100.
fn good_now() -> Span {
    Span { after: at(100), until: at(200) }
}

/// A ticket of a session that is good until the time `end`.
fn ticket(tx: &mut dyn Tx, session: SessionId, number: u8, end: i64) {
    let new = NewTicket { session, hash: key(number), expires_at: at(end) };
    tx.tickets().insert(&new).unwrap();
}

/// Which of the tickets numbered from 1 are good at the time 100.
fn good(tx: &mut dyn Tx, count: u8) -> Vec<u8> {
    (1..=count).filter(|number| tx.tickets().is_valid(&key(*number), good_now()).unwrap()).collect()
}

fn a_ticket_is_redeemed_once(tx: &mut dyn Tx) {
    ticket(tx, SESSION, 1, 200);
    ticket(tx, ANOTHER, 2, 200);
    assert_eq!(tx.tickets().redeem(&key(3), good_now()), Ok(None));
    assert_eq!(tx.tickets().redeem(&key(1), good_now()), Ok(Some(SESSION)));
    assert_eq!(tx.tickets().redeem(&key(1), good_now()), Ok(None));
    assert_eq!(good(tx, 3), [2]);
    assert_eq!(tx.tickets().redeem(&key(2), good_now()), Ok(Some(ANOTHER)));
}

fn an_expired_ticket_is_not_good(tx: &mut dyn Tx) {
    ticket(tx, SESSION, 1, 100);
    ticket(tx, SESSION, 2, 101);
    assert_eq!(good(tx, 2), [2]);
    assert_eq!(tx.tickets().redeem(&key(1), good_now()), Ok(None));
    assert_eq!(tx.tickets().redeem(&key(2), good_now()), Ok(Some(SESSION)));
}

fn a_ticket_that_seems_to_be_good_for_longer_than_any_is_not(tx: &mut dyn Tx) {
    ticket(tx, SESSION, 1, 201);
    ticket(tx, SESSION, 2, 200);
    assert_eq!(good(tx, 2), [2]);
    assert_eq!(tx.tickets().redeem(&key(1), good_now()), Ok(None));
    assert_eq!(tx.tickets().remove_others(good_now(), 3), Ok(1));
    assert_eq!(tx.tickets().redeem(&key(2), good_now()), Ok(Some(SESSION)));
}

fn the_oldest_tickets_of_a_session_go(tx: &mut dyn Tx) {
    ticket(tx, ANOTHER, 1, 200);
    for number in 2..=5 {
        ticket(tx, SESSION, number, 200);
    }
    tx.tickets().remove_oldest(SESSION, 4).unwrap();
    assert_eq!(good(tx, 5), [1, 2, 3, 4, 5]);
    tx.tickets().remove_oldest(SESSION, 2).unwrap();
    assert_eq!(good(tx, 5), [1, 4, 5]);
    tx.tickets().remove_oldest(SESSION, 0).unwrap();
    assert_eq!(good(tx, 5), [1]);
}

fn expired_tickets_are_removed_in_bounded_steps(tx: &mut dyn Tx) {
    for number in 1..=5 {
        ticket(tx, SESSION, number, 100);
    }
    ticket(tx, SESSION, 6, 101);
    for removed in [3, 2, 0] {
        assert_eq!(tx.tickets().remove_others(good_now(), 3), Ok(removed));
    }
    assert_eq!(good(tx, 6), [6]);
}

cases! { transaction:
    a_ticket_is_redeemed_once
    an_expired_ticket_is_not_good
    a_ticket_that_seems_to_be_good_for_longer_than_any_is_not
    the_oldest_tickets_of_a_session_go
    expired_tickets_are_removed_in_bounded_steps
}
