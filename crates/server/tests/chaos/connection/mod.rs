//! Connections for events, whatever the transport.

mod poll;
mod socket;
mod stream;

use reqwest::StatusCode;
use serde_json::Value;

use poll::Poll;
use socket::Socket;
use stream::Stream;

/// How a client listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Socket,
    Stream,
    Poll,
}

impl Transport {
    pub(crate) const ALL: [Self; 3] = [Self::Socket, Self::Stream, Self::Poll];
}

/// Where a client comes in, and with what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Door<'a> {
    /// Where the API is.
    pub url: &'a str,
    pub key: &'a str,
    /// Where the client was when it left.
    pub cursor: Option<&'a str>,
    /// After so many bytes the line is dead, wherever that is in a frame.
    pub bytes: usize,
}

/// What comes over a connection: an event, or whatever else is said.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub event: Value,
    /// With what the client comes back, if this was the last that it got.
    pub cursor: Option<String>,
}

/// An open connection.
pub(crate) enum Connection {
    Socket(Socket),
    Stream(Stream),
    Poll(Poll),
}

impl Connection {
    /// Opens one; `None` if the server is not there.
    pub(crate) async fn open(transport: Transport, door: Door<'_>) -> Option<Self> {
        match transport {
            Transport::Socket => Socket::open(door).await.map(Self::Socket),
            Transport::Stream => Stream::open(door).await.map(Self::Stream),
            Transport::Poll => Some(Self::Poll(Poll::new(door))),
        }
    }

    /// What comes next; `None` at the end of the connection. Dropped before that, it breaks the connection.
    pub(crate) async fn next(&mut self) -> Option<Arrival> {
        match self {
            Self::Socket(socket) => socket.next().await,
            Self::Stream(stream) => stream.next().await,
            Self::Poll(poll) => poll.next().await,
        }
    }

    /// Takes leave, where the transport knows how to.
    pub(crate) async fn close(self) {
        if let Self::Socket(socket) = self {
            socket.close().await;
        }
    }
}

/// Fails unless this is the answer of a server that lives, or of one that stops.
fn check(status: u16) -> Option<()> {
    let status = StatusCode::from_u16(status).unwrap();
    assert!(status == StatusCode::OK || status == StatusCode::SERVICE_UNAVAILABLE, "answered with {status}");
    (status == StatusCode::OK).then_some(())
}
