//! What the person who runs the server has chosen.

use std::time::Duration;

use groupchat_domain::accounts::{KNOWN_NETWORK_RETENTION, LOGIN_LIFETIME, SESSIONS_PER_USER};
use groupchat_domain::groups::Quotas;

use crate::events::WRITE_TIMEOUT;
use crate::extract::IpNetwork;

/// What the person who runs the server has chosen.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where people reach the server, if that was told: a scheme and a host, without a path.
    pub public_url: Option<String>,
    /// The proxies that are believed when they tell a client's address.
    pub trusted_proxies: Vec<IpNetwork>,
    /// How long the key of a login works.
    pub login_lifetime: Duration,
    /// How many sessions a user may have at a time.
    pub sessions_per_user: u32,
    /// For how long a network stays known after a login from there.
    pub networks_known_for: Duration,
    /// How often a connection for events gives a sign of life.
    pub heartbeat: Duration,
    /// How long a client for which as much waits as is kept may take none of it before it is disconnected.
    pub write_timeout: Duration,
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

/// How often a connection for events gives a sign of life, by default.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(30);

/// How many connections for events a user may have at a time, by default.
pub(crate) const CONNECTIONS_PER_USER: u32 = 100;

/// How many requests a caller may have in flight at a time, by default.
pub(crate) const REQUESTS_PER_CALLER: u32 = 512;

/// How many bytes may wait for a caller, by default.
pub(crate) const UNDELIVERED_PER_CALLER: u64 = 8 << 20;

/// How many bytes may wait for all callers together, by default.
pub(crate) const UNDELIVERED: u64 = 64 << 20;

/// How many bytes of bodies may have come that are not whole, by default.
pub(crate) const INCOMING: u64 = 64 << 20;

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            trusted_proxies: Vec::new(),
            login_lifetime: LOGIN_LIFETIME,
            sessions_per_user: SESSIONS_PER_USER,
            networks_known_for: KNOWN_NETWORK_RETENTION,
            heartbeat: HEARTBEAT,
            write_timeout: WRITE_TIMEOUT,
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
