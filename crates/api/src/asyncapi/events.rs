//! The message of each event type.

use serde_json::{Map, Value, json};

use super::schemas::{Schemas, never_null, nothing, schema_ref};
use crate::events::{Nullness, Shape, Transports, shapes};

/// The message of each type.
pub(super) fn messages(schemas: &Schemas) -> impl Iterator<Item = (String, Value)> {
    shapes().map(|(name, shape)| (name.to_owned(), message(name, &shape, schemas)))
}

fn message(name: &str, shape: &Shape, schemas: &Schemas) -> Value {
    json!({"name": name, "title": name, "summary": shape.summary, "payload": payload(name, shape, schemas)})
}

fn payload(name: &str, shape: &Shape, schemas: &Schemas) -> Value {
    let mut fields = schemas.fields("Event");
    for (field, has) in
        [("cursor", shape.cursor), ("group_id", shape.group), ("actor_id", shape.actor), ("at", shape.at)]
    {
        let schema = fields[field].take();
        fields[field] = narrow(has, schema);
    }
    fields["type"] = json!({"type": "string", "const": name});
    fields["data"] = data(shape);
    json!({"type": "object", "required": schemas.required("Event"), "properties": fields})
}

fn data(shape: &Shape) -> Value {
    let Some(schema) = shape.data else { return nothing() };
    let null = shape.fixed.null.iter().map(|field| ((*field).to_owned(), json!({"type": "null"})));
    let given = shape.fixed.given.iter().map(|field| ((*field).to_owned(), json!({"not": {"type": "null"}})));
    let fixed: Map<_, _> = null.chain(given).collect();
    if fixed.is_empty() {
        schema_ref(schema)
    } else {
        // Beside a reference nothing else counts in draft 07.
        json!({"allOf": [schema_ref(schema)], "properties": fixed})
    }
}

fn narrow(has: Nullness, schema: Value) -> Value {
    match has {
        Nullness::Given => never_null(schema),
        Nullness::Null => json!({"type": "null"}),
        Nullness::Either => schema,
    }
}

/// The types that are told on sockets.
pub(super) fn on_socket() -> impl Iterator<Item = &'static str> {
    names(|transports| transports.socket)
}

/// The types that are told on streams.
pub(super) fn on_stream() -> impl Iterator<Item = &'static str> {
    names(|transports| transports.stream)
}

/// The types that answers to polls hold.
pub(super) fn in_polls() -> impl Iterator<Item = &'static str> {
    names(|transports| transports.poll)
}

fn names(is_told: impl Fn(Transports) -> bool) -> impl Iterator<Item = &'static str> {
    shapes().filter(move |(_, shape)| is_told(shape.transports)).map(|(name, _)| name)
}
