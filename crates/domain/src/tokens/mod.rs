//! Tokens: the keys of programs that act for a user. What they may do of what the user may, is in
//! [`accounts`](crate::accounts), with the sessions that they are.

mod create;
mod end;
mod error;
mod list;
mod model;
mod repository;
#[cfg(test)]
mod testing;

pub(crate) use create::issue;
pub use create::{create_token, create_token_by_operator};
pub(crate) use end::end;
pub use end::end_token;
pub use error::TokenRefusal;
pub(crate) use list::list;
pub use list::list_tokens;
pub use model::{MAX_TOKENS, NO_END, Token, TokenDraft};
#[cfg(test)]
pub(crate) use repository::MockTokenRepository;
pub use repository::{TokenQuery, TokenRepository};
