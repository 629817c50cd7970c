//! The server's connections: how many are allowed, how long they wait for a client, and the response to a client that
//! doesn't speak HTTP.
//!
//! actix-http has a timeout only for the first head of a connection, discards unread bodies for as long as they keep
//! coming, executes what is pipelined after a request with `Connection: close`, and accepts bare line feeds. None of
//! that can be configured from outside, so each connection is wrapped: [`stream`] is the wrapper, [`head`] and [`body`]
//! find where requests end, [`exchange`] tells the wrapper about the application's responses, [`closing`] ends a
//! connection without losing the last response, and [`limiter`] counts connections. `tests/upstream.rs` shows when
//! actix-http no longer needs this.

mod body;
mod closing;
mod deadline;
mod exchange;
mod head;
mod limiter;
mod rejection;
mod serve;
mod stream;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use serve::{REFUSING, serve};

/// How the server deals with connections.
#[derive(Debug, Clone)]
pub struct ConnectionOptions {
    /// Threads that serve them; 0 is one for each core.
    pub workers: usize,
    /// How many there may be.
    pub max_connections: usize,
    /// How many one network may have (an address, or an IPv6 /64), proxies, this machine and private addresses
    /// excepted.
    pub max_per_network: usize,
    /// How long clients are waited for.
    pub timeouts: ConnectionTimeouts,
    /// How long requests in flight have when the server stops.
    pub shutdown: Duration,
}

/// How long a client is waited for.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionTimeouts {
    /// For the head of a request, from its first byte to its last; for the first byte of the first one likewise.
    pub head: Duration,
    /// For the next request, after an answer.
    pub keep_alive: Duration,
    /// For the rest of a body that nobody reads any more.
    pub drain: Duration,
    /// For taking some of an answer. A client that takes less than 64 KiB a second uses this time up.
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
        }
    }
}
