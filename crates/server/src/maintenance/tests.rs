use std::sync::Mutex;

use groupchat_domain::accounts::{
    ApiKeys, ClientInfo, Email, KeyHash, MAX_KNOWN_DEVICES, MAX_KNOWN_NETWORKS, NewPendingAccount, NewReset,
    NewSession, NewTicket, PasswordHash, PendingAccount, SessionKind, Username, create_first_admin,
};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::network::Network;
use groupchat_domain::storage::EventSink;
use groupchat_domain::time::{Clock, Span, Timestamp};
use groupchat_infra::accounts::hasher::BcryptHasher;
use groupchat_infra::accounts::keys::RandomKeys;
use groupchat_infra::sqlite::{SqliteOptions, SqliteStorage};
use tempfile::TempDir;

use super::*;
use crate::panic_guard::BrokenStorage;

const DAY: u64 = 24 * 3600;
const YEAR: u64 = 365 * DAY;
const MONTH: Duration = Duration::from_secs(30 * DAY);

const AGES: Ages = Ages {
    retention: Retention { age: Duration::from_secs(7 * DAY), rows: 1_000_000 },
    networks_known_for: Duration::from_secs(90 * DAY),
    devices_known_for: Duration::from_secs(100 * DAY),
    audit_retention: Duration::from_secs(120 * DAY),
    refresh_grace: Duration::from_secs(15),
};

/// A clock that the test sets: how much time has passed, and how far it is ahead.
#[derive(Default)]
struct TestClock(Mutex<(Duration, Duration)>);

impl TestClock {
    fn pass(&self, seconds: u64) {
        self.0.lock().unwrap().0 += Duration::from_secs(seconds);
    }

    fn set_ahead(&self, seconds: u64) {
        self.0.lock().unwrap().1 = Duration::from_secs(seconds);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let (passed, ahead) = *self.0.lock().unwrap();
        Timestamp::from_micros(0).plus(Duration::from_secs(50 * YEAR) + passed + ahead)
    }

    fn steady(&self) -> Duration {
        self.0.lock().unwrap().0
    }
}

/// Nobody listens.
struct NoSink;

impl EventSink for NoSink {
    fn publish(&self, _: &[groupchat_domain::events::LoggedEvent]) {}
}

/// What is left of what the fixture stored.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    session: bool,
    network: bool,
    device: bool,
    resets: u32,
    pending: u32,
    events: usize,
    /// The last entry of the audit log that was removed.
    audit_pruned: i64,
}

const ALL: Left =
    Left { session: true, network: true, device: true, resets: 1, pending: 1, events: 2, audit_pruned: 0 };

/// The same without the codes that came by mail.
const LATER: Left = Left { resets: 0, pending: 0, ..ALL };

struct Fixture {
    clock: Arc<TestClock>,
    maintenance: Maintenance,
    key: KeyHash,
    _folder: TempDir,
}

impl Fixture {
    /// A database with a session for a month, a known network and two events, and its maintenance.
    async fn new(clock_is_ahead: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::default());
        let options = SqliteOptions { alone: true, ..SqliteOptions::new(folder.path().join("chat.db")) };
        let storage = SqliteStorage::open(options, clock.clone(), Arc::new(NoSink)).unwrap();
        let storage: Arc<dyn Storage> = Arc::new(storage);
        let key = RandomKeys.issue().hash;
        fill(&*storage, key).await;
        let maintenance = Maintenance {
            storage,
            trust: TrustedClock::new(clock.clone(), clock_is_ahead),
            ages: Arc::new(ArcSwap::from_pointee(AGES)),
            every: Duration::from_secs(60),
        };
        Self { clock, maintenance, key, _folder: folder }
    }

    /// What is left after the maintenance, by a clock that is right.
    async fn left(&self) -> Left {
        self.maintenance.do_all().await;
        let (key, then) = (self.key, Timestamp::from_micros(0));
        let ever = Span { after: then, until: Timestamp::from_micros(i64::MAX) };
        let look = Access { mode: Mode::Read, caller: Caller::System };
        let look = self.maintenance.storage.run(look, move |tx| {
            Ok(Left {
                session: tx.sessions().authenticate(&key, then)?.is_some(),
                device: tx.known_devices().owner(&key, then)?.is_some(),
                network: tx.known_networks().is_known(home(), then)?,
                resets: tx.password_resets().count(UserId::new(1), ever)?,
                pending: tx.pending_accounts().count(&address(), ever)?,
                events: tx.events().after(groupchat_domain::ids::Position::ZERO, 10)?.len(),
                audit_pruned: tx.audit().head()?.pruned,
            })
        });
        look.await.unwrap()
    }
}

fn address() -> Email {
    Email::parse("ann@example.org").unwrap()
}

