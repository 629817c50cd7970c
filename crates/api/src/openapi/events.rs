//! What is special about the operations for events: answers that go on, and tickets in the place of keys.

use serde_json::{Value, json};

/// The name of the security scheme for tickets.
pub const TICKET: &str = "Ticket";

/// How a ticket is shown.
pub fn ticket_scheme() -> Value {
    json!({
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "A ticket of `POST /api/events/ticket`, for clients that can't send headers.",
    })
}

/// Whether an operation takes a ticket in the place of a key.
pub fn takes_ticket(id: &str) -> bool {
    matches!(id, "streamEvents" | "openSocket")
}

/// Adds the answers of these operations, which have no JSON body.
pub fn complete(id: &str, operation: &mut Value) {
    match id {
        "streamEvents" => {
            add_parameter(operation, last_event_id());
            operation["responses"] = json!({"200": stream()});
        }
        "openSocket" => operation["responses"] = json!({"101": socket()}),
        _ => {}
    }
}

fn add_parameter(operation: &mut Value, parameter: Value) {
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.push(parameter);
    }
}

fn last_event_id() -> Value {
    json!({
        "in": "header",
        "name": "Last-Event-ID",
        "description": "The cursor of the last event that the client has got; a browser sends it when it comes \
                        back. It wins over `cursor`.",
        "schema": {"type": "string"},
        "example": "0badc0de-41",
    })
}

fn stream() -> Value {
    let example =
        "id: 0badc0de-41\ndata: {\"cursor\": \"0badc0de-41\", \"type\": \"message.created\", \u{2026}}\n\n";
    json!({
        "description": "Events, each an `Event` on one line of data with its cursor for an id.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": example}},
    })
}

fn socket() -> Value {
    json!({"description": "A WebSocket: each text frame is an `Event`, or the reply to a request."})
}
