//! Refusals about groups and members.

use crate::groups::quota::Quota;

/// Why a group's use-case declined.
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
    #[error("your role in the group does not allow this")]
    RoleTooLow,
    /// Another public group has this name.
    #[error("another public group has this name")]
    NameTaken,
    /// The user is a member already.
    #[error("the user is a member already")]
    AlreadyMember,
    /// A group's last owner can't leave, be removed or be demoted.
    #[error("the last owner of a group can't leave, be removed or be demoted")]
    LastOwner,
    /// There are as many as may be.
    #[error("there may be at most {limit} {quota}")]
    QuotaExceeded {
        /// What is limited.
        quota: Quota,
        /// How many there may be.
        limit: u32,
    },
}
