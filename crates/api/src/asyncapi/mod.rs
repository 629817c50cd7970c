//! The AsyncAPI document: the events on every transport, and the requests on the socket.
//!
//! `events` describes the message of each event type from its `Shape`, `requests` those of
//! requests and replies, and `channels` the transports. `schemas` derives the JSON schemas from the types that are
//! sent. Types that REST responses also contain come from the [OpenAPI document](crate::openapi).

mod channels;
mod events;
mod requests;
mod schemas;

use serde_json::{Map, Value, json};

use self::schemas::Schemas;

/// Makes the document (AsyncAPI 3.0).
pub fn document(version: &str) -> Value {
    let rest = crate::openapi::document(version);
    let schemas = Schemas::collect(&rest);
    json!({
        "asyncapi": "3.0.0",
        "info": info(version),
        "defaultContentType": "application/json",
        "servers": servers(),
        "channels": channels::channels(&rest),
        "operations": channels::operations(&rest),
        "components": {
            "messages": messages(&schemas),
            "schemas": schemas.into_components(),
            "securitySchemes": channels::security_schemes(),
        },
    })
}

/// The same as text, indented, one value a line.
pub fn text(version: &str) -> String {
    format!("{:#}", document(version))
}

fn info(version: &str) -> Value {
    json!({
        "title": "groupchat events",
        "version": version,
        "description": "Events in groupchat, live and since a cursor: the same events with the same cursors over a \
                        WebSocket, server-sent events and long polling. On the socket, clients can also send \
                        requests. Ignore unknown fields and event types: later versions add more.",
        "license": {"name": "MIT"},
    })
}

fn servers() -> Value {
    let server = |protocol: &str| {
        json!({
            "host": "{host}",
            "protocol": protocol,
            "description": "Behind a proxy with TLS, use the protocol with an s.",
            "variables": {"host": {"default": "127.0.0.1:5000", "description": "Name and port of the server."}},
        })
    };
    json!({"socket": server("ws"), "http": server("http")})
}

/// The servers of the document when it is known where clients reach this one: a scheme and a host.
pub(crate) fn servers_at(public_url: &str) -> Value {
    let (scheme, host) = public_url.split_once("://").unwrap_or(("http", public_url));
    let socket = if scheme == "https" { "wss" } else { "ws" };
    json!({"socket": {"host": host, "protocol": socket}, "http": {"host": host, "protocol": scheme}})
}

fn messages(schemas: &Schemas) -> Map<String, Value> {
    events::messages(schemas).chain(requests::messages(schemas)).chain([channels::page()]).collect()
}

#[cfg(test)]
mod tests;
