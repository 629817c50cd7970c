//! For those who run the server.

mod probe;

pub use probe::probe;
