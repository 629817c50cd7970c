//! The port for bookmarks.

use crate::ids::{MessageId, UserId};
use crate::saved::bookmark::{Bookmark, BookmarkPlace, OwnBookmark};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

/// Which bookmarks to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookmarkQuery {
    /// Whose.
    pub user: UserId,
    /// Only those before this one, which are older.
    pub before: Option<BookmarkPlace>,
    /// How many at most.
    pub limit: i64,
}

repository! {
    /// Bookmarks.
    #[cfg_attr(test, mockall::automock)]
    pub trait BookmarkRepository {
        /// The bookmark of a user on a message, with the group of the message; also of one that the user can't read any more.
        fn find(&mut self, user: UserId, message: MessageId) -> Result<Option<OwnBookmark>, StorageFault>;

        /// The bookmarks of these users on these messages, in no particular order. MUST be one query.
        fn find_many(&mut self, bookmarks: &[(UserId, MessageId)]) -> Result<Vec<Bookmark>, StorageFault>;

        /// How many bookmarks a user has, up to `most`.
        fn count(&mut self, user: UserId, most: i64) -> Result<i64, StorageFault>;

        /// Stores a bookmark, which must not be there yet, after all that its user has. The user MUST be locked.
        fn insert(&mut self, bookmark: &Bookmark) -> Result<(), StorageFault>;

        /// Stores what a user notes about a bookmark that is there.
        fn note(&mut self, bookmark: &Bookmark) -> Result<(), StorageFault>;

        /// Removes the bookmark of a user on a message, if there is one.
        fn remove(&mut self, user: UserId, message: MessageId) -> Result<(), StorageFault>;

        /// The bookmarks of a user, the newest first. Also on messages that the user can't read any more.
        fn list(&mut self, query: &BookmarkQuery) -> Result<Vec<OwnBookmark>, StorageFault>;

        /// Removes up to `limit` bookmarks of a user. Returns `true` once none is left.
        fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault>;
    }
}
