//! Second factors, and logins that lack one.

use groupchat_domain::accounts::{DeviceName, PasswordHash};
use groupchat_domain::factors::{HalfLogin, NewHalfLogin, Step, Totp, UsedSteps};
use groupchat_domain::ids::UserId;
use groupchat_domain::secrets::{Sealed, SecretKeyId};
use groupchat_domain::storage::Tx;
use groupchat_domain::time::Span;

use crate::support::fixture::*;

fn sealed(key: u32, byte: u8) -> Sealed {
    Sealed { key: SecretKeyId::new(key), bytes: vec![byte; 65] }
}

fn used(steps: &[i64]) -> UsedSteps {
    steps.iter().fold(UsedSteps::default(), |used, step| used.with(Step(*step)).unwrap())
}

fn one_time_passwords_are_begun_confirmed_and_removed(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    assert_eq!(tx.factors().totp(ann), Ok(None));
    tx.factors().begin_totp(bob, &sealed(7, 9), at(1)).unwrap();
    for (byte, begun) in [(1, 10), (2, 20)] {
        tx.factors().begin_totp(ann, &sealed(u32::MAX, byte), at(begun)).unwrap();
        let totp = Totp {
            user: ann,
            secret: sealed(u32::MAX, byte),
            created_at: at(begun),
            confirmed_at: None,
            used: UsedSteps::default(),
        };
        assert_eq!(tx.factors().totp(ann), Ok(Some(totp.clone())));
        // Another begin forgets all of this.
        let steps = used(&[-5, 0, i64::MAX]);
        tx.factors().update_totp(ann, Some(at(30)), &steps).unwrap();
        let confirmed = Totp { confirmed_at: Some(at(30)), used: steps, ..totp };
        assert_eq!(tx.factors().totp(ann), Ok(Some(confirmed)));
    }
    assert_eq!(tx.factors().remove(ann), Ok(true));
    assert_eq!(tx.factors().remove(ann), Ok(false));
    assert_eq!(tx.factors().totp(ann), Ok(None));
    assert!(tx.factors().totp(bob).unwrap().is_some());
}

fn the_latest_steps_are_kept(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    tx.factors().begin_totp(ann, &sealed(1, 1), at(1)).unwrap();
    let steps = used(&(0..40).collect::<Vec<_>>());
    tx.factors().update_totp(ann, None, &steps).unwrap();
    assert_eq!(tx.factors().totp(ann).unwrap().unwrap().used, steps);
}

fn a_recovery_code_is_used_once_and_by_its_owner(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    tx.factors().replace_recovery_codes(ann, &[key(1), key(2), key(3)]).unwrap();
    tx.factors().replace_recovery_codes(bob, &[key(1)]).unwrap();
    let left = |tx: &mut dyn Tx| [ann, bob].map(|user| tx.factors().recovery_codes_left(user).unwrap());
    assert_eq!(left(tx), [3, 1]);
    assert_eq!(tx.factors().use_recovery_code(bob, &key(2)), Ok(false));
    assert_eq!(tx.factors().use_recovery_code(ann, &key(1)), Ok(true));
    assert_eq!(tx.factors().use_recovery_code(ann, &key(1)), Ok(false));
    assert_eq!(left(tx), [2, 1]);
    tx.factors().replace_recovery_codes(ann, &[key(4)]).unwrap();
    assert_eq!(tx.factors().use_recovery_code(ann, &key(2)), Ok(false));
    assert_eq!(left(tx), [1, 1]);
    assert_eq!(tx.factors().remove(ann), Ok(true));
    assert_eq!(left(tx), [0, 1]);
}

fn secrets_are_listed_by_user_and_sealed_again(tx: &mut dyn Tx) {
    let [ann, bob, cid] = ["ann", "bob", "cid"].map(|name| user(tx, name).id);
    for (user, key_id) in [(ann, 1), (bob, 2), (cid, 1)] {
        tx.factors().begin_totp(user, &sealed(key_id, 5), at(1)).unwrap();
    }
    let mut keys = tx.factors().keys_in_use().unwrap();
    keys.sort_unstable();
    assert_eq!(keys, [1, 2].map(SecretKeyId::new));
    let all = [(ann, sealed(1, 5)), (bob, sealed(2, 5)), (cid, sealed(1, 5))];
    assert_eq!(tx.factors().secrets(None, 2), Ok(all[..2].to_vec()));
    assert_eq!(tx.factors().secrets(Some(bob), 2), Ok(all[2..].to_vec()));
    assert_eq!(tx.factors().secrets(Some(cid), 2), Ok(vec![]));
    // Only in place of what was read.
    assert_eq!(tx.factors().reseal(ann, &sealed(1, 6), &sealed(2, 7)), Ok(false));
    assert_eq!(tx.factors().reseal(ann, &sealed(1, 5), &sealed(2, 7)), Ok(true));
    assert_eq!(tx.factors().totp(ann).unwrap().unwrap().secret, sealed(2, 7));
}

