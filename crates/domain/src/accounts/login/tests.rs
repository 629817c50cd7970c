use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::accounts::{IssuedKey, MockApiKeys, MockLoginAttempts, MockPasswordHasher, SESSIONS_PER_USER};
use crate::ids::SessionId;
use crate::network::Network;
use crate::storage::Verdict;
use crate::testing::{
    ME, MockTx, NOW, Ran, ScriptedStorage, Step, assert_hands_faults_on, block_on, fault, hash,
    sessions_ended, user,
};

const NEW_KEY: KeyHash = KeyHash::new([2; 32]);
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn client() -> ClientInfo {
    ClientInfo { user_agent: Some("curl/8".to_owned()), address: Some(ADDRESS) }
}

fn attempt(username: &str) -> LoginAttempt {
    let password = Secret::new("password".to_owned());
    LoginAttempt { username: username.to_owned(), password, client: client() }
}

fn sign_in(network: Network, account: &str) -> PasswordTry {
    PasswordTry::SignIn { network, account: UsernameKey::of(account) }
}

/// What surrounds the database. By default a call to any of it fails.
#[derive(Default)]
struct Surroundings {
    hasher: MockPasswordHasher,
    keys: MockApiKeys,
    attempts: MockLoginAttempts,
}

impl Surroundings {
    /// One try is taken; it is given back, or not.
    fn counts(account: &str, gives_back: bool) -> Self {
        let mut surroundings = Self::default();
        let (attempts, counted) = (&mut surroundings.attempts, eq(sign_in(Network::of(ADDRESS), account)));
        attempts.expect_take().with(counted.clone()).times(1).returning(|_| Ok(()));
        if gives_back {
            attempts.expect_give_back().with(counted).times(1).returning(|_| ());
        }
        surroundings
    }

    /// The password is verified once, against this hash.
    fn verifies(mut self, against: Option<PasswordHash>, answer: Result<bool, Error>) -> Self {
        self.hasher
            .expect_verify()
            .withf(move |attempt, hash| attempt.reveal() == "password" && *hash == against)
            .times(1)
            .return_once(move |_, _| Box::pin(async { answer }));
        self
    }

    /// One key is made.
    fn issues(mut self) -> Self {
        let issued = || IssuedKey { secret: Secret::new("new key".to_owned()), hash: NEW_KEY };
        self.keys.expect_issue().times(1).returning(issued);
        self
    }

    fn login(&self, storage: &ScriptedStorage, attempt: LoginAttempt) -> Result<LoggedIn, Error> {
        let Self { hasher, keys, attempts } = self;
        block_on(login(
            LoginPorts {
                storage,
                hasher,
                keys,
                attempts,
                lifetime: LIFETIME,
                sessions_per_user: SESSIONS_PER_USER,
            },
            attempt,
        ))
    }

    fn run<const N: usize>(
        &self,
        script: [MockTx; N],
        attempt: LoginAttempt,
    ) -> (Result<LoggedIn, Error>, [Ran; N]) {
        let storage = ScriptedStorage::new(script);
        (self.login(&storage, attempt), storage.finish_as())
    }
}

/// The user and their hash are read.
fn finds(stored: Option<PasswordHash>) -> MockTx {
    let mut tx = MockTx::new();
    let found = tx.accounts.expect_find_by_username().with(eq(UsernameKey::of("user1"))).times(1);
    found.returning(|_| Ok(Some(user(ME))));
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(move |_| Ok(stored.clone()));
    tx
}

fn misses(account: &'static str) -> MockTx {
    let mut tx = MockTx::new();
    let missed = tx.accounts.expect_find_by_username().with(eq(UsernameKey::of(account))).times(1);
    missed.returning(|_| Ok(None));
    tx
}

/// The user is locked, and only then read again, with this hash by now.
fn looks_again(stored: Option<PasswordHash>) -> MockTx {
    let mut tx = MockTx::new();
    let mut order = Sequence::new();
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(()));
    tx.accounts.expect_find().times(1).in_sequence(&mut order).returning(|id| Ok(Some(user(id))));
    let password = tx.accounts.expect_password().with(eq(ME)).times(1).in_sequence(&mut order);
    password.returning(move |_| Ok(stored.clone()));
    tx
}

