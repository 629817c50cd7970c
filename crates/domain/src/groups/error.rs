//! Rejections about groups and members.

use std::fmt;
use std::time::Duration;

use crate::permissions::{BanTerm, Denial, MAX_ROLES, Shortfall};
use crate::time::Timestamp;

/// Why a use case of groups rejected a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupRefusal {
    /// No such group, or not one that the caller may know of.
    #[error("there is no such group")]
    NotFound,
    /// No such member of the group.
    #[error("there is no such member in this group")]
    MemberNotFound,
    /// Only members may do this.
    #[error("only members of the group may do this")]
    MembersOnly,
    /// The caller's role does not allow this.
    #[error("your role in the group does not allow this: {0}")]
    RoleTooLow(Shortfall),
    /// The group is archived: nothing in it changes.
    #[error("the group is archived")]
    Archived,
    /// The user is muted in the group.
    #[error("you are muted in the group")]
    Muted {
        /// When the mute ends.
        until: Timestamp,
    },
    /// The group doesn't show how far its members have read.
    #[error("the group doesn't show who has read")]
    ReceiptsOff,
    /// The caller doesn't show how far they have read, and so isn't shown how far others have.
    #[error("you hide how far you have read, so you can't see how far others have")]
    ReceiptsHidden,
    /// The group is in slow mode, and the member's last message is too recent.
    #[error("the group is in slow mode; send your next message in {} s", retry_after.as_secs_f64().ceil())]
    SlowMode {
        /// When the member may send again.
        retry_after: Duration,
    },
    /// In a direct conversation nobody may do this.
    #[error("nobody may do this in a direct conversation: its people stay the same, and all may do the same")]
    Direct,
    /// The direct conversation can't be had: one of two people has blocked the other, or an account is gone. Which of
    /// these it is, nobody is told.
    #[error("this conversation is closed: at least one of the people can't be written to by you")]
    DirectClosed,
    /// Another listed group has this name.
    #[error("another public or closed group has this name")]
    NameTaken,
    /// The user is banned from the group.
    #[error("the user is banned from the group")]
    Banned(BanTerm),
    /// The user is a member already.
    #[error("the user is already a member")]
    AlreadyMember,
    /// No such role in the group.
    #[error("there is no such role in this group")]
    RoleNotFound,
    /// The group has a role of this name already.
    #[error("the group has a role of this name")]
    RoleNameTaken,
    /// What is to be changed of a built-in role is the same in all groups.
    #[error("owners may do everything, and built-in roles keep their rank and can't be deleted")]
    RoleFixed,
    /// Members have the role that is to be deleted.
    #[error("members have this role")]
    RoleInUse,
    /// The group has as many roles as it may.
    #[error("a group can define at most {MAX_ROLES} roles")]
    TooManyRoles,
    /// A group's last owner can't leave, be removed or be demoted.
    #[error("the last owner of a group can't leave, be removed or be demoted")]
    LastOwner,
    /// There are as many as may be.
    #[error("the number of {quota} is limited to {limit}")]
    QuotaExceeded {
        /// What is limited.
        quota: Quota,
        /// How many there may be.
        limit: u32,
    },
}

impl From<Denial> for GroupRefusal {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::NotMember => Self::MembersOnly,
            Denial::Banned(term) => Self::Banned(term),
            Denial::Role(shortfall) => Self::RoleTooLow(shortfall),
            Denial::Archived => Self::Archived,
            Denial::Direct => Self::Direct,
            Denial::DirectClosed => Self::DirectClosed,
            Denial::Muted(until) => Self::Muted { until },
            Denial::SlowMode { retry_after } => Self::SlowMode { retry_after },
        }
    }
}

/// What is limited. Part of the HTTP contract: names never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// Groups that a user owns.
    OwnedGroups,
    /// Groups that a user is in.
    Memberships,
    /// Members of a group.
    Members,
    /// Direct conversations that a user has started or written in.
    DirectConversations,
    /// Invitations to a group.
    Invitations,
    /// Invitations that a user has made.
    SentInvitations,
    /// Requests to join a group.
    JoinRequests,
    /// Requests of a user to join groups.
    SentJoinRequests,
    /// Invite links to a group.
    InviteLinks,
    /// Invite links that a user has made.
    MadeInviteLinks,
    /// Invites to the server that a user has made.
    ServerInvites,
    /// Bans from a group.
    Bans,
}

impl Quota {
    /// Every quota.
    pub const ALL: [Self; 12] = [
        Self::OwnedGroups,
        Self::Memberships,
        Self::Members,
        Self::DirectConversations,
        Self::Invitations,
        Self::SentInvitations,
        Self::JoinRequests,
        Self::SentJoinRequests,
        Self::InviteLinks,
        Self::MadeInviteLinks,
        Self::ServerInvites,
        Self::Bans,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OwnedGroups => "owned_groups",
            Self::Memberships => "memberships",
            Self::Members => "members",
            Self::DirectConversations => "direct_conversations",
            Self::Invitations => "invitations",
            Self::SentInvitations => "sent_invitations",
            Self::JoinRequests => "join_requests",
            Self::SentJoinRequests => "sent_join_requests",
            Self::InviteLinks => "invite_links",
            Self::MadeInviteLinks => "made_invite_links",
            Self::ServerInvites => "server_invites",
            Self::Bans => "bans",
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OwnedGroups => "groups owned by a user",
            Self::Memberships => "groups that a user is in",
            Self::Members => "members of a group",
            Self::DirectConversations => "direct conversations that a user has started or written in",
            Self::Invitations => "invitations to a group",
            Self::SentInvitations => "invitations that a user has made",
            Self::JoinRequests => "requests to join a group",
            Self::SentJoinRequests => "requests of a user to join groups",
            Self::InviteLinks => "invite links to a group",
            Self::MadeInviteLinks => "invite links that a user has made",
            Self::ServerInvites => "invites to the server that a user has made",
            Self::Bans => "bans from a group",
        })
    }
}
