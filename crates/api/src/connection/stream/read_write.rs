//! How actix-http reads from a connection and writes to it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::web::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::rejection::ProtocolError;
use super::{ExchangeStage, GuardedStream, READ_AHEAD};

impl<S: AsyncRead + Unpin> GuardedStream<S> {
    /// Reads input from the client, and leaves in `out` what may be passed on. Returns `None` at the end of the input.
    fn read_some(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<Option<()>>> {
        if let ExchangeStage::Response = self.stage {
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

    /// Reads the beginning of the next request. It isn't parsed before its turn, so only little is read.
    fn read_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<()>>> {
        let mut scratch = [0; READ_AHEAD];
        let mut read = ReadBuf::new(&mut scratch);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
        self.input.extend_from_slice(read.filled());
        Poll::Ready(Ok((!read.filled().is_empty()).then_some(())))
    }

    /// Counts the bytes kept of an incomplete head. Ends the connection if they exceed the limit.
    fn count_unread(&mut self) {
        if let ExchangeStage::Head { .. } = self.stage
            && let Some(permit) = &mut self.permit
            && !self.input.is_empty()
            && permit.keep_unread(self.input.capacity()).is_err()
        {
            self.reject(ProtocolError::TooManyHeads);
        }
        if matches!(self.stage, ExchangeStage::Closing(_)) && self.released == 0 {
            self.forget_input();
        }
    }

    /// Frees the memory of the input.
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

    /// Scans input that was read ahead.
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
            // Connections for events have write timeouts of their own.
            Poll::Pending if self.exchange.is_listening() => {}
            Poll::Pending => {
                self.write_allowance.wait();
                self.check_deadline(context)?;
            }
        }
        written.map(Ok)
    }

    /// Called when everything has been written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.write_allowance.rest();
        if self.exchange.is_answered() && self.end_response() {
            self.write_allowance.renew();
            self.check_deadline(context)?;
            if !self.input.is_empty() || matches!(self.stage, ExchangeStage::Closing(_)) {
                // The client's next bytes may have arrived already, and then nothing else would wake the task.
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
