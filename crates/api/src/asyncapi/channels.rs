//! The transports: their addresses, and the messages in each direction.

use groupchat_domain::events::EndReason;
use serde_json::{Map, Value, json};

use super::schemas::message_ref;
use super::{events, requests};
use crate::events::{MAX_MESSAGE_BYTES, close_code};

/// The name of the message that answers a poll.
const PAGE: &str = "events";

/// The transports.
pub(super) fn channels(rest: &Value) -> Value {
    let asked = requests::names().flat_map(|name| {
        [requests::request_message(name), requests::reply_message(name)].map(|message| reference(&message))
    });
    let on_socket = events::on_socket().map(reference).chain(asked).chain([reference(requests::ERROR)]);
    json!({
        "socket": {
            "address": "/api/events/socket",
            "title": "WebSocket",
            "description": socket_description(),
            "servers": [{"$ref": "#/servers/socket"}],
            "messages": on_socket.collect::<Map<_, _>>(),
            "bindings": {"ws": {
                "method": "GET",
                "query": query(rest, "/api/events/socket"),
                "bindingVersion": "0.1.0",
            }},
        },
        "stream": {
            "address": "/api/events/stream",
            "title": "Server-sent events",
            "description": "Each event is one `data:` line, with its cursor as the `id:`. A browser that reconnects \
                            sends the last one as `Last-Event-ID`, which takes precedence over `cursor`.",
            "servers": [{"$ref": "#/servers/http"}],
            "messages": events::on_stream().map(reference).collect::<Map<_, _>>(),
        },
        "poll": {
            "address": "/api/events",
            "title": "Long polling",
            "description": "Each response contains the events since `cursor`, and the cursor to continue with.",
            "servers": [{"$ref": "#/servers/http"}],
            "messages": {PAGE: message_ref(PAGE)},
        },
    })
}

/// What the server sends and takes.
pub(super) fn operations(rest: &Value) -> Map<String, Value> {
    let rejected = json!({
        "action": "send",
        "channel": {"$ref": "#/channels/socket"},
        "summary": "Rejects a frame that is not a request.",
        "messages": [on_channel("socket", requests::ERROR)],
    });
    let delivered = [
        ("deliverToSocket".to_owned(), deliver("socket", events::on_socket(), true)),
        (
            "deliverToStream".to_owned(),
            over_http(deliver("stream", events::on_stream(), true), rest, "/api/events/stream"),
        ),
        ("answerPoll".to_owned(), over_http(deliver("poll", [PAGE].into_iter(), false), rest, "/api/events")),
        ("rejectFrame".to_owned(), rejected),
    ];
    delivered.into_iter().chain(requests::operations()).collect()
}

/// The answer to a poll.
pub(super) fn page() -> (String, Value) {
    let payloads: Vec<_> = events::in_polls()
        .map(|name| json!({"$ref": format!("#/components/messages/{name}/payload")}))
        .collect();
    let payload = json!({
        "type": "object",
        "required": ["items", "cursor"],
        "properties": {
            "items": {"type": "array", "items": {"oneOf": payloads}, "description": "The events, oldest first."},
            "cursor": {"type": "string", "minLength": 1, "description": "The cursor to continue with.",
                       "examples": ["0badc0de-41"]},
        },
    });
    let summary = "Events, and the cursor to continue with.";
    (PAGE.to_owned(), json!({"name": PAGE, "title": PAGE, "summary": summary, "payload": payload}))
}

/// How a client says who it is.
pub(super) fn security_schemes() -> Value {
    json!({
        "ApiKey": {"type": "httpApiKey", "in": "header", "name": "X-API-Key",
                   "description": "A key from `POST /api/login`."},
        "Bearer": {"type": "http", "scheme": "bearer", "description": "The same key, as a bearer token."},
        "Ticket": {"type": "httpApiKey", "in": "query", "name": "ticket",
                   "description": "A ticket from `POST /api/events/ticket`, valid once within 30 seconds, for clients \
                                   that can't send headers; only for pages of allowed origins."},
    })
}

fn deliver(channel: &str, messages: impl Iterator<Item = &'static str>, takes_ticket: bool) -> Value {
    let schemes = ["ApiKey", "Bearer"].into_iter().chain(takes_ticket.then_some("Ticket"));
    let schemes: Vec<_> =
        schemes.map(|name| json!({"$ref": format!("#/components/securitySchemes/{name}")})).collect();
    json!({
        "action": "send",
        "channel": {"$ref": format!("#/channels/{channel}")},
        "summary": "Delivers events.",
        "security": schemes,
        "messages": messages.map(|name| on_channel(channel, name)).collect::<Vec<_>>(),
    })
}

fn over_http(mut operation: Value, rest: &Value, path: &str) -> Value {
    operation["bindings"] =
        json!({"http": {"method": "GET", "query": query(rest, path), "bindingVersion": "0.3.0"}});
    operation
}

/// What the query may hold, as the OpenAPI document has it.
fn query(rest: &Value, path: &str) -> Value {
    let parameters = rest["paths"][path]["get"]["parameters"].as_array().into_iter().flatten();
    let in_query = parameters.filter(|parameter| parameter["in"] == "query");
    let properties: Map<_, _> = in_query
        .map(|parameter| {
            let mut schema = parameter["schema"].clone();
            schema["description"] = parameter["description"].clone();
            (parameter["name"].as_str().unwrap_or_default().to_owned(), schema)
        })
        .collect();
    json!({"type": "object", "properties": properties})
}

fn socket_description() -> String {
    let end =
        |end: EndReason, then: &str| format!("- {} `{}`: {then}\n", u16::from(close_code(end)), end.as_str());
    let ends = [
        end(EndReason::SignedOut, "the session has ended; sign in again."),
        end(EndReason::TooSlow, "the client is too slow; reconnect with the last cursor."),
        end(EndReason::Flood, "the client sends too much; reconnect later with the last cursor."),
        end(
            EndReason::Stopping,
            "the server stops; reconnect with the last cursor after the `after_ms` from `reconnect`.",
        ),
        end(EndReason::Unavailable, "the database can't be read; reconnect likewise."),
    ];
    format!(
        "Each text frame from the server is an event or the reply to a request. A request is a text frame of at most \
         {MAX_MESSAGE_BYTES} bytes; a client can send 60 at once and 20 a second after that. The server sends a ping \
         with each heartbeat, and the client must reply to it. Close codes:\n\n{}- 1002, 1007, 1009: the client sent \
         something that is not the WebSocket protocol, not UTF-8, or too large to continue.\n",
        ends.concat(),
    )
}

fn reference(name: &str) -> (String, Value) {
    (name.to_owned(), message_ref(name))
}

fn on_channel(channel: &str, name: &str) -> Value {
    json!({"$ref": format!("#/channels/{channel}/messages/{name}")})
}
