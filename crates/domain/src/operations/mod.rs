//! For those who run the server.

mod clock;
mod probe;

pub use clock::{ClockDoubt, doubt_clock};
pub use probe::probe;
