//! A connection with timeouts: everything that actix-http reads and writes goes through it.
//!
//! It passes on one request at a time, and the head of a request only when it is complete, well-formed and next in
//! line. So the parser behind it never waits in the middle of a head, never sees rejected input, and never reads on
//! after the last request. Everything that a client can hold up has a timeout: heads, unread bodies, and responses that
//! are not read. What a handler waits for, such as the body that it reads, is up to the handler.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::web::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::ConnectionTimeouts;
use super::body::Framing;
use super::closing::Closing;
use super::deadline::{Timer, WriteAllowance};
use super::exchange::Exchange;
use super::head::{Head, HeadScanner};
use super::limiter::ConnectionPermit;
use super::rejection::ProtocolError;

/// How many bytes of a body, chunk sizes included, are passed on at most.
pub(super) const MAX_BODY_CHUNK: u64 = 2 * crate::extract::BODY_LIMIT as u64;

/// Bytes behind a request after which no more are read until it is answered, and how many are read at a time. Below,
/// they are: that is how a client that has hung up is noticed.
///
/// Who sends more than that and then hangs up is not noticed: the read goes on until `storage.read_timeout` ends it. It
/// is not closed for that, since clients may pipeline (RFC 9112, section 9.3.2).
const READ_AHEAD: usize = 4 << 10;

/// A connection.
#[derive(Debug)]
pub(super) struct GuardedStream<S> {
    stream: S,
    exchange: Rc<Exchange>,
    timeouts: ConnectionTimeouts,
    stage: ExchangeStage,
    /// Whether the connection ends with the request at hand.
    is_last: bool,
    /// What has been read and not been passed on.
    input: BytesMut,
    /// How much of it may be.
    released: usize,
    timer: Timer,
    write_allowance: WriteAllowance,
    permit: Option<ConnectionPermit>,
}

/// What the next byte from the client belongs to.
#[derive(Debug)]
enum ExchangeStage {
    /// The head of a request, which must have begun, or ended once it has, by then.
    Head { scanner: HeadScanner, has_begun: bool, deadline: Instant },
    /// A body of which so many bytes have come. Once the request is answered, it must have ended by then.
    Body { framing: Framing, taken: u64, deadline: Option<Instant> },
    /// The request after this one.
    Answer,
    /// Nothing: the connection ends.
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

    /// What is known of the request at hand.
    pub(super) fn exchange(&self) -> Rc<Exchange> {
        Rc::clone(&self.exchange)
    }
}

impl ExchangeStage {
    fn head(deadline: Instant) -> Self {
        Self::Head { scanner: HeadScanner::default(), has_begun: false, deadline }
    }

    const fn after_head(body: Framing) -> Self {
        if body.is_done() { Self::Answer } else { Self::Body { framing: body, taken: 0, deadline: None } }
    }
}

