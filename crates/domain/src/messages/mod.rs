//! Messages, likes and read cursors.

mod error;
mod model;
mod repository;

pub use error::MessageRefusal;
pub use model::{ClientId, Message, MessageText, MessageView, NewMessage};
#[cfg(test)]
pub(crate) use repository::MockMessageRepository;
pub use repository::{MessageQuery, MessageRepository, Run};
