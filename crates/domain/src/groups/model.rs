//! Groups and members.

use crate::accounts::UserRef;
use crate::groups::direct_key::DirectKey;
use crate::groups::restriction::Mute;
use crate::groups::retention::{RetentionDays, Trimmed};
use crate::groups::settings::MemberSettings;
use crate::groups::slow_mode::SlowMode;
use crate::ids::{EventId, GroupId, Seq, UserId, Version};
use crate::messages::{MessageView, ReadState};
use crate::permissions::{GroupPermission, PermissionSet, Role, RoleName, RoleTitle, Scope, Who, decide};
use crate::text::{TextBytes, multi_line, name_key, one_line, single_line, text_newtype};
use crate::time::Timestamp;
use crate::validation::{Violation, one_of};

/// A group's name: 1–100 characters on one line. Among listed groups unique without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupName(String);
text_newtype!(GroupName);

impl GroupName {
    /// The most characters a name may have.
    pub const MAX_LENGTH: usize = 100;

    /// Normalizes and checks a name; surrounding white space is dropped.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        single_line(text, Self::MAX_LENGTH).map(Self)
    }

    /// The key by which names are compared, ordered and searched.
    pub fn key(&self) -> String {
        name_key(&self.0)
    }
}

/// What a group is about: at most 1,000 characters, newlines and tabs among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);
text_newtype!(Description);

impl Description {
    /// The most characters a description may have.
    pub const MAX_LENGTH: usize = 1_000;

    /// Normalizes and checks a description.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        multi_line(text, 0, Self::MAX_LENGTH).map(Self)
    }
}

/// What a group talks about at the moment: 1–250 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic(String);
text_newtype!(Topic);

impl Topic {
    /// The most characters a topic may have.
    pub const MAX_LENGTH: usize = 250;

    /// Normalizes and checks a topic; surrounding white space is dropped.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_line(text, Self::MAX_LENGTH).map(Self)
    }
}

/// Who can find a group, and how one comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody signed in lists, sees and joins it.
    Public,
    /// Everybody signed in lists and sees it. To come in, one asks, or is added or invited.
    Closed,
    /// To others than its members it does not exist.
    Private,
}

impl Visibility {
    /// Every visibility.
    pub const ALL: [Self; 3] = [Self::Public, Self::Closed, Self::Private];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Closed => "closed",
            Self::Private => "private",
        }
    }

    /// The visibility of this name.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`](crate::validation::ViolationCode::InvalidFormat) for any other text.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_of(&Self::ALL, Self::as_str, text)
    }

    /// Whether others than members know of the group. Only the names of listed groups are unique: that a name is taken
    /// must not tell of a private group.
    pub const fn is_listed(self) -> bool {
        match self {
            Self::Public | Self::Closed => true,
            Self::Private => false,
        }
    }
}

/// Which messages of a group its members read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// All of them.
    All,
    /// Those that were sent after the member came in.
    Joined,
}

impl History {
    /// Every rule.
    pub const ALL: [Self; 2] = [Self::All, Self::Joined];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Joined => "joined",
        }
    }

    /// The number of the last message before those that a member reads who came in when the group's newest message had
    /// this number. Whatever reads messages asks here.
    pub const fn readable_after(self, joined_seq: Seq) -> Seq {
        match self {
            Self::All => Seq::ZERO,
            Self::Joined => joined_seq,
        }
    }

    /// The rule of this name.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`](crate::validation::ViolationCode::InvalidFormat) for any other text.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_of(&Self::ALL, Self::as_str, text)
    }
}

/// What a group is: a group in the narrow sense, or a conversation of a few people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    /// A group with a name, whose members have roles.
    Group,
    /// The conversation of exactly these people. It has no name, all members may do the same, and it stays as it is.
    Direct,
}

impl GroupKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Group, Self::Direct];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Direct => "direct",
        }
    }

    /// The kind of this name.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`](crate::validation::ViolationCode::InvalidFormat) for any other text.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_of(&Self::ALL, Self::as_str, text)
    }
}

