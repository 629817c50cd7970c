//! The end of a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::deadline::Timer;

/// How long to read and discard what the client still sends. Closing a connection with unread bytes resets it, and the
/// client may lose a response that it has not read yet (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(1);

/// The maximum number of bytes to discard.
const MAX_DRAINED: usize = 1 << 20;

/// What remains to be done before a connection is closed.
#[derive(Debug)]
pub(super) struct Closing {
    /// The response that is still to be written.
    response: Vec<u8>,
    written: usize,
    /// Whether the client may still be sending.
    lingers: bool,
    is_shut: bool,
    left: usize,
    /// Set at the first poll.
    deadline: Option<Instant>,
}

impl Closing {
    /// Closes, after discarding the client's input if `lingers`.
    pub(super) const fn new(lingers: bool) -> Self {
        Self { response: Vec::new(), written: 0, lingers, is_shut: false, left: MAX_DRAINED, deadline: None }
    }

    /// Writes a response before closing.
    pub(super) fn with_response(response: Vec<u8>) -> Self {
        Self { response, ..Self::new(true) }
    }

    /// Continues to close. It takes a second at most.
    pub(super) fn poll<S: AsyncRead + AsyncWrite>(
        &mut self,
        mut stream: Pin<&mut S>,
        timer: &mut Timer,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + LINGER);
        match self.go_on(stream.as_mut(), context) {
            Poll::Pending if timer.has_passed(deadline, context) => Poll::Ready(Ok(())),
            other => other,
        }
    }

    fn go_on<S: AsyncRead + AsyncWrite>(
        &mut self,
        mut stream: Pin<&mut S>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.written < self.response.len() {
            match ready!(stream.as_mut().poll_write(context, &self.response[self.written..]))? {
                0 => return Poll::Ready(Ok(())),
                length => self.written += length,
            }
        }
        if !self.is_shut {
            ready!(stream.as_mut().poll_shutdown(context))?;
            self.is_shut = true;
        }
        if self.lingers { self.drop_input(stream, context) } else { Poll::Ready(Ok(())) }
    }

    fn drop_input<S: AsyncRead>(
        &mut self,
        mut stream: Pin<&mut S>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut scratch = [0; 4096];
        while self.left > 0 {
            let mut dropped = ReadBuf::new(&mut scratch);
            ready!(stream.as_mut().poll_read(context, &mut dropped))?;
            match dropped.filled().len() {
                0 => break,
                length => self.left = self.left.saturating_sub(length),
            }
        }
        Poll::Ready(Ok(()))
    }
}
