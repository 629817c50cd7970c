//! Logins on scripted ports.

mod accepted;
mod devices;
mod half_way;
mod limited;
mod rejected;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::accounts::origin::{Origin, UserAgent};
use crate::accounts::session::{NewRefresh, NewSession, RefreshHashes, SessionKind};
use crate::accounts::{
    IssuedKey, IssuedRefresh, KNOWN_DEVICE_RETENTION, KNOWN_NETWORK_RETENTION, MockApiKeys, MockLoginJournal,
    MockLoginRateLimiter, MockPasswordHasher, SESSIONS_PER_USER,
};
use crate::ids::SessionId;
use crate::network::Network;
use crate::testing::{
    ME, MockTx, NOW, Ran, ScriptedStorage, Step, assert_hands_faults_on, block_on, fault, hash,
    sessions_ended, user,
};

const NEW_KEY: KeyHash = KeyHash::new([2; 32]);
const NEW_DEVICE: KeyHash = KeyHash::new([5; 32]);
const SHOWN_DEVICE: KeyHash = KeyHash::new([6; 32]);
/// How long to wait for the next attempt.
const WAIT: Duration = Duration::from_secs(42);
const TICKET: KeyHash = KeyHash::new([7; 32]);
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
/// The highest cost of all stored hashes.
const COST: HashCost = HashCost(12);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn client() -> ClientInfo {
    ClientInfo { user_agent: Some("curl/8".to_owned()), address: Some(ADDRESS) }
}

/// What is recorded of a login, but for whose it is.
fn login_entry() -> AuditEntry {
    let origin = Origin { address: Some(ADDRESS), user_agent: UserAgent::cut("curl/8") };
    AuditEntry::by_stranger(origin, AuditAction::Login)
}

fn attempt(username: &str) -> LoginAttempt {
    let password = Secret::new("password".to_owned());
    LoginAttempt {
        username: username.to_owned(),
        password,
        refresh: false,
        device_name: None,
        device: None,
        client: client(),
    }
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

/// What becomes of an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It stays used up.
    UsedUp,
    /// It is returned, since nobody judged it.
    Returned,
    /// It was right.
    Right,
}
use Outcome::{Returned, Right, UsedUp};

/// The ports besides the database. By default, any call to them fails.
#[derive(Default)]
struct Surroundings {
    hasher: MockPasswordHasher,
    keys: MockApiKeys,
    attempts: MockLoginRateLimiter,
    journal: MockLoginJournal,
}

impl Surroundings {
    /// A login from a network known to the account takes one attempt.
    fn counts(account: &str, outcome: Outcome) -> Self {
        Self::default().takes(sign_in(network(), account), outcome)
    }

    /// A login from an unknown network takes two attempts.
    fn counts_twice(account: &str, outcome: Outcome) -> Self {
        Self::counts(account, outcome).takes(from_unknown_network(account), outcome)
    }

    fn takes(self, counted: PasswordAttempt, outcome: Outcome) -> Self {
        self.takes_of(AttemptPool::Usual, counted, outcome)
    }

    fn takes_of(mut self, of: AttemptPool, counted: PasswordAttempt, outcome: Outcome) -> Self {
        self.attempts.expect_take().with(eq(counted.clone())).times(1).returning(move |_| Ok(of));
        match outcome {
            UsedUp => {}
            Returned => {
                self.attempts.expect_refund().with(eq(counted), eq(of)).times(1).returning(|_, _| ());
            }
            Right => {
                self.attempts.expect_succeed().with(eq(counted), eq(of)).times(1).returning(|_, _| ());
            }
        }
        self
    }

    /// A limit is used up.
    fn runs_out(mut self, counted: PasswordAttempt) -> Self {
        self.attempts.expect_take().with(eq(counted)).times(1).returning(|_| Err(WAIT));
        self
    }

    /// A device is shown.
    fn reads_device(mut self) -> Self {
        let read = self.keys.expect_read_device().with(eq("shown")).times(1);
        read.returning(|_| Some(SHOWN_DEVICE));
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
                let HashCaller::SignIn { network: from, is_known, .. } = caller else {
                    return false;
                };
                *from == network() && *is_known == known && *check == expected
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

    /// One key is generated, and one token for a device.
    fn issues(mut self) -> Self {
        let device = || IssuedKey { secret: Secret::new("new device".to_owned()), hash: NEW_DEVICE };
        self.keys.expect_issue_device().times(1).returning(device);
        let issued = || IssuedKey { secret: Secret::new("new key".to_owned()), hash: NEW_KEY };
        self.keys.expect_issue().times(1).returning(issued);
        let ticket = || IssuedKey { secret: Secret::new("new ticket".to_owned()), hash: TICKET };
        self.keys.expect_issue_login_ticket().times(1).returning(ticket);
        self
    }

    /// Signs in where no second factor is asked for.
    fn login(&self, storage: &ScriptedStorage, attempt: LoginAttempt) -> Result<LoggedIn, Error> {
        self.sign_in(storage, attempt).map(|signed_in| match signed_in {
            SignedIn::Complete(logged_in) => logged_in,
            SignedIn::HalfWay(half) => panic!("{half:?}"),
        })
    }

    fn sign_in(&self, storage: &ScriptedStorage, attempt: LoginAttempt) -> Result<SignedIn, Error> {
        let Self { hasher, keys, attempts, journal } = self;
        let (lifetime, sessions_per_user) = (LIFETIME, SESSIONS_PER_USER);
        let ports = LoginPorts {
            storage,
            hasher,
            keys,
            attempts,
            journal,
            lifetime,
            refresh: RefreshTerms::default(),
            sessions_per_user,
            networks_known_for: KNOWN_NETWORK_RETENTION,
            devices_known_for: KNOWN_DEVICE_RETENTION,
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

/// The user has no second factor.
fn begins_session(tx: MockTx) -> MockTx {
    begins_session_on(tx, NEW_DEVICE)
}

/// The session is stored, and the device.
fn begins_session_on(mut tx: MockTx, device: KeyHash) -> MockTx {
    remembers_device(&mut tx, device);
    stores_session_in_place_of(tx, false, false)
}

/// The session is stored after provisioned sessions and the oldest one were ended, if there were any.
fn stores_session_in_place_of(mut tx: MockTx, provisioned: bool, oldest: bool) -> MockTx {
    let session = NewSession {
        user: ME,
        kind: SessionKind::Login,
        key: NEW_KEY,
        created_at: NOW,
        expires_at: NOW.plus(LIFETIME),
        client: client(),
        name: None,
        refresh: None,
    };
    tx.factors.expect_totp().with(eq(ME)).times(1).returning(|_| Ok(None));
    tx.passkeys.expect_credentials().with(eq(ME)).times(1).returning(|_| Ok(Vec::new()));
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

fn remembers_device(tx: &mut MockTx, device: KeyHash) {
    let remembered = tx.known_devices.expect_remember();
    let remembered = remembered.withf(move |user, used, at, _| (*user, *used, *at) == (ME, device, NOW));
    remembered.times(1).returning(|_, _, _, _| Ok(()));
}

fn refused() -> Option<Error> {
    Some(AccountRefusal::InvalidCredentials.into())
}
