//! The ports for what keeps somebody out of a group, or from writing in it.

use crate::groups::repository::MemberQuery;
use crate::groups::restriction::{Ban, Mute};
use crate::ids::{GroupId, UserId};
use crate::paging::NamePosition;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::Timestamp;

repository! {
    /// Who is banned from which group. MUST find no ban that has ended by the time of the transaction
    /// ([`Tx::now`](crate::storage::Tx::now)): a ban ends by itself, without anybody removing it.
    #[cfg_attr(test, mockall::automock)]
    pub trait BanRepository {
        /// Somebody's ban from a group.
        fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<Ban>, StorageFault>;

        /// Bans of several users from several groups, each with the group, in no particular order. Those from a deleted
        /// group are left out.
        fn find_many(&mut self, bans: &[(GroupId, UserId)]) -> Result<Vec<(GroupId, Ban)>, StorageFault>;

        /// Those banned from a group, as [`MemberRepository::list`](crate::groups::MemberRepository::list) lists its
        /// members.
        fn list(&mut self, query: &MemberQuery) -> Result<Vec<NamePosition<Ban>>, StorageFault>;

        /// How many are banned from a group, counted up to `most`.
        fn count(&mut self, group: GroupId, most: u32) -> Result<u32, StorageFault>;

        /// Stores a ban, in the place of an earlier one of the same user.
        fn put(&mut self, group: GroupId, ban: &Ban) -> Result<(), StorageFault>;

        /// Removes somebody's ban from a group.
        fn remove(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault>;

        /// Removes up to `limit` bans, from whatever groups, that had ended by then. Returns how many.
        fn remove_ended(&mut self, by: Timestamp, limit: i64) -> Result<usize, StorageFault>;

        /// Removes up to `limit` bans of a user; `true` once none is left.
        fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault>;
    }
}

repository! {
    /// Who is muted in which group, whether or not they are in it at present. What loads members loads their mutes. As of
    /// bans, MUST find no mute that has ended by the time of the transaction.
    #[cfg_attr(test, mockall::automock)]
    pub trait MuteRepository {
        /// Somebody's mute in a group.
        fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<Mute>, StorageFault>;

        /// Stores a mute, in the place of an earlier one of the same user.
        fn put(&mut self, group: GroupId, user: UserId, mute: &Mute) -> Result<(), StorageFault>;

        /// Removes somebody's mute in a group.
        fn remove(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault>;

        /// Removes up to `limit` mutes of a user; `true` once none is left.
        fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault>;
    }
}