/// A group. Deleted groups are never loaded as a `Group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's id.
    pub id: GroupId,
    /// The group's name; `None` for a direct conversation.
    pub name: Option<GroupName>,
    /// What it is about.
    pub description: Option<Description>,
    /// Who can find it.
    pub visibility: Visibility,
    /// Which messages its members read.
    pub history: History,
    /// What it talks about at the moment.
    pub topic: Option<Topic>,
    /// How long members wait between their messages.
    pub slow_mode: SlowMode,
    /// Whether members see how far others have read; `None` leaves it to the kind and the size of the group.
    pub receipts: Option<bool>,
    /// How long messages stay; `None` leaves it to the server.
    pub retention: Option<RetentionDays>,
    /// When it was archived; `None` unless it is. Members read an archived group, and nobody changes it.
    pub archived_at: Option<Timestamp>,
    /// Counts the changes of what is above.
    pub version: Version,
    /// When it was created.
    pub created_at: Timestamp,
    /// The number of its members.
    pub member_count: i64,
    /// The number of its newest message; 0 if there was none.
    pub last_seq: Seq,
    /// What was removed of its messages for their age.
    pub trimmed: Trimmed,
}

impl Group {
    /// The most members of a group that shows how far they have read without having been told to.
    pub const RECEIPTS_UP_TO: i64 = 50;

    /// What it is.
    pub const fn kind(&self) -> GroupKind {
        if self.is_direct() { GroupKind::Direct } else { GroupKind::Group }
    }

    /// Whether it is a direct conversation.
    pub const fn is_direct(&self) -> bool {
        self.name.is_none()
    }

    /// What permissions in it depend on.
    pub const fn scope(&self) -> Scope<'_> {
        Scope {
            is_open: self.visibility.is_listed(),
            is_direct: self.is_direct(),
            is_closed: false,
            is_archived: self.archived_at.is_some(),
            slow_mode: None,
            target: None,
            gift: None,
        }
    }

    /// The same for somebody who stands so in it.
    pub fn scope_of(&self, standing: Option<&Standing>) -> Scope<'_> {
        Scope { is_closed: standing.is_some_and(|standing| standing.is_closed), ..self.scope() }
    }

    /// Who learns of what happens to the group itself.
    pub const fn audience(&self) -> crate::events::Audience {
        if self.visibility.is_listed() {
            crate::events::Audience::All
        } else {
            crate::events::Audience::Group(self.id)
        }
    }

    /// Whether this role lets its members read messages.
    pub(crate) fn lets_read_some(&self, role: &Role) -> bool {
        decide(&Who::with_role(Some(role)), GroupPermission::ReadHistory, &self.scope()).is_allowed()
    }

    /// Whether a member of this role, who came in when the newest message was `joined_seq`, may read the messages that have
    /// this number in the group, or under which they are replies.
    pub(crate) fn lets_read(&self, role: &Role, joined_seq: Seq, seq: Seq) -> bool {
        self.lets_read_some(role) && seq > self.history.readable_after(joined_seq) && !self.trimmed.hides(seq)
    }

    /// Whether members see how far others have read. Unless the group says so, in direct conversations and in groups of
    /// up to [`RECEIPTS_UP_TO`](Self::RECEIPTS_UP_TO) members.
    pub const fn shows_receipts(&self) -> bool {
        match self.receipts {
            Some(shown) => shown,
            None => self.is_direct() || self.member_count <= Self::RECEIPTS_UP_TO,
        }
    }

    /// How far a member has read. What was removed for its age is read, wherever the cursor is.
    pub fn read_state(&self, standing: &Standing) -> ReadState {
        let read_seq = standing.read_seq.max(self.trimmed.upto);
        ReadState::of(read_seq, self.last_seq, standing.read_version)
    }

    /// Whether this member may read the messages with this number in the group, or under which they are replies, as far as
    /// the role lets them read at all.
    pub fn has_in_history(&self, standing: &Standing, seq: Seq) -> bool {
        seq > self.readable_after(standing) && !self.trimmed.hides(seq)
    }

    /// The number of the last message before those that this member reads.
    pub const fn readable_after(&self, standing: &Standing) -> Seq {
        self.history.readable_after(standing.joined_seq)
    }
}

