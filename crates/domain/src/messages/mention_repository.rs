//! The port for mentions.

use crate::accounts::{UserRef, UsernameKey};
use crate::groups::Visibility;
use crate::ids::{GroupId, MessageId, UserId};
use crate::messages::mention::{MentionPlace, MentionRow, Mentionable, MentionsOfAll, OwnMention};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

/// Whom to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MentionLookup {
    /// The group of the message.
    pub group: GroupId,
    /// Who can find the group, on which depends what roles allow.
    pub visibility: Visibility,
    /// Who writes it.
    pub author: UserId,
    /// Users with these names.
    pub names: Vec<UsernameKey>,
    /// And users with these ids.
    pub ids: Vec<UserId>,
}

/// Which mentions to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MentionQuery {
    /// Whose.
    pub user: UserId,
    /// Only those in messages before this one.
    pub before: Option<MessageId>,
    /// How many at most.
    pub limit: i64,
}

repository! {
    /// Whom messages mention. That a message mentions anybody is in its
    /// [`attachments`](crate::messages::Attachments), too.
    #[cfg_attr(test, mockall::automock)]
    pub trait MentionRepository {
        /// The users with these names or ids whose accounts are not deleted, each once, in no particular order. MUST be one
        /// query for names and one for ids, and none where there are none.
        fn look_up(&mut self, lookup: &MentionLookup) -> Result<Vec<Mentionable>, StorageFault>;

        /// Stores whom a message mentions, who must not be stored yet. MUST be one statement.
        fn add(&mut self, place: &MentionPlace, rows: &[MentionRow]) -> Result<(), StorageFault>;

        /// Whom a message mentions, in the order of their ids.
        fn find(&mut self, message: MessageId) -> Result<Vec<MentionRow>, StorageFault>;

        /// Removes the mentions of these users in a message.
        fn remove(&mut self, message: MessageId, users: &[UserId]) -> Result<(), StorageFault>;

        /// Stores that a message mentions all members, and forgets of the group what is more than
        /// [`MAX_GROUP_MENTIONS`](crate::messages::MAX_GROUP_MENTIONS). Its group MUST be locked.
        fn add_to_all(&mut self, place: &MentionPlace) -> Result<(), StorageFault>;

        /// Removes the mention of all members in a message, if it is stored.
        fn remove_to_all(&mut self, message: MessageId) -> Result<(), StorageFault>;

        /// Whom these messages name, each with the message, in the order of the users' ids. MUST be one query.
        fn named(&mut self, messages: &[MessageId]) -> Result<Vec<(MessageId, UserRef)>, StorageFault>;

        /// The mentions that a user was told of, the newest message first. Also in groups that the user is not in any
        /// more.
        fn list(&mut self, query: &MentionQuery) -> Result<Vec<OwnMention>, StorageFault>;

        /// The mentions of all members in the groups that a user is in, the newest message first. MUST look at no more
        /// groups than the limit, those with the newest ones, but for one look-up in an index for each group of the user.
        fn list_to_all(&mut self, query: &MentionQuery) -> Result<Vec<OwnMention>, StorageFault>;

        /// The replies that mention all members in the next [`GROUPS_AT_ONCE`](crate::messages::GROUPS_AT_ONCE) groups
        /// of a user after this one, by id.
        fn to_all_in_threads(&mut self, user: UserId, after: GroupId) -> Result<MentionsOfAll, StorageFault>;
    }
}
