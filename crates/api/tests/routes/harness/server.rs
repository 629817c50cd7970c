//! A server for one test.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::test::{TestRequest, init_service, try_call_service};
use groupchat_api::{AppState, Ports, ServerOptions, State, app};
use groupchat_domain::accounts::{
    ClientInfo, FactorPolicy, HashCaller, IssuedKey, KeyHash, LOGIN_LIFETIME, MailQueue, NewSession, NewUser,
    NoMail, NoWelcome, Password, PasswordHash, PasswordHasher, SessionKind, Username, Welcome,
};
use groupchat_domain::factors::Totp;
use groupchat_domain::ids::UserId;
use groupchat_domain::jobs::run_due_jobs;
use groupchat_domain::rates::{RequestClass, RequestRate};
use groupchat_domain::secrets::Sealed;
use groupchat_domain::storage::{Access, Caller, Done, Mode, Storage, Tx, Unique, Work};
use groupchat_domain::time::Timestamp;
use groupchat_infra::accounts::attempts::{BucketSize, InMemoryLoginRateLimiter};
use groupchat_infra::accounts::hasher::BcryptHasher;
use groupchat_infra::accounts::journal::LogJournal;
use groupchat_infra::accounts::keys::RandomKeys;
use groupchat_infra::factors::codes::RandomFactorCodes;
use groupchat_infra::factors::webauthn::SealedCeremonies;
use groupchat_infra::request_limiter::GovernedRequests;
use groupchat_infra::secrets::{KeyRing, KeySource, RingSealer, SecretKey};
use groupchat_infra::{HubOptions, LocalHub};
use serde_json::json;

use super::answer::Answer;
use super::client::Client;
use super::clock::MovableClock;
use super::database::Database;
use super::hub::RunningHub;

/// The password of every user that [`Server::user`] makes.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// The lowest cost of bcrypt, so that tests are quick.
const CHEAP: u32 = 4;
const SYSTEM: Access = Access { mode: Mode::Write, caller: Caller::System };

type Calling = Pin<Box<dyn Future<Output = Answer>>>;

/// A server with an empty database of its own, in the same process. Clones share it.
#[derive(Clone)]
pub(crate) struct Server {
    call: Rc<dyn Fn(TestRequest) -> Calling>,
    state: State,
    world: Rc<World>,
}

/// A storage of a server that requires a second factor.
struct Requiring {
    storage: Arc<dyn Storage>,
    policy: FactorPolicy,
}

impl Storage for Requiring {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&*self.storage)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.storage.submit(access, work)
    }

    fn factor_policy(&self) -> FactorPolicy {
        self.policy
    }
}

/// What lives as long as the server.
struct World {
    clock: Arc<MovableClock>,
    password: PasswordHash,
    // In this order, after the state above: whatever holds the storage lets go of the database before that is removed.
    _hub: Option<RunningHub>,
    _database: Option<Database>,
}

impl Server {
    /// Starts a server that limits tries to sign in as a real one does.
    pub(crate) async fn start() -> Self {
        Self::limited(BucketSize::PER_ADDRESS, BucketSize::PER_ACCOUNT).await
    }

    /// Starts a server with limits of its own.
    pub(crate) async fn limited(per_address: BucketSize, per_account: BucketSize) -> Self {
        let limits = InMemoryLoginRateLimiter::new(per_address, per_account);
        Self::open(limits, HubOptions::default(), MovableClock::default()).await
    }

    /// Starts a server whose hub has options of its own.
    pub(crate) async fn with_hub(options: HubOptions) -> Self {
        Self::open(InMemoryLoginRateLimiter::default(), options, MovableClock::default()).await
    }

    /// Starts a server whose clock stands still until a test moves it.
    pub(crate) async fn standing_at(time: Timestamp) -> Self {
        let clock = MovableClock::standing_at(time);
        Self::open(InMemoryLoginRateLimiter::default(), HubOptions::default(), clock).await
    }

    async fn open(attempts: InMemoryLoginRateLimiter, options: HubOptions, clock: MovableClock) -> Self {
        let database = Database::create();
        let clock = Arc::new(clock);
        let hub = LocalHub::new(options, clock.clone());
        let storage = database.open(clock.clone(), Arc::new(hub.clone()));
        let running = RunningHub::start(hub.clone(), storage.clone()).await;
        let state = state(storage, attempts, hub);
        let password = Password::parse(PASSWORD).expect("long enough");
        let password = state.hasher.hash(HashCaller::System, password).await.expect("hashes");
        let call = calling(&state).await;
        let world = World { clock, password, _hub: Some(running), _database: Some(database) };
        Self { call, state, world: Rc::new(world) }
    }

