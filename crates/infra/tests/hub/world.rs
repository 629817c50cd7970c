//! A database, servers on it that each have a hub, and people.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::accounts::{Actor, FactorStanding, Origin, SessionKind};
use groupchat_domain::events::Event;
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::storage::{Access, Caller, EventSink, Mode, Storage, Tx};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::{DatabaseStorage, HubOptions, LocalHub};
use tokio::runtime::{Builder, Runtime};

use crate::support::fixture::{at, group, session, user};
use crate::support::{Database, NoListener};

/// How long anything may take before a test gives it up: far longer than it ever does.
const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) const READ: Access = Access { mode: Mode::Read, caller: Caller::System };
pub(crate) const WRITE: Access = Access { mode: Mode::Write, caller: Caller::System };

/// A storage, and the hub that hears of what is committed there.
#[derive(Clone)]
pub(crate) struct Server {
    pub hub: LocalHub,
    pub storage: Arc<dyn Storage>,
}

/// All that a test needs. Hubs run on the runtime, as do the clients.
pub(crate) struct World {
    // In this order: what runs lets go of the storages, and those of the database, before it is removed.
    pub runtime: Runtime,
    pub servers: Vec<Server>,
    /// What writes: the servers, or another program on the same database.
    pub writers: Vec<Arc<dyn Storage>>,
    _beside: Option<Arc<dyn DatabaseStorage>>,
    pub database: Database,
}

impl World {
    /// A server on SQLite.
    pub(crate) fn sqlite(options: HubOptions) -> Self {
        Self::alone(options, Database::sqlite_with)
    }

    /// A server on SQLite, beside another program that writes and whose events nobody tells of.
    pub(crate) fn sqlite_beside_another(options: HubOptions) -> Self {
        let mut world = Self::sqlite(options);
        let other = world.database.beside(Arc::new(NoListener));
        world.writers.push(Arc::clone(&other) as Arc<dyn Storage>);
        world._beside = Some(other);
        world
    }

    /// A server on PostgreSQL.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres(options: HubOptions) -> Self {
        Self::alone(options, Database::postgres_with)
    }

    /// Two servers that share a database on PostgreSQL, each with a hub.
    #[cfg(feature = "postgres")]
    pub(crate) fn two_servers(options: HubOptions) -> Self {
        let mut world = Self::postgres(options);
        let hub = LocalHub::new(options, Arc::new(SystemClock));
        let second = world.database.beside(Arc::new(hub.clone()));
        world.start(Server { hub, storage: Arc::clone(&second) as Arc<dyn Storage> });
        world._beside = Some(second);
        world
    }

    fn alone(options: HubOptions, open: impl FnOnce(Arc<dyn EventSink>) -> Database) -> Self {
        let hub = LocalHub::new(options, Arc::new(SystemClock));
        let database = open(Arc::new(hub.clone()));
        let runtime = Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap();
        let storage: Arc<dyn Storage> = database.storage();
        let mut world = Self { runtime, servers: vec![], writers: vec![], _beside: None, database };
        world.start(Server { hub, storage });
        world
    }

    fn start(&mut self, server: Server) {
        self.wait_for(server.hub.begin(server.storage.as_ref())).expect("the log can be read");
        let running = server.clone();
        self.runtime.spawn(async move { running.hub.run(running.storage).await });
        self.writers.push(Arc::clone(&server.storage));
        self.servers.push(server);
    }

    /// Waits on this thread.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, answer: impl Future<Output = T>) -> T {
        let answer = async { tokio::time::timeout(DEADLINE, answer).await };
        self.runtime.block_on(answer).expect("an answer in good time")
    }

    /// Does it, in a command of its own.
    #[track_caller]
    pub(crate) fn write<T: Send + 'static>(&self, work: impl Fn(&mut dyn Tx) -> T + Send + 'static) -> T {
        self.database.write(move |tx| Ok(work(tx))).expect("the command succeeds")
    }

    /// New users who are signed in.
    pub(crate) fn people(&self, count: u8) -> Vec<Actor> {
        self.write(move |tx| (1..=count).map(|number| sign_up(tx, number)).collect())
    }

    /// New public groups, without members.
    pub(crate) fn groups(&self, count: u8) -> Vec<GroupId> {
        self.write(move |tx| (1..=count).map(|number| group(tx, &format!("group {number}"))).collect())
    }

    /// Says to everybody that this was all. What was acknowledged before comes before it.
    pub(crate) fn finish(&self) {
        self.write(|tx| tx.emit(None, LAST));
    }
}

/// What a client waits for in the end: an event about a user whom nobody else names.
pub(crate) const LAST: Event = Event::UserDeleted(UserId::new(1 << 40));

fn sign_up(tx: &mut dyn Tx, number: u8) -> Actor {
    let user = user(tx, &format!("user-{number}"));
    let session = session(tx, user.id, number, at(1_000_000_000_000_000));
    Actor {
        user: user.as_ref(),
        session,
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    }
}
