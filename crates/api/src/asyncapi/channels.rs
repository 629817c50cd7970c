//! The transports: their addresses, what is told and taken on each.

use serde_json::{Map, Value, json};

use super::{events, message_ref, requests};
use crate::events::{End, LARGEST_MESSAGE, close_code};

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
            "description": "Each event is one line of `data:`, with its cursor for an `id:`. A browser that comes \
                            back sends the last one as `Last-Event-ID`, which wins over `cursor`.",
            "servers": [{"$ref": "#/servers/http"}],
            "messages": events::on_stream().map(reference).collect::<Map<_, _>>(),
        },
        "poll": {
            "address": "/api/events",
            "title": "Long poll",
            "description": "Each answer holds what happened since `cursor`, and the cursor to go on with.",
            "servers": [{"$ref": "#/servers/http"}],
            "messages": {PAGE: message_ref(PAGE)},
        },
    })
}

/// What the server sends and takes.
pub(super) fn operations(rest: &Value) -> Map<String, Value> {
    let refused = json!({
        "action": "send",
        "channel": {"$ref": "#/channels/socket"},
        "summary": "Refuses a frame that is no request.",
        "messages": [on_channel("socket", requests::ERROR)],
    });
    let told = [
        ("tellSocket".to_owned(), tell("socket", events::on_socket(), true)),
        (
            "tellStream".to_owned(),
            over_http(tell("stream", events::on_stream(), true), rest, "/api/events/stream"),
        ),
        ("answerPoll".to_owned(), over_http(tell("poll", [PAGE].into_iter(), false), rest, "/api/events")),
        ("refuseFrame".to_owned(), refused),
    ];
    told.into_iter().chain(requests::operations()).collect()
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
            "items": {"type": "array", "items": {"oneOf": payloads}, "description": "The events, the oldest first."},
            "cursor": {"type": "string", "minLength": 1, "description": "Where to go on.",
                       "examples": ["0badc0de-41"]},
        },
    });
    let summary = "What happened, and where to go on.";
    (PAGE.to_owned(), json!({"name": PAGE, "title": PAGE, "summary": summary, "payload": payload}))
}

/// How a client says who it is.
pub(super) fn security_schemes() -> Value {
    json!({
        "ApiKey": {"type": "httpApiKey", "in": "header", "name": "X-API-Key",
                   "description": "A key of `POST /api/login`."},
        "Bearer": {"type": "http", "scheme": "bearer", "description": "The same key, as a bearer token."},
        "Ticket": {"type": "httpApiKey", "in": "query", "name": "ticket",
                   "description": "A ticket of `POST /api/events/ticket`, good once and for 30 seconds, for clients \
                                   that can't send headers; from pages of allowed origins."},
    })
}

fn tell(channel: &str, messages: impl Iterator<Item = &'static str>, takes_ticket: bool) -> Value {
    let schemes = ["ApiKey", "Bearer"].into_iter().chain(takes_ticket.then_some("Ticket"));
    let schemes: Vec<_> =
        schemes.map(|name| json!({"$ref": format!("#/components/securitySchemes/{name}")})).collect();
    json!({
        "action": "send",
        "channel": {"$ref": format!("#/channels/{channel}")},
        "summary": "Tells what happens.",
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
    let end = |end: End, then: &str| format!("- {} `{}`: {then}\n", u16::from(close_code(end)), end.as_str());
    let ends = [
        end(End::SignedOut, "the session has ended; sign in again."),
        end(End::TooSlow, "the client does not keep up; come back with the last cursor."),
        end(End::Flood, "the client sends too much; come back later, with the last cursor."),
        end(
            End::Stopping,
            "the server stops; come back with the last cursor, after the `after_ms` of `reconnect`.",
        ),
        end(End::Unavailable, "the database can't be read; likewise."),
    ];
    format!(
        "Each text frame of the server is an event or the answer to a request. A request is a text frame of at most \
         {LARGEST_MESSAGE} bytes; at most 60 at once and then 20 a second. With each heartbeat comes a ping, which \
         has to be answered. The connection is closed with:\n\n{}- 1002, 1007, 1009: what came is no WebSocket \
         protocol, no UTF-8, or too large to go on.\n",
        ends.concat(),
    )
}

fn reference(name: &str) -> (String, Value) {
    (name.to_owned(), message_ref(name))
}

fn on_channel(channel: &str, name: &str) -> Value {
    json!({"$ref": format!("#/channels/{channel}/messages/{name}")})
}
