//! Many sockets that listen, as cheaply as this program can.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use super::error::{Goodbye, LiveError};
use super::frames::{FrameKind, Frames};
use super::handshake::connect;
use super::stage::Keys;
use super::tally::{Ear, Heard, Tally};

/// How many sockets are opened at once: no more than wait to be accepted without being rejected.
const OPEN_AT_ONCE: usize = 64;
/// How much is read at once. All sockets of a thread share the memory for it.
const READ_AT_ONCE: usize = 64 << 10;
/// How long it is quiet before it counts as quiet.
const QUIET: Duration = Duration::from_millis(500);
/// How long anything may take that happens by itself.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

/// Where sockets listen, and as whom.
#[derive(Debug, Clone)]
pub(super) struct SocketTarget {
    /// The program to connect to.
    pub address: SocketAddr,
    /// Who listens there.
    pub keys: Keys,
}

/// Sockets that listen until this value is dropped.
#[derive(Debug)]
pub(super) struct Crowd {
    /// What they have heard together.
    pub tally: Arc<Tally>,
    /// What each has heard, in the order of the keys.
    pub ears: Vec<Arc<Ear>>,
    /// Their lives, which have no end but a failure.
    sockets: JoinSet<LiveError>,
}

impl Crowd {
    /// Opens sockets. With `remembers`, each keeps when its messages came.
    ///
    /// # Errors
    /// One can't be opened, or has already ended.
    pub(super) async fn open(
        target: &SocketTarget,
        count: usize,
        remembers: bool,
    ) -> Result<Self, LiveError> {
        let (turn, opened) = (Arc::new(Semaphore::new(OPEN_AT_ONCE)), Arc::new(Semaphore::new(0)));
        let tally = Arc::new(Tally::new(count));
        let mut crowd = Self { tally, ears: Vec::with_capacity(count), sockets: JoinSet::new() };
        for number in 0..count {
            let ear = Arc::new(Ear::new(remembers));
            crowd.ears.push(Arc::clone(&ear));
            let life = Life { target: target.clone(), number, tally: Arc::clone(&crowd.tally), ear };
            crowd.sockets.spawn(life.live(Arc::clone(&turn), Arc::clone(&opened)));
        }
        let all = u32::try_from(count).unwrap_or(u32::MAX);
        tokio::select! {
            Some(ended) = crowd.sockets.join_next() => Err(failure(ended)),
            _ = opened.acquire_many(all) => Ok(crowd),
        }
    }

    /// Makes sure that all sockets are still open.
    ///
    /// # Errors
    /// Why one is not.
    pub(super) fn all_open(&mut self) -> Result<(), LiveError> {
        self.sockets.try_join_next().map_or(Ok(()), |ended| Err(failure(ended)))
    }

    /// Waits until nothing comes but signs of life: what opening the sockets has caused is over, and what was sent has
    /// come.
    ///
    /// # Errors
    /// It does not come to rest, or a socket has ended.
    pub(super) async fn rest(&mut self) -> Result<(), LiveError> {
        let rest = async {
            loop {
                let before = self.tally.heard();
                sleep(QUIET).await;
                self.all_open()?;
                let after = self.tally.heard();
                if (after.messages, after.others) == (before.messages, before.others) {
                    return Ok(());
                }
            }
        };
        timeout(TIMEOUT, rest).await.unwrap_or(Err(LiveError::Late("it was not quiet", TIMEOUT.as_secs())))
    }

    /// Waits until each socket has heard so many messages, and makes sure that none has heard more.
    ///
    /// # Errors
    /// One has heard more or fewer, or has ended.
    pub(super) async fn all_heard(&mut self, sent: u64) -> Result<(), LiveError> {
        self.rest().await?;
        let wrong = self.ears.iter().map(|ear| ear.messages()).find(|&got| got != sent);
        wrong.map_or(Ok(()), |got| Err(LiveError::Miscounted { got, sent }))
    }
}

fn failure(ended: Result<LiveError, JoinError>) -> LiveError {
    // None is ever cancelled while the crowd lives.
    ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// What becomes of one socket.
struct Life {
    target: SocketTarget,
    number: usize,
    tally: Arc<Tally>,
    ear: Arc<Ear>,
}

impl Life {
    /// Opens the socket when it is its turn, tells so, and listens.
    async fn live(self, turn: Arc<Semaphore>, opened: Arc<Semaphore>) -> LiveError {
        let permit = turn.acquire().await;
        let key = &self.target.keys[self.number % self.target.keys.len()];
        let (stream, behind) = match connect(self.target.address, key).await {
            Ok(connected) => connected,
            Err(error) => return error,
        };
        drop(permit);
        opened.add_permits(1);
        let mut socket = Socket { stream, frames: Frames::new(), tally: self.tally, ear: self.ear };
        match socket.listen(&behind).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }
}

/// An open socket.
struct Socket {
    stream: TcpStream,
    frames: Frames,
    tally: Arc<Tally>,
    ear: Arc<Ear>,
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_AT_ONCE]);
}

impl Socket {
    async fn listen(&mut self, behind: &[u8]) -> Result<Infallible, LiveError> {
        let mut pong = self.take(behind)?;
        loop {
            if let Some(pong) = pong.take() {
                self.stream.write_all(&pong).await?;
            }
            self.stream.readable().await?;
            pong = BUFFER.with_borrow_mut(|buffer| self.read(buffer))?;
        }
    }

    /// Takes what there is to read.
    fn read(&mut self, buffer: &mut [u8]) -> Result<Option<Vec<u8>>, LiveError> {
        match self.stream.try_read(buffer) {
            Ok(0) => Err(LiveError::Closed(Goodbye::NONE)),
            Ok(length) => self.take(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Counts what has come. Returns the answer to the last ping, which stands for those before it (RFC 6455, section
    /// 5.5.3).
    fn take(&mut self, mut bytes: &[u8]) -> Result<Option<Vec<u8>>, LiveError> {
        let (mut heard, mut pong) = (Heard::default(), None);
        while let Some(frame) = self.frames.next(&mut bytes)? {
            match frame.kind {
                FrameKind::Text => heard.add(frame.head),
                FrameKind::Ping => pong = Some(pong_to(frame.head)),
                FrameKind::Pong => {}
                FrameKind::Close => return Err(LiveError::Closed(Goodbye::parse(frame.head))),
            }
        }
        if heard.messages > 0 {
            self.ear.add(heard.messages);
        }
        self.tally.add(heard);
        Ok(pong)
    }
}

/// Clients have to mask (RFC 6455, section 5.3), but zeros will do: nothing is hidden by it.
fn pong_to(ping: &[u8]) -> Vec<u8> {
    let length = u8::try_from(ping.len()).expect("a control frame has at most 125 bytes");
    [&[0x8a, 0x80 | length, 0, 0, 0, 0], ping].concat()
}

#[cfg(test)]
mod tests;