fn home() -> Network {
    Network::of("192.0.2.1".parse().unwrap())
}

async fn fill(storage: &dyn Storage, key: KeyHash) {
    let hasher = BcryptHasher::start(4).unwrap();
    let (admin, _) = create_first_admin(storage, &hasher, &RandomKeys).await.unwrap().unwrap();
    let admin = admin.id;
    storage.run(ACCESS, move |tx| store(tx, admin, key)).await.unwrap();
}

fn store(tx: &mut dyn Tx, user: UserId, key: KeyHash) -> Result<(), Error> {
    let now = tx.now();
    let session = NewSession {
        user,
        kind: SessionKind::Login,
        key,
        created_at: now,
        expires_at: now.plus(MONTH),
        client: ClientInfo::default(),
        name: None,
        refresh: None,
    };
    let session: SessionId = tx.sessions().insert(&session)?;
    tx.tickets().insert(&NewTicket { session, hash: key, expires_at: now.plus(Duration::from_secs(30)) })?;
    tx.known_networks().remember(user, home(), now, MAX_KNOWN_NETWORKS)?;
    tx.known_devices().remember(user, &key, now, MAX_KNOWN_DEVICES)?;
    let expires_at = now.plus(Duration::from_secs(1_800));
    tx.password_resets().insert(&NewReset { user, code: key, state: key, created_at: now, expires_at })?;
    let account = PendingAccount {
        username: Username::parse("ann").unwrap(),
        display_name: None,
        email: address(),
        password: PasswordHash::from_stored("hash".to_owned()),
    };
    let pending = NewPendingAccount { account, code: key, created_at: now, expires_at };
    tx.pending_accounts().insert(&pending, 9)?;
    tx.emit(None, groupchat_domain::events::Event::UserDeleted(user));
    Ok(())
}

#[tokio::test]
async fn what_fails_does_not_keep_the_rest() {
    let storage = Arc::<BrokenStorage>::default();
    let maintenance = Maintenance {
        storage: storage.clone(),
        trust: TrustedClock::new(Arc::new(TestClock::default()), false),
        ages: Arc::new(ArcSwap::from_pointee(AGES)),
        every: INTERVAL,
    };
    let running = tokio::spawn(maintenance.run());
    // In much less than the time until it looks again.
    storage.tried(4).await;
    running.abort();
}

#[tokio::test]
async fn a_clock_that_is_ahead_for_a_while_removes_nothing() {
    let fixture = Fixture::new(false).await;
    assert_eq!(fixture.left().await, ALL);
    fixture.clock.set_ahead(YEAR);
    for _ in 0..2 {
        fixture.clock.pass(60);
        assert_eq!(fixture.left().await, ALL);
    }
    fixture.clock.set_ahead(0);
    assert_eq!(fixture.left().await, ALL);
}

#[tokio::test]
async fn a_clock_that_is_ahead_at_the_start_removes_nothing_for_a_day() {
    let fixture = Fixture::new(true).await;
    fixture.clock.pass(YEAR);
    let doubting =
        Maintenance { trust: TrustedClock::new(fixture.clock.clone(), true), ..fixture.maintenance };
    let fixture = Fixture { maintenance: doubting, ..fixture };
    fixture.clock.pass(DAY - 1);
    assert_eq!(fixture.left().await, ALL);
    fixture.clock.pass(1);
    let nothing = Left { session: false, network: false, device: false, events: 1, audit_pruned: 1, ..LATER };
    assert_eq!(fixture.left().await, nothing);
}

#[tokio::test]
async fn what_grows_old_is_removed() {
    let fixture = Fixture::new(false).await;
    for (days, left) in [
        (1, ALL),
        (6, LATER),
        (8, Left { events: 1, ..LATER }),
        (31, Left { session: false, events: 1, ..LATER }),
        (91, Left { session: false, network: false, events: 1, ..LATER }),
        (101, Left { session: false, network: false, device: false, events: 1, ..LATER }),
        (121, Left { session: false, network: false, device: false, events: 1, ..LATER }),
        (122, Left { session: false, network: false, device: false, events: 1, audit_pruned: 1, ..LATER }),
    ] {
        fixture.clock.0.lock().unwrap().0 = Duration::from_secs(days * DAY);
        assert_eq!(fixture.left().await, left, "after {days} days");
    }
}

#[tokio::test]
async fn the_limit_of_rows_holds_by_any_clock() {
    let fixture = Fixture::new(true).await;
    let rows = Retention { rows: 1, ..AGES.retention };
    fixture.maintenance.ages.store(Arc::new(Ages { retention: rows, ..AGES }));
    assert_eq!(fixture.left().await, Left { events: 1, ..ALL });
}
