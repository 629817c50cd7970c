//! Server-sent events (HTML Living Standard, section 9.2): one response that doesn't end.
//!
//! A separate task writes the events, because the body of a response is polled only while the client reads it: a client
//! that doesn't read must not keep its permit.

use std::convert::Infallible;
use std::fmt::Write;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::Bytes;
use futures_util::stream::{self, Stream};
use groupchat_domain::events::EndReason;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::{Interval, timeout};

use super::connection_limiter::{Unsent, with_permit};
use super::dto::EventDto;
use super::output::Output;
use super::send_buffer::{PagePermit, SendBuffer};
use super::subscriber::HttpSubscriber;
use super::timing::{self, heartbeats};
use crate::state::State;

/// Events that are sent together, if so many are there.
const BATCH: usize = 64;
/// Nothing is added to a batch of so many bytes.
const LARGE: usize = 16 << 10;
/// Batches that wait for the client.
const WAITING: usize = 2;

/// What is sent together, and the room of a page of the past that it is of.
#[derive(Default)]
struct EventBatch {
    text: String,
    room: Option<Arc<PagePermit>>,
}

impl From<String> for EventBatch {
    fn from(text: String) -> Self {
        Self { text, room: None }
    }
}

/// What the stream still has to do.
struct Streaming {
    subscriber: HttpSubscriber,
    /// Who takes the text; gone when the client is.
    client: Sender<Bytes>,
    send_buffer: Arc<SendBuffer>,
    /// What still waits for the client.
    unsent: Unsent,
    heartbeat: Interval,
    write_timeout: Duration,
    has_ended: bool,
}

/// The answer.
pub(super) fn answer(state: &State, subscriber: HttpSubscriber) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("text/event-stream")))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Some proxies keep an answer back until it is whole.
        .insert_header(("X-Accel-Buffering", "no"));
    let (permit, send_buffer, unsent) = (subscriber.permit(), subscriber.send_buffer(), Unsent::default());
    let events = events(state, subscriber, Arc::clone(&send_buffer), unsent.clone());
    with_permit(response.streaming(events), permit, send_buffer, unsent)
}

fn events(
    state: &State,
    subscriber: HttpSubscriber,
    send_buffer: Arc<SendBuffer>,
    unsent: Unsent,
) -> impl Stream<Item = Result<Bytes, Infallible>> + 'static {
    let heartbeat = state.options.heartbeat;
    let hello = subscriber.hello(state.version, heartbeat).to_json();
    // When a browser is to come back is told at once: it is unknown when the server is gone.
    let mut first = retry();
    write_event(&mut first, &subscriber, &hello);
    let (client, mut body) = mpsc::channel(WAITING);
    let (heartbeat, write_timeout) = (heartbeats(heartbeat), state.options.write_timeout);
    let streaming =
        Streaming { subscriber, client, send_buffer, unsent, heartbeat, write_timeout, has_ended: false };
    actix_web::rt::spawn(streaming.run(first.into()));
    stream::poll_fn(move |context| body.poll_recv(context).map(|text| text.map(Ok)))
}

impl Streaming {
    /// Goes on until either side ends it.
    async fn run(mut self, first: EventBatch) {
        let mut next = Some(first);
        while let Some(batch) = next.take() {
            if self.send(batch).await && !self.has_ended {
                next = self.next().await;
            }
        }
    }

    /// Whether the client took it, or at least what was sent before.
    async fn send(&self, batch: EventBatch) -> bool {
        let EventBatch { text, room } = batch;
        if text.is_empty() {
            return true;
        }
        let sending = async { self.client.send(self.send_buffer.frame(text, room).await).await };
        let sent = timeout(self.write_timeout, sending).await;
        if sent.is_err() {
            // Its transport may last, for as long as the system waits for the client. What waits here must not.
            self.unsent.replace(&self.send_buffer, None);
        }
        matches!(sent, Ok(Ok(())))
    }

    /// The next batch; `None` once the client is gone.
    async fn next(&mut self) -> Option<EventBatch> {
        tokio::select! {
            () = self.client.closed() => None,
            told = self.subscriber.next() => Some(self.tell(told).await),
            _ = self.heartbeat.tick() => Some(self.on_heartbeat().await.into()),
        }
    }

    /// What is told, and what else can be told at once.
    async fn tell(&mut self, told: Output) -> EventBatch {
        let (mut batch, mut count, mut next) = (EventBatch::default(), 0, Some(told));
        while let Some(told) = next.take() {
            match told {
                Output::Event(event, room) => {
                    write_event(&mut batch.text, &self.subscriber, &event);
                    batch.room = room.or(batch.room);
                }
                Output::End(end) => batch.text.push_str(&self.final_event(end)),
            }
            count += 1;
            if count < BATCH && batch.text.len() < LARGE && !self.has_ended {
                next = poll_fn(|context| Poll::Ready(self.subscriber.try_next(context))).await;
            }
        }
        batch
    }

    async fn on_heartbeat(&mut self) -> String {
        if let Err(end) = self.subscriber.on_heartbeat().await {
            return self.final_event(end);
        }
        let mut text = String::new();
        if let Some(cursor) = self.subscriber.resume_at() {
            write_event(&mut text, &self.subscriber, &EventDto::heartbeat(cursor).to_json());
        }
        text
    }

    /// What a listener is told at the end. A browser comes back by itself after any end; one whose session has ended
    /// gets a 401 then, which ends it for good.
    fn final_event(&mut self, end: EndReason) -> String {
        self.has_ended = true;
        format!("{}data: {}\n\n", retry(), EventDto::end(end).to_json())
    }
}

fn write_event(text: &mut String, subscriber: &HttpSubscriber, event: &str) {
    // Writing to a text does not fail. Without an id, a browser keeps the one that it has.
    if let Some(cursor) = subscriber.resume_at() {
        let _ = writeln!(text, "id: {cursor}");
    }
    let _ = write!(text, "data: {event}\n\n");
}

/// When to come back.
fn retry() -> String {
    format!("retry: {}\n", timing::reconnect_delay().as_millis())
}
