//! An event as clients receive it, on every transport.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::accounts::UserRef;
use groupchat_domain::events::{
    AddedMember, BanUpdate, Cursor, EndReason, EndedBan, EndedJoinRequest, EphemeralEvent, Epoch,
    GroupMember, GroupUpdate, JoinRequestUpdate, LoggedEvent, MentionUpdate, OwnMembership, RemovedMember,
    ServerRoles, Subject, ThreadUpdate, Tombstone, UserUpdate,
};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::presence::Presence;
use groupchat_domain::time::Timestamp;
use paperclip::actix::Apiv2Schema;
use paperclip::v2::models::DataType;
use paperclip::v2::schema::TypedData;
use serde::Serialize;

use super::ephemeral_type::EphemeralType;
use super::values::{GoneId, Milliseconds, Seconds, ServerVersion, TicketText};
use crate::accounts::{RolesOfUserDto, ServerRolesDto, UserDto, UserRefDto};
use crate::admissions::{InvitationDto, JoinRequestDto};
use crate::groups::{BanDto, GroupDto, MemberDto, TrimmedHistoryDto};
use crate::json;
use crate::messages::{
    AllReadDto, MessageDto, MessageReactionDto, ReadUpdateDto, ThreadRefDto, ThreadUpdateDto,
};
use crate::polls::PollUpdateDto;
use crate::saved::{BookmarkUpdateDto, DraftUpdateDto, GroupRefDto, MessageRefDto, ReminderUpdateDto};
use crate::wire::{Field, Time};

/// Something that happened.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Event")]
pub(crate) struct EventDto {
    /// The position to resume from after this event; null if it is the same as before.
    pub cursor: Option<Field<Cursor>>,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// The group that it belongs to.
    pub group_id: Option<Field<GroupId>>,
    /// The user who caused it; null for the server itself.
    pub actor_id: Option<Field<UserId>>,
    /// When it happened.
    pub at: Option<Time>,
    /// The subject of the event, in its state after the event.
    pub data: EventData,
}

/// What an event is about. Everybody gets the same, so what differs from one to the next is null: whether one likes
/// a message, one's role in a group, somebody's address.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "it is rendered at once, and most events are about messages")]
pub(crate) enum EventData {
    /// A user.
    User(UserDto),
    /// The roles on the server.
    Roles(ServerRolesDto),
    /// The roles of a user.
    RolesOfUser(RolesOfUserDto),
    /// A group, which is much larger than the others.
    Group(Box<GroupDto>),
    /// What was removed of the event's group.
    Trimmed(TrimmedHistoryDto),
    /// A member of the event's group.
    Member(MemberDto),
    /// A ban from the event's group.
    Ban(BanDto),
    /// An invitation, as whoever is invited sees it.
    Invitation(InvitationDto),
    /// A request to join the event's group.
    JoinRequest(JoinRequestDto),
    /// A message.
    Message(MessageDto),
    /// A reaction to a message.
    Reaction(Box<MessageReactionDto>),
    /// A poll.
    Poll(Box<PollUpdateDto>),
    /// A thread.
    Thread(ThreadUpdateDto),
    /// A thread, only by its root.
    ThreadRef(ThreadRefDto),
    /// A draft.
    Draft(DraftUpdateDto),
    /// A bookmark.
    Bookmark(BookmarkUpdateDto),
    /// A reminder.
    Reminder(ReminderUpdateDto),
    /// A message, only by its id.
    MessageRef(MessageRefDto),
    /// A group, only by its id.
    GroupRef(GroupRefDto),
    /// What was removed.
    Removed(RemovedDto),
    /// How far the listener has read.
    Read(ReadUpdateDto),
    /// How far the listener has read in many places.
    AllRead(AllReadDto),
    /// Who is typing.
    Typing(TypingDto),
    /// The presence of a user.
    Presence(PresenceDto),
    /// Properties of a connection.
    Hello(HelloDto),
    /// Why it ends.
    Ended(EndDto),
    /// When to come back.
    ComeBack(ComeBackDto),
    /// Empty.
    Nothing {},
}

/// docs/asyncapi.json says what it is for each type of event.
impl TypedData for EventData {
    fn data_type() -> DataType {
        DataType::Object
    }
}

/// What was removed.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Removed")]
pub(crate) struct RemovedDto {
    /// Its id; for a member, the user's id.
    pub id: Field<GoneId>,
}

impl From<GroupId> for RemovedDto {
    fn from(group: GroupId) -> Self {
        Self { id: GoneId(group.get()).into() }
    }
}