    /// Starts a server on another storage, in which nobody can be.
    pub(crate) async fn on(storage: Arc<dyn Storage>) -> Self {
        let clock = Arc::<MovableClock>::default();
        let hub = LocalHub::new(HubOptions::default(), clock.clone());
        let state = state(storage, InMemoryLoginRateLimiter::default(), hub);
        let call = calling(&state).await;
        let password = PasswordHash::from_stored(String::new());
        let world = World { clock, password, _hub: None, _database: None };
        Self { call, state, world: Rc::new(world) }
    }

    /// The same server with another hasher of passwords.
    pub(crate) async fn with_hasher(&self, hasher: Arc<dyn PasswordHasher>) -> Self {
        self.with_state(AppState::new(Ports { hasher, ..self.ports() }, self.state.version)).await
    }

    /// The same server, where other things come with a new account.
    pub(crate) async fn with_welcome(&self, welcome: Arc<dyn Welcome>) -> Self {
        self.with_state(AppState::new(Ports { welcome, ..self.ports() }, self.state.version)).await
    }

    /// The same server with mail.
    pub(crate) async fn with_mails(&self, mails: Arc<dyn MailQueue>) -> Self {
        self.with_state(AppState::new(Ports { mails, ..self.ports() }, self.state.version)).await
    }

    /// The same server with another storage; the hub keeps its own.
    pub(crate) async fn with_storage(&self, storage: Arc<dyn Storage>) -> Self {
        self.with_state(AppState::new(Ports { storage, ..self.ports() }, self.state.version)).await
    }

    /// The same server where a second factor is required; the hub keeps its own storage.
    pub(crate) async fn requiring_factors(&self, policy: FactorPolicy) -> Self {
        self.with_storage(Arc::new(Requiring { storage: self.state.storage.clone(), policy })).await
    }

    /// Somebody whom another server on the same database has signed in.
    pub(crate) fn take_over(&self, client: &Client) -> Client {
        Client::new(self.clone(), client.id(), Some(client.key().to_owned()))
    }

    /// The same server where requests of a class have another rate.
    pub(crate) async fn with_rate(&self, class: RequestClass, rate: RequestRate) -> Self {
        let rates = Arc::new(GovernedRequests::new(&[(class, Some(rate))].into()));
        self.with_state(AppState::new(Ports { rates, ..self.ports() }, self.state.version)).await
    }

    /// The same server with other options.
    pub(crate) async fn with_options(&self, options: ServerOptions) -> Self {
        self.with_state(AppState::new(self.ports(), self.state.version).with_options(options)).await
    }

    async fn with_state(&self, state: AppState) -> Self {
        let state = State::new(state);
        Self { call: calling(&state).await, state, world: Rc::clone(&self.world) }
    }

    fn ports(&self) -> Ports {
        let ports: &Ports = &self.state;
        let Ports {
            storage,
            keys,
            codes,
            factors,
            ceremonies,
            sealer,
            hasher,
            attempts,
            rates,
            journal,
            mails,
            welcome,
            live,
        } = ports;
        Ports {
            storage: storage.clone(),
            keys: keys.clone(),
            codes: codes.clone(),
            factors: factors.clone(),
            ceremonies: ceremonies.clone(),
            sealer: sealer.clone(),
            hasher: hasher.clone(),
            attempts: attempts.clone(),
            rates: rates.clone(),
            journal: journal.clone(),
            mails: mails.clone(),
            welcome: welcome.clone(),
            live: live.clone(),
        }
    }

