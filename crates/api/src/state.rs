//! What every handler can reach: the ports, and the document that describes the server.

use std::sync::{Arc, OnceLock};

use actix_web::web::{Bytes, Data};
use groupchat_domain::accounts::{ApiKeys, LoginAttempts, PasswordHasher};
use groupchat_domain::storage::Storage;

use crate::openapi;

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
    document: OnceLock<Bytes>,
}

/// The state, as handlers ask for it.
pub type State = Data<AppState>;

impl AppState {
    /// Puts the ports together.
    pub fn new(
        storage: Arc<dyn Storage>,
        keys: Arc<dyn ApiKeys>,
        hasher: Arc<dyn PasswordHasher>,
        attempts: Arc<dyn LoginAttempts>,
        version: &'static str,
    ) -> Self {
        Self { storage, keys, hasher, attempts, version, document: OnceLock::new() }
    }

    /// The OpenAPI document as JSON. Made when it is first asked for, since most servers never are.
    pub fn document(&self) -> Bytes {
        self.document.get_or_init(|| openapi::document(self.version).to_string().into()).clone()
    }
}
