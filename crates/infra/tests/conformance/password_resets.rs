//! Codes that reset passwords, and the accounts of an address.

use groupchat_domain::accounts::{Email, NewReset, PendingReset, User};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::Tx;
use groupchat_domain::time::Span;

use crate::support::fixture::*;

/// When codes expire that are good at the time 100.
fn good_now() -> Span {
    Span { after: at(100), until: at(300) }
}

/// Issues a code at this time, which expires so much later.
fn issue(tx: &mut dyn Tx, user: UserId, number: u8, created: i64, lasts: i64) {
    let (code, state) = (key(number), key(number + 100));
    let reset = NewReset { user, code, state, created_at: at(created), expires_at: at(created + lasts) };
    tx.password_resets().insert(&reset).unwrap();
}

fn a_code_is_found_while_it_is_good_and_was_not_used(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    issue(tx, ann, 1, 50, 100);
    issue(tx, bob, 2, 0, 100);
    issue(tx, bob, 3, 250, 51);
    let pending = Some(PendingReset { user: ann, state: key(101) });
    assert_eq!(tx.password_resets().find(&key(1), good_now()), Ok(pending));
    // Unknown, expired, and of a clock that was ahead.
    for other in [9, 2, 3] {
        assert_eq!(tx.password_resets().find(&key(other), good_now()), Ok(None), "{other}");
        assert_eq!(tx.password_resets().use_up(&key(other), good_now(), at(100)), Ok(false), "{other}");
    }
    assert_eq!(tx.password_resets().use_up(&key(1), good_now(), at(100)), Ok(true));
    assert_eq!(tx.password_resets().use_up(&key(1), good_now(), at(101)), Ok(false));
    assert_eq!(tx.password_resets().find(&key(1), good_now()), Ok(None));
}

fn the_codes_of_a_user_are_counted_used_or_not(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    for (number, created) in [(1, 100), (2, 101), (3, 200), (4, 201)] {
        issue(tx, ann, number, created, 100);
    }
    tx.password_resets().use_up(&key(2), Span { after: at(0), until: at(999) }, at(150)).unwrap();
    let lately = Span { after: at(100), until: at(200) };
    assert_eq!(tx.password_resets().count(ann, lately), Ok(2));
    assert_eq!(tx.password_resets().count(bob, lately), Ok(0));
}

fn old_codes_are_removed_in_bounded_steps(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    for number in 1..=6 {
        issue(tx, ann, number, number.into(), 100);
    }
    for removed in [3, 2, 0] {
        assert_eq!(tx.password_resets().remove_old(at(6), 3), Ok(removed));
    }
    assert_eq!(tx.password_resets().count(ann, Span { after: at(0), until: at(99) }), Ok(1));
}

fn of(tx: &mut dyn Tx, email: &str, most: u32) -> Vec<UserId> {
    let email = Email::parse(email).unwrap();
    tx.accounts().find_by_email(&email, most).unwrap().iter().map(|user| user.id).collect()
}

fn accounts_are_found_by_their_address(tx: &mut dyn Tx) {
    let mut ids = Vec::new();
    for (name, email) in [("ann", "Ann@Example.org"), ("bob", "ann@example.org"), ("cat", "cat@example.org")]
    {
        let user = user(tx, name);
        let email = Email::parse(email).ok();
        tx.accounts().update(&User { email, ..user.clone() }).unwrap();
        ids.push(user.id);
    }
    user(tx, "dan");
    let [ann, bob, cat] = ids[..] else { panic!() };
    assert_eq!(of(tx, "ANN@example.ORG", 5), [ann, bob]);
    assert_eq!(of(tx, "ann@example.org", 1), [ann]);
    assert_eq!(of(tx, "cat@example.org", 5), [cat]);
    assert_eq!(of(tx, "%@example.org", 5), []);
    tx.accounts().mark_deleted(ann, at(5)).unwrap();
    assert_eq!(of(tx, "ann@example.org", 5), [bob]);
}

cases! { transaction:
    a_code_is_found_while_it_is_good_and_was_not_used
    the_codes_of_a_user_are_counted_used_or_not
    old_codes_are_removed_in_bounded_steps
    accounts_are_found_by_their_address
}
