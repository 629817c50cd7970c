//! The schemas of what messages hold, in the words of JSON Schema draft 07, which AsyncAPI speaks.

use paperclip::v2::schema::Apiv2Schema;
use serde_json::{Map, Value, json};

use crate::events::{
    ComeBackDto, End, EndDto, HelloDto, PresenceDto, PresenceRequest, ReadUpdateDto, RemovedDto, TypingDto,
    TypingRequest, presence_word,
};
use crate::openapi;
use groupchat_domain::events::Presence;

/// What the OpenAPI document has too.
const OF_REST: &[&str] =
    &["FieldProblem", "Group", "Member", "Message", "Problem", "ReadState", "User", "UserRef"];

/// What is taken apart, and not in the document as a whole: see [`Schemas::fields`].
const PARTS: &[&str] = &["Event", "MessageDraft", "ReadMark"];

/// Every schema that messages are made of.
pub struct Schemas {
    shared: Map<String, Value>,
    parts: Map<String, Value>,
}

impl Schemas {
    /// Collects them from the OpenAPI document and from the types that only events have.
    pub fn collect(rest: &Value) -> Self {
        let rest = &rest["components"]["schemas"];
        let pick =
            |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), rest[name].clone())).collect();
        let (mut shared, mut parts): (Map<_, _>, Map<_, _>) = (pick(OF_REST), pick(PARTS));
        shared.extend(of_events());
        parts.extend(of_requests());
        for schema in shared.values_mut().chain(parts.values_mut()) {
            to_draft_07(schema);
        }
        Self { shared, parts }
    }

    /// The fields of a part.
    pub fn fields(&self, part: &str) -> Map<String, Value> {
        self.parts[part]["properties"].as_object().cloned().unwrap_or_default()
    }

    /// The fields that a part must have.
    pub fn required(&self, part: &str) -> Vec<Value> {
        self.parts[part]["required"].as_array().cloned().unwrap_or_default()
    }

    /// What messages refer to.
    pub fn into_components(self) -> Map<String, Value> {
        self.shared
    }
}

/// Refers to a schema of the document.
pub fn schema_ref(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// An object without fields.
pub fn nothing() -> Value {
    json!({"type": "object", "properties": {}, "description": "Nothing more to say."})
}

/// The same schema without null.
pub fn never_null(mut schema: Value) -> Value {
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
    openapi::schemas::complete(&mut schemas);
    for (schema, field, rules) in rules() {
        let property = &mut schemas[schema]["properties"][field];
        *property = with_rules(property, rules);
    }
    schemas
}

/// What is only in requests of a socket.
fn of_requests() -> Map<String, Value> {
    let mut parts: Map<_, _> =
        [raw::<TypingRequest>("TypingRequest"), raw::<PresenceRequest>("PresenceRequest")]
            .into_iter()
            .collect();
    parts["TypingRequest"]["required"] = json!([]);
    let state = &mut parts["PresenceRequest"]["properties"]["state"];
    let states = [Presence::Online, Presence::Away].map(presence_word);
    *state = with_rules(state, json!({"enum": states}));
    parts["PresenceRequest"]["required"] = json!(["state"]);
    parts
}

/// As paperclip collects it.
fn raw<T: Apiv2Schema>(name: &str) -> (String, Value) {
    let schema = serde_json::to_value(T::raw_schema()).expect("a schema is JSON");
    (name.to_owned(), schema)
}

/// Rules for fields whose names stand for something else in REST, or are not known there.
fn rules() -> [(&'static str, &'static str, Value); 7] {
    let time = json!({"format": "date-time", "example": "2026-11-22T20:15:36.000000Z"});
    let presences = [Presence::Online, Presence::Away, Presence::Offline].map(presence_word);
    let ends = [End::SignedOut, End::TooSlow, End::Stopping, End::Unavailable].map(End::as_str);
    [
        ("Typing", "until", time.clone()),
        ("Presence", "presence", json!({"enum": presences})),
        ("Presence", "last_seen_at", time),
        ("Hello", "version", json!({"example": "1.0.0"})),
        ("Hello", "heartbeat", json!({"minimum": 0, "example": 30})),
        ("End", "reason", json!({"enum": ends})),
        ("ComeBack", "after_ms", json!({"minimum": 0, "example": 1_734})),
    ]
}

/// What a property is, with these rules in the place of its own.
fn with_rules(property: &Value, rules: Value) -> Value {
    let kept = ["type", "description", "nullable"];
    let kept = kept.iter().filter_map(|key| Some(((*key).to_owned(), property.get(key)?.clone())));
    let rules = rules.as_object().cloned().unwrap_or_default();
    Value::Object(kept.chain(rules).collect())
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
