//! The subjects of events.

use crate::accounts::User;
use crate::admissions::{EndedInvitation, Invitation};
use crate::events::audience::{Audience, InGroup, Limited, OfUser};
use crate::groups::{Ban, Group, History, Member};
use crate::ids::{GroupId, InvitationId, MessageId, RoleId, UserId};
use crate::messages::Message;
use crate::permissions::{PermittedRoles, ServerRole};
use crate::text::TextBytes;

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
    /// A member of a group.
    GroupMember,
    /// A member of a group, with their own settings.
    OwnMembership,
    /// A new member of a group.
    AddedMember,
    /// A user who is no longer a member of a group.
    RemovedMember,
    /// A ban from a group.
    BanUpdate,
    /// A ban that was lifted.
    EndedBan,
    /// An invitation, as whoever is invited sees it.
    Invitation,
    /// An invitation that is over.
    EndedInvitation,
    /// A message.
    Message,
    /// A message that was deleted.
    Tombstone,
}

/// The ids of a subject. The log stores only these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubjectIds {
    /// The group that it is or belongs to.
    pub group: Option<GroupId>,
    /// The user that it is about.
    pub user: Option<UserId>,
    /// The message that it is.
    pub message: Option<MessageId>,
    /// The invitation that it is.
    pub invitation: Option<InvitationId>,
}

/// What every subject has. Its text counts toward the memory that queued events use.
pub(super) trait About: TextBytes {
    /// Its ids.
    fn ids(&self) -> SubjectIds;
}

/// A user after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserUpdate {
    /// The user.
    pub user: User,
    viewers: Audience,
}

impl UserUpdate {
    /// The change from `before` to `after`. Everybody sees a change of public fields. A change of other fields is only
    /// for the user's own devices: to others, hiding must look the same as going offline.
    pub fn between(before: &User, after: &User) -> Self {
        let public = |user: &User| (user.username.clone(), user.display_name.clone(), user.is_admin);
        let is_private = public(before) == public(after);
        let viewers = if is_private { Audience::User(after.id) } else { Audience::All };
        Self { user: after.without_private_fields(), viewers }
    }

    /// The change as the log contains it. To emit one, use [`between`](Self::between).
    pub const fn logged(user: User, viewers: Audience) -> Self {
        Self { user, viewers }
    }
}

/// The roles on the server: `admin`, `member`, and the others by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRoles(pub Vec<ServerRole>);

/// The roles of a user on the server, in the same order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolesOfUser {
    /// The user.
    pub user: UserId,
    /// The roles.
    pub roles: Vec<ServerRole>,
}

impl RolesOfUser {
    /// The roles of a user, of all roles on the server. `held` says who has which.
    pub fn of(user: &User, all: &[ServerRole], held: &[(UserId, RoleId)]) -> Self {
        let has = |role: &&ServerRole| match role.id {
            ServerRole::ADMIN => user.is_admin,
            ServerRole::MEMBER => true,
            id => held.contains(&(user.id, id)),
        };
        Self { user: user.id, roles: all.iter().filter(has).cloned().collect() }
    }
}

/// A group that was created, changed or shown to more users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupUpdate {
    /// The group.
    pub group: Group,
    viewers: Audience,
}

impl GroupUpdate {
    /// For all who may know of the group.
    pub const fn of(group: Group) -> Self {
        let viewers = group.audience();
        Self { group, viewers }
    }

    /// Shows the group to a user who came in.
    pub const fn shown_to(group: Group, user: UserId) -> Self {
        Self { group, viewers: Audience::User(user) }
    }

    /// The change from `before` to `after`: for those who knew of the group and still do.
    pub const fn between(before: &Group, after: Group) -> Self {
        let is_listed = before.visibility.is_listed() && after.visibility.is_listed();
        let viewers = if is_listed { Audience::All } else { Audience::Group(after.id) };
        Self { group: after, viewers }
    }

    /// The change as the log contains it.
    pub const fn logged(group: Group, viewers: Audience) -> Self {
        Self { group, viewers }
    }
}

/// A group that was deleted, or that not all see any more: its id, and who may learn of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedGroup {
    /// Its id.
    pub id: GroupId,
    viewers: Audience,
}

impl RemovedGroup {
    /// Those who could see the group may see that it was deleted.
    pub const fn of(group: &Group) -> Self {
        Self { id: group.id, viewers: group.audience() }
    }

    /// The group was listed, and everybody who is not in it is told that they no longer see it.
    pub const fn hidden(id: GroupId) -> Self {
        Self { id, viewers: Audience::All }
    }

    /// The deletion as the log contains it. To emit one, use [`of`](Self::of).
    pub const fn logged(id: GroupId, viewers: Audience) -> Self {
        Self { id, viewers }
    }
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// The group.
    pub group: GroupId,
    /// The member.
    pub member: Member,
}

/// A member of a group, with their own settings: for the member alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMembership(pub GroupMember);

/// A user who came into a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedMember {
    /// The group.
    pub group: GroupId,
    /// The member.
    pub member: Member,
    /// Which messages of the group its members read: whoever follows the member's events has to know.
    pub history: History,
}

/// A user who is no longer a member of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedMember {
    /// The group.
    pub group: GroupId,
    /// The user.
    pub user: UserId,
}

