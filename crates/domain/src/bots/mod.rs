//! Bots: users that programs act as. A bot has tokens and no other way in, and an owner who answers for it. It can do what
//! any user can, as far as its tokens and roles go, while its owner has an account that is not suspended.

mod access;
mod create;
mod delete;
mod error;
mod hand_over;
mod list;
#[cfg(test)]
mod testing;
mod tokens;

pub use create::{BotDraft, create_bot};
pub use delete::delete_bot;
pub(crate) use delete::end_bots;
pub use error::BotRefusal;
pub use hand_over::hand_over_bot;
pub use list::{BotQuery, list_bots};
pub use tokens::{create_bot_token, end_bot_token, list_bot_tokens};
