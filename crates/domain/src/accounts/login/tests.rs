use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::accounts::{
    IssuedKey, KNOWN_NETWORK_RETENTION, MockApiKeys, MockLoginJournal, MockLoginRateLimiter,
    MockPasswordHasher, SESSIONS_PER_USER,
};
use crate::ids::SessionId;
use crate::network::Network;
use crate::testing::{
    ME, MockTx, NOW, Ran, ScriptedStorage, Step, assert_hands_faults_on, block_on, fault, hash,
    sessions_ended, user,
};

const NEW_KEY: KeyHash = KeyHash::new([2; 32]);
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
/// The highest cost of all stored hashes.
const COST: HashCost = HashCost(12);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn client() -> ClientInfo {
    ClientInfo { user_agent: Some("curl/8".to_owned()), address: Some(ADDRESS) }
}

fn attempt(username: &str) -> LoginAttempt {
    let password = Secret::new("password".to_owned());
    LoginAttempt { username: username.to_owned(), password, client: client() }
}

fn network() -> Network {
    Network::of(ADDRESS)
}

fn sign_in(network: Network, account: &str) -> PasswordAttempt {
    PasswordAttempt::SignIn { network, account: UsernameKey::of(account) }
}

fn from_unknown_network(account: &str) -> PasswordAttempt {
    PasswordAttempt::FromUnknownNetwork { network: network(), account: UsernameKey::of(account) }
}

/// The ports besides the database. By default, any call to them fails.
#[derive(Default)]
struct Surroundings {
    hasher: MockPasswordHasher,
    keys: MockApiKeys,
    attempts: MockLoginRateLimiter,
    journal: MockLoginJournal,
}

impl Surroundings {
    /// A login from a network known to the account takes one attempt, which is returned or not.
    fn counts(account: &str, gives_back: bool) -> Self {
        Self::default().takes(sign_in(network(), account), gives_back)
    }

    /// A login from an unknown network takes two attempts.
    fn counts_twice(account: &str, gives_back: bool) -> Self {
        Self::counts(account, gives_back).takes(from_unknown_network(account), gives_back)
    }

    fn takes(self, counted: PasswordAttempt, gives_back: bool) -> Self {
        self.takes_of(AttemptPool::Usual, counted, gives_back)
    }

    fn takes_of(mut self, of: AttemptPool, counted: PasswordAttempt, gives_back: bool) -> Self {
        self.attempts.expect_take().with(eq(counted.clone())).times(1).returning(move |_| Ok(of));
        if gives_back {
            self.attempts.expect_refund().with(eq(counted), eq(of)).times(1).returning(|_, _| ());
        }
        self
    }

    /// One failure is recorded.
    fn tells(mut self, username: Option<&'static str>) -> Self {
        let recorded = self.journal.expect_failed().times(1);
        recorded
            .withf(move |login| {
                login.address == Some(ADDRESS) && login.username.map(Username::as_str) == username
            })
            .returning(|_| ());
        self
    }

    /// The password is verified once against this hash, for a caller from a known network.
    fn verifies(self, against: Option<PasswordHash>, answer: Result<Verification, Error>) -> Self {
        self.verifies_for(true, against, answer)
    }

    fn verifies_for(
        mut self,
        known: bool,
        against: Option<PasswordHash>,
        answer: Result<Verification, Error>,
    ) -> Self {
        let typed = Secret::new("password".to_owned());
        let expected = PasswordCheck { typed, hash: against, highest_cost: Some(COST) };
        self.hasher
            .expect_verify()
            .withf(move |caller, check| {
                let HashCaller::SignIn { network: from, from_known_network, .. } = caller else {
                    return false;
                };
                *from == network() && *from_known_network == known && *check == expected
            })
            .times(1)
            .return_once(move |_, _| Box::pin(async { answer }));
        self
    }

    /// The password is hashed again, for a user who has just signed in.
    fn hashes(mut self, answer: Result<PasswordHash, Error>) -> Self {
        self.hasher
            .expect_hash()
            .withf(|caller, password| *caller == HashCaller::User(ME) && password.reveal() == "password")
            .times(1)
            .return_once(move |_, _| Box::pin(async { answer }));
        self
    }

    /// One key is generated.
    fn issues(mut self) -> Self {
        let issued = || IssuedKey { secret: Secret::new("new key".to_owned()), hash: NEW_KEY };
        self.keys.expect_issue().times(1).returning(issued);
        self
    }

