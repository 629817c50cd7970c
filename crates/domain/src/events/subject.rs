//! The subjects of events.

mod bans;
mod groups;
mod invitations;
mod join_requests;
mod members;
mod mentions;
mod messages;
mod polls;
mod saved;
mod scheduled;
mod threads;
mod users;

use crate::accounts::User;
use crate::admissions::{EndedInvitation, Invitation};
use crate::ids::UserId;
use crate::messages::Message;

pub use self::bans::{BanUpdate, EndedBan};
pub use self::groups::{GroupUpdate, RemovedGroup, TrimmedHistory};
pub use self::join_requests::{EndedJoinRequest, JoinRequestUpdate};
pub use self::members::{
    AddedMember, DirectPartner, GroupMember, GroupSenders, OwnMembership, RemovedMember,
};
pub use self::mentions::MentionUpdate;
pub use self::messages::{MessageReaction, Tombstone};
pub use self::polls::PollUpdate;
pub use self::saved::{BookmarkUpdate, DraftUpdate, ReminderUpdate};
pub use self::scheduled::{OwnSchedule, SentScheduled};
pub use self::threads::{OwnThread, ThreadUpdate};
pub use self::users::{RolesOfUser, ServerRoles, UserUpdate};

macro_rules! subjects {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// The subject of an event, in its state after the event.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Subject {
            $($(#[doc = $doc])+ $name($name),)+
            /// The subject of an event read back from the log no longer exists.
            Gone,
        }

        /// The kind of subject of an event type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum SubjectKind {
            $($(#[doc = $doc])+ $name,)+
        }
    };
}

subjects! {
    /// A user, [without private fields](User::without_private_fields).
    User,
    /// A user who was changed.
    UserUpdate,
    /// A user, only by id.
    UserId,
    /// The roles on the server.
    ServerRoles,
    /// The roles of a user on the server.
    RolesOfUser,
    /// A group, and who is told of it.
    GroupUpdate,
    /// A group that is gone, for all or for those who no longer see it.
    RemovedGroup,
    /// A group of which messages were removed for their age.
    TrimmedHistory,
    /// A member of a group.
    GroupMember,
    /// A member of a group, with their own settings.
    OwnMembership,
    /// A new member of a group.
    AddedMember,
    /// A user who is no longer a member of a group.
    RemovedMember,
    /// Which roles of a group send.
    GroupSenders,
    /// A direct conversation of two people.
    DirectPartner,
    /// A ban from a group.
    BanUpdate,
    /// A ban that was lifted.
    EndedBan,
    /// An invitation, as whoever is invited sees it.
    Invitation,
    /// An invitation that is over.
    EndedInvitation,
    /// A request to join a group.
    JoinRequestUpdate,
    /// A request to join a group that is over.
    EndedJoinRequest,
    /// A message.
    Message,
    /// A message that was deleted.
    Tombstone,
    /// A reaction to a message.
    MessageReaction,
    /// A poll that has changed.
    PollUpdate,
    /// A message that mentions a user, or no longer does.
    MentionUpdate,
    /// A thread.
    ThreadUpdate,
    /// A thread that a user follows, or no longer does.
    OwnThread,
    /// The draft that a user has somewhere.
    DraftUpdate,
    /// The bookmark that a user has on a message.
    BookmarkUpdate,
    /// The reminder that a user has of a message.
    ReminderUpdate,
    /// The messages that a user has scheduled to a group.
    OwnSchedule,
    /// A scheduled message that was sent.
    SentScheduled,
}