/// A ban from a group, and who is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanUpdate {
    /// The group.
    pub group: GroupId,
    /// The ban.
    pub ban: Ban,
    /// The roles that may ban: of the members, only these are told.
    pub moderators: PermittedRoles,
    viewers: Audience,
}

/// A ban that was lifted, and who is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedBan {
    /// The group.
    pub group: GroupId,
    /// The user who was banned.
    pub user: UserId,
    /// The roles that may ban: of the members, only these are told.
    pub moderators: PermittedRoles,
    viewers: Audience,
}

impl BanUpdate {
    /// A ban of which the members of some roles are told, and the banned user if they know of the group.
    pub const fn of(group: GroupId, ban: Ban, moderators: PermittedRoles, tells_user: bool) -> Self {
        let viewers = viewers_of_ban(group, ban.user.id, tells_user);
        Self { group, ban, moderators, viewers }
    }

    /// The ban as the log contains it. To emit one, use [`of`](Self::of).
    pub const fn logged(group: GroupId, ban: Ban, moderators: PermittedRoles, viewers: Audience) -> Self {
        Self { group, ban, moderators, viewers }
    }
}

impl EndedBan {
    /// The end of a ban of which the members of some roles are told, and the user if they know of the group.
    pub const fn of(group: GroupId, user: UserId, moderators: PermittedRoles, tells_user: bool) -> Self {
        let viewers = viewers_of_ban(group, user, tells_user);
        Self { group, user, moderators, viewers }
    }

    /// The end as the log contains it. To emit one, use [`of`](Self::of).
    pub const fn logged(group: GroupId, user: UserId, moderators: PermittedRoles, viewers: Audience) -> Self {
        Self { group, user, moderators, viewers }
    }
}

/// The members of the group, of whom the viewer of events leaves out those who may not ban, and perhaps the user.
const fn viewers_of_ban(group: GroupId, user: UserId, tells_user: bool) -> Audience {
    if tells_user { Audience::GroupAndUser(group, user) } else { Audience::Group(group) }
}

/// A deleted message: without text and likes.
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

impl About for ServerRoles {
    fn ids(&self) -> SubjectIds {
        SubjectIds::default()
    }
}

impl TextBytes for ServerRoles {
    fn text_bytes(&self) -> usize {
        self.0.iter().map(TextBytes::text_bytes).sum()
    }
}

impl About for RolesOfUser {
    fn ids(&self) -> SubjectIds {
        self.user.ids()
    }
}

impl TextBytes for RolesOfUser {
    fn text_bytes(&self) -> usize {
        self.roles.iter().map(TextBytes::text_bytes).sum()
    }
}

impl About for GroupUpdate {
    fn ids(&self) -> SubjectIds {
        let user = match self.viewers {
            Audience::User(user) => Some(user),
            _ => None,
        };
        SubjectIds { group: Some(self.group.id), user, ..SubjectIds::default() }
    }
}

impl TextBytes for GroupUpdate {
    fn text_bytes(&self) -> usize {
        self.group.text_bytes()
    }
}

impl Limited for GroupUpdate {
    fn viewers(&self) -> Audience {
        self.viewers
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
        SubjectIds { group: Some(self.group), user: Some(self.member.user.id), ..SubjectIds::default() }
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

impl About for BanUpdate {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.ban.user.id), ..SubjectIds::default() }
    }
}

impl TextBytes for BanUpdate {
    fn text_bytes(&self) -> usize {
        self.ban.text_bytes() + self.moderators.text_bytes()
    }
}

impl Limited for BanUpdate {
    fn viewers(&self) -> Audience {
        self.viewers
    }
}

impl About for EndedBan {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.user), ..SubjectIds::default() }
    }
}

impl TextBytes for EndedBan {
    fn text_bytes(&self) -> usize {
        self.moderators.text_bytes()
    }
}

impl Limited for EndedBan {
    fn viewers(&self) -> Audience {
        self.viewers
    }
}

impl About for OwnMembership {
    fn ids(&self) -> SubjectIds {
        self.0.ids()
    }
}

impl TextBytes for OwnMembership {
    fn text_bytes(&self) -> usize {
        self.0.text_bytes()
    }
}

impl OfUser for OwnMembership {
    fn user_id(&self) -> UserId {
        self.0.member.user.id
    }
}

impl About for AddedMember {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.member.user.id), ..SubjectIds::default() }
    }
}

impl TextBytes for AddedMember {
    fn text_bytes(&self) -> usize {
        self.member.text_bytes()
    }
}

impl InGroup for AddedMember {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

impl About for RemovedMember {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.user), ..SubjectIds::default() }
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

// Without the group, of which whoever is invited learns no more than the invitation shows.
impl About for Invitation {
    fn ids(&self) -> SubjectIds {
        SubjectIds { user: Some(self.user.id), invitation: Some(self.id), ..SubjectIds::default() }
    }
}

impl OfUser for Invitation {
    fn user_id(&self) -> UserId {
        self.user.id
    }
}

impl About for EndedInvitation {
    fn ids(&self) -> SubjectIds {
        SubjectIds { user: Some(self.user), invitation: Some(self.id), ..SubjectIds::default() }
    }
}

impl TextBytes for EndedInvitation {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl OfUser for EndedInvitation {
    fn user_id(&self) -> UserId {
        self.user
    }
}

impl About for Message {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group_id), message: Some(self.id), ..SubjectIds::default() }
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
