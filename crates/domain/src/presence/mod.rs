//! Presence and typing. Only the rules: the caller has the connections, keeps these structs, reports to them what
//! happens and when, and delivers the changes that they return. Nothing is stored, and each server knows only its own
//! connections.

mod last_seen;
mod model;
mod tracker;
mod typing;
mod user_presence;

pub use model::{Activity, Presence};
pub use tracker::{Connected, MAX_SHOWN_PER_GROUP, MAX_SNAPSHOT, Parting, PresenceChange, PresenceTracker};
pub use typing::{TYPING_REPEAT_INTERVAL, TYPING_TIMEOUT, TypingTracker};
pub use user_presence::{AWAY_AFTER, CHANGE_INTERVAL, DISCONNECT_GRACE, DeviceId};
