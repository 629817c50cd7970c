//! Messages, reactions and read cursors.

mod dto;
mod format;
mod handlers;
mod requests;
mod routes;
mod values;
mod window;

pub use dto::{MessageDto, ReactionDto};
pub(crate) use dto::{MessageReactionDto, ReactionsDto, ReadStateDto};
pub use format::render_html;
pub(crate) use requests::{MessageDraftDto, ReactionChange, ReactionRequest, ReadMarkDto};
#[cfg(any(test, fuzzing))]
pub(crate) use requests::{bodies, queries};
pub(crate) use routes::FEATURE;
