//! The port for drafts.

use crate::ids::UserId;
use crate::saved::draft::{Draft, DraftOutline, DraftPlace};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

repository! {
    /// Drafts. Those of a membership end with it: [`MemberRepository::remove`](crate::groups::MemberRepository::remove)
    /// removes them.
    #[cfg_attr(test, mockall::automock)]
    pub trait DraftRepository {
        /// The draft in a place.
        fn find(&mut self, place: &DraftPlace) -> Result<Option<Draft>, StorageFault>;

        /// The drafts in these places, in no particular order. MUST be one query.
        fn find_many(&mut self, places: &[DraftPlace]) -> Result<Vec<Draft>, StorageFault>;

        /// All drafts of a user, by group and then by thread, without most of their texts.
        fn outlines(&mut self, user: UserId) -> Result<Vec<DraftOutline>, StorageFault>;

        /// How many drafts a user has.
        fn count(&mut self, user: UserId) -> Result<i64, StorageFault>;

        /// Stores a draft, instead of the one that is in its place. The user must be a member of the group.
        fn put(&mut self, draft: &Draft) -> Result<(), StorageFault>;

        /// Removes the draft in a place. Returns whether there was one.
        fn remove(&mut self, place: &DraftPlace) -> Result<bool, StorageFault>;
    }
}
