//! The port for invitations.

use crate::admissions::model::{IssuedInvitation, NewInvitation, SentInvitation};
use crate::ids::{GroupId, InvitationId, UserId};
use crate::paging::Limit;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

/// Which invitations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invitations {
    /// Those to a group.
    To(GroupId),
    /// Those of a user who is invited.
    Of(UserId),
}

/// Which invitations, or invite links, are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Those to a group.
    To(GroupId),
    /// Those that a user has made.
    By(UserId),
}

/// Which invitations to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationQuery {
    /// Whose.
    pub of: Invitations,
    /// Only those with a lower id.
    pub below: Option<InvitationId>,
    /// The number of rows. The repository reads one more to find out whether there is a next page.
    pub limit: Limit,
}

repository! {
    /// Invitations, also those that don't let anybody in any more. No method finds one to a deleted group, except those
    /// that say so.
    #[cfg_attr(test, mockall::automock)]
    pub trait InvitationRepository {
        /// The invitation with this id.
        fn find(&mut self, id: InvitationId) -> Result<Option<IssuedInvitation>, StorageFault>;

        /// The invitation of this user to this group.
        fn find_of(&mut self, group: GroupId, user: UserId) -> Result<Option<IssuedInvitation>, StorageFault>;

        /// The invitations with these ids, in no particular order.
        fn find_many(&mut self, ids: &[InvitationId]) -> Result<Vec<IssuedInvitation>, StorageFault>;

        /// Invitations, the highest id first; one row more than the limit if there is a next page.
        fn list(&mut self, query: &InvitationQuery) -> Result<Vec<IssuedInvitation>, StorageFault>;

        /// How many there are, counted up to `most`; also those to deleted groups. MUST cost no more than as many
        /// look-ups.
        fn count(&mut self, of: Counted, most: u32) -> Result<u32, StorageFault>;

        /// Stores an invitation. The user's invitation to the group, if there is one, MUST be changed in its place, and
        /// keep its id.
        fn put(&mut self, invitation: &NewInvitation) -> Result<InvitationId, StorageFault>;

        /// Removes an invitation; `false` if there is none.
        fn remove(&mut self, id: InvitationId) -> Result<bool, StorageFault>;

        /// Removes an invitation if this user was sent it or has made it; `false` otherwise.
        fn remove_with(&mut self, id: InvitationId, user: UserId) -> Result<bool, StorageFault>;

        /// Removes the invitations to a group that a user has made; returns them, sorted by id.
        fn remove_by(&mut self, group: GroupId, inviter: UserId) -> Result<Vec<SentInvitation>, StorageFault>;

        /// Removes the user's invitation to a group; returns it, if there was one.
        fn remove_of(&mut self, group: GroupId, user: UserId) -> Result<Option<SentInvitation>, StorageFault>;

        /// Up to `limit` invitations to a group, also a deleted one, by id.
        fn some_to(&mut self, group: GroupId, limit: i64) -> Result<Vec<SentInvitation>, StorageFault>;

        /// Up to `limit` invitations that a user was sent or has made, also to deleted groups, by id.
        fn some_with(&mut self, user: UserId, limit: i64) -> Result<Vec<SentInvitation>, StorageFault>;
    }
}
