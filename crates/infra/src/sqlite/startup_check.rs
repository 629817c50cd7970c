//! Checks a database file for damage after an unclean shutdown. A power failure can leave damaged pages that nobody
//! reads for weeks, while backups with the damage replace those without.
//!
//! A server doesn't start on a file that is no longer intact for SQLite: what it writes could be lost. If only messages
//! or events don't match their checksums, it starts, because everything else works; its health says so.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::check::{INTEGRITY, integrity};
use super::error::OpenError;
use super::inspect;
use crate::check::{CheckOutcome, Depth, Finding, SOME_DAMAGED, StartupCheck, checksums};
use crate::connection::Connection;

/// Starts a check of the whole file on a thread of its own. It takes a few seconds per gigabyte.
///
/// # Errors
/// [`OpenError::Thread`].
pub(super) fn begin(path: &Path) -> Result<StartupCheck, OpenError> {
    let path = path.to_owned();
    StartupCheck::begin("sqlite-check", || look_through(path)).map_err(OpenError::Thread)
}

/// Whether SQLite itself finds the file damaged.
pub(super) fn is_broken(finding: &Finding) -> bool {
    finding.is_failure() && finding.check == INTEGRITY
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
