//! The server's keys for secrets that it has to read back: what they are, where they are kept, and what is encrypted with
//! them.

mod file;
mod key;
mod rotate;
mod sealer;
mod slot;

pub use file::{KeyFileError, LockedKeyFile, create_key_file, read_key_file, write_key_file};
pub use key::{KeyRing, MAX_KEYS, SecretKey};
pub use rotate::{Pruned, RotateError, Rotated, SETTLING, add_key, prune_keys, reseal_all};
pub use sealer::{KeySource, RingSealer};
pub(crate) use slot::SealerSlot;
