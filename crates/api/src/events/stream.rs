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

/// The maximum number of events that are sent together.
const BATCH: usize = 64;
/// No more events are added to a batch of this many bytes.
const LARGE: usize = 16 << 10;
/// Batches that may be queued for the client.
const WAITING: usize = 2;

/// Events that are sent together, and the permit of the backlog page that they belong to.
#[derive(Default)]
struct EventBatch {
    text: String,
    page: Option<Arc<PagePermit>>,
}

impl From<String> for EventBatch {
    fn from(text: String) -> Self {
        Self { text, page: None }
    }
}

/// The task that writes a stream.
struct Streaming {
    subscriber: HttpSubscriber,
    /// Receives the text. Closed when the client is gone.
    client: Sender<Bytes>,
    send_buffer: Arc<SendBuffer>,
    /// The part that the transport has not asked for yet.
    unsent: Unsent,
    heartbeat: Interval,
    write_timeout: Duration,
    has_ended: bool,
}

/// The response.
pub(super) fn answer(state: &State, subscriber: HttpSubscriber) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Some proxies would otherwise buffer the whole response.
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
    let heartbeat = state.options().heartbeat;
    let hello = subscriber.hello(state.version, heartbeat).to_json();
    // The reconnection delay is sent first, because it can't be sent once the server is gone.
    let mut first = retry();
    write_event(&mut first, &subscriber, &hello);
    let (client, mut body) = mpsc::channel(WAITING);
    let (heartbeat, write_timeout) = (heartbeats(heartbeat), state.options().write_timeout);
    let streaming =
        Streaming { subscriber, client, send_buffer, unsent, heartbeat, write_timeout, has_ended: false };
    actix_web::rt::spawn(streaming.run(first.into()));
    stream::poll_fn(move |context| body.poll_recv(context).map(|text| text.map(Ok)))
}

impl Streaming {
    /// Runs until either side ends it.
    async fn run(mut self, first: EventBatch) {
        let mut next = Some(first);
        while let Some(batch) = next.take() {
            if self.send(batch).await && !self.has_ended {
                next = self.next().await;
            }
        }
    }

    /// Returns whether the client accepts more.
    async fn send(&self, batch: EventBatch) -> bool {
        let EventBatch { text, page } = batch;
        if text.is_empty() {
            return true;
        }
        let sending = async { self.client.send(self.send_buffer.frame(text, page).await).await };
        let sent = timeout(self.write_timeout, sending).await;
        if sent.is_err() {
            // The transport may live as long as the system waits for the client. What is queued here must not.
            self.unsent.replace(&self.send_buffer, None);
        }
        matches!(sent, Ok(Ok(())))
    }

    /// The next batch. `None` once the client is gone.
    async fn next(&mut self) -> Option<EventBatch> {
        tokio::select! {
            () = self.client.closed() => None,
            output = self.subscriber.next() => Some(self.batch_available(output).await),
            _ = self.heartbeat.tick() => Some(self.on_heartbeat().await.into()),
        }
    }

    /// One item and everything else that is available at once.
    async fn batch_available(&mut self, first: Output) -> EventBatch {
        let (mut batch, mut count, mut next) = (EventBatch::default(), 0, Some(first));
        while let Some(output) = next.take() {
            match output {
                Output::Event(event, page) => {
                    write_event(&mut batch.text, &self.subscriber, &event);
                    batch.page = page.or(batch.page);
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

    /// The last event. A browser reconnects by itself after any end. If its session has ended, it then gets a 401,
    /// which stops it.
    fn final_event(&mut self, end: EndReason) -> String {
        self.has_ended = true;
        format!("{}data: {}\n\n", retry(), EventDto::end(end).to_json())
    }
}

fn write_event(text: &mut String, subscriber: &HttpSubscriber, event: &str) {
    // Writing to a string can't fail. Without an id, a browser keeps its previous one.
    if let Some(cursor) = subscriber.resume_at() {
        let _ = writeln!(text, "id: {cursor}");
    }
    let _ = write!(text, "data: {event}\n\n");
}

/// When to reconnect.
fn retry() -> String {
    format!("retry: {}\n", timing::reconnect_delay().as_millis())
}
