//! The timeout of a read command. It is checked between its statements, and by the database during them.
//!
//! A worker thread runs one command at a time, so the timeout is stored per thread.

use crate::executor::sync::atomic::{AtomicBool, Ordering};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a read command may take, by default.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the caller of the command that a worker runs is gone.
#[derive(Debug, Default)]
pub(crate) struct CallerGone {
    gone: AtomicBool,
    /// The backend process that serves the worker, or 0 before the first one.
    #[cfg(feature = "postgres")]
    backend: std::sync::atomic::AtomicI32,
}

impl CallerGone {
    pub(crate) fn set(&self, gone: bool) {
        self.gone.store(gone, Ordering::Release);
    }

    pub(crate) fn get(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }
}

#[cfg(feature = "postgres")]
impl CallerGone {
    /// Sets the backend process to cancel if the caller is gone.
    pub(crate) fn set_backend(&self, backend: i32) {
        self.backend.store(backend, Ordering::Release);
    }

    pub(crate) fn backend(&self) -> i32 {
        self.backend.load(Ordering::Acquire)
    }
}

/// Why a command must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndCause {
    /// It has timed out.
    TimedOut,
    /// Its caller is gone.
    CallerGone,
}

thread_local! {
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
    static GONE: RefCell<Option<Arc<CallerGone>>> = const { RefCell::new(None) };
}

/// Makes the commands of this thread end when their callers are gone.
pub(crate) fn end_when_gone(gone: Arc<CallerGone>) {
    GONE.set(Some(gone));
}

/// Runs a command with a timeout. Zero means no limit.
pub(crate) fn within<T>(limit: Duration, run: impl FnOnce() -> T) -> T {
    /// Removes the timeout even if the command panics.
    struct LimitGuard;
    impl Drop for LimitGuard {
        fn drop(&mut self) {
            UNTIL.set(None);
        }
    }
    // Without a deadline a command is never interrupted, so there is always one.
    let until = if limit.is_zero() { None } else { Instant::now().checked_add(limit) };
    UNTIL.set(until.or_else(|| Instant::now().checked_add(NO_LIMIT)));
    let _limited = LimitGuard;
    run()
}

/// Longer than any command takes.
const NO_LIMIT: Duration = Duration::from_secs(365 * 24 * 3600);

/// Whether the command that this thread runs must end. Outside [`within`], never.
pub(crate) fn over() -> Option<EndCause> {
    let until = UNTIL.get()?;
    let is_gone = GONE.with_borrow(|gone| gone.as_ref().is_some_and(|gone| gone.get()));
    if is_gone { Some(EndCause::CallerGone) } else { (Instant::now() >= until).then_some(EndCause::TimedOut) }
}

/// The same for SQLite, which asks this while it executes a statement.
pub(crate) fn is_over() -> bool {
    over().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_over_when_its_time_is_or_its_caller_has_gone() {
        assert_eq!(over(), None, "no command");
        let gone = Arc::new(CallerGone::default());
        end_when_gone(Arc::clone(&gone));
        within(Duration::ZERO, || assert_eq!(over(), None));
        within(Duration::from_secs(60), || {
            assert_eq!(over(), None);
            gone.set(true);
            assert_eq!(over(), Some(EndCause::CallerGone));
            gone.set(false);
            assert_eq!(over(), None);
        });
        within(Duration::from_nanos(1), || {
            std::thread::sleep(Duration::from_millis(1));
            assert_eq!(over(), Some(EndCause::TimedOut));
        });
        gone.set(true);
        assert_eq!(over(), None, "between commands");
    }
}
