//! Messages, reactions, pins and read cursors.

mod edit;
mod emoji;
mod error;
mod model;
mod pin;
mod react;
mod reactions;
mod read;
mod repository;
mod send;

pub use edit::{delete, edit};
pub use emoji::Emoji;
pub use error::MessageRefusal;
pub use model::{ClientId, MAX_PINS, Message, MessageText, MessageView, NewMessage, Pin, PinSeq, Reactor};
pub use pin::{list_pins, pin, unpin};
pub use react::{like, list_reactors, react, unlike, unreact};
pub use reactions::{MAX_REACTIONS, ReactionCount, Reactions};
pub use read::{MessagePage, ReadState, Window, find, list, mark_read, mark_read_and_publish};
#[cfg(test)]
pub(crate) use repository::MockMessageRepository;
pub use repository::{MessageQuery, MessageRange, MessageRepository, PinQuery, PinState, ReactionQuery};
pub use send::{MessageDraft, Sent, send};
