//! For operators of the server.

mod clock;
mod clock_trust;
mod probe;

pub use clock::{ClockDoubt, ahead_of_newest_event, doubt_clock};
pub use clock_trust::ClockTrust;
pub use probe::probe;
