//! Invites to the server, by which people make themselves an account.

use crate::accounts::UserRef;
use crate::admissions::invite_link::MaxUses;
use crate::admissions::model::Note;
use crate::codes::CodeHash;
use crate::ids::{GroupId, ServerInviteId, UserId};
use crate::paging::Limit;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::text::TextBytes;
use crate::time::Timestamp;
use crate::validation::{Violation, ViolationCode};

/// How many invites that a user has made there can be.
pub const MAX_SERVER_INVITES: u32 = 100;

/// The groups that somebody who is invited comes into: at most [`MAX`](Self::MAX), each once, in the order in which groups
/// are locked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InviteGroups(Vec<GroupId>);

impl InviteGroups {
    /// The most groups.
    pub const MAX: usize = 20;

    /// Sorts and checks groups.
    ///
    /// # Errors
    /// [`ViolationCode::TooLong`] if there are too many.
    pub fn parse(mut groups: Vec<GroupId>) -> Result<Self, Violation> {
        groups.sort_unstable();
        groups.dedup();
        if groups.len() > Self::MAX {
            let detail = format!("must name at most {} groups", Self::MAX);
            return Err(Violation::new(ViolationCode::TooLong, detail));
        }
        Ok(Self(groups))
    }

    /// Stored groups.
    pub const fn from_stored(groups: Vec<GroupId>) -> Self {
        Self(groups)
    }

    /// Their ids.
    pub fn ids(&self) -> &[GroupId] {
        &self.0
    }
}

/// An invite to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInvite {
    /// The invite's id.
    pub id: ServerInviteId,
    /// Who has made it.
    pub created_by: UserRef,
    /// Where those who are invited come into, besides the groups of all new users.
    pub groups: InviteGroups,
    /// What its maker writes to those who see it.
    pub note: Option<Note>,
    /// How many users it lets in; `None` for any number.
    pub max_uses: Option<MaxUses>,
    /// How many users have signed up by it.
    pub uses: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl ServerInvite {
    /// Whether it is over whatever its maker may do.
    pub(super) fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at <= now || self.max_uses.is_some_and(|max| self.uses >= max.get())
    }
}

impl TextBytes for ServerInvite {
    fn text_bytes(&self) -> usize {
        self.created_by.text_bytes() + self.note.text_bytes() + size_of_val(self.groups.ids())
    }
}

/// An invite, and whether it still lets anybody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedServerInvite {
    /// The invite.
    pub invite: ServerInvite,
    /// Whether somebody can sign up by it now.
    pub is_valid: bool,
}

impl TextBytes for JudgedServerInvite {
    fn text_bytes(&self) -> usize {
        self.invite.text_bytes()
    }
}

/// An invite that is about to be stored. Nobody has used it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewServerInvite {
    /// Who makes it.
    pub created_by: UserId,
    /// The hash of its code.
    pub code: CodeHash,
    /// Where those who are invited come into.
    pub groups: InviteGroups,
    /// What its maker writes to those who see it.
    pub note: Option<Note>,
    /// How many users it lets in; `None` for any number.
    pub max_uses: Option<MaxUses>,
    /// When it is made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Which invites to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerInviteQuery {
    /// Only those that this user has made.
    pub by: Option<UserId>,
    /// Only those with a lower id.
    pub below: Option<ServerInviteId>,
    /// The number of rows. The repository reads one more to find out whether there is a next page.
    pub limit: Limit,
}

repository! {
    /// Invites to the server, also those that don't let anybody in any more.
    #[cfg_attr(test, mockall::automock)]
    pub trait ServerInviteRepository {
        /// The invite whose code has this hash.
        fn find(&mut self, code: &CodeHash) -> Result<Option<ServerInvite>, StorageFault>;

        /// Invites, the highest id first; one row more than the limit if there is a next page.
        fn list(&mut self, query: &ServerInviteQuery) -> Result<Vec<ServerInvite>, StorageFault>;

        /// How many a user has made, counted up to `most`. MUST cost no more than as many look-ups.
        fn count(&mut self, by: UserId, most: u32) -> Result<u32, StorageFault>;

        /// Stores an invite.
        fn insert(&mut self, invite: &NewServerInvite) -> Result<ServerInviteId, StorageFault>;

        /// Counts a use of an invite. MUST return `false`, and count nothing, if the invite is gone or was used as often as
        /// it may.
        fn spend(&mut self, id: ServerInviteId) -> Result<bool, StorageFault>;

        /// Removes an invite, if this user has made it, or whoever has; `false` if there is none.
        fn remove(&mut self, id: ServerInviteId, by: Option<UserId>) -> Result<bool, StorageFault>;

        /// Removes all invites that a user has made: at most [`MAX_SERVER_INVITES`].
        fn forget(&mut self, user: UserId) -> Result<(), StorageFault>;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_sorted_and_come_once_and_are_few() {
        let groups = |ids: &[i64]| InviteGroups::parse(ids.iter().copied().map(GroupId::new).collect());
        assert_eq!(groups(&[3, 1, 3]).unwrap().ids(), [GroupId::new(1), GroupId::new(3)]);
        assert_eq!(groups(&[]).unwrap(), InviteGroups::default());
        assert_eq!(groups(&Vec::from_iter(1..=20)).unwrap().ids().len(), 20);
        assert_eq!(groups(&Vec::from_iter(1..=21)).unwrap_err().code, ViolationCode::TooLong);
    }
}
