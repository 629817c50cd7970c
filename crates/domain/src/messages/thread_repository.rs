//! The port for threads.

use crate::ids::{MessageId, Position, Seq, UserId};
use crate::messages::read_state::{Marked, ReadState};
use crate::messages::thread::{FollowedThread, Participation, Thread, ThreadView};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

/// Which followed threads to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowedQuery {
    /// Who follows them.
    pub user: UserId,
    /// Only those with replies that the user has not read.
    pub unread: bool,
    /// Only those whose newest reply is before this one.
    pub before: Option<MessageId>,
}

/// A read cursor of a thread that has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadCursor {
    /// The thread.
    pub thread: FollowedThread,
    /// How far it is read.
    pub state: ReadState,
}

repository! {
    /// Threads, who follows them, and how far who has read them. What a message says of the thread that it is in is in
    /// the [`MessageRepository`](crate::messages::MessageRepository).
    #[cfg_attr(test, mockall::automock)]
    pub trait ThreadRepository {
        /// The threads under these messages, in no particular order, as this user sees them. Messages without a thread
        /// are left out. MUST be one query.
        fn views(&mut self, roots: &[MessageId], viewer: UserId) -> Result<Vec<ThreadView>, StorageFault>;

        /// The threads under these messages, in no particular order and whatever their groups. Those of a deleted group
        /// are left out.
        fn find_many(&mut self, roots: &[MessageId]) -> Result<Vec<Thread>, StorageFault>;

        /// Stores a thread, new or changed, without its participants. Its group MUST be locked.
        fn put(&mut self, thread: &Thread) -> Result<(), StorageFault>;

        /// Stores that a user has replied: they follow the thread and have read up to their reply.
        fn participate(
            &mut self,
            root: MessageId,
            user: UserId,
            participation: &Participation,
        ) -> Result<(), StorageFault>;

        /// Stores whether a user follows a thread; `false` where they did so already. `seen` is the newest reply, which
        /// they know of by this.
        fn follow(
            &mut self,
            root: MessageId,
            user: UserId,
            following: bool,
            seen: MessageId,
        ) -> Result<bool, StorageFault>;

        /// Stores that these users follow a thread, and returns those of them who didn't. `seen` is the newest reply that those
        /// know of who were nothing to the thread. MUST be one statement.
        fn follow_all(
            &mut self,
            root: MessageId,
            users: &[UserId],
            seen: MessageId,
        ) -> Result<Vec<UserId>, StorageFault>;

        /// Ends the following of all but this thread and the `keep` others whose newest reply the user has seen most
        /// recently: at most 100 of them, which are returned.
        fn unfollow_oldest(
            &mut self,
            user: UserId,
            but: Option<MessageId>,
            keep: i64,
        ) -> Result<Vec<MessageId>, StorageFault>;

        /// Moves a user's read cursor of a thread up to `seq`, and notes the head of the log with it; where it is
        /// afterwards. MUST NOT move it back, whatever else moved it meanwhile. The state MUST be one that the cursor
        /// has had since it moved.
        fn advance_read_seq(
            &mut self,
            root: MessageId,
            user: UserId,
            seq: Seq,
            seen: MessageId,
        ) -> Result<Option<Marked>, StorageFault>;

        /// Puts a user's read cursor of a thread to `seq`, wherever it is, counts that as marking something as unread,
        /// and notes the head of the log with it. The same holds of the state.
        fn put_read_seq(
            &mut self,
            root: MessageId,
            user: UserId,
            seq: Seq,
            seen: MessageId,
        ) -> Result<Option<Marked>, StorageFault>;

        /// Gives a user a cursor before the first reply of each of these threads of which they have none, without making
        /// them follow it. The groups MUST be locked, and not deleted.
        fn add_cursors(&mut self, user: UserId, roots: &[MessageId]) -> Result<(), StorageFault>;

        /// [`advance_read_seq`](Self::advance_read_seq) to the last reply of each of these threads of which the user has
        /// a cursor; the cursors that moved, in no particular order.
        fn advance_to_end(&mut self, user: UserId, roots: &[MessageId]) -> Result<Vec<ThreadCursor>, StorageFault>;

        /// The threads that a user follows, whether or not they may read them now, the one with the newest reply first:
        /// at most [`MAX_FOLLOWED`](crate::messages::MAX_FOLLOWED).
        fn followed(&mut self, query: &FollowedQuery) -> Result<Vec<FollowedThread>, StorageFault>;

        /// The cursors that this user has moved since the log had this head, the newest first: at most
        /// [`MAX_FOLLOWED`](crate::messages::MAX_FOLLOWED), without those in deleted groups.
        fn read_since(&mut self, user: UserId, position: Position) -> Result<Vec<ThreadCursor>, StorageFault>;
    }
}
