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
use groupchat_domain::events::End;
use groupchat_domain::storage::Claim;
use tokio::time::{Interval, timeout};

use super::bounded::Progress;
use super::fault::Fault;
use super::pace::{Pace, Verdict};
use super::{LARGEST_MESSAGE, close, requests};
use crate::events::dto::EventDto;
use crate::events::listener::Listener;
use crate::events::places::Unsent;
use crate::events::room::{Outbox, PageRoom};
use crate::events::timing::{self, heartbeats};
use crate::events::told::Told;
use crate::problem::{ApiError, Code};
use crate::state::State;

/// A client that says nothing for so many heartbeats is gone: each is a ping, which it has to answer.
const SILENT_BEATS: u32 = 2;

/// Events that are told before it is looked whether the client asks for something: as many as the channel to the
/// connection takes.
const BATCH: usize = 32;

/// Why a connection is no more.
enum Over {
    /// The client is gone, or is as good as gone.
    Gone,
    /// The client has taken nothing for too long.
    Stuck,
    /// The client closes it, or speaks another language.
    Closed(Option<CloseReason>),
    /// The server ends it.
    Ended(End),
}

impl From<actix_ws::Closed> for Over {
    fn from(_: actix_ws::Closed) -> Self {
        Self::Gone
    }
}

impl From<End> for Over {
    fn from(end: End) -> Self {
        Self::Ended(end)
    }
}

/// When a frame was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    AtOnce,
    /// The channel to the connection was full.
    Later,
}

/// The way to the client.
pub(super) struct Transport {
    /// Takes frames.
    pub session: Session,
    /// Counts them.
    pub outbox: Arc<Outbox>,
    /// Those that still wait.
    pub unsent: Unsent,
}

/// A connection.
pub(super) struct Connection {
    state: State,
    listener: Listener,
    claim: Claim,
    transport: Transport,
    progress: Progress,
    pace: Pace,
    heartbeat: Interval,
    /// Heartbeats since the client last said something.
    silent: u32,
}

impl Connection {
    /// A connection that has not said anything yet.
    pub(super) fn new(
        state: State,
        listener: Listener,
        claim: Claim,
        transport: Transport,
        progress: Progress,
    ) -> Self {
        let heartbeat = heartbeats(state.options.heartbeat);
        let pace = Pace::new(std::time::Instant::now());
        Self { state, listener, claim, transport, progress, pace, heartbeat, silent: 0 }
    }

    /// Lives until either side ends it.
    pub(super) async fn serve(mut self, mut frames: AggregatedMessageStream) {
        let Err(over) = self.run(&mut frames).await;
        let is_stuck = match over {
            Over::Stuck => true,
            over => timeout(self.state.options.patience, self.say_goodbye(over)).await.is_err(),
        };
        if is_stuck {
            // Its transport may last, for as long as the system waits for the client. What waits here must not.
            let Transport { outbox, unsent, .. } = &self.transport;
            unsent.replace(outbox, Some(close::frame(End::TooSlow)));
        }
    }

    async fn run(&mut self, frames: &mut AggregatedMessageStream) -> Result<Infallible, Over> {
        let hello = EventDto::hello(&self.listener, self.state.version, self.state.options.heartbeat);
        self.send(hello.to_json()).await?;
        loop {
            tokio::select! {
                told = self.listener.next() => self.tell(told).await?,
                frame = frames.next() => self.take(frame).await?,
                _ = self.heartbeat.tick() => self.beat().await?,
            }
        }
    }

    /// Tells one thing, and what else can be told at once. Once the channel is full, everything else gets its turn
    /// between one event and the next.
    async fn tell(&mut self, told: Told) -> Result<(), Over> {
        let (mut count, mut next) = (0, Some(told));
        while let Some(told) = next.take() {
            let taken = match told {
                Told::Event(text, room) => self.send_of(text, room).await?,
                Told::End(end) => return Err(Over::Ended(end)),
            };
            count += 1;
            if count < BATCH && taken == Taken::AtOnce {
                next = poll_fn(|context| Poll::Ready(self.listener.try_next(context))).await;
            }
        }
        Ok(())
    }

    async fn send(&mut self, text: String) -> Result<Taken, Over> {
        self.send_of(text, None).await
    }

    /// Sends a text, which may be of a page of the past.
    async fn send_of<T>(&mut self, text: T, room: Option<Arc<PageRoom>>) -> Result<Taken, Over>
    where
        T: AsRef<str> + Send + 'static,
    {
        let Transport { outbox, session, .. } = &mut self.transport;
        let sending = async {
            let frame = ByteString::try_from(outbox.frame(text, room).await);
            session.text(frame.expect("a text is UTF-8")).await
        };
        in_time(self.state.options.patience, sending).await
    }

