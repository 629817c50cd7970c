//! The file with the server's keys: one on each line, the newest first. Lines that begin with `#` are comments.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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

#[cfg(test)]
mod tests {
    use super::*;

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
