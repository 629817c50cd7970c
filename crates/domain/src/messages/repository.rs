//! The port for messages and reactions.

use crate::groups::SeqSpan;
use crate::ids::{GroupId, MessageId, Seq, UserId};
use crate::messages::emoji::Emoji;
use crate::messages::model::{
    Attachments, ClientId, InThread, Message, MessageView, NewMessage, PinSeq, Reactor,
};
use crate::messages::time_order::TimeQuery;
use crate::paging::Limit;
use crate::storage::repositories::repository;
use crate::storage::{StorageFault, Unique};
use crate::time::Timestamp;

/// A run of consecutive messages of a group, or replies of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageRange {
    /// The highest numbers below this one, in descending order; `None` for the highest of all.
    Below(Option<Seq>),
    /// The lowest numbers above this one, in ascending order.
    Above(Seq),
}

/// Which messages to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageQuery {
    /// The group.
    pub group: GroupId,
    /// The thread whose replies to read; `None` for the messages of the group itself.
    pub thread: Option<InThread>,
    /// The user who reads.
    pub viewer: UserId,
    /// The run of numbers.
    pub run: MessageRange,
    /// Only messages above this number: those that the viewer may read.
    pub above: Seq,
    /// None of these messages, which are about to be removed.
    pub hidden: Option<SeqSpan>,
    /// The number of rows. The repository reads one more to find out whether the run continues.
    pub limit: Limit,
}

/// Which pinned messages to read: the newest pins first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinQuery {
    /// The group.
    pub group: GroupId,
    /// Who looks.
    pub viewer: UserId,
    /// Only pins before this one.
    pub before: Option<PinSeq>,
    /// Only of messages, and of replies to messages, above this number: those that the viewer may read.
    pub above: Seq,
    /// None of these messages, and of the replies to them, which are about to be removed.
    pub hidden: Option<SeqSpan>,
    /// How many rows; the repository reads one more to see whether the list goes on.
    pub limit: Limit,
}

/// The pins of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinState {
    /// How many there are.
    pub count: i64,
    /// The newest one's number; [`PinSeq::ZERO`] where there is none.
    pub last: PinSeq,
}

/// Which of those who have given a reaction to a message to read, in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReactionQuery {
    /// The message.
    pub message: MessageId,
    /// The reaction.
    pub emoji: Emoji,
    /// Only users after this one.
    pub after: Option<UserId>,
    /// How many rows; the repository reads one more to see whether the list goes on.
    pub limit: Limit,
}

repository! {
    /// Messages, reactions and read cursors. Methods also find tombstones of deleted messages.
    #[cfg_attr(test, mockall::automock)]
    pub trait MessageRepository {
        /// One message of a group.
        fn find(
            &mut self,
            group: GroupId,
            id: MessageId,
            viewer: UserId,
        ) -> Result<Option<MessageView>, StorageFault>;

        /// The messages with these ids, in no particular order and whatever their groups. Those of a deleted group
        /// are left out.
        fn find_many(&mut self, ids: &[MessageId]) -> Result<Vec<Message>, StorageFault>;

        /// The messages with these ids, in no particular order, as this user sees them. Those of a deleted group are left
        /// out.
        fn views(&mut self, ids: &[MessageId], viewer: UserId) -> Result<Vec<MessageView>, StorageFault>;

        /// The message that this author sent to this group with this client id.
        fn find_by_client_id(
            &mut self,
            group: GroupId,
            author: UserId,
            client_id: &ClientId,
        ) -> Result<Option<MessageView>, StorageFault>;

        /// Messages in the order of the run; one row more than the limit if the run continues.
        fn list(&mut self, query: &MessageQuery) -> Result<Vec<MessageView>, StorageFault>;

        /// Messages in the order by time; one row more than the limit if the run continues.
        fn list_by_time(&mut self, query: &TimeQuery) -> Result<Vec<MessageView>, StorageFault>;

        /// When the message with this number was sent, or the reply in a thread; `None` if there is none.
        fn sent_at(
            &mut self,
            group: GroupId,
            thread: Option<InThread>,
            seq: Seq,
        ) -> Result<Option<Timestamp>, StorageFault>;

        /// Pinned messages, the newest pin first; one row more than the limit where the list goes on.
        fn list_pins(&mut self, query: &PinQuery) -> Result<Vec<MessageView>, StorageFault>;

        /// How many pins a group has, and the number of the newest one.
        fn pin_state(&mut self, group: GroupId) -> Result<PinState, StorageFault>;

        /// Stores a message. Where it is one of the group itself, makes its number the group's last and moves the
        /// author's read cursor there, unless it is imported. MUST return [`Unique::Taken`], and store nothing, when the author has used the client id in the group.
        ///
        /// # Errors
        /// Also if the number is taken, which the lock on the group prevents.
        fn insert(&mut self, message: &NewMessage) -> Result<Unique<MessageId>, StorageFault>;

        /// Stores text, version, times of editing and deletion, the counts of reactions and the pin.
        fn update(&mut self, message: &Message) -> Result<(), StorageFault>;

        /// Stores which kinds of attachments the message has. Its group MUST be locked.
        fn attach(&mut self, message: MessageId, kinds: Attachments) -> Result<(), StorageFault>;

        /// Stores a reaction of a user; `false` if it exists already. Doesn't change the counts. A like is shown to the user only
        /// where the message counts likes.
        fn add_reaction(
            &mut self,
            message: MessageId,
            user: UserId,
            emoji: Emoji,
            at: Timestamp,
        ) -> Result<bool, StorageFault>;

        /// Removes a reaction of a user; `false` if there was none. Doesn't change the counts.
        fn remove_reaction(
            &mut self,
            message: MessageId,
            user: UserId,
            emoji: Emoji,
        ) -> Result<bool, StorageFault>;

        /// Users who have given a reaction, in the order of their ids; one row more than the limit where the list goes
        /// on.
        fn list_reactors(&mut self, query: &ReactionQuery) -> Result<Vec<Reactor>, StorageFault>;

        /// Removes up to `limit` reactions to a message, to purge a deleted one; `true` once none is left.
        fn purge_reactions(&mut self, message: MessageId, limit: i64) -> Result<bool, StorageFault>;

        /// Computes the checksums that are missing in up to `limit` messages after this one, in the order of ids: those
        /// that were stored by a version without checksums. Returns the last message that it looked at, `None` if
        /// there was none.
        fn add_checksums(&mut self, after: MessageId, limit: i64) -> Result<Option<MessageId>, StorageFault>;
    }
}
