use std::net::{IpAddr, Ipv4Addr};

use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::accounts::family::LastRefresh;
use crate::accounts::{IssuedKey, IssuedRefresh, MockApiKeys, MockLoginJournal, MockMailQueue};
use crate::network::Network;
use crate::storage::CommitDecision;
use crate::testing::{
    Emitted, ME, MY_SESSION, MockTx, NOW, Ran, ScriptedStorage, assert_hands_faults_on, block_on, me,
    sessions_ended, user,
};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const SELECTOR: KeyHash = KeyHash::new([1; 32]);
const NEXT_KEY: KeyHash = KeyHash::new([8; 32]);
const NEXT_VERIFIER: KeyHash = KeyHash::new([9; 32]);
/// The salt that is drawn now.
const DRAWN: Salt = Salt::new([5; 32]);
/// The salt of the last refresh.
const KEPT: Salt = Salt::new([6; 32]);
const TERMS: RefreshTerms = RefreshTerms {
    key: Duration::from_secs(100),
    idle: Duration::from_secs(1_000),
    longest: Duration::from_secs(5_000),
    grace: Duration::from_secs(15),
};

fn client() -> ClientInfo {
    ClientInfo { user_agent: None, address: Some(ADDRESS) }
}

fn verifier(number: u8) -> KeyHash {
    KeyHash::new([number; 32])
}

/// The token with this verifier.
fn token(number: u8) -> RefreshToken {
    let hashes = RefreshHashes { selector: SELECTOR, verifier: verifier(number) };
    RefreshToken { selector: [1; 16], verifier: [number; 32], hashes }
}

fn secret(number: u8) -> Secret {
    Secret::new(number.to_string())
}

/// Its token has the verifier 3; the one before, 2, was used so many seconds ago.
fn family(ago: i64) -> Family {
    Family {
        session: MY_SESSION,
        user: ME,
        key_expires_at: NOW.plus(Duration::from_secs(50)),
        expires_at: NOW.plus(Duration::from_secs(500)),
        ends_at: NOW.plus(Duration::from_secs(5_000)),
        verifier: verifier(3),
        last: Some(LastRefresh {
            verifier: verifier(2),
            salt: Some(KEPT),
            at: Timestamp::from_micros(NOW.as_micros() - ago * 1_000_000),
        }),
    }
}

/// Tokens are digits. What follows a token has the first byte of the salt in its name.
fn keys() -> MockApiKeys {
    let mut keys = MockApiKeys::new();
    keys.expect_read_refresh().returning(|text| text.parse().ok().map(token));
    keys.expect_salt().returning(|| DRAWN);
    keys.expect_derive().returning(|token, salt| {
        let named = |what: &str| Secret::new(format!("{what} {} {}", token.verifier[0], salt.as_bytes()[0]));
        let hashes = RefreshHashes { selector: SELECTOR, verifier: NEXT_VERIFIER };
        NextPair {
            key: IssuedKey { secret: named("key"), hash: NEXT_KEY },
            refresh: IssuedRefresh { secret: named("token"), hashes },
        }
    });
    keys
}

fn finds(family: Option<Family>) -> MockTx {
    let mut tx = MockTx::new();
    let found = tx.sessions.expect_find_family().with(eq(SELECTOR), eq(NOW));
    found.times(1).returning(move |_, _| Ok(family.clone()));
    tx
}

/// The user is locked, and then the session is read again.
fn locks(family: Option<Family>) -> MockTx {
    let (mut tx, mut order, is_there) = (MockTx::new(), Sequence::new(), family.is_some());
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(()));
    let found = tx.sessions.expect_find_family().with(eq(SELECTOR), eq(NOW)).times(1);
    found.in_sequence(&mut order).returning(move |_, _| Ok(family.clone()));
    if is_there {
        tx.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(user(id))));
    }
    tx
}

fn rotates(mut tx: MockTx, is_there: bool) -> MockTx {
    let rotation = Rotation {
        session: MY_SESSION,
        key: NEXT_KEY,
        key_expires_at: NOW.plus(TERMS.key),
        previous_key_until: NOW.plus(PREVIOUS_KEY),
        verifier: NEXT_VERIFIER,
        salt: DRAWN,
        at: NOW,
        expires_at: NOW.plus(TERMS.idle),
    };
    tx.sessions.expect_rotate().with(eq(rotation)).times(1).returning(move |_| Ok(is_there));
    tx
}

fn ends(mut tx: MockTx) -> MockTx {
    tx.sessions.expect_end().with(eq(ME), eq(MY_SESSION)).times(1).returning(|_, _| Ok(true));
    tx
}

/// One reuse is recorded, or none.
fn journal(reuses: usize) -> MockLoginJournal {
    let mut journal = MockLoginJournal::new();
    let recorded = journal.expect_refresh_reused().times(reuses);
    recorded
        .withf(|address, name| *address == Some(ADDRESS) && name.as_str() == "user1")
        .returning(|_, _| ());
    journal
}

