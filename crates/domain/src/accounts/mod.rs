//! Users, sessions, and who may administer the server.

mod error;
mod model;
mod ports;
mod repository;
mod session;

pub use error::AccountRefusal;
pub use model::{DisplayName, Email, NewUser, Password, PasswordHash, User, UserRef, Username, UsernameKey};
pub use ports::{ApiKeys, IssuedKey, LoginAttempts, PasswordHasher};
#[cfg(test)]
pub(crate) use ports::{MockApiKeys, MockLoginAttempts, MockPasswordHasher};
pub use repository::{AccountRepository, LockStrength, SessionQuery, SessionRepository, Unique, UserQuery};
#[cfg(test)]
pub(crate) use repository::{MockAccountRepository, MockSessionRepository};
pub use session::{
    Actor, ClientInfo, KeyHash, LOGIN_LIFETIME, NewSession, PROVISIONED_LIFETIME, Secret, Session,
    SessionKind,
};
