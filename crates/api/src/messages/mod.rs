//! Messages, threads, reactions, mentions and read cursors.

mod batch;
mod dto;
mod edit_handlers;
mod edit_requests;
mod format;
mod forward;
mod handlers;
mod mention_handlers;
mod mention_requests;
mod read_dto;
mod read_handlers;
mod read_requests;
mod requests;
mod routes;
mod sent;
mod thread_handlers;
mod thread_requests;
mod unset;
mod values;
mod window;

pub use dto::{MessageDto, QuotedDto, ReactionDto};
pub(crate) use dto::{MessageReactionDto, ReactionsDto, ThreadRefDto, ThreadUpdateDto};
pub(crate) use format::{Formatted, MessageFormat};
pub use format::{render_html, render_message_html};
pub(crate) use read_dto::{AllReadDto, ReadPlaceDto, ReadStateDto, ReadUpdateDto};
pub(crate) use read_requests::mark;
pub(crate) use requests::{MessageDraftDto, ReactionChange, ReactionRequest};
#[cfg(any(test, fuzzing))]
pub(crate) use requests::{bodies, queries};
pub(crate) use routes::FEATURE;
