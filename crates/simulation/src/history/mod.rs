//! Histories: the same commands on any backend, step by step.

mod clock;
mod dump;
mod shrink;
mod step;
mod world;

pub use clock::SetClock;
pub use dump::{Dump, dump};
pub use shrink::shrink;
pub use step::{History, Step};
pub use world::{Outcome, World, settle};
