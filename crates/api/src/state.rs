//! What every handler can reach: the ports, and the document that describes the server.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use groupchat_domain::accounts::{ApiKeys, LOGIN_LIFETIME, LoginAttempts, PasswordHasher};
use groupchat_domain::storage::Storage;
use serde_json::json;

use crate::extract::Network;
use crate::openapi;
use crate::operations::HealthProbe;

/// What the person who runs the server has chosen.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where people reach the server, if that was told: a scheme and a host, without a path.
    pub public_url: Option<String>,
    /// The proxies that are believed when they tell a client's address.
    pub trusted_proxies: Vec<Network>,
    /// How long the key of a login works.
    pub login_lifetime: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { public_url: None, trusted_proxies: Vec::new(), login_lifetime: LOGIN_LIFETIME }
    }
}

/// The ports behind the API. Built once; every worker shares it.
pub struct AppState {
    /// The database.
    pub storage: Arc<dyn Storage>,
    /// Reads and makes API keys.
    pub keys: Arc<dyn ApiKeys>,
    /// Checks and hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Counts tries to sign in.
    pub attempts: Arc<dyn LoginAttempts>,
    /// The program's version, as `GET /api/version` tells it.
    pub version: &'static str,
    /// What the person who runs the server has chosen.
    pub options: ServerOptions,
    pub(crate) health: HealthProbe,
    document: OnceLock<Bytes>,
}

/// The state, as handlers ask for it.
pub type State = Data<AppState>;

impl AppState {
    /// Puts the ports together, with the usual options.
    pub fn new(
        storage: Arc<dyn Storage>,
        keys: Arc<dyn ApiKeys>,
        hasher: Arc<dyn PasswordHasher>,
        attempts: Arc<dyn LoginAttempts>,
        version: &'static str,
    ) -> Self {
        let (options, health, document) = Default::default();
        Self { storage, keys, hasher, attempts, version, options, health, document }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(self, options: ServerOptions) -> Self {
        Self { options, ..self }
    }

    /// The OpenAPI document as JSON. Made when it is first asked for, since most servers never are.
    pub fn document(&self) -> Bytes {
        self.document.get_or_init(|| self.make_document()).clone()
    }

    /// Unless told otherwise, the document's server is `/`: the address that a client has the document from,
    /// which is right behind every name of the server.
    fn make_document(&self) -> Bytes {
        let mut document = openapi::document(self.version);
        if let Some(url) = &self.options.public_url {
            document["servers"] = json!([{"url": url}]);
        }
        document.to_string().into()
    }
}
