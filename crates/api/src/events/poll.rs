//! Long polling: one response with the events since a cursor, as soon as there are any.

use std::future::poll_fn;
use std::io::{self, Write};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpRequest, HttpResponse, Responder};
use groupchat_domain::events::{Cursor, EndReason};
use paperclip::actix::{Apiv2Schema, OperationModifier};
use paperclip::v2::models::DefaultOperationRaw;
use tokio::time::{Instant, timeout_at};

use super::output::Output;
use super::schema::AnyEvent;
use super::subscriber::HttpSubscriber;
use super::timing;
use crate::assets::Pieces;
use crate::limits::{CountedBody, Permit};
use crate::problem::{ApiError, Code};
use crate::respond::Ok200;
use crate::state::State;
use crate::wire::{Field, Items};

/// The maximum number of events in a response. The next request continues at once.
const MAX_EVENTS: usize = 200;
/// No more events are added to a response of this many bytes.
const LARGE: usize = 1 << 20;
/// The minimum time for reading the backlog, however short the wait: past events are returned even without a wait.
const READING: Duration = Duration::from_secs(1);

/// What happened.
// For the document only: the answer is put together of events that are JSON already.
#[derive(Apiv2Schema)]
#[openapi(rename = "Events")]
#[expect(dead_code, reason = "for the document only")]
struct EventsDto {
    /// The events, oldest first.
    items: Items<AnyEvent, MAX_EVENTS>,
    /// The cursor to continue with.
    cursor: Field<Cursor>,
}

/// The response: events, which are JSON already, and the cursor after them.
pub(super) struct Polled {
    items: Vec<Arc<str>>,
    cursor: String,
    /// The permit for its memory, from the caller's budget.
    permit: Option<Permit>,
}

/// Waits for the first event and adds those that are available at once. Empty if none comes in time.
///
/// # Errors
/// The session has ended, the user has too much undelivered, or a fault.
pub(super) async fn poll(
    state: &State,
    subscriber: &mut HttpSubscriber,
    wait: Duration,
) -> Result<Polled, ApiError> {
    let began = Instant::now();
    if !get_ready(subscriber, began + wait.max(READING)).await.map_err(problem_of)? {
        return Ok(Polled::nothing(subscriber));
    }
    let (mut items, mut size) = (Vec::new(), 0);
    let mut output = timeout_at(began + wait, subscriber.next()).await.ok();
    while let Some(next) = output.take() {
        match next {
            Output::Event(text, _) => {
                size += text.len();
                items.push(text);
            }
            Output::End(end) if items.is_empty() => return Err(problem_of(end)),
            // The events so far are returned. The next request gets the error.
            Output::End(_) => break,
        }
        if items.len() < MAX_EVENTS && size < LARGE {
            output = poll_fn(|context| Poll::Ready(subscriber.try_next(context))).await;
        }
    }
    // A rejected client still has its previous cursor, which stays valid.
    let permit = Some(state.count_undelivered(subscriber.actor().id(), size)?);
    Ok(Polled { items, cursor: subscriber.cursor().to_string(), permit })
}

/// Reads the backlog until there is something to deliver or the time is up: a long backlog may contain nothing for this
/// user. Returns whether everything due was read. At least one page is read, however slow that is, so that the client
/// makes progress.
async fn get_ready(subscriber: &mut HttpSubscriber, until: Instant) -> Result<bool, EndReason> {
    subscriber.read_page_if_due().await?;
    timeout_at(until, subscriber.get_ready()).await.map_or(Ok(false), |ready| ready.map(|()| true))
}

impl Polled {
    /// The response without events: to a client without a cursor, or if there is nothing to deliver.
    pub(super) fn nothing(subscriber: &HttpSubscriber) -> Self {
        Self { items: Vec::new(), cursor: subscriber.cursor().to_string(), permit: None }
    }
}

fn problem_of(end: EndReason) -> ApiError {
    match end {
        EndReason::SignedOut => ApiError::new(Code::InvalidKey, "the session has ended"),
        EndReason::TooSlow | EndReason::Stopping | EndReason::Unavailable | EndReason::Flood => {
            let detail = "events can't be read at the moment; retry with the same cursor";
            ApiError::new(Code::Unavailable, detail).retry_after(timing::reconnect_delay())
        }
    }
}

impl Polled {
    fn write_json(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(b"{\"items\":[")?;
        for (number, item) in self.items.iter().enumerate() {
            if number > 0 {
                to.write_all(b",")?;
            }
            to.write_all(item.as_bytes())?;
        }
        // A cursor contains no characters that JSON would escape.
        write!(to, "],\"cursor\":\"{}\"}}", self.cursor)
    }
}

impl Responder for Polled {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let size: usize = self.items.iter().map(|item| item.len() + 1).sum();
        let mut body = Pieces::with_capacity(size + self.cursor.len() + 32);
        if let Err(error) = self.write_json(&mut body) {
            return HttpResponse::from_error(ApiError::internal(error));
        }
        let mut response = HttpResponse::Ok();
        response.insert_header(ContentType::json()).insert_header((CACHE_CONTROL, "no-store"));
        match self.permit {
            Some(permit) => response.body(CountedBody::body(body, permit)),
            None => response.body(body.take(usize::MAX).unwrap_or_default()),
        }
    }
}

impl paperclip::v2::schema::Apiv2Schema for Polled {}

impl OperationModifier for Polled {
    fn update_response(operation: &mut DefaultOperationRaw) {
        Ok200::<EventsDto>::update_response(operation);
    }

    fn update_definitions(
        definitions: &mut std::collections::BTreeMap<String, paperclip::v2::models::DefaultSchemaRaw>,
    ) {
        Ok200::<EventsDto>::update_definitions(definitions);
    }
}