/// Who is typing.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Typing")]
pub(crate) struct TypingDto {
    /// The user.
    pub user: UserRefDto,
    /// Until when to show the indicator, unless it is extended; null if the user has stopped.
    pub until: Option<Time>,
}

/// The presence of a user.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Presence")]
pub(crate) struct PresenceDto {
    /// The user.
    pub user_id: Field<UserId>,
    /// `online`, `away` or `offline`.
    pub presence: Field<Presence>,
    /// When the user was last seen; null unless `offline`.
    pub last_seen_at: Option<Time>,
}

impl PresenceDto {
    fn new(user: UserId, presence: Presence, last_seen_at: Option<Timestamp>) -> Self {
        let last_seen_at = last_seen_at.map(Time::from);
        Self { user_id: user.into(), presence: presence.into(), last_seen_at }
    }

    /// What an event says of somebody's presence; `None` for other events.
    pub(crate) fn of(event: EphemeralEvent) -> Option<Self> {
        let EphemeralEvent::PresenceChanged { user, presence, last_seen_at } = event else { return None };
        Some(Self::new(user, presence, last_seen_at))
    }
}

/// A new ticket.
// Without `Debug`, which would show it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Ticket")]
pub(super) struct TicketDto {
    /// The ticket, returned only once. Pass it in the query of a connection: `?ticket=…`.
    pub ticket: Field<TicketText>,
    /// When it expires, unless it is used before.
    pub expires_at: Time,
}

/// When to reconnect to a server that stops.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ComeBack")]
pub(crate) struct ComeBackDto {
    /// The delay in milliseconds, which differs for each client.
    pub after_ms: Field<Milliseconds>,
}

/// Why the events end.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "End")]
pub(crate) struct EndDto {
    /// `signed_out`: the session has ended. `too_slow`, `stopping`, `unavailable`: reconnect with the last cursor.
    pub reason: Field<EndReason>,
}

/// Properties of a connection.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Hello")]
pub(crate) struct HelloDto {
    /// Who listens.
    pub user: UserRefDto,
    /// The server's version.
    pub version: Field<ServerVersion>,
    /// The heartbeat interval in seconds.
    pub heartbeat: Field<Seconds>,
}

impl EventDto {
    /// An event of the log with this epoch.
    pub(crate) fn logged(logged: LoggedEvent, epoch: &Epoch) -> Self {
        let event = logged.event;
        let cursor = Cursor { epoch: epoch.clone(), position: logged.position };
        Self {
            cursor: Some(cursor.into()),
            event_type: event.event_type().as_str(),
            group_id: event.ids().group.map(Field),
            actor_id: logged.actor.map(Field),
            at: Some(logged.at.into()),
            data: event.into_subject().into(),
        }
    }

    /// An ephemeral event.
    pub(crate) fn ephemeral(ephemeral: EphemeralEvent) -> Self {
        let (event_type, group_id, data) = match ephemeral {
            EphemeralEvent::ReadUpdated(update) => {
                (EphemeralType::ReadUpdated, Some(update.group.into()), EventData::Read(update.into()))
            }
            EphemeralEvent::AllRead(updates) => {
                (EphemeralType::AllRead, None, EventData::AllRead(updates.into()))
            }
            EphemeralEvent::Typing { group, user, until } => {
                let data = TypingDto { user: user.into(), until: until.map(Time::from) };
                (EphemeralType::Typing, Some(group.into()), EventData::Typing(data))
            }
            EphemeralEvent::PresenceChanged { user, presence, last_seen_at } => {
                let data = PresenceDto::new(user, presence, last_seen_at);
                (EphemeralType::Presence, None, EventData::Presence(data))
            }
        };
        Self { cursor: None, event_type: event_type.as_str(), group_id, actor_id: None, at: None, data }
    }

    /// The first event of a connection: the user and the connection's properties. The cursor is left out if a gap comes
    /// next.
    pub(super) fn hello(
        user: UserRef,
        resume_at: Option<&Cursor>,
        version: &'static str,
        heartbeat: Duration,
    ) -> Self {
        let user = user.into();
        let data = HelloDto {
            user,
            version: ServerVersion(version).into(),
            heartbeat: Seconds(heartbeat.as_secs()).into(),
        };
        Self::signal(EphemeralType::Hello, resume_at, EventData::Hello(data))
    }

    /// Events before this cursor are no longer available: the client must reload.
    pub(crate) fn gap(now: &Cursor) -> Self {
        Self::signal(EphemeralType::Gap, Some(now), EventData::Nothing {})
    }