    /// Sends a request and checks of the answer what holds for all of them.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        (self.call)(request).await
    }

    /// The ports, for a server on a real socket.
    pub(crate) fn state(&self) -> State {
        self.state.clone()
    }

    /// A secret of one-time passwords of this user, as it is stored.
    pub(crate) fn sealed(&self, user: i64, secret: [u8; 20]) -> Sealed {
        let context = Totp::context(UserId::new(user));
        self.state.sealer.seal(&context, &secret).expect("there is a key")
    }

    /// Moves the server's clock ahead.
    pub(crate) fn advance_clock(&self, by: Duration) {
        self.world.clock.advance(by);
    }

    /// Somebody without a key.
    pub(crate) fn nobody(&self) -> Client {
        self.with_key(None)
    }

    /// Somebody who shows this key.
    pub(crate) fn with_key(&self, key: impl Into<Option<String>>) -> Client {
        Client::new(self.clone(), 0, key.into())
    }

    /// A new user, signed in.
    pub(crate) async fn user(&self, name: &str) -> Client {
        self.sign_in(name, false).await
    }

    /// A new server admin, signed in.
    pub(crate) async fn admin(&self, name: &str) -> Client {
        self.sign_in(name, true).await
    }

    /// Another session of a user that [`Server::user`] made.
    pub(crate) async fn sign_in_again(&self, name: &str) -> Client {
        let login = json!({"username": name, "password": PASSWORD});
        let login = self.nobody().post("/api/login", login).await.ok();
        self.with_key(login["api_key"].as_str().expect("a key").to_owned())
    }

    /// Runs a command on the storage behind the server's back.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl Fn(&mut dyn Tx) -> T + Send + 'static) -> T {
        self.state.storage.run(SYSTEM, move |tx| Ok(work(tx))).await.expect("the storage works")
    }

    /// Works durable jobs off, which a server does in the background.
    pub(crate) async fn work_off_jobs(&self) {
        let failed = |job, error: &groupchat_domain::Error| panic!("{job:?} failed: {error}");
        run_due_jobs(&*self.state.storage, failed).await.expect("the storage works");
    }

    async fn sign_in(&self, name: &str, is_admin: bool) -> Client {
        self.users(&[(name.to_owned(), is_admin)]).await.pop().expect("one user")
    }

    /// New users, all signed in; each with a name and whether they administer the server.
    pub(crate) async fn users(&self, users: &[(String, bool)]) -> Vec<Client> {
        let keys: Vec<_> = users.iter().map(|_| self.state.keys.issue()).collect();
        let hashes: Vec<_> = keys.iter().map(|key| key.hash).collect();
        let (password, users) = (self.world.password.clone(), users.to_vec());
        let store = move |tx: &mut dyn Tx| {
            let mut ids = Vec::new();
            for ((name, is_admin), key) in users.iter().zip(&hashes) {
                let id = store_user(tx, name, *is_admin, &password);
                store_session(tx, id, *key);
                ids.push(id);
            }
            ids
        };
        let ids = self.run(store).await;
        let client = |(id, key): (UserId, IssuedKey)| {
            Client::new(self.clone(), id.get(), Some(key.secret.reveal().to_owned()))
        };
        ids.into_iter().zip(keys).map(client).collect()
    }
}

fn store_user(tx: &mut dyn Tx, name: &str, is_admin: bool, password: &PasswordHash) -> UserId {
    let user = NewUser {
        username: Username::parse(name).expect("a username"),
        display_name: None,
        email: None,
        is_admin,
        password: password.clone(),
        created_at: tx.now(),
    };
    match tx.accounts().insert(&user).expect("the storage works") {
        Unique::Stored(id) => id,
        Unique::Taken => panic!("there is a user {name} already"),
    }
}

fn store_session(tx: &mut dyn Tx, user: UserId, key: KeyHash) {
    let created_at = tx.now();
    let expires_at = created_at.plus(LOGIN_LIFETIME);
    let (kind, client) = (SessionKind::Login, ClientInfo::default());
    let (name, refresh) = (None, None);
    let session = NewSession { user, kind, key, created_at, expires_at, client, name, refresh };
    tx.sessions().insert(&session).expect("the storage works");
}

/// With a key of its own.
fn sealer() -> RingSealer {
    let ring = KeyRing::new(vec![SecretKey::generate()]).expect("a key");
    RingSealer::new(KeySource::Fixed(ring)).expect("no file")
}

fn state(storage: Arc<dyn Storage>, attempts: InMemoryLoginRateLimiter, hub: LocalHub) -> State {
    let hasher: Arc<dyn PasswordHasher> = Arc::new(BcryptHasher::start(CHEAP).expect("starts"));
    let ports = Ports {
        storage,
        keys: Arc::new(RandomKeys),
        codes: Arc::new(RandomKeys),
        factors: Arc::new(RandomFactorCodes),
        ceremonies: Arc::new(SealedCeremonies::new(Arc::new(sealer()))),
        sealer: Arc::new(sealer()),
        hasher,
        attempts: Arc::new(attempts),
        rates: Arc::new(GovernedRequests::usual()),
        journal: Arc::new(LogJournal),
        mails: Arc::new(NoMail),
        welcome: Arc::new(NoWelcome),
        live: Arc::new(hub),
    };
    State::new(AppState::new(ports, "1.2.3"))
}

async fn calling(state: &State) -> Rc<dyn Fn(TestRequest) -> Calling> {
    let service = Rc::new(init_service(app(state.clone())).await);
    Rc::new(move |request| {
        let (service, request) = (Rc::clone(&service), request.to_request());
        let line = format!("{} {}", request.method(), request.uri());
        Box::pin(async move {
            match try_call_service(&*service, request).await {
                Ok(response) => Answer::read(line, response.into()).await,
                // What a connection would make of it.
                Err(error) => Answer::read(line, error.as_response_error().error_response()).await,
            }
        })
    })
}
