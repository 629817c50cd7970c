//! A connection with timeouts: everything that actix-http reads and writes goes through it.
//!
//! It passes on one request at a time, and the head of a request only when it is complete, well-formed and next in
//! line. So the parser behind it never waits in the middle of a head, never sees rejected input, and never reads on
//! after the last request. Everything that a client can hold up has a timeout: heads, unread bodies, and responses that
//! are not read. What a handler waits for, such as the body that it reads, is up to the handler.

mod read_write;

use std::io;
use std::rc::Rc;
use std::task::Context;

use actix_web::web::BytesMut;
use tokio::time::Instant;

use super::ConnectionTimeouts;
use super::body::Framing;
use super::closing::Closing;
use super::deadline::{Timer, WriteAllowance};
use super::exchange::Exchange;
use super::head::{Head, HeadScanner};
use super::limiter::ConnectionPermit;
use super::rejection::ProtocolError;

/// The maximum number of bytes of a body, including chunk sizes, that are passed on.
pub(super) const MAX_BODY_CHUNK: u64 = 2 * crate::extract::BODY_LIMIT as u64;

/// How many bytes after a request are buffered before reading stops until the request is answered. Also the size of one
/// read. Reading ahead is how the server notices that a client has hung up.
///
/// A client that sends more and then hangs up is not noticed: its request runs until `storage.read_timeout` ends it.
/// Its connection isn't closed for sending more, since clients may pipeline (RFC 9112, section 9.3.2).
const READ_AHEAD: usize = 4 << 10;

/// A connection with timeouts.
#[derive(Debug)]
pub(super) struct GuardedStream<S> {
    stream: S,
    exchange: Rc<Exchange>,
    timeouts: ConnectionTimeouts,
    stage: ExchangeStage,
    /// Whether the connection ends with the current request.
    is_last: bool,
    /// Bytes that were read and not passed on yet.
    input: BytesMut,
    /// How many of them may be passed on.
    released: usize,
    timer: Timer,
    write_allowance: WriteAllowance,
    permit: Option<ConnectionPermit>,
}

/// What the next byte from the client belongs to.
#[derive(Debug)]
enum ExchangeStage {
    /// The head of a request. The deadline is for its first byte, then for its last.
    Head { scanner: HeadScanner, has_begun: bool, deadline: Instant },
    /// A body, of which `taken` bytes have arrived. The deadline is set once the request is answered.
    Body { framing: Framing, taken: u64, deadline: Option<Instant> },
    /// The next request, while the current one is being answered.
    Response,
    /// Nothing. The connection is being closed.
    Closing(Closing),
}

impl<S> GuardedStream<S> {
    /// A new connection.
    pub(super) fn new(stream: S, timeouts: ConnectionTimeouts, permit: Option<ConnectionPermit>) -> Self {
        Self {
            stream,
            exchange: Rc::default(),
            timeouts,
            stage: ExchangeStage::head(Instant::now() + timeouts.head),
            is_last: false,
            input: BytesMut::new(),
            released: 0,
            timer: Timer::default(),
            write_allowance: WriteAllowance::new(timeouts.write),
            permit,
        }
    }

    /// The state shared with the application about the current request.
    pub(super) fn exchange(&self) -> Rc<Exchange> {
        Rc::clone(&self.exchange)
    }

    /// What it reads from and writes to.
    #[cfg(test)]
    pub(super) const fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl ExchangeStage {
    fn head(deadline: Instant) -> Self {
        Self::Head { scanner: HeadScanner::default(), has_begun: false, deadline }
    }

    const fn after_head(body: Framing) -> Self {
        if body.is_done() { Self::Response } else { Self::Body { framing: body, taken: 0, deadline: None } }
    }
}

impl<S> GuardedStream<S> {
    /// Scans all bytes that have not been passed on. Returns how many may be passed on.
    fn advance(&mut self, bytes: &[u8]) -> usize {
        let mut released = 0;
        while released < bytes.len() {
            let taken = match &mut self.stage {
                ExchangeStage::Head { .. } => self.advance_head(&bytes[released..]),
                ExchangeStage::Body { .. } => self.advance_body(&bytes[released..]),
                ExchangeStage::Response | ExchangeStage::Closing(_) => 0,
            };
            if taken == 0 {
                break;
            }
            released += taken;
        }
        released
    }

