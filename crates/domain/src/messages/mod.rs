//! Messages, threads, reactions, pins and read cursors.

mod attach;
mod edit;
mod emoji;
mod error;
mod follow;
mod model;
mod pin;
mod react;
mod reactions;
mod read;
mod readable;
mod reply;
mod repository;
mod send;
mod thread;
mod thread_repository;
mod threads;

pub(crate) use attach::attach;
pub use edit::{delete, edit};
pub use emoji::Emoji;
pub use error::MessageRefusal;
pub use follow::{follow, mark_thread_read, mark_thread_read_and_publish, unfollow};
pub use model::{
    Attachments, ClientId, InThread, MAX_PINS, Message, MessageText, MessageView, NewMessage, Pin, PinSeq,
    Reactor,
};
pub use pin::{list_pins, pin, unpin};
pub use react::{like, list_reactors, react, unlike, unreact};
pub use reactions::{MAX_REACTIONS, ReactionCount, Reactions};
pub use read::{MessagePage, ReadState, Window, find, list, list_replies, mark_read, mark_read_and_publish};
pub(crate) use readable::Readable;
#[cfg(test)]
pub(crate) use repository::MockMessageRepository;
pub use repository::{MessageQuery, MessageRange, MessageRepository, PinQuery, PinState, ReactionQuery};
pub use send::{MessageDraft, Sent, send};
pub use thread::{
    FollowedThread, MAX_FOLLOWED, MAX_PARTICIPANTS, Participation, Thread, ThreadStanding, ThreadView,
};
#[cfg(test)]
pub(crate) use thread_repository::MockThreadRepository;
pub use thread_repository::{FollowedQuery, ThreadCursor, ThreadRepository};
pub use threads::list_threads;
