//! Events and who may see them.

use crate::accounts::User;
use crate::groups::{Group, Member};
use crate::ids::{EventId, GroupId, MessageId, SessionId, UserId};
use crate::messages::Message;
use crate::time::Timestamp;

/// Who may see an event. Rights are looked at again when it is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody signed in.
    All,
    /// The members of a group.
    Group(GroupId),
    /// The members of a group, and the user who was one until now.
    GroupAndUser(GroupId, UserId),
    /// One user.
    User(UserId),
    /// One session.
    Session(SessionId),
}

/// Something that happened, with the entity as it is afterwards. The log keeps the type and the ids only, so
/// that deleted text does not live on there; the entity spares the live path a further read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A user was created. Everybody sees it, so it is the user [without private
    /// fields](User::without_private_fields); likewise below.
    UserCreated(User),
    /// A user was changed.
    UserUpdated(User),
    /// A user was deleted.
    UserDeleted(UserId),
    /// A group was created.
    GroupCreated(Group),
    /// A group's name, description or visibility was changed.
    GroupUpdated(Group),
    /// A group was deleted.
    GroupDeleted(GroupId),
    /// A user became a member of a group.
    MemberAdded(GroupId, Member),
    /// A member's role changed.
    MemberUpdated(GroupId, Member),
    /// A user is no longer a member of a group.
    MemberRemoved(GroupId, UserId),
    /// A message was sent.
    MessageCreated(Message),
    /// A message was edited.
    MessageUpdated(Message),
    /// A message was deleted; what is left is its tombstone.
    MessageDeleted(Message),
    /// The actor began to like a message; it carries the new count.
    MessageLiked(Message),
    /// The actor no longer likes a message; it carries the new count.
    MessageUnliked(Message),
}

/// The type of an event, without its entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the Event of the same name")]
pub enum EventType {
    UserCreated,
    UserUpdated,
    UserDeleted,
    GroupCreated,
    GroupUpdated,
    GroupDeleted,
    MemberAdded,
    MemberUpdated,
    MemberRemoved,
    MessageCreated,
    MessageUpdated,
    MessageDeleted,
    MessageLiked,
    MessageUnliked,
}

impl EventType {
    /// The stable name of the type, on the wire and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserCreated => "user.created",
            Self::UserUpdated => "user.updated",
            Self::UserDeleted => "user.deleted",
            Self::GroupCreated => "group.created",
            Self::GroupUpdated => "group.updated",
            Self::GroupDeleted => "group.deleted",
            Self::MemberAdded => "member.added",
            Self::MemberUpdated => "member.updated",
            Self::MemberRemoved => "member.removed",
            Self::MessageCreated => "message.created",
            Self::MessageUpdated => "message.updated",
            Self::MessageDeleted => "message.deleted",
            Self::MessageLiked => "message.liked",
            Self::MessageUnliked => "message.unliked",
        }
    }
}

impl Event {
    /// The event's type.
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::UserCreated(_) => EventType::UserCreated,
            Self::UserUpdated(_) => EventType::UserUpdated,
            Self::UserDeleted(_) => EventType::UserDeleted,
            Self::GroupCreated(_) => EventType::GroupCreated,
            Self::GroupUpdated(_) => EventType::GroupUpdated,
            Self::GroupDeleted(_) => EventType::GroupDeleted,
            Self::MemberAdded(..) => EventType::MemberAdded,
            Self::MemberUpdated(..) => EventType::MemberUpdated,
            Self::MemberRemoved(..) => EventType::MemberRemoved,
            Self::MessageCreated(_) => EventType::MessageCreated,
            Self::MessageUpdated(_) => EventType::MessageUpdated,
            Self::MessageDeleted(_) => EventType::MessageDeleted,
            Self::MessageLiked(_) => EventType::MessageLiked,
            Self::MessageUnliked(_) => EventType::MessageUnliked,
        }
    }

    /// The user that the event is about, where it is about one.
    pub const fn subject_user(&self) -> Option<UserId> {
        match self {
            Self::UserCreated(user) | Self::UserUpdated(user) => Some(user.id),
            Self::MemberAdded(_, member) | Self::MemberUpdated(_, member) => Some(member.user.id),
            Self::UserDeleted(id) | Self::MemberRemoved(_, id) => Some(*id),
            _ => None,
        }
    }

    /// The group that the event is about, or that its message is in.
    pub const fn subject_group(&self) -> Option<GroupId> {
        match self {
            Self::GroupCreated(group) | Self::GroupUpdated(group) => Some(group.id),
            Self::GroupDeleted(id)
            | Self::MemberAdded(id, _)
            | Self::MemberUpdated(id, _)
            | Self::MemberRemoved(id, _) => Some(*id),
            Self::MessageCreated(message)
            | Self::MessageUpdated(message)
            | Self::MessageDeleted(message)
            | Self::MessageLiked(message)
            | Self::MessageUnliked(message) => Some(message.group_id),
            Self::UserCreated(_) | Self::UserUpdated(_) | Self::UserDeleted(_) => None,
        }
    }

    /// The message that the event is about, where it is about one.
    pub const fn subject_message(&self) -> Option<MessageId> {
        match self {
            Self::MessageCreated(message)
            | Self::MessageUpdated(message)
            | Self::MessageDeleted(message)
            | Self::MessageLiked(message)
            | Self::MessageUnliked(message) => Some(message.id),
            _ => None,
        }
    }
}

/// An event that the log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its place in the log. Places have no gaps.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// Who may see it.
    pub audience: Audience,
    /// Who did it; `None` for the server itself.
    pub actor: Option<UserId>,
    /// What happened.
    pub event: Event,
}

#[cfg(test)]
mod tests;
