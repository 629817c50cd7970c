//! Responses that don't end, and their description in the OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DefaultOperationRaw, DefaultResponseRaw, DefaultSchemaRaw, Either, MediaRange};
use paperclip::v2::schema::Apiv2Schema;

/// Server-sent events.
pub(super) struct StreamAnswer(pub HttpResponse);

/// The handshake of a WebSocket.
pub(super) struct SocketAnswer(pub HttpResponse);

macro_rules! answers {
    ($($answer:ident)+) => {$(
        impl Responder for $answer {
            type Body = BoxBody;

            fn respond_to(self, _: &HttpRequest) -> HttpResponse {
                self.0
            }
        }

        impl Apiv2Schema for $answer {}

        impl OperationModifier for $answer {
            fn update_response(operation: &mut DefaultOperationRaw) {
                Self::describe(operation);
            }

            fn update_definitions(_: &mut BTreeMap<String, DefaultSchemaRaw>) {}
        }
    )+};
}

answers! { StreamAnswer SocketAnswer }

impl StreamAnswer {
    fn describe(operation: &mut DefaultOperationRaw) {
        let example = "id: 0badc0de-41\ndata: {\"cursor\": \"0badc0de-41\", \"type\": \"message.created\", \u{2026}}\n\n";
        let media_type = MediaRange("text/event-stream".parse().expect("a media type"));
        operation.produces = Some(BTreeSet::from([media_type]));
        let text = "Events, each an `Event` on one data line with its cursor as the id.";
        let schema = DefaultSchemaRaw { example: Some(example.into()), ..String::raw_schema() };
        respond(operation, "200", text, Some(schema));
    }
}

impl SocketAnswer {
    fn describe(operation: &mut DefaultOperationRaw) {
        let text = "A WebSocket: each text frame is an `Event`, or the reply to a request.";
        respond(operation, "101", text, None);
    }
}

fn respond(operation: &mut DefaultOperationRaw, status: &str, text: &str, schema: Option<DefaultSchemaRaw>) {
    let response =
        DefaultResponseRaw { description: Some(text.to_owned()), schema, ..DefaultResponseRaw::default() };
    operation.responses.insert(status.to_owned(), Either::Right(response));
}