    async fn take(&mut self, frame: Option<Result<AggregatedMessage, ProtocolError>>) -> Result<(), Over> {
        self.silent = 0;
        let frame = match frame {
            None => return Err(Over::Gone),
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return self.take_fault(Fault::of(&error, &self.progress)).await,
        };
        match frame {
            AggregatedMessage::Text(text) => self.request(&text).await,
            AggregatedMessage::Binary(_) => self.refuse(not_text()).await,
            AggregatedMessage::Ping(bytes) => self.pong(&bytes).await,
            AggregatedMessage::Pong(bytes) => self.take_control(&bytes),
            AggregatedMessage::Close(reason) => Err(Over::Closed(close::echo(reason))),
        }
    }

    async fn take_fault(&mut self, fault: Fault) -> Result<(), Over> {
        match fault {
            Fault::TooLarge => self.refuse(too_large()).await,
            Fault::Fatal(code) => Err(Over::Closed(Some(code.into()))),
            Fault::Gone => Err(Over::Gone),
        }
    }

    async fn request(&mut self, text: &str) -> Result<(), Over> {
        self.progress.made();
        if self.allow()? == Verdict::TooSoon {
            return self.send(requests::refuse(text, &too_soon())).await.map(drop);
        }
        let answered = requests::serve(&self.state, self.claim, &mut self.listener, text).await;
        self.send(answered.frame).await?;
        if answered.is_signed_out { Err(Over::Ended(End::SignedOut)) } else { Ok(()) }
    }

    /// Rejects a message that is no request.
    async fn refuse(&mut self, error: ApiError) -> Result<(), Over> {
        self.progress.made();
        self.allow()?;
        self.send(requests::refuse("", &error)).await.map(drop)
    }

    fn take_control(&mut self, bytes: &[u8]) -> Result<(), Over> {
        self.progress.had_control(bytes.len());
        self.allow().map(drop)
    }

    async fn pong(&mut self, bytes: &[u8]) -> Result<(), Over> {
        self.take_control(bytes)?;
        in_time(self.state.options.patience, self.transport.session.pong(bytes)).await.map(drop)
    }

    /// Whatever comes counts, so that a flood of anything ends; parts of a message count by their bytes.
    fn allow(&mut self) -> Result<Verdict, Over> {
        match self.pace.take(std::time::Instant::now()) {
            Verdict::Flood => Err(Over::Ended(End::Flood)),
            verdict => Ok(verdict),
        }
    }

    /// Says that the connection lives, and asks the client whether it does.
    async fn beat(&mut self) -> Result<(), Over> {
        if self.silent >= SILENT_BEATS {
            return Err(Over::Gone);
        }
        self.silent += 1;
        self.listener.beat().await?;
        if let Some(place) = self.listener.resume_at() {
            let heartbeat = EventDto::heartbeat(place).to_json();
            self.send(heartbeat).await?;
        }
        in_time(self.state.options.patience, self.transport.session.ping(b"")).await.map(drop)
    }

    async fn say_goodbye(&mut self, over: Over) -> Result<(), Over> {
        let reason = match over {
            Over::Gone | Over::Stuck => return Ok(()),
            Over::Closed(reason) => reason,
            Over::Ended(end) => {
                if matches!(end, End::Stopping | End::Unavailable) {
                    self.send(EventDto::reconnect(timing::come_back_after()).to_json()).await?;
                }
                Some(close::reason(end))
            }
        };
        Ok(self.transport.session.clone().close(reason).await?)
    }
}

/// Waits until a frame is taken, but not for ever.
async fn in_time(
    patience: Duration,
    sending: impl Future<Output = Result<(), actix_ws::Closed>>,
) -> Result<Taken, Over> {
    let mut sending = pin!(sending);
    if let Some(sent) = sending.as_mut().now_or_never() {
        sent?;
        return Ok(Taken::AtOnce);
    }
    timeout(patience, sending).await.map_err(|_| Over::Stuck)??;
    Ok(Taken::Later)
}

fn too_large() -> ApiError {
    ApiError::new(Code::PayloadTooLarge, format!("a message must have at most {LARGEST_MESSAGE} bytes"))
}

fn not_text() -> ApiError {
    ApiError::new(Code::MalformedJson, "a request must be a text frame")
}

fn too_soon() -> ApiError {
    ApiError::new(Code::TooManyRequests, "at most 60 requests at once and 20 a second")
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::task::yield_now;

    use super::*;

    #[actix_web::test]
    async fn a_frame_is_taken_at_once_or_later_or_never() {
        const PATIENCE: Duration = Duration::from_secs(10);
        assert!(matches!(in_time(PATIENCE, ready(Ok(()))).await, Ok(Taken::AtOnce)));
        let later = async {
            yield_now().await;
            Ok(())
        };
        assert!(matches!(in_time(PATIENCE, later).await, Ok(Taken::Later)));
        let never = in_time(Duration::from_millis(1), pending()).await;
        assert!(matches!(never, Err(Over::Stuck)));
    }
}
