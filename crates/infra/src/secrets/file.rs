//! The file with the server's keys: one on each line, the newest first. Lines that begin with `#` are comments.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::key::{KeyRing, SecretKey};
use crate::private_file::replace_private_file;

/// The most bytes of such a file.
const MAX_BYTES: u64 = 64 << 10;

/// What the file says at its top.
const HEADING: &str = "# The keys that groupchat encrypts secrets with, the newest first. Backups don't contain them: \
                       keep a copy elsewhere.\n";

/// Why a file with keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It can't be read or written.
    #[error("can't use the file with the server's keys {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// It contains something else than keys.
    #[error("the file {} doesn't contain keys, one on each line", path.display())]
    NoKeys {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the keys of a file; `None` if there is no such file.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_key_file(path: &Path) -> Result<Option<KeyRing>, KeyFileError> {
    let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found.map_err(failed)?,
    };
    let no_keys = || KeyFileError::NoKeys { path: path.to_owned() };
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return Err(no_keys());
    }
    let text = String::from_utf8(fs::read(path).map_err(failed)?).map_err(|_| no_keys())?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    KeyRing::parse(lines).map(Some).ok_or_else(no_keys)
}

/// Makes a file with a new key, if there is none. It appears whole or not at all, for its owner only.
///
/// # Errors
/// [`KeyFileError::Io`].
pub fn create_key_file(path: &Path) -> Result<(), KeyFileError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let ring = KeyRing::new(vec![SecretKey::generate()]).expect("a ring of one key");
            write_key_file(path, &ring)
        }
        Err(source) => Err(KeyFileError::Io { path: path.to_owned(), source }),
    }
}

/// Replaces the file by one with these keys, in one step. It keeps its owner.
///
/// # Errors
/// [`KeyFileError::Io`].
pub fn write_key_file(path: &Path, ring: &KeyRing) -> Result<(), KeyFileError> {
    let lines: String = ring.keys().iter().map(|key| format!("{}\n", key.reveal())).collect();
    let written = replace_private_file(path, format!("{HEADING}{lines}").as_bytes());
    written.map_err(|source| KeyFileError::Io { path: path.to_owned(), source })
}

/// A file with keys that this process is about to change. As long as it has this, no other one can, so none undoes what
/// another has added. Servers read the file meanwhile.
pub struct LockedKeyFile {
    path: PathBuf,
    ring: KeyRing,
    changed: SystemTime,
    /// Locked, except where a lock would keep readers out.
    _file: File,
}

impl LockedKeyFile {
    /// Waits for the file, and reads it; `None` if there is none.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn wait(path: &Path) -> Result<Option<Self>, KeyFileError> {
        let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
        let (path, file) = match open_locked(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        let changed = file.metadata().and_then(|metadata| metadata.modified()).map_err(failed)?;
        Ok(read_key_file(&path)?.map(|ring| Self { path, ring, changed, _file: file }))
    }

    /// The keys.
    pub const fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// How long it is until the file has been as it is for this long. Not longer than that if the clock was set back.
    pub fn unchanged_in(&self, long: Duration) -> Duration {
        long.saturating_sub(SystemTime::now().duration_since(self.changed).unwrap_or_default())
    }

    /// Replaces the keys.
    ///
    /// # Errors
    /// [`KeyFileError::Io`].
    pub fn replace(self, ring: &KeyRing) -> Result<(), KeyFileError> {
        write_key_file(&self.path, ring)
    }
}

/// Opens and locks the file that a path leads to, also by a link: the file is replaced, not the link.
fn open_locked(path: &Path) -> io::Result<(PathBuf, File)> {
    loop {
        let path = fs::canonicalize(path)?;
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        if cfg!(unix) {
            file.lock()?;
        }
        // Another process may have replaced it while this one waited.
        if is_same(&file, &path)? {
            return Ok((path, file));
        }
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (opened, named) = (file.metadata()?, fs::metadata(path)?);
    Ok((opened.dev(), opened.ino()) == (named.dev(), named.ino()))
}

#[cfg(not(unix))]
fn is_same(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn of_two_that_change_a_file_none_undoes_what_the_other_did() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("secrets.key"), folder.path().join("link"));
        assert!(LockedKeyFile::wait(&path).unwrap().is_none());
        create_key_file(&path).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        std::thread::scope(|scope| {
            for path in [&path, &path, &link, &link] {
                scope.spawn(|| {
                    for _ in 0..4 {
                        let file = LockedKeyFile::wait(path).unwrap().unwrap();
                        let ring = file.ring().with_newest(SecretKey::generate()).unwrap();
                        file.replace(&ring).unwrap();
                    }
                });
            }
        });
        assert_eq!(read_key_file(&path).unwrap().unwrap().keys().len(), 17);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "the link stays");
    }

    #[test]
    fn a_file_settles_whatever_the_clock_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.key");
        create_key_file(&path).unwrap();
        let minute = Duration::from_secs(60);
        let left = |changed| {
            File::options().write(true).open(&path).unwrap().set_modified(changed).unwrap();
            LockedKeyFile::wait(&path).unwrap().unwrap().unchanged_in(minute)
        };
        let now = SystemTime::now();
        assert_eq!(left(now - minute), Duration::ZERO);
        assert!(left(now - minute / 2) <= minute / 2);
        assert_eq!(left(now + 60 * minute), minute);
    }

    #[test]
    fn a_file_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.key");
        assert!(read_key_file(&path).unwrap().is_none());
        create_key_file(&path).unwrap();
        let made = read_key_file(&path).unwrap().unwrap();
        create_key_file(&path).unwrap();
        assert_eq!(read_key_file(&path).unwrap(), Some(made.clone()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let more = KeyRing::new(vec![SecretKey::generate(), made.newest().clone()]).unwrap();
        write_key_file(&path, &more).unwrap();
        assert_eq!(read_key_file(&path).unwrap(), Some(more));
    }

    #[test]
    fn a_file_with_something_else_is_refused_without_its_contents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.key");
        let key = SecretKey::generate().reveal();
        for text in ["", "# nothing\n", &format!("{key}x\n"), &format!("{key}\n{key}\n"), &"x".repeat(70_000)]
        {
            fs::write(&path, text).unwrap();
            let error = read_key_file(&path).unwrap_err();
            assert!(matches!(error, KeyFileError::NoKeys { .. }), "{error}");
            assert!(!format!("{error}{error:?}").contains("gcs_"));
        }
        fs::write(&path, format!("\n  # old ones\n {key} \r\n")).unwrap();
        assert!(read_key_file(&path).unwrap().is_some());
    }
}