/// When tickets expire that are good at the time 100.
fn good_now() -> Span {
    Span { after: at(100), until: at(200) }
}

fn new_half(user: UserId, ticket: u8, end: i64) -> NewHalfLogin {
    NewHalfLogin {
        ticket: key(ticket),
        user,
        proven: PasswordHash::from_stored("hash".to_owned()),
        refresh: ticket.is_multiple_of(2),
        device_name: (ticket == 2).then(|| DeviceName::parse("Télé").unwrap()),
        expires_at: at(end),
    }
}

fn half(user: UserId, ticket: u8, failures: u32) -> HalfLogin {
    let NewHalfLogin { user, proven, refresh, device_name, .. } = new_half(user, ticket, 0);
    HalfLogin { user, proven, refresh, device_name, failures }
}

/// Which of the tickets numbered from 1 are good at the time 100.
fn good(tx: &mut dyn Tx, count: u8) -> Vec<u8> {
    let mut is_good = |number: &u8| tx.half_logins().find(&key(*number), good_now()).unwrap().is_some();
    (1..=count).filter(|number| is_good(number)).collect()
}

fn half_a_login_is_found_by_its_ticket_and_counts_failures(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    for ticket in [1, 2] {
        tx.half_logins().insert(&new_half(ann, ticket, 200)).unwrap();
    }
    tx.half_logins().count_failure(&key(2)).unwrap();
    tx.half_logins().count_failure(&key(2)).unwrap();
    for (ticket, failures) in [(1, 0), (2, 2)] {
        let found = tx.half_logins().find(&key(ticket), good_now());
        assert_eq!(found, Ok(Some(half(ann, ticket, failures))));
    }
    assert_eq!(tx.half_logins().remove(&key(2)), Ok(true));
    assert_eq!(tx.half_logins().remove(&key(2)), Ok(false));
    assert_eq!(good(tx, 3), [1]);
}

fn half_a_login_expires(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    for (ticket, end) in [(1, 100), (2, 101), (3, 200), (4, 201)] {
        tx.half_logins().insert(&new_half(ann, ticket, end)).unwrap();
    }
    assert_eq!(good(tx, 4), [2, 3]);
    for removed in [1, 1, 0] {
        assert_eq!(tx.half_logins().remove_others(good_now(), 1), Ok(removed));
    }
    assert_eq!(good(tx, 4), [2, 3]);
}

fn half_logins_of_a_user_end_with_all_sessions(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let begin = |tx: &mut dyn Tx| {
        for (ticket, user) in [(1, ann), (2, bob), (3, ann), (4, ann)] {
            tx.half_logins().remove(&key(ticket)).unwrap();
            tx.half_logins().insert(&new_half(user, ticket, 200)).unwrap();
        }
    };
    begin(tx);
    tx.half_logins().remove_oldest(ann, 2).unwrap();
    assert_eq!(good(tx, 4), [2, 3, 4]);
    tx.half_logins().remove_all(ann).unwrap();
    assert_eq!(good(tx, 4), [2]);
    begin(tx);
    let kept = session(tx, ann, 9, at(500));
    assert_eq!(tx.sessions().end_all(ann, Some(kept)), Ok(false));
    assert_eq!(good(tx, 4), [2]);
    begin(tx);
    assert_eq!(tx.sessions().end_all(ann, None), Ok(true));
    assert_eq!(good(tx, 4), [2]);
}

cases! { transaction:
    one_time_passwords_are_begun_confirmed_and_removed
    the_latest_steps_are_kept
    a_recovery_code_is_used_once_and_by_its_owner
    secrets_are_listed_by_user_and_sealed_again
    half_a_login_is_found_by_its_ticket_and_counts_failures
    half_a_login_expires
    half_logins_of_a_user_end_with_all_sessions
}