    fn login(&self, storage: &ScriptedStorage, attempt: LoginAttempt) -> Result<LoggedIn, Error> {
        let Self { hasher, keys, attempts, journal } = self;
        let (lifetime, sessions_per_user) = (LIFETIME, SESSIONS_PER_USER);
        let networks_known_for = KNOWN_NETWORK_RETENTION;
        let ports = LoginPorts {
            storage,
            hasher,
            keys,
            attempts,
            journal,
            lifetime,
            sessions_per_user,
            networks_known_for,
        };
        block_on(login(ports, attempt))
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

/// The user and their hash are read. The network is known to the account.
fn finds(stored: Option<PasswordHash>) -> MockTx {
    finds_from(stored, true, true)
}

fn finds_from(stored: Option<PasswordHash>, to_account: bool, to_anybody: bool) -> MockTx {
    let mut tx = looks_around(to_anybody);
    let found = tx.accounts.expect_find_by_username().with(eq(UsernameKey::of("user1"))).times(1);
    found.returning(|_| Ok(Some(user(ME))));
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(move |_| Ok(stored.clone()));
    let known =
        tx.known_networks.expect_is_known_to().withf(|user, from, _| *user == ME && *from == network());
    known.times(1).returning(move |_, _, _| Ok(to_account));
    tx
}

/// What else is read.
fn looks_around(known_network: bool) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_highest_hash_cost().times(1).returning(|| Ok(Some(COST)));
    tx.known_networks.expect_is_known().returning(move |_, _| Ok(known_network));
    tx
}

fn misses(account: &'static str) -> MockTx {
    let mut tx = looks_around(true);
    let missed = tx.accounts.expect_find_by_username().with(eq(UsernameKey::of(account))).times(1);
    missed.returning(|_| Ok(None));
    tx
}

/// The user is locked and then read again, by now with this hash.
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

/// The session is stored after provisioned sessions and the oldest one were ended, if there were any.
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
    let remembered = tx
        .known_networks
        .expect_remember()
        .withf(|user, from, at, _| *user == ME && *from == network() && *at == NOW);
    remembered.times(1).returning(|_, _, _, _| Ok(()));
    tx
}

fn refused() -> Option<Error> {
    Some(AccountRefusal::InvalidCredentials.into())
}

#[test]
fn the_right_password_returns_a_key_and_ends_provisioned_sessions() {
    let surroundings =
        Surroundings::counts("user1", true).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
    let script = [finds(Some(hash("it"))), begins_session(looks_again(Some(hash("it"))))];
    let (outcome, [read, write]) = surroundings.run(script, attempt("user1"));
    let signed_in = outcome.unwrap();
    assert_eq!((signed_in.user, signed_in.key.reveal()), (user(ME), "new key"));
    assert_eq!(signed_in.expires_at, NOW.plus(LIFETIME));
    assert_eq!(read.access, Access { mode: Mode::Read, caller: Caller::Network(network()) });
    assert_eq!(write.access, Access { mode: Mode::Write, caller: Caller::User(ME) });
    assert_eq!(write.emitted, [], "nobody learns of a login");
}

#[test]
fn sessions_that_a_login_ends_emit_one_event() {
    for (provisioned, oldest) in [(true, false), (false, true), (true, true)] {
        let surroundings =
            Surroundings::counts("user1", true).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
        let write = begins_session_in_place_of(looks_again(Some(hash("it"))), provisioned, oldest);
        let (outcome, [_, write]) = surroundings.run([finds(Some(hash("it"))), write], attempt("user1"));
        assert!(outcome.is_ok());
        assert_eq!(write.emitted, [sessions_ended(ME, Some(ME))]);
    }
}

#[test]
fn a_username_counts_without_regard_to_case() {
    let surroundings =
        Surroundings::counts("user1", true).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
    let script = [finds(Some(hash("it"))), begins_session(looks_again(Some(hash("it"))))];
    assert!(surroundings.run(script, attempt("USER1")).0.is_ok());
}

#[test]
fn a_wrong_password_is_rejected_and_uses_up_the_attempt() {
    let surroundings = Surroundings::counts("user1", false)
        .verifies(Some(hash("it")), Ok(Verification::Wrong))
        .tells(Some("user1"));
    let (outcome, _) = surroundings.run([finds(Some(hash("it")))], attempt("user1"));
    assert_eq!(outcome.err(), refused());
}

