//! Presence and typing. Only the rules: the caller has the connections, keeps these structs, reports to them what
//! happens and when, and delivers the changes that they return. Nothing is stored, and each server knows only its own
//! connections.

mod attendance;
mod last_seen;
mod model;
mod present;
mod typing;

pub use attendance::{Arrival, Attendance, PresenceChange};
pub use model::{Activity, Presence};
pub use present::{AWAY_AFTER, DeviceId, GRACE, SETTLES_IN};
pub use typing::{TYPING_LASTS, TYPING_REPEATS, Typists};
