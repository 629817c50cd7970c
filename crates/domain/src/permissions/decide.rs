//! The one function that answers "may I?".

use std::fmt;
use std::time::Duration;

use super::group::GroupPermission;
use super::role::{Rank, Role};
use crate::time::Timestamp;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The role in the group; `None` for others than members.
    pub role: Option<&'a Role>,
    /// Whether they manage the groups of the server.
    pub manages_groups: bool,
    /// How they are kept out of the group, as nobody is who is in it; `None` for who may come in.
    pub ban: Option<BanTerm>,
    /// Until when they are muted in the group; `None` for who is not.
    pub muted_until: Option<Timestamp>,
}

impl<'a> Who<'a> {
    /// A member with this role, or an outsider, without rights on the server.
    pub const fn with_role(role: Option<&'a Role>) -> Self {
        Self { role, manages_groups: false, ban: None, muted_until: None }
    }

    /// The same person with the right to manage the groups of the server, or without it.
    #[must_use]
    pub const fn managing(self, manages_groups: bool) -> Self {
        Self { manages_groups, ..self }
    }

    /// The same person with this ban.
    #[must_use]
    pub const fn banned(self, ban: Option<BanTerm>) -> Self {
        Self { ban, ..self }
    }

    /// The same person, muted until then.
    #[must_use]
    pub const fn muted(self, until: Option<Timestamp>) -> Self {
        Self { muted_until: until, ..self }
    }
}

/// How long somebody is banned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BanTerm {
    /// When the ban ends; `None` for one that lasts until somebody ends it.
    pub until: Option<Timestamp>,
}

/// What they ask about: a group, and what they want to act on in it.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Whether everybody signed in may see the group.
    pub is_open: bool,
    /// Whether it is a direct conversation.
    pub is_direct: bool,
    /// Whether it is one of two people who can't talk now.
    pub is_closed: bool,
    /// Whether the group is archived.
    pub is_archived: bool,
    /// How long the member who asks has still to wait in slow mode; `None` for who need not.
    pub slow_mode: Option<Duration>,
    /// The rank of the member or the role that is acted on.
    pub target: Option<Rank>,
    /// The role that is given.
    pub gift: Option<&'a Role>,
}

impl<'a> Scope<'a> {
    /// The same group, for an act on a member or a role of this rank.
    #[must_use]
    pub const fn over(self, rank: Rank) -> Self {
        Self { target: Some(rank), ..self }
    }

    /// The same group, for an act that only reads: archived or not makes no difference.
    #[must_use]
    pub const fn reading(self) -> Self {
        Self { is_archived: false, ..self }
    }

    /// The same group, for a message of a member who has to wait so long.
    #[must_use]
    pub const fn in_slow_mode(self, wait: Option<Duration>) -> Self {
        Self { slow_mode: wait, ..self }
    }

    /// The same group, for an act that gives this role.
    #[must_use]
    pub const fn giving(self, role: &'a Role) -> Self {
        Self { gift: Some(role), ..self }
    }
}

/// The answer, with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allowed(Grant),
    /// No.
    Denied(Denial),
}

/// Why it is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// The role in the group has the permission.
    Role,
    /// Everybody signed in may.
    Open,
    /// They manage the groups of the server.
    ManagesGroups,
    /// Everybody in a direct conversation may.
    Direct,
}

/// Why it is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// They are not in the group.
    NotMember,
    /// They are banned from the group.
    Banned(BanTerm),
    /// Their role doesn't suffice.
    Role(Shortfall),
    /// The group is archived.
    Archived,
    /// In a direct conversation nobody may.
    Direct,
    /// The direct conversation of two people is closed: one has blocked the other, or an account is gone.
    DirectClosed,
    /// They are muted until then.
    Muted(Timestamp),
    /// They sent a message a moment ago, and the group is in slow mode.
    SlowMode {
        /// When they may send again.
        retry_after: Duration,
    },
}

/// What a role falls short of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// It lacks this permission.
    Lacks(GroupPermission),
    /// What is acted on has the same or a higher rank.
    Outranked,
    /// The role that is given has a higher rank.
    GivesHigherRank,
    /// The role that is given has this permission, which the giver lacks.
    GivesMore(GroupPermission),
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacks(permission) => write!(f, "it lacks the permission {}", permission.as_str()),
            Self::Outranked => f.write_str("it does not have a higher rank"),
            Self::GivesHigherRank => f.write_str("it can't give a role of a higher rank"),
            Self::GivesMore(permission) => {
                write!(f, "it can't give the permission {}, which it lacks", permission.as_str())
            }
        }
    }
}

impl Denial {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotMember => "not_member",
            Self::Banned(_) => "banned",
            Self::Role(_) => "role",
            Self::Archived => "archived",
            Self::Direct => "direct",
            Self::DirectClosed => "direct_closed",
            Self::Muted(_) => "muted_until",
            Self::SlowMode { .. } => "slow_mode",
        }
    }
}

impl Grant {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Open => "open",
            Self::ManagesGroups => "manages_groups",
            Self::Direct => "direct",
        }
    }
}

