//! Events and who may see them.

use crate::accounts::User;
use crate::events::event_type::EventType;
use crate::groups::{Group, Member};
use crate::ids::{EventId, GroupId, MessageId, Position, SessionId, UserId};
use crate::messages::Message;
use crate::text::TextBytes;
use crate::time::Timestamp;

/// Who may see an event. Rights are checked again on delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// All signed-in users.
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

/// An event, with the entity in its state after the event. The log stores only the type and the ids, so that deleted
/// text doesn't stay there. The entity saves a read for live delivery.
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
    /// The actor likes a message, which has the new count.
    MessageLiked(Message),
    /// The actor no longer likes a message, which has the new count.
    MessageUnliked(Message),
    /// An event of this type, loaded from the log, whose entity no longer exists. Only its position is left, so that
    /// positions have no gaps. Nobody receives it, and no command emits it.
    Gone(EventType),
    /// Some or all sessions of a user have ended: the user's connections authenticate again. Hidden.
    SessionsEnded(UserId),
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
            Self::Gone(event_type) => *event_type,
            Self::SessionsEnded(_) => EventType::SessionsEnded,
        }
    }

    /// The user that the event is about, if any.
    pub const fn subject_user(&self) -> Option<UserId> {
        match self {
            Self::UserCreated(user) | Self::UserUpdated(user) => Some(user.id),
            Self::MemberAdded(_, member) | Self::MemberUpdated(_, member) => Some(member.user.id),
            Self::UserDeleted(id) | Self::MemberRemoved(_, id) | Self::SessionsEnded(id) => Some(*id),
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
            Self::UserCreated(_)
            | Self::UserUpdated(_)
            | Self::UserDeleted(_)
            | Self::SessionsEnded(_)
            | Self::Gone(_) => None,
        }
    }

    /// The message that the event is about, if any.
    pub const fn message(&self) -> Option<&Message> {
        match self {
            Self::MessageCreated(message)
            | Self::MessageUpdated(message)
            | Self::MessageDeleted(message)
            | Self::MessageLiked(message)
            | Self::MessageUnliked(message) => Some(message),
            _ => None,
        }
    }

    /// The id of that message.
    pub fn subject_message(&self) -> Option<MessageId> {
        self.message().map(|message| message.id)
    }
}

impl TextBytes for Event {
    fn text_bytes(&self) -> usize {
        match self {
            Self::UserCreated(user) | Self::UserUpdated(user) => user.text_bytes(),
            Self::GroupCreated(group) | Self::GroupUpdated(group) => group.text_bytes(),
            Self::MemberAdded(_, member) | Self::MemberUpdated(_, member) => member.text_bytes(),
            _ => self.message().map_or(0, Message::text_bytes),
        }
    }
}

/// An event in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its position in the log: one more than that of the previous event.
    pub position: Position,
    /// Its id, which the start of a membership is compared with: a member sees the group's events from
    /// [`since_event`](crate::groups::NewMembership::since_event) on.
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
