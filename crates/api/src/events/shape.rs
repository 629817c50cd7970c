//! What the events of each type have in common: the schema of their data, which fields are null, and the transports.

use crate::wire::FixedFields;

/// Whether a field of an event has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nullness {
    Given,
    Null,
    /// Given or null.
    Either,
}

/// What all events of a type have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// What the event says, in a sentence.
    pub summary: &'static str,
    /// The schema of `data`; `None` for an empty object.
    pub data: Option<&'static str>,
    /// Which fields of `data` are fixed.
    pub fixed: FixedFields,
    pub cursor: Nullness,
    pub group: Nullness,
    pub actor: Nullness,
    pub at: Nullness,
    pub transports: Transports,
}

/// The transports that deliver events of a type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transports {
    pub socket: bool,
    pub stream: bool,
    pub poll: bool,
}

impl Shape {
    /// An event of the log: it has a cursor and a time, and somebody did it.
    pub(super) const fn logged(summary: &'static str, data: &'static str) -> Self {
        Self {
            summary,
            data: Some(data),
            fixed: FixedFields::NONE,
            cursor: Nullness::Given,
            group: Nullness::Given,
            actor: Nullness::Given,
            at: Nullness::Given,
            transports: Transports { socket: true, stream: true, poll: true },
        }
    }

    /// Ephemeral events have no actor and no time.
    pub(super) const fn ephemeral(summary: &'static str, data: Option<&'static str>) -> Self {
        Self {
            summary,
            data,
            fixed: FixedFields::NONE,
            cursor: Nullness::Null,
            group: Nullness::Null,
            actor: Nullness::Null,
            at: Nullness::Null,
            transports: Transports { socket: true, stream: true, poll: false },
        }
    }
}
