//! Sessions with a refresh token.

use std::time::Duration;

use groupchat_domain::accounts::{
    DeviceName, Family, LONGEST_KEY, LastRefresh, NewRefresh, NewSession, RefreshHashes, Rotation, Salt,
    SessionQuery, User,
};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::storage::Tx;
use groupchat_domain::time::Timestamp;

use crate::support::fixture::*;

/// When sessions end, however often they are refreshed.
const LAST_END: Timestamp = Timestamp::from_micros(1 << 55);

/// A session with the key, the selector and the verifier of this number: its key ends at 50, itself at 100.
fn begin(tx: &mut dyn Tx, user: UserId, number: u8) -> SessionId {
    let hashes = RefreshHashes { selector: key(number), verifier: key(number) };
    let refresh = NewRefresh { hashes, key_expires_at: at(50), ends_at: LAST_END };
    let session = NewSession { refresh: Some(refresh), ..new_session(user, number, at(100)) };
    tx.sessions().insert(&session).unwrap()
}

/// A refresh at this time, after which the key and the verifier are of this number.
fn rotation(session: SessionId, number: u8, now: i64) -> Rotation {
    Rotation {
        session,
        key: key(number),
        key_expires_at: at(now + 50),
        previous_key_until: at(now + 10),
        verifier: key(number),
        salt: Salt::new([number; 32]),
        at: at(now),
        expires_at: at(now + 100),
    }
}

fn holder(tx: &mut dyn Tx, number: u8, now: Timestamp) -> Option<SessionId> {
    tx.sessions().authenticate(&key(number), now).unwrap().map(|actor| actor.session)
}

fn a_key_ends_before_its_session(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let id = begin(tx, ann, 1);
    assert_eq!(holder(tx, 1, at(49)), Some(id));
    assert_eq!(holder(tx, 1, at(50)), None);
    // Connections last as long as the session.
    for (now, lasts) in [(at(50), true), (at(99), true), (at(100), false)] {
        assert_eq!(tx.sessions().holder(id, now).unwrap().is_some(), lasts, "{now:?}");
    }
    let query = SessionQuery { user: ann, now: at(99), below: None, limit: limit(10) };
    let listed = tx.sessions().list(&query).unwrap().pop().unwrap();
    assert_eq!((listed.expires_at, listed.key_expires_at), (at(100), Some(at(50))));
}

fn tokens_and_previous_keys_of_a_suspended_user_are_unknown(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let id = begin(tx, ann.id, 1);
    tx.sessions().rotate(&rotation(id, 2, 10)).unwrap();
    for suspended in [true, false] {
        tx.accounts().update(&User { suspended, ..ann.clone() }).unwrap();
        assert_eq!(tx.sessions().find_family(&key(1), at(11)).unwrap().is_none(), suspended);
        assert_eq!([1, 2].map(|number| holder(tx, number, at(11)).is_none()), [suspended; 2]);
    }
}

fn a_session_has_the_name_of_its_device(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let name = DeviceName::parse("Ännes Telefon").ok();
    let session = NewSession { name: name.clone(), ..new_session(ann, 1, at(100)) };
    tx.sessions().insert(&session).unwrap();
    let query = SessionQuery { user: ann, now: at(9), below: None, limit: limit(10) };
    assert_eq!(tx.sessions().list(&query).unwrap().pop().unwrap().name, name);
}

fn a_session_is_found_by_its_selector_until_it_ends(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    let (id, other) = (begin(tx, ann, 1), begin(tx, bob, 2));
    session(tx, ann, 3, at(100));
    let family = Family {
        session: id,
        user: ann,
        key_expires_at: at(50),
        expires_at: at(100),
        ends_at: LAST_END,
        verifier: key(1),
        last: None,
    };
    assert_eq!(tx.sessions().find_family(&key(1), at(99)), Ok(Some(family)));
    assert_eq!(tx.sessions().find_family(&key(1), at(100)), Ok(None), "it has expired");
    assert_eq!(tx.sessions().find_family(&key(3), at(9)), Ok(None), "it has no refresh token");
    let of_bob = tx.sessions().find_family(&key(2), at(9)).unwrap().unwrap();
    assert_eq!((of_bob.session, of_bob.user), (other, bob));
    tx.accounts().mark_deleted(bob, at(9)).unwrap();
    assert_eq!(tx.sessions().find_family(&key(2), at(9)), Ok(None), "of a user who is deleted");
    assert!(tx.sessions().end(ann, id).unwrap());
    assert_eq!(tx.sessions().find_family(&key(1), at(9)), Ok(None), "it was ended");
}

