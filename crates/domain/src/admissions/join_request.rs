//! Requests to join a closed group.

use crate::accounts::UserRef;
use crate::admissions::model::Note;
use crate::groups::MemberQuery;
use crate::ids::{GroupId, UserId};
use crate::paging::NamePosition;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::text::TextBytes;
use crate::time::Timestamp;

/// How many requests to join a group there can be. All of them end at once when the group becomes private.
pub const MAX_JOIN_REQUESTS: u32 = 500;

/// How many requests of a user there can be, to all groups together.
pub const MAX_SENT_JOIN_REQUESTS: u32 = 100;

/// A request to join a closed group. A user has at most one to each group, and members have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRequest {
    /// Who asks.
    pub user: UserRef,
    /// What they write to those who decide.
    pub message: Option<Note>,
    /// When they asked.
    pub created_at: Timestamp,
}

impl TextBytes for JoinRequest {
    fn text_bytes(&self) -> usize {
        self.user.text_bytes() + self.message.text_bytes()
    }
}

/// Which requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedRequests {
    /// Those to join a group.
    To(GroupId),
    /// Those of a user.
    Of(UserId),
}

repository! {
    /// Requests to join groups. Those of users whose account is deleted are left out, though they end a little later.
    #[cfg_attr(test, mockall::automock)]
    pub trait JoinRequestRepository {
        /// Somebody's request to join a group.
        fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<JoinRequest>, StorageFault>;

        /// Requests of several users to join several groups, each with the group, in no particular order. Those to join
        /// a deleted group are left out.
        fn find_many(&mut self, requests: &[(GroupId, UserId)]) -> Result<Vec<(GroupId, JoinRequest)>, StorageFault>;

        /// Requests to join a group, as [`MemberRepository::list`](crate::groups::MemberRepository::list) lists its
        /// members.
        fn list(&mut self, query: &MemberQuery) -> Result<Vec<NamePosition<JoinRequest>>, StorageFault>;

        /// How many there are, counted up to `most`; also those that other methods leave out. MUST cost no more than as
        /// many look-ups.
        fn count(&mut self, of: CountedRequests, most: u32) -> Result<u32, StorageFault>;

        /// Stores a request of somebody who has none to join this group.
        fn insert(&mut self, group: GroupId, request: &JoinRequest) -> Result<(), StorageFault>;

        /// Removes somebody's request to join a group, also of a deleted user; `false` if there is none.
        fn remove(&mut self, group: GroupId, user: UserId) -> Result<bool, StorageFault>;

        /// Removes all requests to join a group, of which there are [`MAX_JOIN_REQUESTS`] at most.
        fn remove_all(&mut self, group: GroupId) -> Result<(), StorageFault>;

        /// Up to `limit` groups that the user has asked to join, by id; also for a deleted user, and deleted groups.
        fn groups_of(&mut self, user: UserId, limit: i64) -> Result<Vec<GroupId>, StorageFault>;
    }
}
