//! Every type of event that clients receive, with its shape.

use groupchat_domain::events::{EventType, SubjectKind};

use super::ephemeral_type::EphemeralType;
use super::shape::{Nullness, Shape};
use crate::accounts::UserDto;
use crate::groups::{GroupDto, MemberDto};
use crate::messages::MessageDto;

/// Every type of event that a client may be told of.
pub(crate) fn shapes() -> impl Iterator<Item = (&'static str, Shape)> {
    let logged = EventType::ALL.iter().filter_map(|event| Some((event.as_str(), shape_of(*event)?)));
    let ephemeral = EphemeralType::ALL.iter().map(|event| (event.as_str(), event.shape()));
    logged.chain(ephemeral)
}

/// What follows from the subject of a type, and from who may do it; `None` for one that no client is told of.
fn shape_of(event_type: EventType) -> Option<Shape> {
    let logged = |data| Shape::logged(event_type.summary(), data);
    let shape = match event_type.subject() {
        SubjectKind::User | SubjectKind::UserUpdate => {
            Shape { group: Nullness::Null, fixed: UserDto::IN_EVENTS, ..logged("User") }
        }
        SubjectKind::UserId => Shape { group: Nullness::Null, ..logged("Removed") },
        SubjectKind::ServerRoles => Shape { group: Nullness::Null, ..logged("ServerRoles") },
        SubjectKind::RolesOfUser => Shape { group: Nullness::Null, ..logged("RolesOfUser") },
        SubjectKind::GroupUpdate => Shape { fixed: GroupDto::IN_EVENTS, ..logged("Group") },
        SubjectKind::RemovedGroup
        | SubjectKind::RemovedMember
        | SubjectKind::EndedBan
        | SubjectKind::EndedJoinRequest => logged("Removed"),
        SubjectKind::TrimmedHistory => logged("TrimmedHistory"),
        SubjectKind::BanUpdate => logged("Ban"),
        SubjectKind::JoinRequestUpdate => logged("JoinRequest"),
        SubjectKind::GroupMember | SubjectKind::AddedMember => {
            Shape { fixed: MemberDto::IN_EVENTS, ..logged("Member") }
        }
        SubjectKind::OwnMembership => Shape { fixed: MemberDto::OWN_IN_EVENTS, ..logged("Member") },
        SubjectKind::Invitation => Shape { group: Nullness::Null, ..logged("Invitation") },
        SubjectKind::EndedInvitation => Shape { group: Nullness::Null, ..logged("Removed") },
        SubjectKind::GroupSenders | SubjectKind::DirectPartner => return None,
        SubjectKind::Message | SubjectKind::MentionUpdate => {
            Shape { fixed: MessageDto::IN_EVENTS, ..logged("Message") }
        }
        SubjectKind::MessageReaction => Shape { fixed: MessageDto::IN_EVENTS, ..logged("MessageReaction") },
        SubjectKind::PollUpdate => logged("PollUpdate"),
        SubjectKind::ThreadUpdate => logged("ThreadUpdate"),
        SubjectKind::OwnThread => logged("ThreadRef"),
        SubjectKind::DraftUpdate => logged("DraftUpdate"),
        SubjectKind::BookmarkUpdate => logged("BookmarkUpdate"),
        SubjectKind::ReminderUpdate => logged("ReminderUpdate"),
        SubjectKind::SentScheduled => logged("MessageRef"),
        SubjectKind::OwnSchedule => logged("GroupRef"),
        SubjectKind::Tombstone => Shape { fixed: MessageDto::TOMBSTONE, ..logged("Message") },
    };
    let actor = if event_type.may_be_by_server() { Nullness::Either } else { Nullness::Given };
    (!event_type.is_hidden()).then_some(Shape { actor, ..shape })
}
