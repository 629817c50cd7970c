//! What the events of each type have in common: the schema of their data, which fields are null, and the transports.

use groupchat_domain::events::{EventType, SubjectKind};

use super::ephemeral_type::EphemeralType;
use crate::accounts::UserDto;
use crate::groups::{GroupDto, MemberDto};
use crate::messages::MessageDto;
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
    const fn logged(summary: &'static str, data: &'static str) -> Self {
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

    /// What follows from the subject of a type, and from who may do it; `None` for one that no client is told of.
    fn of(event_type: EventType) -> Option<Self> {
        let logged = |data| Self::logged(event_type.summary(), data);
        let shape = match event_type.subject() {
            SubjectKind::User | SubjectKind::UserUpdate => {
                Self { group: Nullness::Null, fixed: UserDto::IN_EVENTS, ..logged("User") }
            }
            SubjectKind::UserId => Self { group: Nullness::Null, ..logged("Removed") },
            SubjectKind::ServerRoles => Self { group: Nullness::Null, ..logged("ServerRoles") },
            SubjectKind::RolesOfUser => Self { group: Nullness::Null, ..logged("RolesOfUser") },
            SubjectKind::GroupUpdate => Self { fixed: GroupDto::IN_EVENTS, ..logged("Group") },
            SubjectKind::RemovedGroup | SubjectKind::RemovedMember | SubjectKind::EndedBan => {
                logged("Removed")
            }
            SubjectKind::BanUpdate => logged("Ban"),
            SubjectKind::GroupMember | SubjectKind::AddedMember => {
                Self { fixed: MemberDto::IN_EVENTS, ..logged("Member") }
            }
            SubjectKind::OwnMembership => Self { fixed: MemberDto::OWN_IN_EVENTS, ..logged("Member") },
            SubjectKind::Invitation => Self { group: Nullness::Null, ..logged("Invitation") },
            SubjectKind::EndedInvitation => Self { group: Nullness::Null, ..logged("Removed") },
            SubjectKind::Message => Self { fixed: MessageDto::IN_EVENTS, ..logged("Message") },
            SubjectKind::Tombstone => Self { fixed: MessageDto::TOMBSTONE, ..logged("Message") },
        };
        let actor = if event_type.may_be_by_server() { Nullness::Either } else { Nullness::Given };
        (!event_type.is_hidden()).then_some(Self { actor, ..shape })
    }
}

/// Every type of event that a client may be told of.
pub(crate) fn shapes() -> impl Iterator<Item = (&'static str, Shape)> {
    let logged = EventType::ALL.iter().filter_map(|event| Some((event.as_str(), Shape::of(*event)?)));
    let ephemeral = EphemeralType::ALL.iter().map(|event| (event.as_str(), event.shape()));
    logged.chain(ephemeral)
}