impl fmt::Display for Decision {
    /// The reason, in a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed(Grant::Role) => f.write_str("the role in the group allows it"),
            Self::Allowed(Grant::Open) => f.write_str("everybody may do this in a public or closed group"),
            Self::Allowed(Grant::ManagesGroups) => {
                f.write_str("those who manage the groups of the server manage all groups")
            }
            Self::Allowed(Grant::Direct) => f.write_str("everybody may do this in a direct conversation"),
            Self::Denied(Denial::Direct) => f.write_str("nobody may do this in a direct conversation"),
            Self::Denied(Denial::DirectClosed) => f.write_str("the conversation is closed"),
            Self::Denied(Denial::NotMember) => f.write_str("only members of the group may do this"),
            Self::Denied(Denial::Banned(_)) => f.write_str("the user is banned from the group"),
            Self::Denied(Denial::Archived) => f.write_str("the group is archived"),
            Self::Denied(Denial::Muted(_)) => f.write_str("the user is muted in the group"),
            Self::Denied(Denial::SlowMode { retry_after }) => {
                write!(f, "the group is in slow mode; the wait ends in {} s", retry_after.as_secs())
            }
            Self::Denied(Denial::Role(shortfall)) => {
                write!(f, "the role in the group is not enough: {shortfall}")
            }
        }
    }
}

impl Decision {
    /// The stable name of the reason.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Allowed(grant) => grant.as_str(),
            Self::Denied(denial) => denial.as_str(),
        }
    }

    /// When the reason ends by itself; `None` if it doesn't, or if that depends on more than the clock.
    pub const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Denied(Denial::Banned(BanTerm { until })) => until,
            Self::Denied(Denial::Muted(until)) => Some(until),
            _ => None,
        }
    }

    /// Whether it is allowed.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// Whether somebody may do something there.
///
/// A member may do what the role allows: never to somebody of the same or a higher rank, except among owners, and never
/// by giving a role or a permission beyond their own. Whoever manages the groups of the server may do what
/// [is managed](GroupPermission::is_managed) everywhere, to anybody: but neither read nor write.
///
/// In a direct conversation, all members may do the same, whatever their role is called, and others nothing. While it
/// is closed, nothing can be done in it that the other would see, except deleting one's own messages.
///
/// In an archived group, nobody may do more than what [changes nothing in it](GroupPermission::is_kept_in_archive).
/// Who is muted may [write nothing](GroupPermission::is_taken_by_mute), except owners, whom nobody else may have left to end
/// the mute. Slow mode is for members who may not delete the messages of others.
pub fn decide(who: &Who<'_>, permission: GroupPermission, scope: &Scope<'_>) -> Decision {
    let by_right = decide_by_right(who, permission, scope);
    if !by_right.is_allowed() {
        return by_right;
    }
    if scope.is_archived && !permission.is_kept_in_archive() {
        return Decision::Denied(Denial::Archived);
    }
    let is_owner = who.role.is_some_and(|role| role.title.rank == Rank::OWNER);
    if let Some(until) = who.muted_until.filter(|_| permission.is_taken_by_mute() && !is_owner) {
        return Decision::Denied(Denial::Muted(until));
    }
    let moderates = who.role.is_some_and(|role| role.permissions.contains(GroupPermission::DeleteAny));
    match scope.slow_mode {
        Some(retry_after) if permission.is_slowed() && !moderates => {
            Decision::Denied(Denial::SlowMode { retry_after })
        }
        _ => by_right,
    }
}

/// What follows from roles and rights alone, whatever state the group is in.
fn decide_by_right(who: &Who<'_>, permission: GroupPermission, scope: &Scope<'_>) -> Decision {
    let denial = match who.role {
        Some(_) if scope.is_direct => return decide_in_direct(permission, scope),
        Some(role) => match shortfall(role, permission, scope) {
            None => return Decision::Allowed(Grant::Role),
            Some(shortfall) => Denial::Role(shortfall),
        },
        None if permission == GroupPermission::View && scope.is_open => {
            return Decision::Allowed(Grant::Open);
        }
        None => who.ban.map_or(Denial::NotMember, Denial::Banned),
    };
    if who.manages_groups && permission.is_managed() && !scope.is_direct {
        return Decision::Allowed(Grant::ManagesGroups);
    }
    Decision::Denied(denial)
}

fn decide_in_direct(permission: GroupPermission, scope: &Scope<'_>) -> Decision {
    if !permission.is_of_direct() {
        return Decision::Denied(Denial::Direct);
    }
    if scope.is_closed && !permission.is_kept_in_closed() {
        return Decision::Denied(Denial::DirectClosed);
    }
    Decision::Allowed(Grant::Direct)
}

fn shortfall(role: &Role, permission: GroupPermission, scope: &Scope<'_>) -> Option<Shortfall> {
    if !role.permissions.contains(permission) {
        return Some(Shortfall::Lacks(permission));
    }
    let own = role.title.rank;
    if own == Rank::OWNER {
        return None;
    }
    if scope.target.is_some_and(|target| target >= own) {
        return Some(Shortfall::Outranked);
    }
    let gift = scope.gift?;
    if gift.title.rank > own {
        return Some(Shortfall::GivesHigherRank);
    }
    gift.permissions.without_all(role.permissions).first().map(Shortfall::GivesMore)
}

#[cfg(test)]
mod tests;
