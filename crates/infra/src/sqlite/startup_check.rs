//! Checks a database for damage when it is opened: all of it after an unclean shutdown, else the newest rows. A power
//! failure can leave damaged pages that nobody reads for weeks, while backups with the damage replace those without.
//!
//! A server doesn't start on a file that is no longer intact for SQLite: what it writes could be lost. If only messages
//! or events don't match their checksums, it starts, because everything else works; its health says so.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use groupchat_domain::storage::Condition;

use super::check::{INTEGRITY, integrity};
use super::error::OpenError;
use super::inspect;
use crate::check::{CheckOutcome, Depth, Finding, checksums, newest_checksums};
use crate::connection::Connection;
use crate::executor::sync::{Condvar, Mutex, locked};

/// What an operator reads where rows are damaged and the file is not.
const SOME_DAMAGED: &str =
    "messages or events are damaged; see \"When the database is damaged\" in docs/OPERATIONS.md";

/// A check that runs on its own thread and snapshot, concurrently with everything else. It takes a few seconds per
/// gigabyte and can't be interrupted. A process that ends doesn't wait for it.
pub(super) struct StartupCheck(Arc<CheckState>);

#[derive(Default)]
struct CheckState {
    finding: Mutex<Option<Finding>>,
    done: Condvar,
}

impl StartupCheck {
    /// Starts the check.
    ///
    /// # Errors
    /// [`OpenError::Thread`].
    pub(super) fn begin(path: &Path) -> Result<Self, OpenError> {
        let shared = Arc::<CheckState>::default();
        let (theirs, path) = (Arc::clone(&shared), path.to_owned());
        let run = move || theirs.finish(look_through(path));
        thread::Builder::new().name("sqlite-check".to_owned()).spawn(run).map_err(OpenError::Thread)?;
        Ok(Self(shared))
    }

    /// Checks the newest rows, at once.
    pub(super) fn of_newest(connection: &mut SqliteConnection) -> Self {
        let began = Instant::now();
        let finding = newest_checksums(&mut Connection::Sqlite(connection));
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
    pub(super) fn wait(&self, time: Duration) -> Option<Finding> {
        let finding = locked(&self.0.finding);
        let waited = self.0.done.wait_timeout_while(finding, time, |finding| finding.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// The result so far.
    pub(super) fn condition(&self) -> Condition {
        match &*locked(&self.0.finding) {
            None => Condition::Checking,
            Some(finding) if finding.is_failure() => Condition::Damaged,
            Some(_) => Condition::Sound,
        }
    }
}

/// Whether SQLite itself finds the file damaged.
pub(super) fn is_broken(finding: &Finding) -> bool {
    finding.is_failure() && finding.check == INTEGRITY
}

impl CheckState {
    fn finish(&self, finding: Finding) {
        *locked(&self.finding) = Some(finding);
        self.done.notify_all();
    }
}

fn look_through(path: PathBuf) -> Finding {
    let began = Instant::now();
    let finding = match inspect::open(&path).and_then(|mut connection| {
        let only_read = inspect::only_read(&mut connection);
        only_read.map_err(|error| OpenError::from_reason(&path, &error.to_string()))?;
        let integrity = integrity(&mut connection, Depth::Quick);
        Ok(if integrity.is_failure() {
            integrity
        } else {
            checksums(&mut Connection::Sqlite(&mut connection))
        })
    }) {
        Ok(finding) => finding,
        Err(error) => Finding::new(INTEGRITY, CheckOutcome::Failed, error.to_string()),
    };
    let (millis, detail) = (began.elapsed().as_millis(), &finding.detail);
    if is_broken(&finding) {
        tracing::error!(millis, detail, "the database is damaged; restore a backup");
    } else if finding.is_failure() {
        tracing::error!(millis, detail, "{SOME_DAMAGED}");
    } else {
        tracing::info!(millis, "the last shutdown was unclean; found no damage in the database");
    }
    finding
}
