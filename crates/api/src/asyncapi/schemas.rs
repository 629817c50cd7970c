//! The schemas of messages, in JSON Schema draft 07, which AsyncAPI uses.

use paperclip::v2::schema::Apiv2Schema;
use serde_json::{Map, Value, json};

use crate::events::{
    ComeBackDto, EndDto, EventDto, HelloDto, PresenceDto, PresenceRequest, ReadRequest, RemovedDto,
    TypingDto, TypingRequest,
};
use crate::groups::TrimmedHistoryDto;
use crate::messages::{
    AllReadDto, ReactionRequest, ReadPlaceDto, ReadUpdateDto, ThreadRefDto, ThreadUpdateDto,
};
use crate::openapi;
use crate::saved::{BookmarkUpdateDto, DraftUpdateDto, GroupRefDto, MessageRefDto, ReminderUpdateDto};

/// What the OpenAPI document has too, with all that it refers to.
const OF_REST: &[&str] = &[
    "Ban",
    "Group",
    "Invitation",
    "JoinRequest",
    "Member",
    "Message",
    "MessageReaction",
    "PollDraft",
    "PollUpdate",
    "Problem",
    "Reactions",
    "ReadState",
    "RolesOfUser",
    "ServerRoles",
    "User",
];

/// What is taken apart, and not in the document as a whole: see [`Schemas::fields`].
const PARTS: &[&str] = &["MessageDraft"];

/// Every schema that messages are made of.
pub(super) struct Schemas {
    shared: Map<String, Value>,
    parts: Map<String, Value>,
}

impl Schemas {
    /// Collects them from the OpenAPI document and from the types that only events have.
    pub(super) fn collect(rest: &Value) -> Self {
        let rest = &rest["components"]["schemas"];
        let part = |name: &&str| ((*name).to_owned(), rest[name].clone());
        let (mut shared, mut parts) =
            (with_references(rest, OF_REST), PARTS.iter().map(part).collect::<Map<_, _>>());
        shared.extend(of_events());
        parts.extend(of_parts());
        for schema in shared.values_mut().chain(parts.values_mut()) {
            to_draft_07(schema);
        }
        Self { shared, parts }
    }

    /// The fields of a part.
    pub(super) fn fields(&self, part: &str) -> Map<String, Value> {
        self.parts[part]["properties"].as_object().cloned().unwrap_or_default()
    }

    /// The fields that a part must have.
    pub(super) fn required(&self, part: &str) -> Vec<Value> {
        self.parts[part]["required"].as_array().cloned().unwrap_or_default()
    }

    /// What messages refer to.
    pub(super) fn into_components(self) -> Map<String, Value> {
        self.shared
    }
}

/// Refers to a schema of the document.
pub(super) fn schema_ref(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Refers to a message of the document.
pub(super) fn message_ref(name: &str) -> Value {
    json!({"$ref": format!("#/components/messages/{name}")})
}

/// An object without fields.
pub(super) fn nothing() -> Value {
    json!({"type": "object", "properties": {}, "description": "Empty."})
}

/// The same schema without null.
pub(super) fn never_null(mut schema: Value) -> Value {
    if let Some(types) = schema["type"].as_array() {
        let types: Vec<_> = types.iter().filter(|word| *word != "null").cloned().collect();
        schema["type"] = if let [only] = types.as_slice() { only.clone() } else { types.into() };
    }
    schema
}

/// What is only in events.
fn of_events() -> Map<String, Value> {
    let mut schemas: Map<_, _> = [
        raw::<RemovedDto>("Removed"),
        raw::<ReadUpdateDto>("ReadUpdate"),
        raw::<AllReadDto>("AllRead"),
        raw::<ReadPlaceDto>("ReadPlace"),
        raw::<ThreadRefDto>("ThreadRef"),
        raw::<ThreadUpdateDto>("ThreadUpdate"),
        raw::<DraftUpdateDto>("DraftUpdate"),
        raw::<BookmarkUpdateDto>("BookmarkUpdate"),
        raw::<ReminderUpdateDto>("ReminderUpdate"),
        raw::<MessageRefDto>("MessageRef"),
        raw::<GroupRefDto>("GroupRef"),
        raw::<TrimmedHistoryDto>("TrimmedHistory"),
        raw::<TypingDto>("Typing"),
        raw::<PresenceDto>("Presence"),
        raw::<HelloDto>("Hello"),
        raw::<EndDto>("End"),
        raw::<ComeBackDto>("ComeBack"),
    ]
    .into_iter()
    .collect();
    for who in ["Hello", "Typing"] {
        // Collected by itself, a type has those within it written out.
        schemas[who]["properties"]["user"] = schema_ref("UserRef");
    }
    schemas["ThreadUpdate"]["properties"]["participants"]["items"] = schema_ref("UserRef");
    schemas["AllRead"]["properties"]["items"]["items"] = schema_ref("ReadPlace");
    openapi::schemas::complete(&mut schemas);
    schemas
}

/// What only messages have: the frame of an event, the requests of a socket.
fn of_parts() -> Map<String, Value> {
    let mut parts: Map<_, _> = [
        raw::<EventDto>("Event"),
        raw::<ReactionRequest>("ReactionRequest"),
        raw::<ReadRequest>("ReadRequest"),
        raw::<TypingRequest>("TypingRequest"),
        raw::<PresenceRequest>("PresenceRequest"),
    ]
    .into_iter()
    .collect();
    openapi::schemas::complete(&mut parts);
    parts
}

/// Schemas of the OpenAPI document, and those that they refer to.
fn with_references(rest: &Value, names: &[&str]) -> Map<String, Value> {
    let mut found = Map::new();
    let mut open: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    while let Some(name) = open.pop() {
        let schema = &rest[&name];
        let text = schema.to_string();
        let references =
            text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        open.extend(references.filter(|name| !found.contains_key(*name)).map(str::to_owned));
        found.insert(name, schema.clone());
    }
    found
}

/// As paperclip collects it.
fn raw<T: Apiv2Schema>(name: &str) -> (String, Value) {
    let schema = serde_json::to_value(T::raw_schema()).expect("a schema is JSON");
    (name.to_owned(), schema)
}

/// Says in draft 07 what OpenAPI 3.0 says in words of its own: what may be null, and examples. Also takes line
/// breaks of the code out of descriptions.
fn to_draft_07(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(to_draft_07);
            if let Some(example) = object.remove("example") {
                object.insert("examples".to_owned(), json!([example]));
            }
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            if object.remove("nullable").is_some() {
                allow_null(object);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(to_draft_07),
        _ => {}
    }
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(mut all)) = schema.remove("allOf") {
        all.push(json!({"type": "null"}));
        schema.insert("oneOf".to_owned(), all.into());
    } else if let Some(own) = schema.remove("type") {
        schema.insert("type".to_owned(), json!([own, "null"]));
    }
}
