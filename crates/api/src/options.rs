//! The options of the API, chosen by the operator.

use std::time::Duration;

use groupchat_domain::accounts::{
    KNOWN_DEVICE_RETENTION, KNOWN_NETWORK_RETENTION, LOGIN_LIFETIME, RefreshTerms, SESSIONS_PER_USER,
};
use groupchat_domain::admissions::SignUpOpening;
use groupchat_domain::groups::{Quotas, RetentionBounds};
use groupchat_domain::messages::ChangeWindows;

use crate::events::WRITE_TIMEOUT;
use crate::extract::IpNetwork;
use crate::security_headers::StrictTransport;

/// The options of the API, chosen by the operator.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The public address, if it is set: a scheme and a host, without a path.
    pub public_url: Option<String>,
    /// The proxies whose reports of client addresses are trusted.
    pub trusted_proxies: Vec<IpNetwork>,
    /// How long the key of a login is valid, without a refresh token.
    pub login_lifetime: Duration,
    /// How long sessions with a refresh token last.
    pub refresh: RefreshTerms,
    /// The maximum number of sessions of a user.
    pub sessions_per_user: u32,
    /// How long a network stays known after a login from it.
    pub networks_known_for: Duration,
    /// How long a device stays known after a login on it.
    pub devices_known_for: Duration,
    /// The interval between heartbeats on connections for events.
    pub heartbeat: Duration,
    /// How long a client whose buffers are full may read nothing before it is disconnected.
    pub write_timeout: Duration,
    /// The maximum number of event connections of a user: sockets, streams and waiting polls.
    pub connections_per_user: u32,
    /// Who can make themselves an account without an invite.
    pub sign_up: SignUpOpening,
    /// The limits on groups.
    pub quotas: Quotas,
    /// How long authors may edit and delete their messages.
    pub change_windows: ChangeWindows,
    /// How long messages may stay by the choice of those who edit a group.
    pub retention_bounds: RetentionBounds,
    /// The maximum number of requests that a caller may have in flight. All users together may have eight times as
    /// many, and so may all networks of strangers.
    pub requests_per_caller: u32,
    /// The maximum bytes of responses and events that are undelivered to a caller.
    pub undelivered_per_caller: u64,
    /// The maximum bytes of responses that are undelivered to all callers together.
    pub undelivered: u64,
    /// The maximum bytes of incomplete request bodies, for all users together.
    pub incoming: u64,
    /// What browsers are told about TLS (RFC 6797). `None` where the server doesn't speak it.
    pub strict_transport: Option<StrictTransport>,
    /// Origins of other sites whose pages may use the API.
    pub allowed_origins: Vec<String>,
    /// Origins of further sites whose pages may listen with a ticket, and nothing else.
    pub event_origins: Vec<String>,
}

/// The default interval between heartbeats on connections for events.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(30);

/// The default maximum number of event connections of a user.
pub(crate) const CONNECTIONS_PER_USER: u32 = 100;

/// The default maximum number of requests that a caller may have in flight.
pub(crate) const REQUESTS_PER_CALLER: u32 = 512;

/// The default maximum bytes undelivered to a caller.
pub(crate) const UNDELIVERED_PER_CALLER: u64 = 8 << 20;

/// The default maximum bytes undelivered to all callers together.
pub(crate) const UNDELIVERED: u64 = 64 << 20;

/// The default maximum bytes of incomplete request bodies.
pub(crate) const INCOMING: u64 = 64 << 20;

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            trusted_proxies: Vec::new(),
            login_lifetime: LOGIN_LIFETIME,
            refresh: RefreshTerms::default(),
            sessions_per_user: SESSIONS_PER_USER,
            networks_known_for: KNOWN_NETWORK_RETENTION,
            devices_known_for: KNOWN_DEVICE_RETENTION,
            sign_up: SignUpOpening::Closed,
            heartbeat: HEARTBEAT,
            write_timeout: WRITE_TIMEOUT,
            connections_per_user: CONNECTIONS_PER_USER,
            quotas: Quotas::default(),
            change_windows: ChangeWindows::default(),
            retention_bounds: RetentionBounds::default(),
            requests_per_caller: REQUESTS_PER_CALLER,
            undelivered_per_caller: UNDELIVERED_PER_CALLER,
            undelivered: UNDELIVERED,
            incoming: INCOMING,
            strict_transport: None,
            allowed_origins: Vec::new(),
            event_origins: Vec::new(),
        }
    }
}
