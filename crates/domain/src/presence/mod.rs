//! Who is there, and who types. Rules only: whoever has the connections keeps these structs, tells them what happens
//! and when, and passes on what they answer. Nothing of it is stored, and each server knows its own connections.

mod attendance;
mod last_seen;
mod model;
mod present;
mod typing;

pub use attendance::{Arrival, Attendance, PresenceChange};
pub use model::{Activity, Presence};
pub use present::{AWAY_AFTER, DeviceId, GRACE, SETTLES_IN};
pub use typing::{TYPING_LASTS, TYPING_REPEATS, Typists};
