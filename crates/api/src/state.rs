//! What every handler can access.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use actix_web::web::Data;
use arc_swap::{ArcSwap, Guard};
use groupchat_domain::accounts::{
    ApiKeys, LoginJournal, LoginRateLimiter, MailQueue, PasswordHasher, Welcome,
};
use groupchat_domain::codes::SecretCodes;
use groupchat_domain::events::LiveEvents;
use groupchat_domain::factors::{Ceremonies, FactorCodes};
use groupchat_domain::rates::RequestLimiter;
use groupchat_domain::secrets::Sealer;
use groupchat_domain::storage::Storage;

use crate::assets::Asset;
use crate::events::EventConnectionLimiter;
use crate::extract::UntrustedProxies;
use crate::limits::Limits;
use crate::operations::HealthProbe;
use crate::options::ServerOptions;

/// The ports that the API needs.
pub struct Ports {
    /// The database.
    pub storage: Arc<dyn Storage>,
    /// Generates and hashes API keys.
    pub keys: Arc<dyn ApiKeys>,
    /// Makes and hashes codes.
    pub codes: Arc<dyn SecretCodes>,
    /// Makes and checks the codes of second factors.
    pub factors: Arc<dyn FactorCodes>,
    /// Begins and ends ceremonies of passkeys.
    pub ceremonies: Arc<dyn Ceremonies>,
    /// Encrypts secrets.
    pub sealer: Arc<dyn Sealer>,
    /// Checks and hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Limits login attempts, and attempts at codes.
    pub attempts: Arc<dyn LoginRateLimiter>,
    /// Limits how often callers make requests.
    pub rates: Arc<dyn RequestLimiter>,
    /// Records failed logins.
    pub journal: Arc<dyn LoginJournal>,
    /// Where mails are ordered.
    pub mails: Arc<dyn MailQueue>,
    /// What comes with a new account.
    pub welcome: Arc<dyn Welcome>,
    /// Delivers live events.
    pub live: Arc<dyn LiveEvents>,
}

/// The ports behind the API. Built once and shared by all workers.
pub struct AppState {
    ports: Ports,
    /// The program's version, as in `GET /api/version`.
    pub version: &'static str,
    options: ArcSwap<ServerOptions>,
    pub(crate) limits: Limits,
    pub(crate) event_connections: Arc<EventConnectionLimiter>,
    pub(crate) health: HealthProbe,
    pub(crate) untrusted_proxies: UntrustedProxies,
    /// The OpenAPI document and the AsyncAPI document, once they were requested.
    pub(crate) openapi: OnceLock<Asset>,
    pub(crate) asyncapi: OnceLock<Asset>,
}

/// The state, as handlers receive it.
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
            options: ArcSwap::from_pointee(options),
            limits,
            event_connections,
            health,
            untrusted_proxies,
            openapi,
            asyncapi,
        }
    }

    /// A state with other options.
    #[must_use]
    pub fn with_options(self, options: ServerOptions) -> Self {
        Self {
            limits: Limits::new(&options),
            event_connections: event_connections(&options),
            options: ArcSwap::from_pointee(options),
            ..self
        }
    }

    /// The options chosen by the operator, as they are now.
    pub fn options(&self) -> Guard<Arc<ServerOptions>> {
        self.options.load()
    }

    /// Goes on with other options. The sizes of budgets, which were made from the first ones, stay.
    pub fn set_options(&self, options: ServerOptions) {
        self.options.store(Arc::new(options));
    }
}

/// The connections of a user for events may keep half of a caller's undelivered bytes.
fn event_connections(options: &ServerOptions) -> Arc<EventConnectionLimiter> {
    let room = usize::try_from(options.undelivered_per_caller / 2).unwrap_or(usize::MAX);
    EventConnectionLimiter::new(options.connections_per_user, room)
}
