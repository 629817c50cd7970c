//! What events are about.

use crate::accounts::User;
use crate::events::audience::Audience;
use crate::groups::{Group, Member};
use crate::ids::{GroupId, MessageId, UserId};
use crate::messages::Message;
use crate::text::TextBytes;

macro_rules! subjects {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// What an event is about, as it is afterwards.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Subject {
            $($(#[doc = $doc])+ $name($name),)+
            /// Nothing that is still there: an event read back from the log whose subject has gone since.
            Gone,
        }

        /// What the events of a type are about.
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
    /// A user of whom the id says it all.
    UserId,
    /// A group.
    Group,
    /// A group that was deleted.
    RemovedGroup,
    /// A member of a group.
    GroupMember,
    /// A user who is no longer a member of a group.
    RemovedMember,
    /// A message.
    Message,
    /// A message that was deleted.
    Tombstone,
}

/// The ids that a subject names: what the log stores of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubjectIds {
    /// The group that it is, or is in.
    pub group: Option<GroupId>,
    /// The user that it is about.
    pub user: Option<UserId>,
    /// The message that it is.
    pub message: Option<MessageId>,
}

/// What every subject has. Texts count for the memory that waiting events take.
pub(super) trait About: TextBytes {
    /// Its ids.
    fn ids(&self) -> SubjectIds;
}

/// A subject in a group.
pub(super) trait InGroup {
    /// The group.
    fn group_id(&self) -> GroupId;
}

/// A subject about one user.
pub(super) trait OfUser {
    /// The user.
    fn user_id(&self) -> UserId;
}

/// A subject that not everybody may see.
pub(super) trait Limited {
    /// Who may.
    fn viewers(&self) -> Audience;
}

/// A user after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserUpdate {
    /// The user.
    pub user: User,
    viewers: Audience,
}

impl UserUpdate {
    /// What has become of `before`. Everybody sees a change of what everybody may know. A change of anything else is
    /// for the user's own devices: others must not tell one who hides from one who has left.
    pub fn between(before: &User, after: &User) -> Self {
        let public = |user: &User| (user.username.clone(), user.display_name.clone(), user.is_admin);
        let is_private = public(before) == public(after);
        let viewers = if is_private { Audience::User(after.id) } else { Audience::All };
        Self { user: after.without_private_fields(), viewers }
    }

    /// The change that the log tells of. To emit one, use [`between`](Self::between).
    pub const fn logged(user: User, viewers: Audience) -> Self {
        Self { user, viewers }
    }
}

/// What is left of a group that was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedGroup {
    /// Its id.
    pub id: GroupId,
    viewers: Audience,
}

impl RemovedGroup {
    /// What is left of this group. Those who could see it until now see that it is deleted.
    pub const fn of(group: &Group) -> Self {
        Self { id: group.id, viewers: group.audience() }
    }

    /// The group that the log tells of. To emit one, use [`of`](Self::of).
    pub const fn logged(id: GroupId, viewers: Audience) -> Self {
        Self { id, viewers }
    }
}

/// A member of a group, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// The group.
    pub group: GroupId,
    /// The member.
    pub member: Member,
}

/// A user who is no longer a member of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedMember {
    /// The group.
    pub group: GroupId,
    /// The user.
    pub user: UserId,
}

/// A message without text and likes, since it was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone(pub Message);

impl About for User {
    fn ids(&self) -> SubjectIds {
        SubjectIds { user: Some(self.id), ..SubjectIds::default() }
    }
}

impl About for UserUpdate {
    fn ids(&self) -> SubjectIds {
        self.user.ids()
    }
}

impl TextBytes for UserUpdate {
    fn text_bytes(&self) -> usize {
        self.user.text_bytes()
    }
}

impl Limited for UserUpdate {
    fn viewers(&self) -> Audience {
        self.viewers
    }
}

impl About for UserId {
    fn ids(&self) -> SubjectIds {
        SubjectIds { user: Some(*self), ..SubjectIds::default() }
    }
}

impl TextBytes for UserId {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl OfUser for UserId {
    fn user_id(&self) -> UserId {
        *self
    }
}

impl About for Group {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.id), ..SubjectIds::default() }
    }
}

impl Limited for Group {
    fn viewers(&self) -> Audience {
        self.audience()
    }
}

impl About for RemovedGroup {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.id), ..SubjectIds::default() }
    }
}

impl TextBytes for RemovedGroup {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl Limited for RemovedGroup {
    fn viewers(&self) -> Audience {
        self.viewers
    }
}

impl About for GroupMember {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.member.user.id), message: None }
    }
}

impl TextBytes for GroupMember {
    fn text_bytes(&self) -> usize {
        self.member.text_bytes()
    }
}

impl InGroup for GroupMember {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

impl About for RemovedMember {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.user), message: None }
    }
}

impl TextBytes for RemovedMember {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl InGroup for RemovedMember {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

impl OfUser for RemovedMember {
    fn user_id(&self) -> UserId {
        self.user
    }
}

impl About for Message {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group_id), user: None, message: Some(self.id) }
    }
}

impl InGroup for Message {
    fn group_id(&self) -> GroupId {
        self.group_id
    }
}

impl About for Tombstone {
    fn ids(&self) -> SubjectIds {
        self.0.ids()
    }
}

impl TextBytes for Tombstone {
    fn text_bytes(&self) -> usize {
        self.0.text_bytes()
    }
}

impl InGroup for Tombstone {
    fn group_id(&self) -> GroupId {
        self.0.group_id
    }
}
