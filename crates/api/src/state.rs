//! What every handler can reach: the ports, and the document that describes the server.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::Data;
use groupchat_domain::accounts::{
    ApiKeys, KNOWN_NETWORK_RETENTION, LOGIN_LIFETIME, LoginAttempts, LoginJournal, PasswordHasher,
    SESSIONS_PER_USER,
};
use groupchat_domain::events::LiveEvents;
use groupchat_domain::groups::Quotas;
use groupchat_domain::storage::Storage;
use serde_json::{Value, json};

use crate::assets::Asset;
use crate::events::{PATIENCE, Places};
use crate::extract::{Network, UntrustedProxies};
use crate::limits::Limits;
use crate::operations::HealthProbe;
use crate::{asyncapi, openapi};

/// What the person who runs the server has chosen.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where people reach the server, if that was told: a scheme and a host, without a path.
    pub public_url: Option<String>,
    /// The proxies that are believed when they tell a client's address.
    pub trusted_proxies: Vec<Network>,
    /// How long the key of a login works.
    pub login_lifetime: Duration,
    /// How many sessions a user may have at a time.
    pub sessions_per_user: u32,
    /// For how long a network stays known after a login from there.
    pub networks_known_for: Duration,
    /// How often a connection for events gives a sign of life.
    pub heartbeat: Duration,
    /// How long a client for which as much waits as is kept may take none of it before it is let go.
    pub patience: Duration,
    /// How many connections for events a user may have at a time: sockets, streams and polls that wait.
    pub connections_per_user: u32,
    /// How much of groups there may be.
    pub quotas: Quotas,
    /// How many requests a caller may have in flight at a time; all users together, eight times
    /// as many, and so all networks of strangers.
    pub requests_per_caller: u32,
    /// How many bytes of answers and events may wait for a caller to take them.
    pub undelivered_per_caller: u64,
    /// How many bytes of answers may wait for all callers together.
    pub undelivered: u64,
    /// How many bytes of bodies may have come that are not whole, for all users together.
    pub incoming: u64,
    /// Origins of other sites whose pages may listen with a ticket.
    pub allowed_origins: Vec<String>,
}

/// How often a connection for events gives a sign of life, if nothing else is said.
pub const HEARTBEAT: Duration = Duration::from_secs(30);

/// How many connections for events a user may have at a time, if nothing else is said.
pub const CONNECTIONS_PER_USER: u32 = 100;

/// How many requests a caller may have in flight at a time, if nothing else is said.
pub const REQUESTS_PER_CALLER: u32 = 512;

/// How many bytes may wait for a caller, if nothing else is said.
pub const UNDELIVERED_PER_CALLER: u64 = 8 << 20;

/// How many bytes may wait for all callers together, if nothing else is said.
pub const UNDELIVERED: u64 = 64 << 20;

/// How many bytes of bodies may have come that are not whole, if nothing else is said.
pub const INCOMING: u64 = 64 << 20;

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            trusted_proxies: Vec::new(),
            login_lifetime: LOGIN_LIFETIME,
            sessions_per_user: SESSIONS_PER_USER,
            networks_known_for: KNOWN_NETWORK_RETENTION,
            heartbeat: HEARTBEAT,
            patience: PATIENCE,
            connections_per_user: CONNECTIONS_PER_USER,
            quotas: Quotas::default(),
            requests_per_caller: REQUESTS_PER_CALLER,
            undelivered_per_caller: UNDELIVERED_PER_CALLER,
            undelivered: UNDELIVERED,
            incoming: INCOMING,
            allowed_origins: Vec::new(),
        }
    }
}

/// What the API needs of the rest.
pub struct Ports {
    /// The database.
    pub storage: Arc<dyn Storage>,
    /// Reads and makes API keys.
    pub keys: Arc<dyn ApiKeys>,
    /// Checks and hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Counts tries to sign in.
    pub attempts: Arc<dyn LoginAttempts>,
    /// Is told of failed logins.
    pub journal: Arc<dyn LoginJournal>,
    /// Tells what happens as it happens.
    pub live: Arc<dyn LiveEvents>,
}

/// The ports behind the API. Built once; every worker shares it.
pub struct AppState {
    ports: Ports,
    /// The program's version, as `GET /api/version` tells it.
    pub version: &'static str,
    /// What the person who runs the server has chosen.
    pub options: ServerOptions,
    pub(crate) limits: Limits,
    pub(crate) places: Arc<Places>,
    pub(crate) health: HealthProbe,
    pub(crate) untrusted_proxies: UntrustedProxies,
    openapi: OnceLock<Asset>,
    asyncapi: OnceLock<Asset>,
}

/// The state, as handlers ask for it.
pub type State = Data<AppState>;

impl Deref for AppState {
    type Target = Ports;

    fn deref(&self) -> &Ports {
        &self.ports
    }
}

impl AppState {
    /// A state with the usual options.
    pub fn new(ports: Ports, version: &'static str) -> Self {
        let options = ServerOptions::default();
        let (limits, places) = (Limits::new(&options), places(&options));
        let (health, untrusted_proxies, openapi, asyncapi) = Default::default();
        Self { ports, version, options, limits, places, health, untrusted_proxies, openapi, asyncapi }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(self, options: ServerOptions) -> Self {
        Self { limits: Limits::new(&options), places: places(&options), options, ..self }
    }

    /// The OpenAPI document. Made when it is first asked for, since most servers never are.
    pub(crate) fn openapi_document(&self) -> &Asset {
        self.openapi.get_or_init(|| self.make_openapi())
    }

    /// The AsyncAPI document; likewise.
    pub(crate) fn asyncapi_document(&self) -> &Asset {
        self.asyncapi.get_or_init(|| self.make_asyncapi())
    }

    /// Unless told otherwise, the document's server is `/`: the address that a client has the document from,
    /// which is right behind every name of the server.
    fn make_openapi(&self) -> Asset {
        let mut document = openapi::document(self.version);
        if let Some(url) = &self.options.public_url {
            document["servers"] = json!([{"url": url}]);
        }
        json_asset(&document)
    }

    fn make_asyncapi(&self) -> Asset {
        let mut document = asyncapi::document(self.version);
        if let Some(url) = &self.options.public_url {
            document["servers"] = asyncapi::servers_at(url);
        }
        json_asset(&document)
    }
}

fn json_asset(document: &Value) -> Asset {
    Asset::made("application/json", document.to_string().into())
}

/// Each user's connections for events may keep half of what may wait for a caller.
fn places(options: &ServerOptions) -> Arc<Places> {
    let room = usize::try_from(options.undelivered_per_caller / 2).unwrap_or(usize::MAX);
    Places::new(options.connections_per_user, room)
}
