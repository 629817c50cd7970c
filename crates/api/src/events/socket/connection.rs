//! A socket connection from the handshake to the close.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseReason, ProtocolError, Session};
use bytestring::ByteString;
use futures_util::{FutureExt, StreamExt};
use groupchat_domain::events::EndReason;
use groupchat_domain::storage::Principal;
use tokio::time::{Interval, timeout};

use super::bounded::{FrameProgress, MAX_MESSAGE_BYTES};
use super::fault::FrameFault;
use super::rate_limiter::{RateDecision, RateLimiter};
use super::{close, replies};
use crate::events::connection_limiter::Unsent;
use crate::events::dto::EventDto;
use crate::events::output::Output;
use crate::events::send_buffer::{PagePermit, SendBuffer};
use crate::events::subscriber::HttpSubscriber;
use crate::events::timing::{self, heartbeats};
use crate::problem::{ApiError, Code};
use crate::state::State;

/// A client that sends nothing for this many heartbeats is gone. Each heartbeat is a ping that it must answer.
const MAX_SILENT_HEARTBEATS: u32 = 2;

/// Events that are sent before the client's requests get their turn: as many as fit into the channel to the connection.
const BATCH: usize = 32;

/// Why a connection ends.
enum CloseCause {
    /// The client is gone, or seems to be.
    Gone,
    /// The client has read nothing for too long.
    Stuck,
    /// The client closes the connection or violates the protocol.
    Closed(Option<CloseReason>),
    /// The server ends it.
    Ended(EndReason),
}

impl From<actix_ws::Closed> for CloseCause {
    fn from(_: actix_ws::Closed) -> Self {
        Self::Gone
    }
}

impl From<EndReason> for CloseCause {
    fn from(end: EndReason) -> Self {
        Self::Ended(end)
    }
}

/// How a frame was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SendOutcome {
    AtOnce,
    /// Only after a wait, because the channel to the connection was full.
    Later,
}

/// The connection to the client.
pub(super) struct Transport {
    /// Sends frames.
    pub session: Session,
    /// Counts them.
    pub send_buffer: Arc<SendBuffer>,
    /// Frames that are still unsent.
    pub unsent: Unsent,
}

/// A socket connection.
pub(super) struct SocketConnection {
    state: State,
    subscriber: HttpSubscriber,
    principal: Principal,
    transport: Transport,
    progress: FrameProgress,
    rate_limiter: RateLimiter,
    heartbeat: Interval,
    /// Heartbeats since the client last sent something.
    silent: u32,
}

impl SocketConnection {
    /// A connection on which nothing was sent yet.
    pub(super) fn new(
        state: State,
        subscriber: HttpSubscriber,
        principal: Principal,
        transport: Transport,
        progress: FrameProgress,
    ) -> Self {
        let heartbeat = heartbeats(state.options().heartbeat);
        let rate_limiter = RateLimiter::new(std::time::Instant::now());
        Self { state, subscriber, principal, transport, progress, rate_limiter, heartbeat, silent: 0 }
    }

    /// Runs until either side ends it.
    pub(super) async fn serve(mut self, mut frames: AggregatedMessageStream) {
        let Err(cause) = self.run(&mut frames).await;
        let is_stuck = match cause {
            CloseCause::Stuck => true,
            cause => timeout(self.state.options().write_timeout, self.close(cause)).await.is_err(),
        };
        if is_stuck {
            // The transport may live as long as the system waits for the client. What is queued here must not.
            let Transport { send_buffer, unsent, .. } = &self.transport;
            unsent.replace(send_buffer, Some(close::frame(EndReason::TooSlow)));
        }
    }

    async fn run(&mut self, frames: &mut AggregatedMessageStream) -> Result<Infallible, CloseCause> {
        let hello = self.subscriber.hello(self.state.version, self.state.options().heartbeat);
        self.send(hello.to_json()).await?;
        loop {
            tokio::select! {
                output = self.subscriber.next() => self.send_available(output).await?,
                frame = frames.next() => self.take(frame).await?,
                _ = self.heartbeat.tick() => self.on_heartbeat().await?,
            }
        }
    }

    /// Sends one item and everything else that is available at once. Once the channel is full, other tasks of the
    /// connection get their turn between events.
    async fn send_available(&mut self, first: Output) -> Result<(), CloseCause> {
        let (mut count, mut next) = (0, Some(first));
        while let Some(output) = next.take() {
            let outcome = match output {
                Output::Event(text, page) => self.send_of(text, page).await?,
                Output::End(end) => return Err(CloseCause::Ended(end)),
            };
            count += 1;
            if count < BATCH && outcome == SendOutcome::AtOnce {
                next = poll_fn(|context| Poll::Ready(self.subscriber.try_next(context))).await;
            }
        }
        Ok(())
    }

    async fn send(&mut self, text: String) -> Result<SendOutcome, CloseCause> {
        self.send_of(text, None).await
    }

    /// Sends a text, which may belong to a page of the backlog.
    async fn send_of<T>(&mut self, text: T, page: Option<Arc<PagePermit>>) -> Result<SendOutcome, CloseCause>
    where
        T: AsRef<str> + Send + 'static,
    {
        let Transport { send_buffer, session, .. } = &mut self.transport;
        let sending = async {
            let frame = ByteString::try_from(send_buffer.frame(text, page).await);
            session.text(frame.expect("a text is UTF-8")).await
        };
        send_within(self.state.options().write_timeout, sending).await
    }