    fn advance_head(&mut self, bytes: &[u8]) -> usize {
        let ExchangeStage::Head { scanner, has_begun, deadline } = &mut self.stage else { return 0 };
        match scanner.scan(bytes) {
            Ok(Some(Head { len, body, is_last })) => {
                self.is_last = is_last;
                self.exchange.begin(!body.is_done());
                self.stage = ExchangeStage::after_head(body);
                len
            }
            Ok(None) => {
                if !*has_begun {
                    *has_begun = true;
                    *deadline = Instant::now() + self.timeouts.head;
                }
                0
            }
            Err(fault) => {
                self.reject(fault);
                0
            }
        }
    }

    fn advance_body(&mut self, bytes: &[u8]) -> usize {
        let ExchangeStage::Body { framing, taken, .. } = &mut self.stage else { return 0 };
        if *framing == Framing::UntilClose && self.exchange.is_listening() {
            return bytes.len();
        }
        let room = usize::try_from(MAX_BODY_CHUNK - *taken).unwrap_or(usize::MAX).min(bytes.len());
        let Ok(length) = framing.take(&bytes[..room]) else {
            self.close();
            return 0;
        };
        *taken += length as u64;
        if framing.is_done() {
            self.end_body();
        }
        length
    }

    fn end_body(&mut self) {
        let ExchangeStage::Body { deadline, .. } = self.stage else { return };
        self.stage = ExchangeStage::Response;
        if deadline.is_some() {
            // The request was answered before its body ended.
            self.next_request();
        }
    }

    /// All of the response was written. Returns whether that changed the stage.
    fn end_response(&mut self) -> bool {
        self.is_last |= self.exchange.closes();
        match &mut self.stage {
            ExchangeStage::Response => self.next_request(),
            ExchangeStage::Body { framing, taken, deadline } => {
                if self.is_last || *framing == Framing::UntilClose || *taken >= MAX_BODY_CHUNK {
                    self.close();
                } else if deadline.is_none() {
                    *deadline = Some(Instant::now() + self.timeouts.drain);
                } else {
                    return false;
                }
            }
            ExchangeStage::Head { .. } | ExchangeStage::Closing(_) => return false,
        }
        true
    }

    fn next_request(&mut self) {
        if self.is_last {
            self.close();
        } else {
            self.stage = ExchangeStage::head(Instant::now() + self.timeouts.keep_alive);
        }
    }

    fn reject(&mut self, fault: ProtocolError) {
        tracing::debug!(%fault, "rejected invalid HTTP");
        self.stage = ExchangeStage::Closing(Closing::with_response(fault.response()));
    }

    /// Closes the connection. Reads what the client still sends first, so that it doesn't lose the response.
    fn close(&mut self) {
        let has_unread = matches!(self.stage, ExchangeStage::Body { .. }) || !self.input.is_empty();
        self.stage = ExchangeStage::Closing(Closing::new(has_unread));
    }

    /// When the client must have sent or read something.
    fn deadline(&self) -> Option<Instant> {
        let sending = match &self.stage {
            ExchangeStage::Head { deadline, .. } => Some(*deadline),
            ExchangeStage::Body { deadline, .. } => *deadline,
            ExchangeStage::Response | ExchangeStage::Closing(_) => None,
        };
        sending.into_iter().chain(self.write_allowance.deadline()).min()
    }

    /// Whether input from the client is wanted at present.
    fn wants_input(&self) -> bool {
        match self.stage {
            ExchangeStage::Head { .. } => true,
            ExchangeStage::Body { framing: Framing::UntilClose, .. } if self.exchange.is_listening() => true,
            ExchangeStage::Body { taken, .. } => taken < MAX_BODY_CHUNK,
            ExchangeStage::Response => self.input.len() < READ_AHEAD,
            ExchangeStage::Closing(_) => false,
        }
    }

    /// Ends the connection if the client is late. Returns whether it was.
    fn check_deadline(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        let Some(deadline) = self.deadline() else {
            if self.exchange.is_listening() {
                self.timer.clear();
            }
            return Ok(false);
        };
        if !self.timer.has_passed(deadline, context) {
            return Ok(false);
        }
        if self.write_allowance.deadline() == Some(deadline) {
            return Err(not_read());
        }
        match self.stage {
            ExchangeStage::Head { has_begun: true, .. } => self.reject(ProtocolError::HeadTooSlow),
            _ => self.close(),
        }
        Ok(true)
    }
}

fn not_read() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client does not read its response")
}
