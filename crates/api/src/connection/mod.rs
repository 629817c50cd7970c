//! The server's connections: how many are allowed, how long they wait for a client, and the response to a client that
//! doesn't speak HTTP.
//!
//! actix-http has a timeout only for the first head of a connection, discards unread bodies for as long as they keep
//! coming, executes what is pipelined after a request with `Connection: close`, and accepts bare line feeds. None of
//! that can be configured from outside, so each connection is wrapped: [`stream`] is the wrapper, [`head`] and [`body`]
//! find where requests end, [`tls`] is what may be below it, [`exchange`] tells the wrapper about the application's responses, [`closing`] ends a
//! connection without losing the last response, and [`limiter`] counts connections. `tests/upstream.rs` shows when
//! actix-http no longer needs this.

mod body;
mod closing;
mod deadline;
mod exchange;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod head;
mod limiter;
mod rejection;
mod serve;
mod stream;
#[cfg(test)]
mod tests;
mod tls;

use std::time::Duration;

pub use serve::{REJECTION_SLOTS, serve};
pub use tls::{ServerTls, TlsError};

/// How the server handles connections.
#[derive(Debug, Clone)]
pub struct ConnectionOptions {
    /// Threads that serve connections. 0 means one per core.
    pub workers: usize,
    /// The maximum number of connections.
    pub max_connections: usize,
    /// The maximum number of connections of one network (an address, or an IPv6 /64). Doesn't apply to proxies, this
    /// machine and private addresses.
    pub max_per_network: usize,
    /// How long to wait for clients.
    pub timeouts: ConnectionTimeouts,
    /// How long requests in flight may take when the server stops.
    pub shutdown: Duration,
    /// TLS, if the server speaks it.
    pub tls: Option<ServerTls>,
}

/// How long to wait for a client.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionTimeouts {
    /// For the head of a request, from its first byte to its last. Also for the first byte of the first request.
    pub head: Duration,
    /// For the next request after a response.
    pub keep_alive: Duration,
    /// For the rest of a body that nobody reads any more.
    pub drain: Duration,
    /// For the client to read some of a response. A client that reads less than 64 KiB/s uses up this time.
    pub write: Duration,
}

impl Default for ConnectionTimeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            keep_alive: Duration::from_secs(30),
            drain: Duration::from_secs(5),
            write: Duration::from_secs(30),
        }
    }
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            workers: 0,
            max_connections: 20_000,
            max_per_network: 1_000,
            timeouts: ConnectionTimeouts::default(),
            shutdown: Duration::from_secs(10),
            tls: None,
        }
    }
}
