//! Verifies a copy of a database: a backup when it is made, later, and before it is restored.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use diesel::prelude::*;

use super::check::soundness;
use super::error::OpenError;
use super::inspect::{self, Contents};
use super::staged_file::with_suffix;
use crate::check::Depth;

/// A verified backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its contents.
    pub contents: Contents,
    /// Its size.
    pub bytes: u64,
}

/// Why a copy can't be relied on.
#[derive(Debug)]
pub(super) enum Unverified {
    /// It can't be opened, or is no database of groupchat that this program knows.
    Open(OpenError),
    /// Checks have failed.
    Unsound(Vec<String>),
}

impl From<OpenError> for Unverified {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

/// Checks a copy completely and counts its contents. `name` is its name in error messages.
///
/// # Errors
/// [`Unverified`].
pub(super) fn verify(connection: &mut SqliteConnection, name: &Path) -> Result<Contents, Unverified> {
    let failed = |error: diesel::result::Error| OpenError::from_reason(name, &error.to_string());
    inspect::only_read(connection).map_err(failed)?;
    let contents = inspect::contents(connection, name)?;
    let findings = soundness(connection, Depth::Full);
    let failures = findings.into_iter().filter(|finding| finding.is_failure());
    let failures: Vec<_> = failures.map(|finding| finding.detail).collect();
    if failures.is_empty() { Ok(contents) } else { Err(Unverified::Unsound(failures)) }
}

/// Why a file can't be relied on as a backup.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not a groupchat database, or a newer one.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no such file, or it can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is a database in use, or its program was killed: its newest changes are in another file.
    #[error("{} is not a backup: its newest changes are in {}", file.display(), log.display())]
    Live {
        /// The file.
        file: PathBuf,
        /// The file with the changes.
        log: PathBuf,
    },
    /// It is damaged, or its schema was modified.
    #[error("the backup failed its check: {}", .0.join("; "))]
    Unsound(Vec<String>),
}

/// Verifies a backup as it was verified when it was made. The file and its folder are only read.
///
/// # Errors
/// [`VerifyError`].
pub fn verify_backup(file: &Path) -> Result<Backup, VerifyError> {
    let real =
        fs::canonicalize(file).map_err(|source| VerifyError::Read { path: file.to_owned(), source })?;
    if let Some(log) = unmerged_log(&real) {
        return Err(VerifyError::Live { file: file.to_owned(), log });
    }
    let unsound = |failure| match failure {
        Unverified::Open(OpenError::Damaged { what, .. }) => VerifyError::Unsound(vec![what]),
        Unverified::Open(error) => VerifyError::Open(error),
        Unverified::Unsound(failures) => VerifyError::Unsound(failures),
    };
    let mut connection = inspect::open_unchanged(&real).map_err(|error| unsound(error.into()))?;
    let contents = verify(&mut connection, file).map_err(unsound)?;
    let bytes = real.metadata().map_or(0, |file| file.len());
    Ok(Backup { contents, bytes })
}

/// The log beside a database that holds changes which are not in its file.
pub(super) fn unmerged_log(database: &Path) -> Option<PathBuf> {
    let logs = ["-wal", "-journal"].map(|suffix| with_suffix(database, suffix));
    logs.into_iter().find(|log| log.metadata().is_ok_and(|log| log.len() > 0))
}
