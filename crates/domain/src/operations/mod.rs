//! For operators of the server.

mod clock;
mod clock_trust;
mod probe;

pub use clock::{ClockDoubt, doubt_clock};
pub use clock_trust::ClockTrust;
pub use probe::probe;
