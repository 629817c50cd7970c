//! Sessions.

use std::net::{IpAddr, Ipv6Addr};

use groupchat_domain::accounts::{
    Actor, ClientInfo, FactorStanding, NewSession, Origin, Session, SessionKind, SessionQuery, User,
};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

/// The user's sessions at the time 100.
fn list(tx: &mut dyn Tx, user: UserId, below: Option<SessionId>, rows: i64) -> Vec<SessionId> {
    let query = SessionQuery { user, now: at(100), below, limit: limit(rows) };
    tx.sessions().list(&query).unwrap().into_iter().map(|session| session.id).collect()
}

fn a_key_stands_for_its_user_until_it_expires(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let bob = user(tx, "bob");
    session(tx, bob.id, 1, at(200));
    let id = session(tx, ann.id, 2, at(100));
    let actor = Actor {
        user: ann.as_ref(),
        session: id,
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    };
    assert_eq!(tx.sessions().authenticate(&key(2), at(99)), Ok(Some(actor)));
    assert_eq!(tx.sessions().authenticate(&key(2), at(100)), Ok(None));
    assert_eq!(tx.sessions().authenticate(&key(3), at(99)), Ok(None));
    assert!(tx.sessions().end(ann.id, id).unwrap());
    assert_eq!(tx.sessions().authenticate(&key(2), at(99)), Ok(None));
}

fn a_session_has_its_holder_until_it_expires_or_ends(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let bob = user(tx, "bob");
    let other = session(tx, bob.id, 1, at(200));
    let id = session(tx, ann.id, 2, at(100));
    let actor = Actor {
        user: ann.as_ref(),
        session: id,
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    };
    assert_eq!(tx.sessions().holder(id, at(99)), Ok(Some(actor)));
    assert_eq!(tx.sessions().holder(id, at(100)), Ok(None));
    tx.accounts().mark_deleted(bob.id, at(9)).unwrap();
    assert_eq!(tx.sessions().holder(other, at(99)), Ok(None), "of a user who is deleted");
    assert!(tx.sessions().end(ann.id, id).unwrap());
    assert_eq!(tx.sessions().holder(id, at(99)), Ok(None));
}

fn a_key_of_a_deleted_user_is_unknown(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    session(tx, ann.id, 1, at(100));
    tx.accounts().mark_deleted(ann.id, at(9)).unwrap();
    assert_eq!(tx.sessions().authenticate(&key(1), at(10)), Ok(None));
}

fn a_key_of_a_suspended_user_is_unknown_until_that_is_over(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let id = session(tx, ann.id, 1, at(100));
    for suspended in [true, false] {
        tx.accounts().update(&User { suspended, ..ann.clone() }).unwrap();
        assert_eq!(tx.sessions().authenticate(&key(1), at(10)).unwrap().is_none(), suspended);
        assert_eq!(tx.sessions().holder(id, at(10)).unwrap().is_none(), suspended);
    }
}

fn a_session_keeps_where_it_came_from(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let address = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let new = NewSession {
        kind: SessionKind::Provisioned,
        client: ClientInfo { user_agent: Some("curl/8".to_owned()), address: Some(address) },
        ..new_session(ann.id, 1, at(200))
    };
    let id = tx.sessions().insert(&new).unwrap();
    let query = SessionQuery { user: ann.id, now: at(100), below: None, limit: limit(10) };
    let expected = Session {
        id,
        kind: SessionKind::Provisioned,
        name: None,
        created_at: at(1),
        expires_at: at(200),
        key_expires_at: None,
        last_used_at: None,
        user_agent: Some("curl/8".to_owned()),
        address: Some("::1".to_owned()),
    };
    assert_eq!(tx.sessions().list(&query), Ok(vec![expected]));
    let actor = tx.sessions().authenticate(&key(1), at(100)).unwrap().unwrap();
    assert_eq!(actor.session_kind, SessionKind::Provisioned);
}

fn sessions_are_listed_newest_first_in_pages_without_expired_ones(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let bob = user(tx, "bob").id;
    let first = session(tx, ann, 1, at(200));
    session(tx, bob, 2, at(200));
    session(tx, ann, 3, at(100));
    let second = session(tx, ann, 4, at(101));
    let third = session(tx, ann, 5, at(200));
    assert_eq!(list(tx, ann, None, 10), [third, second, first]);
    assert_eq!(list(tx, ann, None, 1), [third, second]);
    assert_eq!(list(tx, ann, Some(third), 1), [second, first]);
    assert_eq!(list(tx, ann, Some(second), 1), [first]);
}