fn begins_session(tx: MockTx) -> MockTx {
    begins_session_in_place_of(tx, false, false)
}

/// The session is stored once provisioned ones, and the oldest, have ended, if there were any.
fn begins_session_in_place_of(mut tx: MockTx, provisioned: bool, oldest: bool) -> MockTx {
    let session = NewSession {
        user: ME,
        kind: SessionKind::Login,
        key: NEW_KEY,
        created_at: NOW,
        expires_at: NOW.plus(LIFETIME),
        client: client(),
    };
    tx.sessions.expect_end_provisioned().with(eq(ME)).times(1).returning(move |_| Ok(provisioned));
    let ends = tx.sessions.expect_end_idlest().with(eq(ME), eq(NOW), eq(SESSIONS_PER_USER - 1));
    ends.times(1).returning(move |_, _, _| Ok(oldest));
    tx.sessions.expect_insert().with(eq(session)).times(1).returning(|_| Ok(SessionId::new(1)));
    tx
}

fn refused() -> Option<Error> {
    Some(AccountRefusal::InvalidCredentials.into())
}

#[test]
fn the_right_password_gives_a_key_for_its_lifetime_and_ends_provisioned_ones() {
    let surroundings = Surroundings::counts("user1", true).verifies(Some(hash("it")), Ok(true)).issues();
    let script = [finds(Some(hash("it"))), begins_session(looks_again(Some(hash("it"))))];
    let (outcome, [read, write]) = surroundings.run(script, attempt("user1"));
    let signed_in = outcome.unwrap();
    assert_eq!((signed_in.user, signed_in.key.reveal()), (user(ME), "new key"));
    assert_eq!(signed_in.expires_at, NOW.plus(LIFETIME));
    let caller = Caller::Network(Network::of(ADDRESS));
    assert_eq!(read.access, Access { mode: Mode::Read, caller });
    assert_eq!(write.access, Access { mode: Mode::Write, caller });
    assert_eq!(write.emitted, [], "nobody learns of a login");
}

#[test]
fn connections_of_sessions_that_a_login_ends_are_told_once() {
    for (provisioned, oldest) in [(true, false), (false, true), (true, true)] {
        let surroundings = Surroundings::counts("user1", true).verifies(Some(hash("it")), Ok(true)).issues();
        let write = begins_session_in_place_of(looks_again(Some(hash("it"))), provisioned, oldest);
        let (outcome, [_, write]) = surroundings.run([finds(Some(hash("it"))), write], attempt("user1"));
        assert!(outcome.is_ok());
        assert_eq!(write.emitted, [sessions_ended(ME, Some(ME))]);
    }
}

#[test]
fn a_username_counts_without_regard_to_case() {
    let surroundings = Surroundings::counts("user1", true).verifies(Some(hash("it")), Ok(true)).issues();
    let script = [finds(Some(hash("it"))), begins_session(looks_again(Some(hash("it"))))];
    assert!(surroundings.run(script, attempt("USER1")).0.is_ok());
}

#[test]
fn a_wrong_password_is_refused_and_the_try_is_spent() {
    let surroundings = Surroundings::counts("user1", false).verifies(Some(hash("it")), Ok(false));
    let (outcome, _) = surroundings.run([finds(Some(hash("it")))], attempt("user1"));
    assert_eq!(outcome.err(), refused());
}

#[test]
fn an_unknown_user_takes_as_long_and_is_refused_alike() {
    let surroundings = Surroundings::counts("nobody", false).verifies(None, Ok(false));
    let (outcome, _) = surroundings.run([misses("nobody")], attempt("nobody"));
    assert_eq!(outcome.err(), refused());
}

#[test]
fn a_user_without_a_password_is_refused_alike() {
    let surroundings = Surroundings::counts("user1", false).verifies(None, Ok(false));
    assert_eq!(surroundings.run([finds(None)], attempt("user1")).0.err(), refused());
}

#[test]
fn nobody_signs_in_without_a_hash_whatever_the_hasher_says() {
    let surroundings = Surroundings::counts("user1", false).verifies(None, Ok(true));
    assert_eq!(surroundings.run([finds(None)], attempt("user1")).0.err(), refused());
}

