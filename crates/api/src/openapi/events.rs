//! Special cases of the operations for events: responses that don't end.

use serde_json::{Value, json};

/// Tells the Swagger page that an operation is not for it to execute: it would wait for the end of the answer.
const TRY_IT_OUT: &str = "x-try-it-out";

/// Adds the answers of these operations, which have no JSON body.
pub fn complete(id: &str, operation: &mut Value) {
    match id {
        "streamEvents" => {
            add_parameter(operation, last_event_id());
            operation["responses"] = json!({"200": stream()});
            operation[TRY_IT_OUT] = false.into();
        }
        "openSocket" => {
            operation["responses"] = json!({"101": socket()});
            operation[TRY_IT_OUT] = false.into();
        }
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
        "description": "Events, each an `Event` on one data line with its cursor as the id.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": example}},
    })
}

fn socket() -> Value {
    json!({"description": "A WebSocket: each text frame is an `Event`, or the reply to a request."})
}
