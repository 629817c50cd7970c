//! The check that a server makes when it starts, and what it has found so far.

use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use groupchat_domain::storage::Condition;

use super::{Finding, newest_checksums};
use crate::connection::Connection;
use crate::executor::sync::{Condvar, Mutex, locked};

/// What an operator reads where rows are damaged and the rest of the database is not.
pub(crate) const SOME_DAMAGED: &str =
    "messages or events are damaged; see \"When the database is damaged\" in docs/OPERATIONS.md";

/// A check at a start. It may still run, on its own thread and snapshot, concurrently with everything else. Then it
/// can't be interrupted, and a process that ends doesn't wait for it.
pub(crate) struct StartupCheck(Arc<CheckState>);

#[derive(Default)]
struct CheckState {
    finding: Mutex<Option<Finding>>,
    done: Condvar,
}

impl CheckState {
    fn finish(&self, finding: Finding) {
        *locked(&self.finding) = Some(finding);
        self.done.notify_all();
    }
}

impl StartupCheck {
    /// Starts a check on a thread of its own.
    ///
    /// # Errors
    /// No thread can be started.
    pub(crate) fn begin(
        thread: &str,
        check: impl FnOnce() -> Finding + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::<CheckState>::default();
        let theirs = Arc::clone(&shared);
        thread::Builder::new().name(thread.to_owned()).spawn(move || theirs.finish(check()))?;
        Ok(Self(shared))
    }

    /// Checks the newest rows, at once. On PostgreSQL, the connection must be in a transaction.
    pub(crate) fn of_newest(connection: &mut Connection<'_>) -> Self {
        let began = Instant::now();
        let finding = newest_checksums(connection);
        let (micros, detail) = (began.elapsed().as_micros(), &finding.detail);
        if finding.is_failure() {
            tracing::error!(micros, detail, "{SOME_DAMAGED}");
        } else {
            tracing::debug!(micros, detail, "checked the newest rows");
        }
        let shared = Arc::<CheckState>::default();
        shared.finish(finding);
        Self(shared)
    }

    /// Waits for the result. Returns `None` if the check isn't finished in time.
    pub(crate) fn wait(&self, time: Duration) -> Option<Finding> {
        let finding = locked(&self.0.finding);
        let waited = self.0.done.wait_timeout_while(finding, time, |finding| finding.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// The result so far.
    pub(crate) fn condition(&self) -> Condition {
        match &*locked(&self.0.finding) {
            None => Condition::Checking,
            Some(finding) if finding.is_failure() => Condition::Damaged,
            Some(_) => Condition::Sound,
        }
    }
}
