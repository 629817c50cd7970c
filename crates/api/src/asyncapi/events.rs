//! The message of each event type.

use groupchat_domain::events::{EventType, SubjectKind};
use serde_json::{Map, Value, json};

use super::schemas::{Schemas, never_null, nothing, schema_ref};
use crate::events::EphemeralType;

/// Whether a field has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Given,
    Null,
    /// Given or null.
    Either,
}

/// What the message of a type of event fixes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    summary: &'static str,
    /// The schema of `data`; `None` for an empty object.
    data: Option<&'static str>,
    /// Fields of `data` that are null in each such event.
    null: &'static [&'static str],
    /// Fields of `data` that may be null elsewhere and are not here.
    given: &'static [&'static str],
    cursor: Field,
    group: Field,
    actor: Field,
    at: Field,
    transports: Transports,
}

/// Who is told.
#[derive(Debug, Clone, Copy)]
struct Transports {
    socket: bool,
    stream: bool,
    poll: bool,
}

impl Shape {
    /// An event of the log: it has a cursor and a time, and somebody did it.
    const fn logged(summary: &'static str, data: &'static str) -> Self {
        Self {
            summary,
            data: Some(data),
            null: &[],
            given: &[],
            cursor: Field::Given,
            group: Field::Given,
            actor: Field::Given,
            at: Field::Given,
            transports: Transports { socket: true, stream: true, poll: true },
        }
    }

    /// Ephemeral events have no actor and no time.
    const fn ephemeral(summary: &'static str, data: Option<&'static str>) -> Self {
        Self {
            summary,
            data,
            null: &[],
            given: &[],
            cursor: Field::Null,
            group: Field::Null,
            actor: Field::Null,
            at: Field::Null,
            transports: Transports { socket: true, stream: true, poll: false },
        }
    }

    /// What follows from the subject of a type, and from who may do it; `None` for one that no client is told of.
    fn of(event_type: EventType) -> Option<Self> {
        const PRIVATE: &[&str] = &["email", "presence"];
        const STANDING: &[&str] = &["my_role", "read_seq", "unread", "last_message"];
        let logged = |data| Self::logged(event_type.summary(), data);
        let shape = match event_type.subject() {
            SubjectKind::User | SubjectKind::UserUpdate => {
                Self { group: Field::Null, null: PRIVATE, ..logged("User") }
            }
            SubjectKind::UserId => Self { group: Field::Null, ..logged("Removed") },
            SubjectKind::Group => Self { null: STANDING, ..logged("Group") },
            SubjectKind::RemovedGroup | SubjectKind::RemovedMember => logged("Removed"),
            SubjectKind::GroupMember => logged("Member"),
            SubjectKind::Message => Self { null: &["liked"], ..logged("Message") },
            SubjectKind::Tombstone => {
                Self { null: &["liked", "text"], given: &["deleted_at"], ..logged("Message") }
            }
        };
        let actor = if event_type.may_be_by_server() { Field::Either } else { Field::Given };
        (!event_type.is_hidden()).then_some(Self { actor, ..shape })
    }

    const fn of_ephemeral(event_type: EphemeralType) -> Self {
        match event_type {
            EphemeralType::Hello => Self {
                // Null where a gap is told next: whoever is cut off before that must not come back to a later place.
                cursor: Field::Either,
                ..Self::ephemeral(
                    "The first event on a connection: the user and the starting position.",
                    Some("Hello"),
                )
            },
            EphemeralType::Gap => Self {
                cursor: Field::Given,
                transports: Transports { socket: true, stream: true, poll: true },
                ..Self::ephemeral(
                    "The events up to this cursor are no longer available: reload what you show.",
                    None,
                )
            },
            EphemeralType::Heartbeat => Self {
                cursor: Field::Given,
                ..Self::ephemeral(
                    "The connection is alive, and everything up to this cursor has been delivered.",
                    None,
                )
            },
            EphemeralType::Reconnect => Self {
                transports: Transports { socket: true, stream: false, poll: false },
                ..Self::ephemeral(
                    "The connection is about to be closed: when to reconnect.",
                    Some("ComeBack"),
                )
            },
            EphemeralType::End => Self {
                transports: Transports { socket: false, stream: true, poll: false },
                ..Self::ephemeral("The last event on a stream: the reason why it ends.", Some("End"))
            },
            EphemeralType::ReadUpdated => Self {
                group: Field::Given,
                ..Self::ephemeral("You have read further on one of your devices.", Some("ReadUpdate"))
            },
            EphemeralType::Typing => Self {
                group: Field::Given,
                ..Self::ephemeral("A user is typing in a group, or has stopped.", Some("Typing"))
            },
            EphemeralType::Presence => Self::ephemeral(
                "The presence of a user with whom you share a group has changed.",
                Some("Presence"),
            ),
        }
    }

    /// The message of this type.
    pub(super) fn message(&self, name: &str, schemas: &Schemas) -> Value {
        json!({"name": name, "title": name, "summary": self.summary, "payload": self.payload(name, schemas)})
    }

    fn payload(&self, name: &str, schemas: &Schemas) -> Value {
        let mut fields = schemas.fields("Event");
        for (field, has) in
            [("cursor", self.cursor), ("group_id", self.group), ("actor_id", self.actor), ("at", self.at)]
        {
            let schema = fields[field].take();
            fields[field] = has.narrow(schema);
        }
        fields["type"] = json!({"type": "string", "const": name});
        fields["data"] = self.data();
        json!({"type": "object", "required": schemas.required("Event"), "properties": fields})
    }

    fn data(&self) -> Value {
        let Some(schema) = self.data else { return nothing() };
        let null = self.null.iter().map(|field| ((*field).to_owned(), json!({"type": "null"})));
        let given = self.given.iter().map(|field| ((*field).to_owned(), json!({"not": {"type": "null"}})));
        let fixed: Map<_, _> = null.chain(given).collect();
        if fixed.is_empty() {
            schema_ref(schema)
        } else {
            // Beside a reference nothing else counts in draft 07.
            json!({"allOf": [schema_ref(schema)], "properties": fixed})
        }
    }
}

impl Field {
    fn narrow(self, schema: Value) -> Value {
        match self {
            Self::Given => never_null(schema),
            Self::Null => json!({"type": "null"}),
            Self::Either => schema,
        }
    }
}

/// Every type of event that a client may be told of.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Shape)> {
    let logged = EventType::ALL.iter().filter_map(|event| Some((event.as_str(), Shape::of(*event)?)));
    let ephemeral = EphemeralType::ALL.iter().map(|event| (event.as_str(), Shape::of_ephemeral(*event)));
    logged.chain(ephemeral)
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

/// The types of events in polls, each with the schema of its `data`; `None` for an empty object.
pub(crate) fn data_in_polls() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    all().filter(|(_, shape)| shape.transports.poll).map(|(name, shape)| (name, shape.data))
}

fn names(is_told: impl Fn(Transports) -> bool) -> impl Iterator<Item = &'static str> {
    all().filter(move |(_, shape)| is_told(shape.transports)).map(|(name, _)| name)
}
