//! One request of one connection.

/// The request that a connection makes next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    /// Which connection, from 0.
    pub connection: usize,
    /// How many requests this connection has made before.
    pub number: u64,
}