    /// Nothing that the listener may see happened up to this cursor.
    pub(crate) fn heartbeat(now: &Cursor) -> Self {
        Self::signal(EphemeralType::Heartbeat, Some(now), EventData::Nothing {})
    }

    /// The server stops. Contains when to reconnect.
    pub(crate) fn reconnect(after: Duration) -> Self {
        let after_ms = Milliseconds(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)).into();
        Self::signal(EphemeralType::Reconnect, None, EventData::ComeBack(ComeBackDto { after_ms }))
    }

    /// Why the events end.
    pub(crate) fn end(end: EndReason) -> Self {
        Self::signal(EphemeralType::End, None, EventData::Ended(EndDto { reason: end.into() }))
    }

    fn signal(event_type: EphemeralType, cursor: Option<&Cursor>, data: EventData) -> Self {
        let cursor = cursor.cloned().map(Field);
        let event_type = event_type.as_str();
        Self { cursor, event_type, group_id: None, actor_id: None, at: None, data }
    }

    /// The event as JSON on one line.
    pub(crate) fn to_json(&self) -> String {
        json::to_string(self).expect("strings and numbers are always JSON")
    }
}

impl From<Subject> for EventData {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::User(user) | Subject::UserUpdate(UserUpdate { user, .. }) => {
                Self::User(UserDto::for_everybody(&user))
            }
            Subject::ServerRoles(ServerRoles(roles)) => Self::Roles(roles.into()),
            Subject::RolesOfUser(roles) => Self::RolesOfUser(roles.into()),
            Subject::GroupUpdate(GroupUpdate { group, .. }) => {
                Self::Group(Box::new(GroupDto::for_everybody(group)))
            }
            Subject::TrimmedHistory(trimmed) => {
                Self::Trimmed(TrimmedHistoryDto { trimmed_seq: trimmed.upto.into() })
            }
            Subject::GroupMember(GroupMember { member, .. })
            | Subject::AddedMember(AddedMember { member, .. }) => {
                Self::Member(MemberDto::for_everybody(member))
            }
            Subject::OwnMembership(OwnMembership(GroupMember { member, .. })) => {
                Self::Member(MemberDto::for_themselves(member))
            }
            Subject::Invitation(invitation) => Self::Invitation(invitation.into()),
            Subject::EndedInvitation(ended) => {
                Self::Removed(RemovedDto { id: GoneId(ended.id.get()).into() })
            }
            Subject::Message(message) | Subject::Tombstone(Tombstone(message)) => {
                Self::Message(MessageDto::for_everybody(message))
            }
            Subject::MentionUpdate(MentionUpdate { message, .. }) => {
                Self::Message(MessageDto::for_everybody(Arc::unwrap_or_clone(message)))
            }
            Subject::MessageReaction(reaction) => Self::Reaction(Box::new(reaction.into())),
            Subject::PollUpdate(update) => Self::Poll(Box::new(update.into())),
            Subject::ThreadUpdate(ThreadUpdate(thread)) => Self::Thread(thread.into()),
            Subject::OwnThread(own) => Self::ThreadRef(ThreadRefDto { message_id: own.root.into() }),
            Subject::DraftUpdate(update) => Self::Draft(update.into()),
            Subject::BookmarkUpdate(update) => Self::Bookmark(update.into()),
            Subject::ReminderUpdate(update) => Self::Reminder(update.into()),
            Subject::SentScheduled(sent) => {
                Self::MessageRef(MessageRefDto { message_id: sent.message.into() })
            }
            Subject::OwnSchedule(own) => Self::GroupRef(GroupRefDto { group_id: own.group.into() }),
            Subject::BanUpdate(BanUpdate { ban, .. }) => Self::Ban(ban.into()),
            Subject::JoinRequestUpdate(JoinRequestUpdate { request, .. }) => {
                Self::JoinRequest(request.into())
            }
            Subject::UserId(id)
            | Subject::RemovedMember(RemovedMember { user: id, .. })
            | Subject::EndedBan(EndedBan { user: id, .. })
            | Subject::EndedJoinRequest(EndedJoinRequest { user: id, .. }) => {
                Self::Removed(RemovedDto { id: GoneId(id.get()).into() })
            }
            Subject::RemovedGroup(group) => Self::Removed(group.id.into()),
            // Such events are delivered to nobody.
            Subject::Gone | Subject::GroupSenders(_) | Subject::DirectPartner(_) => Self::Nothing {},
        }
    }
}
