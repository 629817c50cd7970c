//! Messages, threads, reactions, pins and read cursors.

mod attach;
mod batch;
mod earlier_text;
mod edit;
mod edit_repository;
mod emoji;
mod error;
mod filter;
mod find_anywhere;
mod follow;
mod forward;
mod history;
mod mark;
mod markdown;
mod marks;
mod mention;
mod mention_list;
mod mention_repository;
mod mentions;
mod model;
mod names;
mod pin;
mod quote;
mod quote_repository;
mod react;
mod reactions;
mod read;
mod read_all;
mod read_cursor_repository;
mod read_mentioned;
mod read_state;
mod read_steps;
mod readable;
mod receipts;
mod reply;
mod repository;
mod send;
mod terms;
mod thread;
mod thread_repository;
mod threads;
mod time_order;

pub(crate) use attach::{attach, attach_for_everybody, name_in_excerpts};
pub use batch::{BatchItem, MAX_BATCH, send_batch};
pub use earlier_text::{EarlierText, MAX_EARLIER_TEXTS};
pub use edit::{delete, edit};
#[cfg(test)]
pub(crate) use edit_repository::MockEditRepository;
pub use edit_repository::{EditQuery, EditRepository};
pub use emoji::Emoji;
pub use error::MessageRefusal;
pub use filter::{FilterStart, FilteredPage, MessageFilter, list_filtered};
pub use find_anywhere::find_anywhere;
pub(crate) use find_anywhere::lock_anywhere;
pub use follow::{follow, unfollow};
pub use forward::{ForwardDraft, forward};
pub use history::list_history;
pub use mark::{mark_read, mark_read_and_publish, mark_thread_read, mark_thread_read_and_publish};
pub use markdown::markdown;
pub use marks::{MAX_MENTIONED, MAX_NAMES, Mark, MarkTarget, find_marks};
pub use mention::{
    GROUPS_AT_ONCE, MAX_GROUP_MENTIONS, MentionPlace, MentionRow, Mentionable, MentionsOfAll, OwnMention,
};
pub use mention_list::{MentionPage, list_mentions};
#[cfg(test)]
pub(crate) use mention_repository::MockMentionRepository;
pub use mention_repository::{MentionLookup, MentionQuery, MentionRepository};

pub use model::{
    Attachments, ClientId, InThread, MAX_PINS, Message, MessageText, MessageView, NewMessage, Pin, PinSeq,
    Reactor,
};
pub use names::shown_name;
pub use pin::{list_pins, pin, unpin};
pub use quote::{Excerpt, Quote, Quoted};
#[cfg(test)]
pub(crate) use quote_repository::MockQuoteRepository;
pub use quote_repository::QuoteRepository;
pub use react::{like, list_reactors, react, unlike, unreact};
pub use reactions::{MAX_REACTIONS, ReactionCount, Reactions};
pub(crate) use read::find_root;
pub use read::{MessagePage, Window, find, list, list_replies};
pub use read_all::read_all_and_publish;
#[cfg(test)]
pub(crate) use read_cursor_repository::MockReadCursorRepository;
pub use read_cursor_repository::ReadCursorRepository;
pub use read_mentioned::{read_mentioned_threads, read_threads_of_all};
pub use read_state::{Marked, ReadMark, ReadState};
pub use read_steps::{READ_AT_ONCE, ReadStep, read_groups, read_threads};
pub(crate) use readable::Readable;
pub(crate) use receipts::read_seqs;
pub use receipts::{FoundReaders, MAX_LOOKED_AT, Reader, ReaderPage, ReaderPlace, ReaderQuery, list_readers};
#[cfg(test)]
pub(crate) use repository::MockMessageRepository;
pub use repository::{MessageQuery, MessageRange, MessageRepository, PinQuery, PinState, ReactionQuery};
pub(crate) use send::require_references;
pub use send::{MessageDraft, Sent, send, send_with_online};
pub use terms::{ChangeTerms, ChangeWindows};
pub use thread::{
    FollowedThread, MAX_FOLLOWED, MAX_PARTICIPANTS, Participation, Thread, ThreadStanding, ThreadView,
};
#[cfg(test)]
pub(crate) use thread_repository::MockThreadRepository;
pub use thread_repository::{FollowedQuery, ThreadCursor, ThreadRepository};
pub use threads::list_threads;
pub use time_order::{TimePlace, TimeQuery, TimeRange};