    async fn take(
        &mut self,
        frame: Option<Result<AggregatedMessage, ProtocolError>>,
    ) -> Result<(), CloseCause> {
        self.silent = 0;
        let frame = match frame {
            None => return Err(CloseCause::Gone),
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return self.take_fault(FrameFault::of(&error, &self.progress)).await,
        };
        match frame {
            AggregatedMessage::Text(text) => self.request(&text).await,
            AggregatedMessage::Binary(_) => self.refuse(not_text()).await,
            AggregatedMessage::Ping(bytes) => self.pong(&bytes).await,
            AggregatedMessage::Pong(bytes) => self.take_control(&bytes),
            AggregatedMessage::Close(reason) => Err(CloseCause::Closed(close::echo(reason))),
        }
    }

    async fn take_fault(&mut self, fault: FrameFault) -> Result<(), CloseCause> {
        match fault {
            FrameFault::TooLarge => self.refuse(too_large()).await,
            FrameFault::Fatal(code) => Err(CloseCause::Closed(Some(code.into()))),
            FrameFault::Gone => Err(CloseCause::Gone),
        }
    }

    async fn request(&mut self, text: &str) -> Result<(), CloseCause> {
        self.progress.made();
        if self.allow()? == RateDecision::TooSoon {
            return self.send(replies::refuse(text, &too_soon())).await.map(drop);
        }
        let answered = replies::serve(&self.state, self.principal, &mut self.subscriber, text).await;
        self.send(answered.frame).await?;
        if answered.is_signed_out { Err(CloseCause::Ended(EndReason::SignedOut)) } else { Ok(()) }
    }

    /// Rejects a message that is not a request.
    async fn refuse(&mut self, error: ApiError) -> Result<(), CloseCause> {
        self.progress.made();
        self.allow()?;
        self.send(replies::refuse("", &error)).await.map(drop)
    }

    fn take_control(&mut self, bytes: &[u8]) -> Result<(), CloseCause> {
        self.progress.had_control(bytes.len());
        self.allow().map(drop)
    }

    async fn pong(&mut self, bytes: &[u8]) -> Result<(), CloseCause> {
        self.take_control(bytes)?;
        send_within(self.state.options().write_timeout, self.transport.session.pong(bytes)).await.map(drop)
    }

    /// All input counts, so that a flood of anything ends the connection. Parts of messages count by their bytes.
    fn allow(&mut self) -> Result<RateDecision, CloseCause> {
        match self.rate_limiter.take(std::time::Instant::now()) {
            RateDecision::Flood => Err(CloseCause::Ended(EndReason::Flood)),
            decision => Ok(decision),
        }
    }

    /// Sends a heartbeat and a ping.
    async fn on_heartbeat(&mut self) -> Result<(), CloseCause> {
        if self.silent >= MAX_SILENT_HEARTBEATS {
            return Err(CloseCause::Gone);
        }
        self.silent += 1;
        self.subscriber.on_heartbeat().await?;
        if let Some(cursor) = self.subscriber.resume_at() {
            let heartbeat = EventDto::heartbeat(cursor).to_json();
            self.send(heartbeat).await?;
        }
        send_within(self.state.options().write_timeout, self.transport.session.ping(b"")).await.map(drop)
    }

    async fn close(&mut self, cause: CloseCause) -> Result<(), CloseCause> {
        let reason = match cause {
            CloseCause::Gone | CloseCause::Stuck => return Ok(()),
            CloseCause::Closed(reason) => reason,
            CloseCause::Ended(end) => {
                if matches!(end, EndReason::Stopping | EndReason::Unavailable) {
                    self.send(EventDto::reconnect(timing::reconnect_delay()).to_json()).await?;
                }
                Some(close::reason(end))
            }
        };
        Ok(self.transport.session.clone().close(reason).await?)
    }
}

/// Waits until a frame is sent, but not forever.
async fn send_within(
    write_timeout: Duration,
    sending: impl Future<Output = Result<(), actix_ws::Closed>>,
) -> Result<SendOutcome, CloseCause> {
    let mut sending = pin!(sending);
    if let Some(sent) = sending.as_mut().now_or_never() {
        sent?;
        return Ok(SendOutcome::AtOnce);
    }
    timeout(write_timeout, sending).await.map_err(|_| CloseCause::Stuck)??;
    Ok(SendOutcome::Later)
}

fn too_large() -> ApiError {
    ApiError::new(Code::PayloadTooLarge, format!("a message must have at most {MAX_MESSAGE_BYTES} bytes"))
}

fn not_text() -> ApiError {
    ApiError::new(Code::MalformedJson, "a request must be a text frame")
}

fn too_soon() -> ApiError {
    ApiError::new(Code::TooManyRequests, "at most 20 requests a second, with bursts of up to 60")
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::task::yield_now;

    use super::*;

    #[actix_web::test]
    async fn a_frame_is_sent_at_once_or_later_or_never() {
        const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
        assert!(matches!(send_within(WRITE_TIMEOUT, ready(Ok(()))).await, Ok(SendOutcome::AtOnce)));
        let later = async {
            yield_now().await;
            Ok(())
        };
        assert!(matches!(send_within(WRITE_TIMEOUT, later).await, Ok(SendOutcome::Later)));
        let never = send_within(Duration::from_millis(1), pending()).await;
        assert!(matches!(never, Err(CloseCause::Stuck)));
    }
}
