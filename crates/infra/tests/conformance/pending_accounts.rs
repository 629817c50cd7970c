//! Accounts that wait for a code.

use groupchat_domain::accounts::{Email, NewPendingAccount, PasswordHash, PendingAccount, Username};
use groupchat_domain::storage::Tx;
use groupchat_domain::time::Span;

use crate::support::fixture::*;

/// When codes expire that are good at the time 100.
fn good_now() -> Span {
    Span { after: at(100), until: at(300) }
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn account(number: u8) -> PendingAccount {
    PendingAccount {
        username: Username::parse(&format!("user{number}")).unwrap(),
        display_name: None,
        email: email("Ann@example.org"),
        password: PasswordHash::from_stored("hash".to_owned()),
    }
}

/// Stores an account at this time, whose code expires so much later, and keeps so many.
fn store(tx: &mut dyn Tx, number: u8, created: i64, lasts: i64, most: u32) {
    let (created_at, expires_at) = (at(created), at(created + lasts));
    let pending = NewPendingAccount { account: account(number), code: key(number), created_at, expires_at };
    tx.pending_accounts().insert(&pending, most).unwrap();
}

fn an_account_is_found_by_a_good_code_until_it_is_removed(tx: &mut dyn Tx) {
    store(tx, 1, 50, 100, 9);
    store(tx, 2, 0, 100, 9);
    store(tx, 3, 250, 51, 9);
    assert_eq!(tx.pending_accounts().find(&key(1), good_now()), Ok(Some(account(1))));
    // Unknown, expired, and of a clock that was ahead.
    for other in [9, 2, 3] {
        assert_eq!(tx.pending_accounts().find(&key(other), good_now()), Ok(None), "{other}");
    }
    assert_eq!(tx.pending_accounts().remove(&key(1)), Ok(true));
    assert_eq!(tx.pending_accounts().remove(&key(1)), Ok(false));
    assert_eq!(tx.pending_accounts().find(&key(1), good_now()), Ok(None));
}

fn the_accounts_of_an_address_are_counted_ignoring_case(tx: &mut dyn Tx) {
    for (number, created) in [(1, 100), (2, 101), (3, 200), (4, 201)] {
        store(tx, number, created, 100, 9);
    }
    let lately = Span { after: at(100), until: at(200) };
    for (address, count) in [("ann@example.org", 2), ("ANN@EXAMPLE.ORG", 2), ("bob@example.org", 0)] {
        assert_eq!(tx.pending_accounts().count(&email(address), lately), Ok(count), "{address}");
    }
}

fn only_the_latest_accounts_stay(tx: &mut dyn Tx) {
    for number in 1..=5 {
        store(tx, number, 50, 100, 3);
    }
    let there: Vec<_> = (1..=5)
        .filter(|number| tx.pending_accounts().find(&key(*number), good_now()).unwrap().is_some())
        .collect();
    assert_eq!(there, [3, 4, 5]);
}

fn old_accounts_are_removed_in_bounded_steps(tx: &mut dyn Tx) {
    for number in 1..=6 {
        store(tx, number, number.into(), 100, 9);
    }
    for removed in [3, 2, 0] {
        assert_eq!(tx.pending_accounts().remove_old(at(6), 3), Ok(removed));
    }
    let ever = Span { after: at(0), until: at(99) };
    assert_eq!(tx.pending_accounts().count(&email("ann@example.org"), ever), Ok(1));
}

cases! { transaction:
    an_account_is_found_by_a_good_code_until_it_is_removed
    the_accounts_of_an_address_are_counted_ignoring_case
    only_the_latest_accounts_stay
    old_accounts_are_removed_in_bounded_steps
}