#[test]
fn names_that_no_user_could_have_count_as_one_account_and_are_refused_alike() {
    for name in ["", "me", "no such name!", &"x".repeat(51), "\0"] {
        let surroundings = Surroundings::counts("", false).verifies(None, Ok(false));
        let (outcome, _) = surroundings.run([misses("")], attempt(name));
        assert_eq!(outcome.err(), refused(), "{name:?}");
    }
}

#[test]
fn a_password_that_changes_while_it_is_verified_opens_nothing() {
    for changed in [Some(hash("another")), None] {
        let surroundings = Surroundings::counts("user1", false).verifies(Some(hash("it")), Ok(true)).issues();
        let script = [finds(Some(hash("it"))), looks_again(changed)];
        let (outcome, [_, write]) = surroundings.run(script, attempt("user1"));
        assert_eq!(outcome.err(), refused());
        assert_eq!(write.verdicts, [Verdict::RollBack]);
    }
}

#[test]
fn a_user_who_is_deleted_while_the_password_is_verified_does_not_sign_in() {
    let surroundings = Surroundings::counts("user1", false).verifies(Some(hash("it")), Ok(true)).issues();
    let gone = MockTx::new().locks_users(&[ME], LockStrength::Exclusive).misses_user(ME);
    let (outcome, _) = surroundings.run([finds(Some(hash("it"))), gone], attempt("user1"));
    assert_eq!(outcome.err(), refused());
}

#[test]
fn over_the_limit_nothing_is_read_and_nothing_hashed() {
    let retry_after = Duration::from_secs(42);
    let mut surroundings = Surroundings::default();
    surroundings.attempts.expect_take().times(1).returning(move |_| Err(retry_after));
    let (outcome, []) = surroundings.run([], attempt("user1"));
    assert_eq!(outcome.err(), Some(AccountRefusal::TooManyAttempts { retry_after }.into()));
}

#[test]
fn a_busy_hasher_is_no_refusal_and_gives_the_try_back() {
    let busy = Error::Busy { retry_after: Duration::from_secs(1) };
    let surroundings = Surroundings::counts("user1", true).verifies(Some(hash("it")), Err(busy.clone()));
    assert_eq!(surroundings.run([finds(Some(hash("it")))], attempt("user1")).0.err(), Some(busy));
}

#[test]
fn a_fault_is_no_refusal_and_gives_the_try_back() {
    let surroundings = Surroundings::counts("user1", true);
    let storage = ScriptedStorage::of([Step::refused(fault())]);
    assert_eq!(surroundings.login(&storage, attempt("user1")).err(), Some(fault().into()));

    let surroundings = Surroundings::counts("user1", true).verifies(Some(hash("it")), Ok(true)).issues();
    let storage = ScriptedStorage::of([finds(Some(hash("it"))).into(), Step::refused(fault())]);
    assert_eq!(surroundings.login(&storage, attempt("user1")).err(), Some(fault().into()));
}

#[test]
fn faults_within_a_command_are_handed_on() {
    let (checked, client) = (hash("it"), client());
    let proven = Proven {
        user: ME,
        checked,
        key: NEW_KEY,
        client,
        lifetime: LIFETIME,
        sessions_per_user: SESSIONS_PER_USER,
    };
    assert_hands_faults_on(|| finds(Some(hash("it"))), |tx| find_password(tx, &UsernameKey::of("user1")));
    assert_hands_faults_on(|| begins_session(looks_again(Some(hash("it")))), |tx| begin_session(tx, &proven));
}

#[test]
fn those_whose_address_is_unknown_share_one_turn() {
    let mut surroundings = Surroundings::default().verifies(None, Ok(false));
    let counted = eq(sign_in(Network::UNKNOWN, "nobody"));
    surroundings.attempts.expect_take().with(counted).returning(|_| Ok(()));
    let attempt = LoginAttempt { client: ClientInfo::default(), ..attempt("nobody") };
    let (_, [read]) = surroundings.run([misses("nobody")], attempt);
    assert_eq!(read.access.caller, Caller::Network(Network::UNKNOWN));
}
