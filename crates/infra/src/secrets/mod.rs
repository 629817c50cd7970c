//! The server's keys for secrets that it has to read back: what they are, where they are kept, and what is encrypted with
//! them.

mod file;
mod key;
mod sealer;

pub use file::{KeyFileError, create_key_file, read_key_file, write_key_file};
pub use key::{KeyRing, MAX_KEYS, SecretKey};
pub use sealer::{KeySource, RingSealer};
