//! Second factors, and logins that lack one.

use groupchat_domain::accounts::{DeviceName, PasswordHash};
use groupchat_domain::factors::{
    CredentialId, CredentialRecord, HalfLogin, NewHalfLogin, NewPasskey, Passkey, PasskeyName, Step,
    StoredPasskey, Totp, UsedSteps,
};
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

fn new_passkey(user: UserId, byte: u8, begun: i64) -> NewPasskey {
    NewPasskey {
        user,
        credential: CredentialId::new(vec![byte; 16]).unwrap(),
        record: CredentialRecord::new(format!("{{\"key\":{byte}}}")).unwrap(),
        name: PasskeyName::parse(&format!("phone {byte}")).unwrap(),
        host: "chat.example.org".to_owned(),
        created_at: at(begun),
    }
}

fn a_passkey_of_ones_own_gets_another_name(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let ids = [(ann, 1), (ann, 2)]
        .map(|(of, byte)| tx.passkeys().insert(&new_passkey(of, byte, 10)).unwrap().unwrap());
    let name = PasskeyName::parse("Ännes Schlüssel 🔑").unwrap();
    assert_eq!(tx.passkeys().rename(bob, ids[1], &name), Ok(false));
    assert_eq!(tx.passkeys().rename(ann, ids[1], &name), Ok(true));
    let names = tx.passkeys().list(ann).unwrap().into_iter().map(|passkey| passkey.name);
    assert_eq!(names.collect::<Vec<_>>(), [new_passkey(ann, 1, 10).name, name]);
}

fn a_passkey_of_another_host_is_found(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    assert_eq!(tx.passkeys().other_host("m.example.org"), Ok(None));
    for (byte, host) in [(1, "m.example.org"), (2, "a.example.org"), (3, "z.example.org")] {
        let new = NewPasskey { host: host.to_owned(), ..new_passkey(ann, byte, 10) };
        let id = tx.passkeys().insert(&new).unwrap().unwrap();
        let expected = (byte > 1).then(|| host.to_owned());
        assert_eq!(tx.passkeys().other_host("m.example.org"), Ok(expected));
        if byte == 2 {
            assert_eq!(tx.passkeys().remove(ann, id), Ok(true));
        }
    }
    assert_eq!(tx.passkeys().other_host(""), Ok(Some("m.example.org".to_owned())));
}

fn passkeys_are_found_by_what_authenticators_call_them(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let news = [new_passkey(ann, 1, 10), new_passkey(bob, 2, 20), new_passkey(ann, 3, 30)];
    let ids = news.clone().map(|new| tx.passkeys().insert(&new).unwrap().unwrap());
    assert_eq!(tx.passkeys().insert(&new_passkey(bob, 1, 40)), Ok(None));
    let shown = |nth: usize, last_used_at| Passkey {
        id: ids[nth],
        name: news[nth].name.clone(),
        created_at: news[nth].created_at,
        last_used_at,
    };
    assert_eq!(tx.passkeys().list(ann), Ok(vec![shown(0, None), shown(2, None)]));
    let called = [news[0].credential.clone(), news[2].credential.clone()];
    assert_eq!(tx.passkeys().credentials(ann), Ok(called.to_vec()));
    let mut stored =
        StoredPasskey { id: ids[0], user: ann, record: news[0].record.clone(), used: UsedSteps::default() };
    assert_eq!(tx.passkeys().find(&news[0].credential), Ok(Some(stored.clone())));
    stored.record = CredentialRecord::new("other".to_owned()).unwrap();
    stored.used = used(&[i64::MIN, 7]);
    tx.passkeys().note_use(ids[0], &stored.record, &stored.used, at(50)).unwrap();
    assert_eq!(tx.passkeys().stored(ids[0]), Ok(Some(stored)));
    assert_eq!(tx.passkeys().list(ann).unwrap()[0], shown(0, Some(at(50))));
    assert_eq!(tx.passkeys().remove(bob, ids[0]), Ok(false));
    assert_eq!(tx.passkeys().remove(ann, ids[0]), Ok(true));
    assert_eq!(tx.passkeys().find(&news[0].credential), Ok(None));
    assert_eq!(tx.factors().remove(ann), Ok(true));
    assert_eq!((tx.passkeys().list(ann), tx.passkeys().list(bob).unwrap().len()), (Ok(vec![]), 1));
}

fn a_confirmed_factor_or_a_passkey_is_a_factor(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    let has = |tx: &mut dyn Tx| {
        assert!(!tx.factors().has_any(bob).unwrap());
        tx.factors().has_any(ann).unwrap()
    };
    assert!(!has(tx));
    tx.factors().begin_totp(ann, &sealed(1, 1), at(1)).unwrap();
    assert!(!has(tx));
    tx.factors().update_totp(ann, Some(at(2)), &UsedSteps::default()).unwrap();
    assert!(has(tx));
    tx.factors().remove_totp(ann).unwrap();
    assert!(!has(tx));
    let id = tx.passkeys().insert(&new_passkey(ann, 1, 10)).unwrap().unwrap();
    assert!(has(tx));
    tx.passkeys().remove(ann, id).unwrap();
    assert!(!has(tx));
}

cases! { transaction:
    one_time_passwords_are_begun_confirmed_and_removed
    the_latest_steps_are_kept
    a_recovery_code_is_used_once_and_by_its_owner
    secrets_are_listed_by_user_and_sealed_again
    half_a_login_is_found_by_its_ticket_and_counts_failures
    half_a_login_expires
    half_logins_of_a_user_end_with_all_sessions
    passkeys_are_found_by_what_authenticators_call_them
    a_confirmed_factor_or_a_passkey_is_a_factor
    a_passkey_of_ones_own_gets_another_name
    a_passkey_of_another_host_is_found
}