impl TextBytes for Group {
    fn text_bytes(&self) -> usize {
        self.name.text_bytes() + self.description.text_bytes() + self.topic.text_bytes()
    }
}

/// A group that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// The group's name.
    pub name: GroupName,
    /// What it is about.
    pub description: Option<Description>,
    /// Who can find it.
    pub visibility: Visibility,
    /// Which messages its members read.
    pub history: History,
    /// When it is made.
    pub created_at: Timestamp,
}

impl NewGroup {
    /// The group once the database has given the id: without members, without messages.
    pub fn into_group(self, id: GroupId) -> Group {
        Group {
            id,
            name: Some(self.name),
            description: self.description,
            visibility: self.visibility,
            history: self.history,
            topic: None,
            slow_mode: SlowMode::OFF,
            receipts: None,
            retention: None,
            archived_at: None,
            version: Version::FIRST,
            created_at: self.created_at,
            member_count: 0,
            last_seq: Seq::ZERO,
            trimmed: Trimmed::NOTHING,
        }
    }
}

/// A direct conversation that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDirect {
    /// Whose it is.
    pub key: DirectKey,
    /// When it is made.
    pub created_at: Timestamp,
}

impl NewDirect {
    /// The conversation once the database has given the id: without members, without messages.
    pub const fn to_group(&self, id: GroupId) -> Group {
        Group {
            id,
            name: None,
            description: None,
            visibility: Visibility::Private,
            history: History::All,
            topic: None,
            slow_mode: SlowMode::OFF,
            receipts: None,
            retention: None,
            archived_at: None,
            version: Version::FIRST,
            created_at: self.created_at,
            member_count: 0,
            last_seq: Seq::ZERO,
            trimmed: Trimmed::NOTHING,
        }
    }
}

/// What a group keeps about the one who looks at it, if that is a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The member's role, with what it allows now.
    pub role: Role,
    /// The number up to which the member has read.
    pub read_seq: Seq,
    /// Increases when messages are marked as unread, as in [`ReadState`].
    pub read_version: Version,
    /// The number of the group's newest message when the member came in.
    pub joined_seq: Seq,
    /// The member's own settings.
    pub settings: MemberSettings,
    /// When the member last sent a message here, or else joined.
    pub last_sent_at: Timestamp,
    /// Whether this is the direct conversation of two people, and they can't talk now: one has blocked the other, or
    /// the other's account is gone. Which of these it is, nothing says.
    pub is_closed: bool,
    /// Until when the member is muted; `None` for who is not.
    pub muted_until: Option<Timestamp>,
}

/// A group and how the one who looks at it stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleGroup {
    /// The group.
    pub group: Group,
    /// `None` for others than members.
    pub standing: Option<Standing>,
}

/// A group as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupView {
    /// The group.
    pub group: Group,
    /// `None` for others than members.
    pub standing: Option<Standing>,
    /// The newest message or its tombstone; `None` before the first, and for those who may not read it.
    pub last_message: Option<MessageView>,
    /// How many messages of the group itself that the one who looks has not read mention them, as in [`ReadState`]. 0 for
    /// others than members, and for those who may not read them.
    pub unread_mentions: i64,
    /// Its longest-serving owner; `None` unless it is listed for those who manage all groups.
    pub owner: Option<UserRef>,
}

