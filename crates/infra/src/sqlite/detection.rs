//! Whether a database exists, checked before SQLite opens it: SQLite treats a missing or an empty file as a new
//! database, and deletes the write-ahead log beside it with everything that was acknowledged.
//!
//! Invariant: nothing here writes, and nothing opens a file as a database that this module has rejected.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::data_dir_lock::{FILE_NAME as LOCK_FILE, LastUse};
use super::error::OpenError;
use super::staged_file::{MAGIC, SIDE_FILES, folder, is_staged_file, staged_file_beside, with_suffix};

/// Identifies groupchat's databases in the file header: "GCht". Databases from before schema 10 have 0.
pub(crate) const APPLICATION_ID: u32 = 0x4743_6874;

/// How many file names an error lists.
const NAMES: usize = 5;

/// The length of a database's header, in bytes.
const HEADER: usize = 100;

/// What was found at the path of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detected {
    /// Nothing, and no trace of an earlier database.
    Nothing,
    /// A file that begins like one of our databases and is as long as its header says.
    Database,
}

/// Whether there is a database. Returns false only if there never was one.
///
/// # Errors
/// [`OpenError`]: a database that is lost, incomplete or not ours, or a folder that can't be read.
pub fn database_exists(path: &Path) -> Result<bool, OpenError> {
    Ok(detect(path)? == Detected::Database)
}

/// Looks for the database.
///
/// # Errors
/// [`OpenError::Lost`], [`OpenError::Damaged`], [`OpenError::NotADatabase`], or that the folder can't be read.
pub(crate) fn detect(path: &Path) -> Result<Detected, OpenError> {
    let unreadable =
        |error: io::Error| OpenError::Unwritable { path: path.to_owned(), reason: error.to_string() };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            match traces(path).map_err(unreadable)?.as_slice() {
                [] => Ok(Detected::Nothing),
                found => Err(lost(path, found)),
            }
        }
        Err(error) => Err(unreadable(error)),
        Ok(_) if !path.exists() => Err(lost(path, &["a link that leads nowhere".to_owned()])),
        Ok(_) if !path.is_file() => Err(OpenError::NotADatabase(path.to_owned())),
        Ok(_) => {
            let header = Header::read(path).map_err(unreadable)?;
            header.check(path).map(|()| Detected::Database)
        }
    }
}

/// Rejects a folder that isn't practically empty, or that had a database: only in such a folder does the first start
/// create one. Hidden files, the lock file, configuration and logs may be there.
///
/// # Errors
/// [`OpenError::Lost`], or that the folder can't be read.
pub(super) fn require_unused_folder(path: &Path) -> Result<(), OpenError> {
    let unreadable =
        |error: io::Error| OpenError::Unwritable { path: path.to_owned(), reason: error.to_string() };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(path)).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !is_harmless(&entry.path()) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found.sort();
    if LastUse::of(folder(path)) != LastUse::Unknown {
        found.push(format!("the note in {LOCK_FILE} that there was a database"));
    }
    if found.is_empty() { Ok(()) } else { Err(lost(path, &found)) }
}

fn is_harmless(entry: &Path) -> bool {
    let name = entry.file_name().unwrap_or_default().to_string_lossy();
    let extension = entry.extension().and_then(OsStr::to_str).unwrap_or_default();
    name.starts_with('.')
        || ["lost+found", "log", "logs", LOCK_FILE].contains(&&*name)
        || matches!(extension, "toml" | "log")
        || is_left_by_staged_file(entry)
}

/// Traces of a database: its side files and copies of it.
fn traces(path: &Path) -> io::Result<Vec<String>> {
    let own = path.file_name().unwrap_or_default().to_string_lossy();
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder(path)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let rest = name.strip_prefix(&*own).unwrap_or_default();
        if (SIDE_FILES.contains(&rest) || rest.starts_with('.')) && !is_left_by_staged_file(&entry.path()) {
            let size = entry.metadata().map_or(0, |file| file.len());
            found.push(format!("{name} ({size} bytes)"));
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a file is a staged file or a side file of one. Neither was ever part of a database.
fn is_left_by_staged_file(path: &Path) -> bool {
    is_staged_file(path) || staged_file_beside(path).is_some()
}

fn lost(path: &Path, found: &[String]) -> OpenError {
    let mut names = found[..found.len().min(NAMES)].join(", ");
    if let Some(more) = found.len().checked_sub(NAMES).filter(|more| *more > 0) {
        names.push_str(&format!(" and {more} more"));
    }
    OpenError::Lost { path: path.to_owned(), found: names }
}

/// The first bytes of a database file (SQLite documentation, "Database File Format", 1.3).
struct Header {
    bytes: Vec<u8>,
    file_length: u64,
}

impl Header {
    fn read(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let file_length = file.metadata()?.len();
        let mut bytes = Vec::with_capacity(HEADER);
        file.take(HEADER as u64).read_to_end(&mut bytes)?;
        Ok(Self { bytes, file_length })
    }

    fn check(&self, path: &Path) -> Result<(), OpenError> {
        let damaged = |what: String| OpenError::Damaged { path: path.to_owned(), what };
        if self.file_length == 0 {
            return Err(damaged("it is empty".to_owned()));
        }
        if self.bytes.iter().all(|byte| *byte == 0) {
            return Err(damaged("it begins with zeros".to_owned()));
        }
        if !self.bytes.starts_with(MAGIC) && !MAGIC.starts_with(&self.bytes) {
            return Err(OpenError::NotADatabase(path.to_owned()));
        }
        if self.bytes.len() < HEADER {
            return Err(damaged(format!("it ends after {} bytes", self.file_length)));
        }
        if ![0, APPLICATION_ID].contains(&self.number(68)) {
            return Err(OpenError::NotADatabase(path.to_owned()));
        }
        match self.missing_bytes() {
            // The missing pages may be in the write-ahead log, if the program was killed during a checkpoint. Or the
            // header is ahead of the file, if the program was killed during a transaction with a journal, as when a
            // database is copied.
            Some(missing) if !has_log(path) => {
                let whole = self.file_length + missing;
                Err(damaged(format!("it has {} bytes of {whole}", self.file_length)))
            }
            _ => Ok(()),
        }
    }

    /// The 32-bit integer at this offset.
    fn number(&self, place: usize) -> u32 {
        let bytes = self.bytes.get(place..place + 4).and_then(|bytes| bytes.try_into().ok());
        u32::from_be_bytes(bytes.unwrap_or_default())
    }

    /// How many bytes are missing, if the header states the file's length.
    fn missing_bytes(&self) -> Option<u64> {
        let page_size = match self.number(16) >> 16 {
            1 => 65_536,
            size => u64::from(size),
        };
        // The page count is valid only then (section 1.3.7).
        let (changes, changes_at_size) = (self.number(24), self.number(92));
        let length = (changes == changes_at_size).then(|| u64::from(self.number(28)) * page_size)?;
        length.checked_sub(self.file_length).filter(|missing| *missing > 0)
    }
}

/// Whether the file can be completed from a write-ahead log or from the journal of an interrupted transaction.
fn has_log(path: &Path) -> bool {
    let is_filled = |suffix| with_suffix(path, suffix).metadata().is_ok_and(|log| log.len() > 0);
    is_filled("-wal") || is_filled("-journal")
}