#[test]
fn an_unknown_user_is_rejected_alike_and_takes_as_long() {
    let surroundings =
        Surroundings::counts_twice("nobody", false).verifies(None, Ok(Verification::Wrong)).tells(None);
    let (outcome, _) = surroundings.run([misses("nobody")], attempt("nobody"));
    assert_eq!(outcome.err(), refused());
}

#[test]
fn a_user_without_a_password_is_rejected_alike() {
    let surroundings =
        Surroundings::counts("user1", false).verifies(None, Ok(Verification::Wrong)).tells(Some("user1"));
    assert_eq!(surroundings.run([finds(None)], attempt("user1")).0.err(), refused());
}

#[test]
fn without_a_hash_nobody_signs_in_whatever_the_hasher_returns() {
    let surroundings =
        Surroundings::counts("user1", false).verifies(None, Ok(Verification::Right)).tells(Some("user1"));
    assert_eq!(surroundings.run([finds(None)], attempt("user1")).0.err(), refused());
}

#[test]
fn invalid_usernames_count_as_one_account_and_are_rejected_alike() {
    for name in ["", "me", "no such name!", &"x".repeat(51), "\0"] {
        let surroundings =
            Surroundings::counts_twice("", false).verifies(None, Ok(Verification::Wrong)).tells(None);
        let (outcome, _) = surroundings.run([misses("")], attempt(name));
        assert_eq!(outcome.err(), refused(), "{name:?}");
    }
}

#[test]
fn a_password_that_changes_while_it_is_verified_is_verified_again() {
    for (again, accepted) in [(Verification::Right, true), (Verification::Wrong, false)] {
        let mut surroundings = Surroundings::counts("user1", accepted)
            .verifies(Some(hash("it")), Ok(Verification::Right))
            .verifies(Some(hash("renewed")), Ok(again))
            .issues();
        if accepted {
            surroundings = surroundings.issues();
        } else {
            surroundings = surroundings.tells(Some("user1"));
        }
        let mut script =
            vec![finds(Some(hash("it"))), looks_again(Some(hash("renewed"))), finds(Some(hash("renewed")))];
        if accepted {
            script.push(begins_session(looks_again(Some(hash("renewed")))));
        }
        let storage = ScriptedStorage::new(script);
        let outcome = surroundings.login(&storage, attempt("user1"));
        storage.finish();
        assert_eq!(outcome.err(), if accepted { None } else { refused() });
    }
}

#[test]
fn a_password_that_keeps_changing_is_a_busy_error() {
    let mut surroundings = Surroundings::counts("user1", true);
    let mut script = vec![finds(Some(hash("it")))];
    for _ in 0..CHECKS {
        surroundings = surroundings.verifies(Some(hash("it")), Ok(Verification::Right)).issues();
        script.extend([looks_again(Some(hash("another"))), finds(Some(hash("it")))]);
    }
    let storage = ScriptedStorage::new(script);
    let outcome = surroundings.login(&storage, attempt("user1"));
    storage.finish();
    assert_eq!(outcome.err(), Some(Error::Busy { retry_after: RETRY_AFTER }));
}

#[test]
fn renewing_an_outdated_hash_ends_no_session() {
    let surroundings = Surroundings::counts("user1", true)
        .verifies(Some(hash("it")), Ok(Verification::RightButOutdated))
        .hashes(Ok(hash("renewed")))
        .issues();
    let mut write = begins_session(looks_again(Some(hash("it"))));
    let stored = write.accounts.expect_set_password().with(eq(ME), eq(hash("renewed"))).times(1);
    stored.returning(|_, _| Ok(()));
    let (outcome, [_, write]) = surroundings.run([finds(Some(hash("it"))), write], attempt("user1"));
    assert!(outcome.is_ok());
    assert_eq!(write.emitted, []);
}

#[test]
fn a_busy_hasher_leaves_an_outdated_hash_in_place() {
    let surroundings = Surroundings::counts("user1", true)
        .verifies(Some(hash("it")), Ok(Verification::RightButOutdated))
        .hashes(Err(Error::Busy { retry_after: RETRY_AFTER }))
        .issues();
    let script = [finds(Some(hash("it"))), begins_session(looks_again(Some(hash("it"))))];
    assert!(surroundings.run(script, attempt("user1")).0.is_ok());
}

#[test]
fn unknown_networks_of_an_account_are_counted_in_addition() {
    for known_to_others in [true, false] {
        let surroundings = Surroundings::counts_twice("user1", true)
            .verifies_for(known_to_others, Some(hash("it")), Ok(Verification::Right))
            .issues();
        let look = finds_from(Some(hash("it")), false, known_to_others);
        let script = [look, begins_session(looks_again(Some(hash("it"))))];
        assert!(surroundings.run(script, attempt("user1")).0.is_ok());
    }
}