fn with_ports<T, const N: usize>(
    script: [MockTx; N],
    reuses: usize,
    flow: impl AsyncFnOnce(RefreshPorts<'_>) -> T,
) -> (T, [Ran; N]) {
    let (storage, keys, journal) = (ScriptedStorage::new(script), keys(), journal(reuses));
    let mut mails = MockMailQueue::new();
    let told = mails.expect_order().withf(|order| *order == MailOrder::RefreshReused(ME, client()));
    told.times(reuses).returning(|_| Err(Duration::from_secs(1)));
    let ports =
        RefreshPorts { storage: &storage, keys: &keys, journal: &journal, mails: &mails, terms: TERMS };
    let outcome = block_on(flow(ports));
    (outcome, storage.finish_as())
}

fn refreshes<const N: usize>(
    script: [MockTx; N],
    number: u8,
    reuses: usize,
) -> (Result<LoggedIn, Error>, [Ran; N]) {
    with_ports(script, reuses, async |ports| refresh(ports, secret(number), client()).await)
}

fn logs_out<const N: usize>(script: [MockTx; N], number: u8, reuses: usize) -> (Result<(), Error>, [Ran; N]) {
    with_ports(script, reuses, async |ports| logout_by_refresh(ports, secret(number), client()).await)
}

fn invalid() -> Error {
    AccountRefusal::RefreshTokenInvalid.into()
}

/// What the devices of the user are told when a token is used again.
fn alarm() -> Vec<Emitted> {
    let reused = Event::RefreshReused(ME);
    vec![(reused.audience().unwrap(), None, reused), sessions_ended(ME, None)]
}

#[test]
fn a_token_is_exchanged_for_the_next_pair() {
    let script = [finds(Some(family(100))), rotates(locks(Some(family(100))), true)];
    let (outcome, [read, write]) = refreshes(script, 3, 0);
    let renewed = outcome.unwrap();
    assert_eq!((renewed.user, renewed.key.reveal()), (user(ME), "key 3 5"));
    assert_eq!(renewed.expires_at, NOW.plus(TERMS.key));
    let next = renewed.refresh.unwrap();
    assert_eq!((next.token.reveal(), next.expires_at), ("token 3 5", NOW.plus(TERMS.idle)));
    assert_eq!(read.access, Access { mode: Mode::Read, caller: Caller::Network(Network::of(ADDRESS)) });
    assert_eq!(write.access, Access { mode: Mode::Write, caller: Caller::User(ME) });
    assert_eq!(write.noted, [(NEXT_KEY, ME)], "it counts as a use");
    assert_eq!(write.emitted, [], "connections stay as they are");
}

/// A session that was refreshed so many days ago, or never.
fn refreshed_days_ago(days: Option<u32>) -> Family {
    let mut family = family(100);
    let day = Duration::from_secs(24 * 3600);
    family.last = family.last.zip(days).map(|(last, days)| LastRefresh { at: NOW.minus(day * days), ..last });
    family
}

#[test]
fn the_first_refresh_of_a_day_is_recorded() {
    let actor = Actor { origin: client().origin(), ..me() };
    let entry = AuditEntry::by(&actor, AuditAction::SessionRefreshed).about(MY_SESSION.get());
    for (days, recorded) in [(None, vec![entry.clone()]), (Some(0), vec![]), (Some(1), vec![entry])] {
        let family = Some(refreshed_days_ago(days));
        let script = [finds(family.clone()), rotates(locks(family), true)];
        let (outcome, [_, write]) = refreshes(script, 3, 0);
        assert!(outcome.is_ok());
        assert_eq!(write.recorded, recorded, "{days:?}");
    }
}

#[test]
fn a_moment_later_the_same_token_gets_the_same_pair() {
    for ago in [0, 15, -60] {
        let script = [finds(Some(family(ago))), locks(Some(family(ago)))];
        let (outcome, [_, write]) = refreshes(script, 2, 0);
        let repeated = outcome.unwrap();
        assert_eq!(repeated.key.reveal(), "key 2 6");
        assert_eq!(repeated.expires_at, family(ago).key_expires_at);
        let next = repeated.refresh.unwrap();
        assert_eq!((next.token.reveal(), next.expires_at), ("token 2 6", family(ago).expires_at));
        assert_eq!((write.emitted, write.noted), (vec![], vec![]));
    }
}

#[test]
fn a_token_that_is_used_again_ends_its_session() {
    for (number, ago) in [(2, 16), (1, 0), (1, 1_000)] {
        let script = [finds(Some(family(ago))), ends(locks(Some(family(ago))))];
        let (outcome, [_, write]) = refreshes(script, number, 1);
        assert_eq!(outcome.unwrap_err(), AccountRefusal::RefreshTokenReused.into());
        assert_eq!(write.emitted, alarm());
        let origin = client().origin();
        let entry = AuditEntry::by_stranger(origin, AuditAction::RefreshReused).to(ME);
        assert_eq!(write.recorded, [entry.about(MY_SESSION.get())]);
        // It stays, though the token is refused.
        assert_eq!(write.decisions, [CommitDecision::Commit]);
    }
}

#[test]
fn a_refresh_by_a_clock_that_was_ahead_raises_no_alarm() {
    let script = [finds(Some(family(-61))), locks(Some(family(-61)))];
    let (outcome, [_, write]) = refreshes(script, 2, 0);
    assert_eq!(outcome.unwrap_err(), invalid());
    assert_eq!(write.emitted, []);
    let script = [finds(Some(family(-61))), rotates(locks(Some(family(-61))), true)];
    assert!(refreshes(script, 3, 0).0.is_ok(), "the session goes on with its token");
}

#[test]
fn a_pair_that_cannot_be_computed_again_raises_no_alarm() {
    let mut without = family(1);
    without.last = without.last.map(|last| LastRefresh { salt: None, ..last });
    let script = [finds(Some(without.clone())), locks(Some(without))];
    let (outcome, [_, write]) = refreshes(script, 2, 0);
    assert_eq!(outcome.unwrap_err(), invalid());
    assert_eq!(write.emitted, []);
}

#[test]
fn a_session_that_ends_meanwhile_is_not_refreshed() {
    let gone = refreshes([finds(Some(family(0))), locks(None)], 3, 0);
    assert_eq!(gone.0.unwrap_err(), invalid());
    let at_this_moment = refreshes([finds(Some(family(0))), rotates(locks(Some(family(0))), false)], 3, 0);
    assert_eq!(at_this_moment.0.unwrap_err(), invalid());
}

#[test]
fn a_token_of_no_session_writes_nothing() {
    let (outcome, [read]) = refreshes([finds(None)], 3, 0);
    assert_eq!(outcome.unwrap_err(), invalid());
    assert_eq!(read.access.mode, Mode::Read);
    let nothing =
        with_ports([], 0, async |ports| refresh(ports, Secret::new("?".to_owned()), client()).await);
    assert_eq!(nothing.0.unwrap_err(), invalid(), "one that is mistyped isn't even looked up");
}

#[test]
fn a_token_signs_out() {
    for (number, ago) in [(3, 0), (2, 15), (2, -61)] {
        let script = [finds(Some(family(ago))), ends(locks(Some(family(ago))))];
        let (outcome, [_, write]) = logs_out(script, number, 0);
        assert_eq!(outcome, Ok(()));
        assert_eq!(write.emitted, [sessions_ended(ME, Some(ME))]);
        let signed_out = Actor { origin: client().origin(), ..me() };
        assert_eq!(write.recorded, [AuditEntry::by(&signed_out, AuditAction::Logout)]);
    }
}

#[test]
fn a_token_that_is_used_again_to_sign_out_is_told_of() {
    let script = [finds(Some(family(16))), ends(locks(Some(family(16))))];
    let (outcome, [_, write]) = logs_out(script, 2, 1);
    assert_eq!(outcome, Err(AccountRefusal::RefreshTokenReused.into()));
    assert_eq!(write.emitted, alarm());
    assert_eq!(write.decisions, [CommitDecision::Commit]);
}

#[test]
fn a_token_of_no_session_signs_nobody_out() {
    assert_eq!(logs_out([finds(None)], 3, 0).0, Err(invalid()));
    assert_eq!(logs_out([finds(Some(family(0))), locks(None)], 3, 0).0, Err(invalid()));
}

fn removes(removed: usize) -> MockTx {
    let mut tx = MockTx::new();
    let before = NOW.minus(TERMS.grace + SKEW);
    let removes = tx.sessions.expect_remove_salts().with(eq(before), eq(500));
    removes.times(1).returning(move |_, _| Ok(removed));
    tx
}

#[test]
fn salts_are_removed_in_batches_once_nobody_needs_them() {
    for (removed, more) in [(0, false), (499, false), (500, true)] {
        assert_eq!(remove_old_salts(&mut removes(removed), TERMS.grace), Ok(more), "{removed}");
    }
    assert_hands_faults_on(|| removes(1), |tx| remove_old_salts(tx, TERMS.grace));
}

#[test]
fn faults_are_returned() {
    let (shown, next) = (token(3).hashes, NextHashes { key: NEXT_KEY, verifier: NEXT_VERIFIER, salt: DRAWN });
    assert_hands_faults_on(
        || rotates(locks(Some(family(0))), true),
        |tx| exchange(tx, ME, Origin::UNKNOWN, &shown, &next, &TERMS).map(drop),
    );
    assert_hands_faults_on(
        || ends(locks(Some(family(0)))),
        |tx| end_family(tx, ME, Origin::UNKNOWN, &shown, TERMS.grace).map(drop),
    );
}
