//! What must be true of everything that reads bytes from outside, whatever the bytes are.
//!
//! Each function here is a fuzz target in `fuzz/`, which calls it with bytes of the fuzzer. The unit tests call it with
//! the files of `fuzz/corpus/`. It panics where something isn't true. The module exists only in tests and in programs
//! that `cargo fuzz` builds, which sets `fuzzing`.

mod bodies;
mod cursors;
mod parser;
mod queries;
#[cfg(test)]
mod tests;
mod text;

pub use self::bodies::bodies;
pub(crate) use self::parser::Parser;
pub(crate) use self::queries::list;
pub use self::queries::queries;
pub use self::text::text;
pub use crate::connection::fuzzing::heads;
pub use crate::events::frames;
pub use crate::extract::fuzzing::headers;
