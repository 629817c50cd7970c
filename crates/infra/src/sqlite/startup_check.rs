//! Checks a database for damage when it is opened after an unclean shutdown. A power failure can leave damaged pages
//! that nobody reads for weeks, while backups with the damage replace those without.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use groupchat_domain::storage::Condition;

use super::check::integrity;
use super::error::OpenError;
use super::inspect;
use crate::check::{Depth, Finding};
use crate::executor::sync::locked;

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
        Ok(integrity(&mut connection, Depth::Quick))
    }) {
        Ok(finding) => finding,
        Err(error) => Finding::new("integrity", crate::check::CheckOutcome::Failed, error.to_string()),
    };
    let (millis, detail) = (began.elapsed().as_millis(), &finding.detail);
    if finding.is_failure() {
        tracing::error!(millis, detail, "the database is damaged; restore a backup");
    } else {
        tracing::info!(millis, "the last shutdown was unclean; found no damage in the database");
    }
    finding
}
