//! Messages, likes and read cursors.

mod edit;
mod error;
mod like;
mod model;
mod read;
mod repository;
mod send;

pub use edit::{delete, edit};
pub use error::MessageRefusal;
pub use like::{like, unlike};
pub use model::{ClientId, Message, MessageText, MessageView, NewMessage};
pub use read::{MessagePage, ReadState, Window, find, list, mark_read, mark_read_and_tell};
#[cfg(test)]
pub(crate) use repository::MockMessageRepository;
pub use repository::{MessageQuery, MessageRepository, Run};
pub use send::{Draft, Sent, send};