fn a_refresh_moves_everything_on_and_keeps_what_was_before(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let id = begin(tx, ann, 1);
    assert_eq!(tx.sessions().rotate(&rotation(id, 2, 40)), Ok(true));
    let after = |verifier: u8, last: LastRefresh, now: i64| Family {
        session: id,
        user: ann,
        key_expires_at: at(now + 50),
        expires_at: at(now + 100),
        ends_at: LAST_END,
        verifier: key(verifier),
        last: Some(last),
    };
    let last = |number: u8, now| LastRefresh {
        verifier: key(number - 1),
        salt: Some(Salt::new([number; 32])),
        at: at(now),
    };
    assert_eq!(tx.sessions().find_family(&key(1), at(40)), Ok(Some(after(2, last(2, 40), 40))));
    // The key of before works a little longer, and then only the next one.
    for (number, now, works) in [(2, 89, true), (2, 90, false), (1, 49, true), (1, 50, false)] {
        assert_eq!(holder(tx, number, at(now)).is_some(), works, "{number} at {now}");
    }
    assert_eq!(tx.sessions().rotate(&rotation(id, 3, 45)), Ok(true));
    assert_eq!(tx.sessions().find_family(&key(1), at(45)), Ok(Some(after(3, last(3, 45), 45))));
    for (number, works) in [(3, true), (2, true), (1, false)] {
        assert_eq!(holder(tx, number, at(46)).is_some(), works, "{number}");
    }
    assert_eq!(tx.sessions().end(ann, id), Ok(true));
    for number in [1, 2, 3] {
        assert_eq!(holder(tx, number, at(46)), None, "{number}");
    }
}

fn a_session_that_has_ended_is_not_refreshed(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let (id, plain) = (begin(tx, ann, 1), session(tx, ann, 2, at(100)));
    assert_eq!(tx.sessions().rotate(&rotation(plain, 3, 40)), Ok(false), "it has no refresh token");
    assert!(tx.sessions().end(ann, id).unwrap());
    assert_eq!(tx.sessions().rotate(&rotation(id, 3, 40)), Ok(false));
    assert_eq!(holder(tx, 3, at(41)), None);
}

/// A clock that was ahead gives nobody more time.
fn keys_that_expire_too_late_do_not_work(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let id = begin(tx, ann, 1);
    let (day, minute) = (i64::try_from(LONGEST_KEY.as_micros()).unwrap(), 60 * 1_000_000);
    let ahead = |number, key_expires_at, previous_key_until| Rotation {
        key_expires_at,
        previous_key_until,
        expires_at: at(100 * day),
        ..rotation(id, number, 0)
    };
    for (number, late, works) in [(2, 0, true), (3, 1, false)] {
        let (key_end, previous_end) = (at(9 + day + minute + late), at(9 + 2 * minute + late));
        assert_eq!(tx.sessions().rotate(&ahead(number, key_end, previous_end)), Ok(true));
        assert_eq!(holder(tx, number, at(9)).is_some(), works, "{number}");
        assert_eq!(holder(tx, number - 1, at(9)).is_some(), works, "{number}");
    }
    assert!(tx.sessions().holder(id, at(9)).unwrap().is_some(), "the session lasts");
}

fn salts_are_removed_in_bounded_steps_and_the_rest_stays(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let ids = [1, 2, 3, 4].map(|number| begin(tx, ann, number));
    for (id, number, now) in [(ids[0], 11, 10), (ids[1], 12, 20), (ids[2], 13, 30)] {
        assert_eq!(tx.sessions().rotate(&rotation(id, number, now)), Ok(true));
    }
    let salts = |tx: &mut dyn Tx| {
        [1, 2, 3].map(|number| {
            let last = tx.sessions().find_family(&key(number), at(40)).unwrap().unwrap().last.unwrap();
            assert_eq!(last.verifier, key(number), "the verifier stays");
            last.salt.is_some()
        })
    };
    assert_eq!(tx.sessions().remove_salts(at(30), 1), Ok(1));
    assert_eq!(salts(tx), [false, true, true], "the oldest first");
    assert_eq!(tx.sessions().remove_salts(at(30), 5), Ok(1));
    assert_eq!(salts(tx), [false, false, true]);
    assert_eq!(tx.sessions().remove_salts(at(30), 5), Ok(0));
}

fn a_session_counts_as_one_however_often_it_is_refreshed(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let (first, second) = (begin(tx, ann, 1), begin(tx, ann, 2));
    assert_eq!(tx.sessions().rotate(&rotation(first, 3, 40)), Ok(true));
    assert_eq!(tx.sessions().end_idlest(ann, at(41), 2), Ok(false));
    assert_eq!(tx.sessions().end_all(ann, Some(first)), Ok(true));
    assert_eq!(holder(tx, 2, at(41)), None);
    assert_ne!(first, second);
    assert_eq!([1, 3].map(|number| holder(tx, number, at(41))), [Some(first); 2]);
    let late = at(40).plus(Duration::from_micros(100));
    assert_eq!(tx.sessions().remove_expired(late, 5), Ok(1));
    assert_eq!(tx.sessions().holder(first, at(41)), Ok(None));
}

cases! { transaction:
    a_key_ends_before_its_session
    tokens_and_previous_keys_of_a_suspended_user_are_unknown
    a_session_has_the_name_of_its_device
    a_session_is_found_by_its_selector_until_it_ends
    a_refresh_moves_everything_on_and_keeps_what_was_before
    a_session_that_has_ended_is_not_refreshed
    keys_that_expire_too_late_do_not_work
    salts_are_removed_in_bounded_steps_and_the_rest_stays
    a_session_counts_as_one_however_often_it_is_refreshed
}
