//! Last uses of keys.

use std::time::{Duration, Instant};

use groupchat_domain::accounts::{Actor, FactorStanding, KeyHash, Origin, SessionKind, UserRef};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::storage::{CommitDecision, Storage, StorageFault, Tx};
use groupchat_domain::time::Timestamp;

use super::support::{Fixture, sql};
use crate::DatabaseStorage;

const KEY: KeyHash = KeyHash::new([7; 32]);
const LAST_USE: &str = "SELECT coalesce(max(last_used_at), -1) AS value FROM sessions";

fn with_sessions(every: Duration) -> Fixture {
    let fixture = Fixture::with(|options| options.maintenance_interval = every);
    fixture
        .write(sql(
            "INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at)
                    VALUES (1, 'ada', 'ada', 0, 'hash', 1, 0);
                    INSERT INTO sessions (id, user_id, kind, key_hash, created_at, expires_at)
                    VALUES (1, 1, 'login', randomblob(32), 0, 100000000),
                           (2, 1, 'login', randomblob(32), 0, 2000000)",
        ))
        .unwrap();
    fixture
}

fn use_key(fixture: &Fixture) {
    let user = UserRef { id: UserId::new(1), username: None, display_name: None };
    let actor = Actor {
        user,
        session: SessionId::new(1),
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    };
    let note = move |tx: &mut crate::tx::DbTx<'_>| {
        tx.note_key_use(&KEY, &actor);
        CommitDecision::RollBack
    };
    fixture.read(Box::new(note)).unwrap();
}

fn wait_until(fixture: &Fixture, query: &'static str, expected: i64) {
    let until = Instant::now() + Duration::from_secs(30);
    while fixture.ask(query) != expected {
        assert!(Instant::now() < until, "{query} never gave {expected}");
    }
}

#[test]
fn the_last_use_of_a_key_is_stored() {
    let fixture = with_sessions(Duration::from_millis(5));
    fixture.clock.set(5);
    use_key(&fixture);
    assert!(fixture.storage.knows_key(&KEY));
    assert!(!fixture.storage.knows_key(&KeyHash::new([8; 32])));
    wait_until(&fixture, LAST_USE, 5_000_000);
    fixture.clock.set(6);
    use_key(&fixture);
    wait_until(&fixture, LAST_USE, 6_000_000);
}

/// Ends the session that was unused for longest, and fails unless the older one is left.
#[track_caller]
fn assert_the_newer_one_is_ended(fixture: &Fixture) {
    let end = |tx: &mut crate::tx::DbTx<'_>| {
        let ended = tx.sessions().end_idlest(UserId::new(1), Timestamp::from_micros(10), 1);
        if ended == Ok(true) { CommitDecision::Commit } else { CommitDecision::RollBack }
    };
    fixture.write(Box::new(end)).unwrap();
    assert_eq!(fixture.ask("SELECT sum(id) AS value FROM sessions"), 1);
}

#[test]
fn the_session_that_was_unused_for_longest_ends_first() {
    let fixture = with_sessions(Duration::from_secs(3_600));
    // The older session was used later.
    fixture
        .write(sql("UPDATE sessions SET created_at = id; UPDATE sessions SET last_used_at = 9 WHERE id = 1"))
        .unwrap();
    assert_the_newer_one_is_ended(&fixture);
}

#[test]
fn uses_that_are_not_stored_yet_count_for_the_idlest_session() {
    let fixture = with_sessions(Duration::from_secs(3_600));
    fixture.write(sql("UPDATE sessions SET created_at = id")).unwrap();
    fixture.clock.set(1);
    // The last use of the older session.
    use_key(&fixture);
    assert_the_newer_one_is_ended(&fixture);
}

#[test]
fn a_shutdown_stores_the_last_uses() {
    let fixture = with_sessions(Duration::from_secs(3_600));
    fixture.clock.set(5);
    use_key(&fixture);
    assert_eq!(fixture.ask(LAST_USE), -1);
    fixture.storage.shutdown(Duration::from_secs(60));
    assert_eq!(fixture.reopened().ask(LAST_USE), 5_000_000);
}

#[test]
fn the_key_of_an_ended_session_is_unknown_at_once() {
    let fixture = with_sessions(Duration::from_secs(3_600));
    let user = UserId::new(1);
    use_key(&fixture);
    let end_others = move |except| {
        write(&fixture, move |tx| tx.sessions().end_all(user, Some(SessionId::new(except))));
        fixture.storage.holder(&KEY)
    };
    assert_eq!(end_others(1), Some(user));
    assert_eq!(end_others(2), None);
}

#[test]
fn a_session_that_is_ended_singly_leaves_no_known_key() {
    let fixture = with_sessions(Duration::from_secs(3_600));
    let user = UserId::new(1);
    use_key(&fixture);
    assert_eq!(fixture.storage.holder(&KEY), Some(user));
    write(&fixture, move |tx| tx.sessions().end(user, SessionId::new(1)));
    assert_eq!(fixture.storage.holder(&KEY), None);
}

#[test]
fn a_session_that_makes_room_for_another_leaves_no_known_key() {
    let user = UserId::new(1);
    let fixture = with_sessions(Duration::from_secs(3_600));
    let keep_one =
        || write(&fixture, move |tx| tx.sessions().end_idlest(user, Timestamp::from_micros(10), 1));
    fixture.clock.set(1);
    use_key(&fixture);
    keep_one();
    assert_eq!(fixture.storage.holder(&KEY), Some(user), "the other session was idle");
    fixture
        .write(sql("INSERT INTO sessions (user_id, kind, key_hash, created_at, expires_at, last_used_at)
                    VALUES (1, 'login', randomblob(32), 0, 100000000, 2000000)"))
        .unwrap();
    keep_one();
    assert_eq!(fixture.storage.holder(&KEY), None);
}

#[test]
fn a_replaced_provisioned_session_leaves_no_known_key() {
    let user = UserId::new(1);
    let fixture = with_sessions(Duration::from_secs(3_600));
    fixture.write(sql("UPDATE sessions SET kind = 'provisioned' WHERE id = 1")).unwrap();
    use_key(&fixture);
    assert_eq!(fixture.storage.holder(&KEY), Some(user));
    write(&fixture, move |tx| tx.sessions().end_provisioned(user));
    assert_eq!(fixture.storage.holder(&KEY), None);
}

#[test]
fn an_invalid_key_is_unknown_however_its_session_ended() {
    let fixture = with_sessions(Duration::from_secs(3_600));
    use_key(&fixture);
    let authenticate = |tx: &mut crate::tx::DbTx<'_>| {
        let found = tx.sessions().authenticate(&KEY, Timestamp::from_micros(10));
        if found == Ok(None) { CommitDecision::Commit } else { CommitDecision::RollBack }
    };
    fixture.read(Box::new(authenticate)).unwrap();
    assert_eq!(fixture.storage.holder(&KEY), None);
}

fn write(
    fixture: &Fixture,
    work: impl Fn(&mut crate::tx::DbTx<'_>) -> Result<bool, StorageFault> + Send + 'static,
) {
    let work = move |tx: &mut crate::tx::DbTx<'_>| match work(tx) {
        Ok(true) => CommitDecision::Commit,
        _ => CommitDecision::RollBack,
    };
    fixture.write(Box::new(work)).unwrap();
}
