//! Handlers for events.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use groupchat_domain::accounts::issue_ticket;
use groupchat_domain::events::{Cursor, SubscriberKind};
use groupchat_domain::storage::{Principal, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::answers::{SocketAnswer, StreamAnswer};
use super::credential::EventCredential;
use super::dto::TicketDto;
use super::poll::{self, Polled};
use super::requests::{LastEventId, PollParams, StreamParams};
use super::socket::Handshake;
use super::stream;
use super::subscriber::HttpSubscriber;
use super::values::TicketText;
use crate::extract::{Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::Created;
use crate::state::State;

/// Waits for events
///
/// Returns the events since the cursor. If there are none, waits for one, for up to `wait` seconds. Without a cursor,
/// returns the current cursor at once.
#[api_v2_operation(tags(Events), operation_id = "pollEvents")]
pub async fn poll(state: State, key: Key, params: Params<PollParams>) -> Result<Polled, ApiError> {
    let (cursor, wait) = params.0.parse()?;
    let is_first = cursor.is_none();
    let mut subscriber = HttpSubscriber::open(&state, SubscriberKind::Poll, key.0.into(), cursor).await?;
    if is_first { Ok(Polled::nothing(&subscriber)) } else { poll::poll(&state, &mut subscriber, wait).await }
}

/// Opens a long-lived connection.
async fn open_connection(
    state: &State,
    who: Principal,
    cursor: Option<Cursor>,
) -> Result<HttpSubscriber, ApiError> {
    HttpSubscriber::open(state, SubscriberKind::Connection, who, cursor).await
}

/// Streams events
///
/// Delivers server-sent events, for `EventSource` and others. The first one is a `hello`.
#[api_v2_operation(tags(Events), operation_id = "streamEvents")]
pub async fn stream(
    state: State,
    credential: EventCredential,
    params: Params<StreamParams>,
    last: LastEventId,
) -> Result<StreamAnswer, ApiError> {
    let cursor = params.0.parse(last.0)?;
    let subscriber = open_connection(&state, credential.principal(&state).await?, cursor).await?;
    Ok(StreamAnswer(stream::answer(&state, subscriber)))
}

/// Opens a WebSocket for events
///
/// Delivers events as text frames, and accepts requests.
#[api_v2_operation(tags(Events), operation_id = "openSocket")]
pub async fn socket(
    state: State,
    credential: EventCredential,
    params: Params<StreamParams>,
    request: HttpRequest,
    body: Payload,
) -> Result<SocketAnswer, ApiError> {
    let cursor = params.0.parse(None)?;
    // Checked before the ticket, which would be used up.
    let handshake = Handshake::of(&request, body)?;
    let principal = credential.principal(&state).await?;
    let subscriber = open_connection(&state, principal, cursor).await?;
    let opened = principal.opened(subscriber.actor());
    Ok(SocketAnswer(handshake.answer(&state, subscriber, opened)))
}

/// Creates a ticket
///
/// The ticket is valid once, within 30 seconds, for clients that can't send headers: `/api/events/socket?ticket=…`.
#[api_v2_operation(tags(Events), operation_id = "createTicket")]
pub async fn ticket(state: State, key: Key, _: NoParams) -> Result<Created<TicketDto>, ApiError> {
    let issued = state.keys.issue();
    let hash = issued.hash;
    // It lets in whoever may read.
    let issuing = Writing::new(key.0, WritePurpose::Tidy).for_readers().in_groups();
    let expires_at = state.storage.write_as(issuing, move |tx, actor| issue_ticket(tx, actor, hash)).await?;
    let body = TicketDto {
        ticket: TicketText(issued.secret.reveal().to_owned()).into(),
        expires_at: expires_at.into(),
    };
    Ok(Created { body, location: "/api/events/socket".to_owned() })
}