fn only_its_owner_ends_a_session(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let bob = user(tx, "bob").id;
    let id = session(tx, ann, 1, at(200));
    assert_eq!(tx.sessions().end(bob, id), Ok(false));
    assert_eq!(list(tx, ann, None, 10), [id]);
    assert_eq!(tx.sessions().end(ann, id), Ok(true));
    assert_eq!(tx.sessions().end(ann, id), Ok(false));
}

fn all_sessions_end_but_the_one_excepted(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let bob = user(tx, "bob").id;
    let kept = [1, 2, 3].map(|number| session(tx, ann, number, at(200)))[1];
    let other = session(tx, bob, 4, at(200));
    assert_eq!(tx.sessions().end_all(ann, Some(kept)), Ok(true));
    assert_eq!(list(tx, ann, None, 10), [kept]);
    assert_eq!(tx.sessions().end_all(ann, Some(kept)), Ok(false));
    assert_eq!(tx.sessions().end_all(ann, None), Ok(true));
    assert_eq!(list(tx, ann, None, 10), []);
    assert_eq!(tx.sessions().end_all(ann, None), Ok(false));
    assert_eq!(list(tx, bob, None, 10), [other]);
}

fn the_idlest_sessions_end_so_that_few_enough_are_left(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let bob = user(tx, "bob").id;
    let other = session(tx, bob, 1, at(200));
    let begun = |tx: &mut dyn Tx, number, begin, end| {
        let session = NewSession { created_at: at(begin), ..new_session(ann, number, at(end)) };
        tx.sessions().insert(&session).unwrap()
    };
    // By when they began, whatever their ids; of two that began at once, the one with the lower id goes.
    let [first, second] = [(2, 40), (3, 30)].map(|(number, begin)| begun(tx, number, begin, 200));
    begun(tx, 4, 1, 50);
    let third = begun(tx, 5, 30, 200);
    assert_eq!(tx.sessions().end_idlest(ann, at(100), 3), Ok(false));
    assert_eq!(list(tx, ann, None, 10).len(), 3, "the expired one does not count");
    assert_eq!(tx.sessions().end_idlest(ann, at(100), 2), Ok(true));
    assert_eq!(list(tx, ann, None, 10), [third, first]);
    assert_ne!(second, third);
    assert_eq!(list(tx, bob, None, 10), [other]);
}

fn provisioned_sessions_end_and_logins_stay(tx: &mut dyn Tx) {
    let provisioned =
        |user, number| NewSession { kind: SessionKind::Provisioned, ..new_session(user, number, at(200)) };
    let ann = user(tx, "ann").id;
    let bob = user(tx, "bob").id;
    let login = session(tx, ann, 1, at(200));
    tx.sessions().insert(&provisioned(ann, 2)).unwrap();
    let other = tx.sessions().insert(&provisioned(bob, 3)).unwrap();
    assert_eq!(tx.sessions().end_provisioned(ann), Ok(true));
    assert_eq!(tx.sessions().end_provisioned(ann), Ok(false));
    assert_eq!(list(tx, ann, None, 10), [login]);
    assert_eq!(list(tx, bob, None, 10), [other]);
}

fn expired_sessions_are_removed_in_bounded_steps(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    for number in 1..=5 {
        session(tx, ann, number, at(50));
    }
    let valid = session(tx, ann, 6, at(200));
    assert_eq!(tx.sessions().remove_expired(at(100), 3), Ok(3));
    assert_eq!(tx.sessions().remove_expired(at(100), 3), Ok(2));
    assert_eq!(tx.sessions().remove_expired(at(100), 3), Ok(0));
    assert_eq!(list(tx, ann, None, 10), [valid]);
}

cases! { transaction:
    a_key_stands_for_its_user_until_it_expires
    a_session_has_its_holder_until_it_expires_or_ends
    a_key_of_a_deleted_user_is_unknown
    a_key_of_a_suspended_user_is_unknown_until_that_is_over
    a_session_keeps_where_it_came_from
    sessions_are_listed_newest_first_in_pages_without_expired_ones
    only_its_owner_ends_a_session
    all_sessions_end_but_the_one_excepted
    the_idlest_sessions_end_so_that_few_enough_are_left
    provisioned_sessions_end_and_logins_stay
    expired_sessions_are_removed_in_bounded_steps
}
