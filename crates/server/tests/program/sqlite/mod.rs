//! What holds for the embedded database alone.

mod backup;
mod folder;
#[cfg(unix)]
mod full_disk;
mod reserve;
mod restore_crash;
