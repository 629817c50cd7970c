//! Simulates power failures: records what a test writes to a folder and syncs, and rebuilds what a disk could contain
//! if the power had failed at any moment.
//!
//! `kill -9` loses nothing that the kernel has, so it can't show a missing sync. Here, `interpose` defines the C
//! functions by which SQLite and Rust's standard library change files. The linker binds their calls in the test
//! program to these, because both are linked statically. A [`Volume`] is a folder whose changes are recorded, in one
//! order, as a list of [`Op`]s, and in which calls can be made to fail ([`Fault`]). A [`Disk`] goes through such a
//! list and keeps apart what was synced and what was not. [`Disk::after_power_loss`] returns the files that could be
//! there after a power failure: what was not synced is dropped, kept, reordered or torn, by
//! [`Dice`](groupchat_testing::Dice).
//!
//! Only Linux; elsewhere this crate is empty. It is only ever a dev-dependency.
#![cfg(target_os = "linux")]

mod disk;
mod fault;
mod interpose;
mod op;
mod pragma;
mod volume;

pub use disk::{Disk, Fate, Image};
pub use fault::{Call, Failure, Fault};
pub use op::{FileId, Op};
pub use volume::{Picks, Volume};
