//! Queries for events, parsed into domain values.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use groupchat_domain::events::Cursor;
use paperclip::actix::{Apiv2Schema, OperationModifier};
use paperclip::v2::models::{DefaultOperationRaw, Either, Parameter, ParameterIn};
use paperclip::v2::schema::Apiv2Schema as _;
use serde::Deserialize;

use super::values::{TicketText, Wait};
#[cfg(any(test, fuzzing))]
use crate::fuzzing::Parser;
use crate::problem::ApiError;
use crate::wire::annotation::Annotation;
use crate::wire::{Field, Fields, Optional};

/// Where to begin.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct StreamParams {
    /// The cursor of the last event that the client has received. Without one, events start from now.
    pub cursor: Optional<Cursor>,
    /// A ticket, for clients that can't send headers.
    #[allow(dead_code, reason = "read where the caller is; here for the document")]
    pub ticket: Optional<TicketText>,
}

/// Where to begin, and how long to wait.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct PollParams {
    /// The cursor of the last event that the client has received. Without one, the response contains the current
    /// cursor.
    pub cursor: Optional<Cursor>,
    /// How many seconds to wait for an event: 0–60, by default 0.
    pub wait: Optional<Wait>,
}

impl StreamParams {
    /// The cursor; that of the header, which a browser sends when it comes back, wins over that of the URL it
    /// began with.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn parse(self, last_event_id: Option<String>) -> Result<Option<Cursor>, ApiError> {
        let mut fields = Fields::new();
        let cursor = fields.optional("cursor", Optional(last_event_id.or(self.cursor.0)));
        fields.finish()?;
        Ok(cursor)
    }
}

impl PollParams {
    /// The cursor and the time to wait.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn parse(self) -> Result<(Option<Cursor>, Duration), ApiError> {
        let mut fields = Fields::new();
        let cursor = fields.optional("cursor", self.cursor);
        let wait =
            fields.optional("wait", self.wait).map_or(Duration::ZERO, |wait| Duration::from_secs(wait.0));
        fields.finish()?;
        Ok((cursor, wait))
    }
}

/// The cursor that a browser sends in a header when it comes back (HTML Living Standard, section 9.2.4).
pub(super) struct LastEventId(pub Option<String>);

impl LastEventId {
    const NAME: &str = "Last-Event-ID";
}

impl FromRequest for LastEventId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(Self::NAME);
        ready(Ok(Self(header.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()))))
    }
}

impl paperclip::v2::schema::Apiv2Schema for LastEventId {}

impl OperationModifier for LastEventId {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        let text = "The cursor of the last event that the client has received; a browser sends it when it reconnects. \
                    It takes precedence over `cursor`.";
        let schema = Field::<Cursor>::raw_schema();
        let annotation = Annotation::of_schema(&schema).unwrap_or_default();
        let (name, description) = (Self::NAME.to_owned(), Some(text.to_owned()));
        let parameter = annotation.into_parameter(ParameterIn::Header, &schema);
        operation.parameters.push(Either::Right(Parameter { name, description, ..parameter }));
    }
}

/// The parsers of queries.
#[cfg(any(test, fuzzing))]
pub(crate) fn queries() -> Vec<Parser> {
    vec![Parser::of_query(|params: StreamParams| params.parse(None)), Parser::of_query(PollParams::parse)]
}
