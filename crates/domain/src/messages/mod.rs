//! Messages, likes, pins and read cursors.

mod edit;
mod error;
mod like;
mod model;
mod pin;
mod read;
mod repository;
mod send;

pub use edit::{delete, edit};
pub use error::MessageRefusal;
pub use like::{like, unlike};
pub use model::{ClientId, MAX_PINS, Message, MessageText, MessageView, NewMessage, Pin, PinSeq};
pub use pin::{list_pins, pin, unpin};
pub use read::{MessagePage, ReadState, Window, find, list, mark_read, mark_read_and_publish};
#[cfg(test)]
pub(crate) use repository::MockMessageRepository;
pub use repository::{MessageQuery, MessageRange, MessageRepository, PinQuery, PinState};
pub use send::{MessageDraft, Sent, send};
