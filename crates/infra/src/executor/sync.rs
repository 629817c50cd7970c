//! Mutexes, condition variables and the like, and locks that survive a panic.
//!
//! They are those of the standard library and tokio. In unit tests with the feature `shuttle`, they are those of the
//! crate of that name, which tries schedules of threads; see `docs/TESTING.md`.

#[cfg(all(test, feature = "shuttle"))]
mod scheduled;

use std::sync::PoisonError;

#[cfg(all(test, feature = "shuttle"))]
pub(crate) use scheduled::{Condvar, Mutex, MutexGuard, Notify, atomic, losing_wakeups};
#[cfg(not(all(test, feature = "shuttle")))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};
#[cfg(not(all(test, feature = "shuttle")))]
pub(crate) use tokio::sync::Notify;

/// Locks a mutex and ignores poisoning. Use it only for contents that are consistent between any two statements, so
/// that a panic of the holder does no harm.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
