//! Why the live events could not be measured.

use std::io;

use thiserror::Error;

use super::frames::InvalidFrame;

/// Why the live events could not be measured.
#[derive(Debug, Error)]
pub(crate) enum LiveError {
    /// The system allows too few open files, each socket being one.
    #[error(
        "this needs {needed} open files, but the system allows only {allowed}; raise the limit with `ulimit -n {needed}`, \
         or measure fewer sockets"
    )]
    OpenFiles {
        /// How many there have to be.
        needed: u64,
        /// The hard limit.
        allowed: u64,
    },
    /// Two servers can't share the embedded database.
    #[error("two servers need a shared database: name one with --database-url")]
    OneDatabase,
    /// A socket could not be opened, read or written.
    #[error("a socket failed: {0}")]
    Socket(#[from] io::Error),
    /// The answer to the handshake is no WebSocket.
    #[error("a socket was rejected: {0}")]
    Refused(String),
    /// What came is no WebSocket any more.
    #[error("a socket sent something unexpected: {0}")]
    Malformed(#[from] InvalidFrame),
    /// The server closed a socket that was to stay open.
    #[error("the server closed a socket{0}")]
    Closed(Goodbye),
    /// Something did not happen in time.
    #[error("{0} within {1} s")]
    Late(&'static str, u64),
    /// A listener missed something, or got it twice.
    #[error("a listener got {got} messages, and {sent} were sent")]
    Miscounted {
        /// What it got.
        got: u64,
        /// What it should have got.
        sent: u64,
    },
    /// The idle sockets got too few signs of life: the server was not there for them.
    #[error("the idle sockets got {got} heartbeats instead of {least}; use a longer --heartbeat")]
    FewHeartbeats {
        /// What they got together.
        got: u64,
        /// What they should have got at least.
        least: u64,
    },
}

/// What a server says when it closes a socket, if anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Goodbye(Option<(u16, String)>);

impl Goodbye {
    /// Without a word.
    pub(crate) const NONE: Self = Self(None);

    /// What the payload of a close frame says (RFC 6455, section 5.5.1).
    pub(crate) fn parse(payload: &[u8]) -> Self {
        let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
        Self(code.map(|code| (code, String::from_utf8_lossy(&payload[2..]).into_owned())))
    }
}

impl std::fmt::Display for Goodbye {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some((code, reason)) => write!(f, " with code {code} {reason}"),
            None => f.write_str(" without a word"),
        }
    }
}
