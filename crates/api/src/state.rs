//! What every handler can access.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use actix_web::web::Data;
use groupchat_domain::accounts::{ApiKeys, LoginJournal, LoginRateLimiter, PasswordHasher};
use groupchat_domain::events::LiveEvents;
use groupchat_domain::storage::Storage;

use crate::assets::Asset;
use crate::events::EventConnectionLimiter;
use crate::extract::UntrustedProxies;
use crate::limits::Limits;
use crate::operations::HealthProbe;
use crate::options::ServerOptions;

/// What the API needs of the rest.
pub struct Ports {
    /// The database.
    pub storage: Arc<dyn Storage>,
    /// Reads and makes API keys.
    pub keys: Arc<dyn ApiKeys>,
    /// Checks and hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Counts tries to sign in.
    pub attempts: Arc<dyn LoginRateLimiter>,
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
    pub(crate) event_connections: Arc<EventConnectionLimiter>,
    pub(crate) health: HealthProbe,
    pub(crate) untrusted_proxies: UntrustedProxies,
    /// The OpenAPI document, once it was asked for; likewise the AsyncAPI document.
    pub(crate) openapi: OnceLock<Asset>,
    pub(crate) asyncapi: OnceLock<Asset>,
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
        let (limits, event_connections) = (Limits::new(&options), event_connections(&options));
        let (health, untrusted_proxies, openapi, asyncapi) = Default::default();
        Self {
            ports,
            version,
            options,
            limits,
            event_connections,
            health,
            untrusted_proxies,
            openapi,
            asyncapi,
        }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(self, options: ServerOptions) -> Self {
        Self {
            limits: Limits::new(&options),
            event_connections: event_connections(&options),
            options,
            ..self
        }
    }
}

/// Each user's connections for events may keep half of what may wait for a caller.
fn event_connections(options: &ServerOptions) -> Arc<EventConnectionLimiter> {
    let room = usize::try_from(options.undelivered_per_caller / 2).unwrap_or(usize::MAX);
    EventConnectionLimiter::new(options.connections_per_user, room)
}
