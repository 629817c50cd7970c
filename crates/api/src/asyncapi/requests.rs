//! The requests on the socket, and their replies.

use groupchat_domain::ids::MAX_SAFE_INTEGER;
use serde_json::{Map, Value, json};

use super::schemas::{Schemas, nothing, schema_ref};
use crate::events::MAX_ID_LENGTH;

/// What the document says of a request.
struct RequestDescription {
    name: &'static str,
    summary: &'static str,
    /// Whether it is about a group.
    has_group: bool,
    /// Where the rest of its fields is described.
    fields: Option<&'static str>,
    /// Whether it may be repeated under the same name for what it creates.
    may_be_replayed: bool,
    /// What `data` of the reply is; `None` for an empty object.
    answer: Option<&'static str>,
}

const REQUESTS: [RequestDescription; 6] = [
    RequestDescription {
        name: "send",
        summary: "Sends a message, like `sendMessage` in REST. With a `client_id`, you can repeat the request until \
                  you get a reply: the message is stored once.",
        has_group: true,
        fields: Some("MessageDraft"),
        may_be_replayed: true,
        answer: Some("Message"),
    },
    RequestDescription {
        name: "read",
        summary: "Moves your read cursor of a group, like `markRead` in REST, or of a thread, like `markThreadRead`. \
                  The cursor never moves back except with `unread`. When it moves, all your connected devices are notified.",
        has_group: true,
        fields: Some("ReadRequest"),
        may_be_replayed: false,
        answer: Some("ReadState"),
    },
    RequestDescription {
        name: "react",
        summary: "Reacts to a message, like `reactToMessage` in REST. With `remove`, takes the reaction back, like \
                  `unreactToMessage`.",
        has_group: true,
        fields: Some("ReactionRequest"),
        may_be_replayed: false,
        answer: Some("Reactions"),
    },
    RequestDescription {
        name: "typing",
        summary: "Shows that you are typing or have stopped. The indicator expires after a few seconds unless you repeat the request.",
        has_group: true,
        fields: Some("TypingRequest"),
        may_be_replayed: false,
        answer: None,
    },
    RequestDescription {
        name: "presence",
        summary: "Sets whether you are active on this device or away.",
        has_group: false,
        fields: Some("PresenceRequest"),
        may_be_replayed: false,
        answer: None,
    },
    RequestDescription {
        name: "ping",
        summary: "Does nothing but get a reply.",
        has_group: false,
        fields: None,
        may_be_replayed: false,
        answer: None,
    },
];

/// The name of the message that rejects a request or a frame.
pub(super) const ERROR: &str = "error";

/// The names of the requests.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    REQUESTS.iter().map(|request| request.name)
}

/// The name of the message that a request is.
pub(super) fn request_message(name: &str) -> String {
    format!("request.{name}")
}

/// The name of the message that grants a request.
pub(super) fn reply_message(name: &str) -> String {
    format!("reply.{name}")
}

/// Requests, replies and errors.
pub(super) fn messages(schemas: &Schemas) -> impl Iterator<Item = (String, Value)> {
    let asked = REQUESTS.iter().flat_map(move |request| {
        [
            (request_message(request.name), request.message(schemas)),
            (reply_message(request.name), request.reply()),
        ]
    });
    asked.chain([(ERROR.to_owned(), error())])
}

/// The operation of each request: what the server takes, and what it answers.
pub(super) fn operations() -> impl Iterator<Item = (String, Value)> {
    let on_socket = |name: String| json!({"$ref": format!("#/channels/socket/messages/{name}")});
    REQUESTS.iter().map(move |request| {
        let operation = json!({
            "action": "receive",
            "channel": {"$ref": "#/channels/socket"},
            "summary": request.summary,
            "messages": [on_socket(request_message(request.name))],
            "reply": {
                "channel": {"$ref": "#/channels/socket"},
                "messages": [on_socket(reply_message(request.name)), on_socket(ERROR.to_owned())],
            },
        });
        (request.name.to_owned(), operation)
    })
}

impl RequestDescription {
    fn message(&self, schemas: &Schemas) -> Value {
        let (mut fields, mut required) = self
            .fields
            .map_or_else(|| (Map::new(), Vec::new()), |part| (schemas.fields(part), schemas.required(part)));
        fields.insert("type".to_owned(), json!({"type": "string", "const": self.name}));
        fields.insert("id".to_owned(), id());
        required.push("type".into());
        if self.has_group {
            fields.insert("group_id".to_owned(), group_id());
            required.push("group_id".into());
        }
        let payload = json!({"type": "object", "required": required, "properties": fields});
        message(&request_message(self.name), self.summary, payload)
    }

    fn reply(&self) -> Value {
        let data = self.answer.map_or_else(nothing, schema_ref);
        let mut payload = json!({
            "type": "object",
            "required": ["type", "id", "data"],
            "properties": {"type": {"type": "string", "const": "reply"}, "id": id(), "data": data},
        });
        if self.may_be_replayed {
            payload["required"] = json!(["type", "id", "replayed", "data"]);
            payload["properties"]["replayed"] = replayed();
        }
        message(&reply_message(self.name), &format!("The request `{}` was executed.", self.name), payload)
    }
}

fn error() -> Value {
    let payload = json!({
        "type": "object",
        "required": ["type", "id", "error"],
        "properties": {
            "type": {"type": "string", "const": ERROR},
            "id": id(),
            "error": schema_ref("Problem"),
        },
    });
    let summary = "A request was rejected, with the same codes as over REST; or a frame was not a request, and `id` is \
                   null. The connection stays open.";
    message(ERROR, summary, payload)
}

fn message(name: &str, summary: &str, payload: Value) -> Value {
    json!({
        "name": name,
        "title": name,
        "summary": summary,
        "correlationId": {"location": "$message.payload#/id", "description": "A reply has the id of its request."},
        "payload": payload,
    })
}

fn id() -> Value {
    json!({
        "type": ["number", "string", "null"],
        "maxLength": MAX_ID_LENGTH,
        "description": "Chosen by the client to match replies with requests.",
        "examples": [1],
    })
}

fn replayed() -> Value {
    json!({
        "type": "boolean",
        "description": "Whether an earlier request with the same `client_id` sent the message; `data` is its current state.",
        "examples": [false],
    })
}

fn group_id() -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": MAX_SAFE_INTEGER, "description": "The group.", "examples": [7]})
}