impl<S> GuardedStream<S> {
    /// Takes in what has come since, given all that has not been passed on. How much may be.
    fn advance(&mut self, bytes: &[u8]) -> usize {
        let mut released = 0;
        while released < bytes.len() {
            let taken = match &mut self.stage {
                ExchangeStage::Head { .. } => self.advance_head(&bytes[released..]),
                ExchangeStage::Body { .. } => self.advance_body(&bytes[released..]),
                ExchangeStage::Answer | ExchangeStage::Closing(_) => 0,
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
                self.refuse(fault);
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
        self.stage = ExchangeStage::Answer;
        if deadline.is_some() {
            // It was answered before.
            self.next_request();
        }
    }

    /// All of the answer was written. Whether that was news.
    fn end_answer(&mut self) -> bool {
        self.is_last |= self.exchange.closes();
        match &mut self.stage {
            ExchangeStage::Answer => self.next_request(),
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

    fn refuse(&mut self, fault: ProtocolError) {
        tracing::debug!(%fault, "rejected invalid HTTP");
        self.stage = ExchangeStage::Closing(Closing::with_answer(fault.answer()));
    }

    /// Ends the connection. What the client has sent without being asked must not cost it the answer.
    fn close(&mut self) {
        let has_unread = matches!(self.stage, ExchangeStage::Body { .. }) || !self.input.is_empty();
        self.stage = ExchangeStage::Closing(Closing::new(has_unread));
    }

    /// Until when the client must have sent something or taken something.
    fn deadline(&self) -> Option<Instant> {
        let sending = match &self.stage {
            ExchangeStage::Head { deadline, .. } => Some(*deadline),
            ExchangeStage::Body { deadline, .. } => *deadline,
            ExchangeStage::Answer | ExchangeStage::Closing(_) => None,
        };
        sending.into_iter().chain(self.write_allowance.deadline()).min()
    }

    /// Whether bytes from the client are wanted at the moment.
    fn wants_input(&self) -> bool {
        match self.stage {
            ExchangeStage::Head { .. } => true,
            ExchangeStage::Body { framing: Framing::UntilClose, .. } if self.exchange.is_listening() => true,
            ExchangeStage::Body { taken, .. } => taken < MAX_BODY_CHUNK,
            ExchangeStage::Answer => self.input.len() < READ_AHEAD,
            ExchangeStage::Closing(_) => false,
        }
    }

    /// Gives the client up if it is late; whether it was.
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
            return Err(not_taken());
        }
        match self.stage {
            ExchangeStage::Head { has_begun: true, .. } => self.refuse(ProtocolError::HeadTooSlow),
            _ => self.close(),
        }
        Ok(true)
    }
}

impl<S: AsyncRead + Unpin> GuardedStream<S> {
    /// Reads what the client has sent; how much of it may be passed on is left in `out`. `None` once there is no more.
    fn read_some(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<Option<()>>> {
        if let ExchangeStage::Answer = self.stage {
            return self.read_ahead(context);
        }
        let before = out.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, out))?;
        if out.filled().len() == before {
            return Poll::Ready(Ok(None));
        }
        let mut passed = 0;
        let fresh = &out.filled()[before..];
        if self.input.is_empty() {
            passed = self.advance(fresh);
        }
        self.input.extend_from_slice(&fresh[passed..]);
        out.set_filled(before + passed);
        self.count_unread();
        Poll::Ready(Ok(Some(())))
    }

    /// Reads some of the next request, which is not looked at before its turn, so only little.
    fn read_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<()>>> {
        let mut scratch = [0; READ_AHEAD];
        let mut read = ReadBuf::new(&mut scratch);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
        self.input.extend_from_slice(read.filled());
        Poll::Ready(Ok((!read.filled().is_empty()).then_some(())))
    }

    /// Counts what is kept of a head that is not whole; without room for it, the connection ends.
    fn count_unread(&mut self) {
        if let ExchangeStage::Head { .. } = self.stage
            && let Some(permit) = &mut self.permit
            && !self.input.is_empty()
            && permit.keep_unread(self.input.capacity()).is_err()
        {
            self.refuse(ProtocolError::TooManyHeads);
        }
        if matches!(self.stage, ExchangeStage::Closing(_)) && self.released == 0 {
            self.forget_input();
        }
    }

    /// Gives the memory back of what was read.
    fn forget_input(&mut self) {
        self.input = BytesMut::new();
        if let Some(permit) = &mut self.permit {
            permit.forget_unread();
        }
    }

    fn pass_on(&mut self, out: &mut ReadBuf<'_>) {
        let length = self.released.min(out.remaining());
        out.put_slice(&self.input.split_to(length));
        self.released -= length;
        if self.input.is_empty() {
            self.forget_input();
        }
    }

    /// Takes in what was read before its turn.
    fn advance_input(&mut self) {
        if !self.input.is_empty() {
            let input = std::mem::take(&mut self.input);
            self.released = self.advance(&input);
            self.input = input;
            self.count_unread();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        loop {
            if self.released == 0 {
                self.advance_input();
            }
            if self.released > 0 {
                self.pass_on(out);
                return Poll::Ready(Ok(()));
            }
            if let ExchangeStage::Closing(_) = self.stage {
                return Poll::Ready(Ok(()));
            }
            let read = if self.wants_input() { self.read_some(context, out)? } else { Poll::Pending };
            match read {
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Ready(Some(())) if out.filled().len() > before => return Poll::Ready(Ok(())),
                Poll::Ready(Some(())) => {}
                Poll::Pending if self.check_deadline(context)? => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for GuardedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes)?;
        match written {
            Poll::Ready(length) => self.write_allowance.gain(length),
            // One who listens is given up by rules of their own.
            Poll::Pending if self.exchange.is_listening() => {}
            Poll::Pending => {
                self.write_allowance.wait();
                self.check_deadline(context)?;
            }
        }
        written.map(Ok)
    }

    /// Called when all that there was to write was written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.write_allowance.rest();
        if self.exchange.is_answered() && self.end_answer() {
            self.write_allowance.renew();
            self.check_deadline(context)?;
            if !self.input.is_empty() || matches!(self.stage, ExchangeStage::Closing(_)) {
                // What the client sends next may have come already, and then nothing else wakes.
                context.waker().wake_by_ref();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match &mut this.stage {
                ExchangeStage::Closing(closing) => {
                    return closing.poll(Pin::new(&mut this.stream), &mut this.timer, context);
                }
                _ => this.close(),
            }
        }
    }
}

fn not_taken() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client does not take its answer")
}
