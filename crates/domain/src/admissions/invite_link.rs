//! Invite links.

use std::time::Duration;

use crate::accounts::UserRef;
use crate::admissions::model::{InvitedGroup, Note};
use crate::admissions::repository::Counted;
use crate::codes::CodeHash;
use crate::groups::Group;
use crate::ids::{GroupId, InviteLinkId, UserId};
use crate::paging::Limit;
use crate::permissions::{Role, RoleName};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::text::TextBytes;
use crate::time::Timestamp;
use crate::validation::{Violation, ViolationCode};

/// How many links to a group there can be.
pub const MAX_INVITE_LINKS: u32 = 100;

/// How many links that a user has made there can be, to all groups together.
pub const MAX_MADE_INVITE_LINKS: u32 = 500;

/// How long a link works unless its maker says otherwise.
pub const LINK_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long a link works at most.
pub const MAX_LINK_LIFETIME: Duration = Duration::from_secs(366 * 24 * 3600);

/// How many users a link lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxUses(u32);

impl MaxUses {
    /// The greatest number.
    pub const MAX: u32 = 100_000;

    /// Checks a number.
    ///
    /// # Errors
    /// [`ViolationCode::OutOfRange`] unless it is 1 to [`MAX`](Self::MAX).
    pub fn parse(number: i64) -> Result<Self, Violation> {
        Self::from_stored(number).ok_or_else(|| {
            let detail = format!("must be 1 to {}, is {number}", Self::MAX);
            Violation::new(ViolationCode::OutOfRange, detail)
        })
    }

    /// A stored number; `None` if it is none.
    pub fn from_stored(number: i64) -> Option<Self> {
        u32::try_from(number).ok().filter(|number| (1..=Self::MAX).contains(number)).map(Self)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0 as i64
    }
}

/// A link by which whoever knows its code comes into a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteLink {
    /// The link's id.
    pub id: InviteLinkId,
    /// Where to.
    pub group: InvitedGroup,
    /// Who has made it.
    pub created_by: UserRef,
    /// The role that users get.
    pub role: RoleName,
    /// What its maker writes to those who may invite.
    pub note: Option<Note>,
    /// How many users it lets in; `None` for any number.
    pub max_uses: Option<MaxUses>,
    /// How many users have come in by it.
    pub uses: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl TextBytes for InviteLink {
    fn text_bytes(&self) -> usize {
        self.group.name.text_bytes()
            + self.created_by.text_bytes()
            + self.role.text_bytes()
            + self.note.text_bytes()
    }
}

/// A link with what decides whether it still lets anybody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedLink {
    /// The link.
    pub link: InviteLink,
    /// The group as it is now.
    pub group: Group,
    /// The role that its maker has in the group now; `None` for others than members.
    pub issuer: Option<Role>,
    /// The role that users get, as it is now; `None` if the group has no such role any more.
    pub gift: Option<Role>,
}

impl TextBytes for IssuedLink {
    fn text_bytes(&self) -> usize {
        self.link.text_bytes()
    }
}

/// A link, and whether it still lets anybody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedLink {
    /// The link.
    pub link: InviteLink,
    /// Whether it lets somebody in now.
    pub is_valid: bool,
}

impl TextBytes for JudgedLink {
    fn text_bytes(&self) -> usize {
        self.link.text_bytes()
    }
}

/// A link that is about to be stored. Nobody has used it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInviteLink {
    /// Where to.
    pub group: GroupId,
    /// Who makes it.
    pub created_by: UserId,
    /// The hash of its code.
    pub code: CodeHash,
    /// The role that users get.
    pub role: RoleName,
    /// What its maker writes to those who may invite.
    pub note: Option<Note>,
    /// How many users it lets in; `None` for any number.
    pub max_uses: Option<MaxUses>,
    /// When it is made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Which links to a group to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InviteLinkQuery {
    /// The group.
    pub group: GroupId,
    /// Only those with a lower id.
    pub below: Option<InviteLinkId>,
    /// The number of rows. The repository reads one more to find out whether there is a next page.
    pub limit: Limit,
}

repository! {
    /// Invite links, also those that don't let anybody in any more. No method finds one to a deleted group, except those
    /// that say so.
    #[cfg_attr(test, mockall::automock)]
    pub trait InviteLinkRepository {
        /// The link whose code has this hash.
        fn find(&mut self, code: &CodeHash) -> Result<Option<IssuedLink>, StorageFault>;

        /// Links, the highest id first; one row more than the limit if there is a next page.
        fn list(&mut self, query: &InviteLinkQuery) -> Result<Vec<IssuedLink>, StorageFault>;

        /// How many there are, counted up to `most`; also those to deleted groups. MUST cost no more than as many
        /// look-ups.
        fn count(&mut self, of: Counted, most: u32) -> Result<u32, StorageFault>;

        /// Stores a link.
        fn insert(&mut self, link: &NewInviteLink) -> Result<InviteLinkId, StorageFault>;

        /// Counts a use of a link. MUST return `false`, and count nothing, if the link is gone or was used as often as
        /// it may.
        fn spend(&mut self, id: InviteLinkId) -> Result<bool, StorageFault>;

        /// Removes a link to a group; `false` if there is none.
        fn remove(&mut self, group: GroupId, id: InviteLinkId) -> Result<bool, StorageFault>;

        /// Removes up to `limit` links that a user has made, also to deleted groups; `true` once none is left.
        fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault>;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_lets_1_to_100_000_users_in() {
        for number in [1, 20, 100_000] {
            assert_eq!(MaxUses::parse(number).unwrap().get(), number);
        }
        for number in [i64::MIN, 0, 100_001, (1 << 32) + 1] {
            assert_eq!(MaxUses::parse(number).unwrap_err().code, ViolationCode::OutOfRange, "{number}");
        }
    }
}
