//! Authenticates requests for events: by a key, as everywhere, or by a ticket in the query, for browsers, which can't
//! set headers on these connections.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::ORIGIN;
use actix_web::{FromRequest, HttpRequest};
use groupchat_domain::accounts::{KeyHash, Origin, redeem_ticket};
use groupchat_domain::network::Network;
use groupchat_domain::storage::{OpenSession, Principal};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::SecurityScheme;
use paperclip::v2::schema::Apiv2Schema;

use super::origin;
use crate::extract::{Key, origin as origin_of};
use crate::problem::{ApiError, Code};
use crate::state::State;

/// The credential of a request for events.
#[derive(Debug, Clone, Copy)]
pub(super) enum EventCredential {
    /// A key.
    Key(Key),
    /// A ticket, and the client that sends it.
    Ticket(KeyHash, Origin),
}

impl FromRequest for EventCredential {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let key = Key::from_request(request, payload).into_inner();
        ready(match (key, ticket(request)) {
            (Err(error), Some(ticket)) if error.code() == Code::MissingKey => {
                ticket_credential(request, &ticket)
            }
            (key, _) => key.map(Self::Key),
        })
    }
}

fn ticket(request: &HttpRequest) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(name, _)| name == "ticket").map(|(_, value)| value.into_owned())
}

fn ticket_credential(request: &HttpRequest, ticket: &str) -> Result<EventCredential, ApiError> {
    let state = request.app_data::<State>().ok_or_else(|| ApiError::internal("the app has no state"))?;
    // A browser says which page sends the request. A page of another site must not listen with a stolen ticket.
    if let Some(origin) = request.headers().get(ORIGIN)
        && !origin::is_allowed(origin.as_bytes(), request, &state.options())
    {
        let detail =
            "this origin is in neither of the settings http.allowed_origins and events.allowed_origins";
        return Err(ApiError::new(Code::OriginNotAllowed, detail));
    }
    Ok(EventCredential::Ticket(state.keys.digest(ticket), origin_of(request)))
}

impl EventCredential {
    /// The principal of this credential. A ticket is used up by this call.
    ///
    /// # Errors
    /// The ticket is not valid, or a fault. A key is checked when it is used.
    pub(super) async fn principal(self, state: &State) -> Result<Principal, ApiError> {
        match self {
            Self::Key(key) => Ok(key.0.into()),
            Self::Ticket(hash, origin) => {
                let network = origin.address.map_or(Network::UNKNOWN, Network::of);
                let actor = redeem_ticket(state.storage.as_ref(), hash, network).await?;
                Ok(OpenSession { origin, ..OpenSession::from(&actor) }.into())
            }
        }
    }
}

impl Apiv2Schema for EventCredential {
    fn name() -> Option<String> {
        Key::name()
    }

    fn security_scheme() -> Option<SecurityScheme> {
        Key::security_scheme()
    }
}

impl OperationModifier for EventCredential {}