impl GroupView {
    /// What the one who looks may do by their role; `None` for others than members.
    pub fn permissions(&self) -> Option<PermissionSet> {
        let standing = self.standing.as_ref()?;
        let who = Who::with_role(Some(&standing.role)).muted(standing.muted_until);
        let scope = self.group.scope_of(Some(standing));
        let is_allowed = |permission: &GroupPermission| decide(&who, *permission, &scope).is_allowed();
        Some(GroupPermission::ALL.iter().copied().filter(is_allowed).collect())
    }

    /// A group as this member sees it: the newest message only if the role allows to read, and the member may read this
    /// one.
    pub fn new(group: Group, standing: Option<Standing>, newest: Option<MessageView>) -> Self {
        let who = Who::with_role(standing.as_ref().map(|standing| &standing.role));
        let may_read = decide(&who, GroupPermission::ReadHistory, &group.scope()).is_allowed();
        let after = standing.as_ref().map_or(group.last_seq, |standing| group.readable_after(standing));
        let is_hidden = |seq| group.trimmed.hides(seq);
        let last_message =
            newest.filter(|view| may_read && view.message.seq > after && !is_hidden(view.message.seq));
        Self { group, standing, last_message, unread_mentions: 0, owner: None }
    }

    /// The same with so many unread mentions, as far as the role allows to read them.
    #[must_use]
    pub fn mentioning(self, unread: i64) -> Self {
        let reads = self.standing.as_ref().is_some_and(|standing| self.group.lets_read_some(&standing.role));
        Self { unread_mentions: if reads { unread } else { 0 }, ..self }
    }

    /// How far the one who looks has read; `None` for others than members.
    pub fn read_state(&self) -> Option<ReadState> {
        let standing = self.standing.as_ref()?;
        let state = self.group.read_state(standing);
        Some(state.mentioning(self.unread_mentions))
    }
}

impl TextBytes for GroupView {
    fn text_bytes(&self) -> usize {
        self.group.text_bytes() + self.last_message.text_bytes() + self.owner.text_bytes()
    }
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: UserRef,
    /// Their role.
    pub role: RoleTitle,
    /// Since when they are in it.
    pub joined_at: Timestamp,
    /// The number of the group's newest message when they came in.
    pub joined_seq: Seq,
    /// Their own settings, to be shown to nobody else.
    pub settings: MemberSettings,
    /// Whether they joined without being let in, as somebody who manages the groups of the server.
    pub as_admin: bool,
    /// Whether they may write nothing at present.
    pub mute: Option<Mute>,
}

impl Member {
    /// The same member for somebody who may not mute.
    #[must_use]
    pub fn without_mute_reason(mut self) -> Self {
        if let Some(mute) = &mut self.mute {
            mute.reason = None;
        }
        self
    }
}

impl TextBytes for Member {
    fn text_bytes(&self) -> usize {
        self.user.text_bytes() + self.role.name.text_bytes() + self.mute.text_bytes()
    }
}

/// A member as somebody sees them in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMember {
    /// The member.
    pub member: Member,
    /// The number up to which they have read; `None` where the one who looks doesn't see it.
    pub read_seq: Option<Seq>,
}

impl TextBytes for ListedMember {
    fn text_bytes(&self) -> usize {
        self.member.text_bytes()
    }
}

/// A membership that is about to be stored. Its read states begin with a version that is not below that of anybody who has
/// left the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMembership {
    /// The group.
    pub group: GroupId,
    /// The user who joins.
    pub user: UserId,
    /// Their role.
    pub role: RoleName,
    /// Since when.
    pub joined_at: Timestamp,
    /// Messages up to here count as read.
    pub read_seq: Seq,
    /// The number of the group's newest message at that time. Under [`History::Joined`] the member reads only what
    /// follows.
    pub joined_seq: Seq,
    /// The id of the event that tells of the joining: older events of the group are not replayed to this
    /// member.
    pub since_event: EventId,
    /// Whether they join without being let in, as somebody who manages the groups of the server.
    pub as_admin: bool,
}

#[cfg(test)]
mod tests;
