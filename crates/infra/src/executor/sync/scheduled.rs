//! The types of `sync` whose threads shuttle schedules.

use std::cell::Cell;
use std::sync::LockResult;
use std::time::Duration;

pub(crate) use shuttle::sync::{Mutex, MutexGuard, WaitTimeoutResult, atomic};

thread_local! {
    /// shuttle runs all threads of a test on one.
    static LOSES_WAKEUPS: Cell<bool> = const { Cell::new(false) };
}

/// Runs a test in which nobody is woken, to show that it fails.
pub(crate) fn losing_wakeups<T>(test: impl FnOnce() -> T) -> T {
    LOSES_WAKEUPS.set(true);
    let result = test();
    LOSES_WAKEUPS.set(false);
    result
}

/// A condition variable.
#[derive(Debug, Default)]
pub(crate) struct Condvar(shuttle::sync::Condvar);

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self(shuttle::sync::Condvar::new())
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait(guard)
    }

    pub(crate) fn wait_while<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait_while(guard, condition)
    }

    pub(crate) fn wait_timeout_while<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
        condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        self.0.wait_timeout_while(guard, timeout, condition)
    }

    pub(crate) fn notify_one(&self) {
        if !LOSES_WAKEUPS.get() {
            self.0.notify_one();
        }
    }

    pub(crate) fn notify_all(&self) {
        if !LOSES_WAKEUPS.get() {
            self.0.notify_all();
        }
    }
}

/// tokio's, with other threads getting their turn before each call.
#[derive(Debug)]
pub(crate) struct Notify {
    notify: tokio::sync::Notify,
    turn: Mutex<()>,
}

impl Notify {
    pub(crate) const fn new() -> Self {
        Self { notify: tokio::sync::Notify::const_new(), turn: Mutex::new(()) }
    }

    pub(crate) fn notify_one(&self) {
        drop(self.turn.lock());
        if !LOSES_WAKEUPS.get() {
            self.notify.notify_one();
        }
    }

    pub(crate) async fn notified(&self) {
        drop(self.turn.lock());
        self.notify.notified().await;
    }
}
