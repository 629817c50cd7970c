//! The port for how far members have read their groups. The cursors of threads are in the
//! [`ThreadRepository`](crate::messages::ThreadRepository).

use crate::groups::{ReadCursor, Visibility};
use crate::ids::{GroupId, Seq, UserId};
use crate::messages::read_state::{Marked, ReadState};
use crate::messages::receipts::{FoundReaders, Reader, ReaderQuery};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

repository! {
    /// How far members have read their groups. Whatever moves a cursor notes the head of the log with it, but for a
    /// message, which moves that of its author. A state that is returned MUST be one that the cursor has had since it
    /// moved: all messages of the member's own up to then are counted in it. Mentions are counted in it whether or not the
    /// member's role allows to read them.
    #[cfg_attr(test, mockall::automock)]
    pub trait ReadCursorRepository {
        /// Where a member's read cursor is; `None` for others than members.
        fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<ReadState>, StorageFault>;

        /// Moves a member's read cursor up to `seq`; where it is afterwards, `None` for who is no member any more. MUST
        /// NOT move it back, whatever else moved it meanwhile.
        fn advance(&mut self, group: GroupId, user: UserId, seq: Seq) -> Result<Option<Marked>, StorageFault>;

        /// Puts a member's read cursor to `seq`, wherever it is, and counts that as marking something as unread; where
        /// it is afterwards, `None` for who is no member any more.
        fn put(&mut self, group: GroupId, user: UserId, seq: Seq) -> Result<Option<Marked>, StorageFault>;

        /// The groups with higher ids than `after` in which the user has something to read, by id: at most `limit`.
        /// MUST cost no more than a look-up for each group of the user.
        fn unread_groups(
            &mut self,
            user: UserId,
            after: GroupId,
            limit: i64,
        ) -> Result<Vec<GroupId>, StorageFault>;

        /// Moves the user's cursors of these groups up to their last messages, as [`advance`](Self::advance) does; those
        /// that moved, in no particular order.
        fn advance_to_end(&mut self, user: UserId, groups: &[GroupId]) -> Result<Vec<ReadCursor>, StorageFault>;

        /// Members who have read up to a number and show it, by their ids, among the next
        /// [`MAX_LOOKED_AT`](crate::messages::MAX_LOOKED_AT) members of the group. MUST NOT look at more. Members whose
        /// account is deleted are left out.
        fn readers(&mut self, query: &ReaderQuery) -> Result<FoundReaders, StorageFault>;

        /// How far these members of the group have read, of those who show it; in no particular order. On who can find the
        /// group depends what roles allow.
        fn shown(
            &mut self,
            group: GroupId,
            visibility: Visibility,
            members: &[UserId],
        ) -> Result<Vec<Reader>, StorageFault>;
    }
}