#[test]
fn over_the_limit_of_unknown_networks_nothing_is_hashed() {
    let retry_after = Duration::from_secs(42);
    let mut surroundings = Surroundings::counts("user1", false);
    let taken = surroundings.attempts.expect_take().with(eq(from_unknown_network("user1"))).times(1);
    taken.returning(move |_| Err(retry_after));
    let look = finds_from(Some(hash("it")), false, true);
    let (outcome, _) = surroundings.run([look], attempt("user1"));
    assert_eq!(outcome.err(), Some(AccountRefusal::TooManyAttempts { retry_after }.into()));
}

#[test]
fn a_user_who_is_deleted_while_the_password_is_verified_does_not_sign_in() {
    let surroundings = Surroundings::counts("user1", false)
        .verifies(Some(hash("it")), Ok(Verification::Right))
        .issues()
        .tells(Some("user1"));
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
fn a_busy_hasher_returns_the_attempt_and_is_not_a_rejection() {
    let busy = Error::Busy { retry_after: Duration::from_secs(1) };
    let surroundings = Surroundings::counts("user1", true).verifies(Some(hash("it")), Err(busy.clone()));
    assert_eq!(surroundings.run([finds(Some(hash("it")))], attempt("user1")).0.err(), Some(busy));
}

#[test]
fn an_attempt_from_the_reserve_returns_to_the_reserve() {
    let busy = Error::Busy { retry_after: Duration::from_secs(1) };
    let surroundings = Surroundings::counts("user1", true)
        .takes_of(AttemptPool::Reserve, from_unknown_network("user1"), true)
        .verifies(Some(hash("it")), Err(busy.clone()));
    let look = finds_from(Some(hash("it")), false, true);
    assert_eq!(surroundings.run([look], attempt("user1")).0.err(), Some(busy));
}

#[test]
fn a_fault_returns_the_attempt_and_is_not_a_rejection() {
    let surroundings = Surroundings::counts("user1", true);
    let storage = ScriptedStorage::of([Step::refused(fault())]);
    assert_eq!(surroundings.login(&storage, attempt("user1")).err(), Some(fault().into()));

    let surroundings =
        Surroundings::counts("user1", true).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
    let storage = ScriptedStorage::of([finds(Some(hash("it"))).into(), Step::refused(fault())]);
    assert_eq!(surroundings.login(&storage, attempt("user1")).err(), Some(fault().into()));
}

#[test]
fn faults_within_a_command_are_returned() {
    let proven = |renewed| {
        let proof = Proof { checked: hash("it"), renewed };
        Proven {
            user: ME,
            proof,
            key: NEW_KEY,
            client: client(),
            lifetime: LIFETIME,
            sessions_per_user: SESSIONS_PER_USER,
        }
    };
    assert_hands_faults_on(
        || finds_from(Some(hash("it")), false, true),
        |tx| look_up(tx, &UsernameKey::of("user1"), network(), KNOWN_NETWORK_RETENTION),
    );
    let begins = || begins_session(looks_again(Some(hash("it"))));
    assert_hands_faults_on(begins, |tx| begin_session(tx, &proven(None)));
    let renews = || {
        let mut tx = begins_session(looks_again(Some(hash("it"))));
        tx.accounts.expect_set_password().returning(|_, _| Ok(()));
        tx
    };
    assert_hands_faults_on(renews, |tx| begin_session(tx, &proven(Some(hash("renewed")))));
}

#[test]
fn callers_without_a_known_address_share_one_queue() {
    let mut surroundings = Surroundings::default();
    let verified = surroundings.hasher.expect_verify().times(1);
    verified.returning(|_, _| Box::pin(async { Ok(Verification::Wrong) }));
    surroundings.journal.expect_failed().withf(|login| login.address.is_none()).times(1).returning(|_| ());
    let counted = eq(sign_in(Network::UNKNOWN, "nobody"));
    surroundings.attempts.expect_take().with(counted).times(1).returning(|_| Ok(AttemptPool::Usual));
    surroundings.attempts.expect_take().times(1).returning(|_| Ok(AttemptPool::Usual));
    let attempt = LoginAttempt { client: ClientInfo::default(), ..attempt("nobody") };
    let (_, [read]) = surroundings.run([misses("nobody")], attempt);
    assert_eq!(read.access.caller, Caller::Network(Network::UNKNOWN));
}
