//! A file that comes into being beside its final name, and takes that name once it is whole.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// What SQLite may leave beside a database.
pub(super) const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What the name of a draft says between that of its target and the process that makes it.
const MARK: &str = ".unfinished-";

/// A file in the making, readable by its owner only. It is removed when it is dropped unpublished; what a
/// killed process leaves of it bears the mark in its name.
#[derive(Debug)]
pub(super) struct Draft {
    target: PathBuf,
    path: PathBuf,
    published: bool,
}

impl Draft {
    /// An empty draft of `target`.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn of(target: &Path) -> io::Result<Self> {
        let path = with_suffix(target, &format!("{MARK}{}", std::process::id()));
        // A process that had our id is gone, so what it left is nobody's.
        remove_if_there(&path)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path)?;
        Ok(Self { target: target.to_owned(), path, published: false })
    }

    /// Removes the drafts of `target` that killed processes left. None may be in the making.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn sweep(target: &Path) -> io::Result<()> {
        let Some(name) = target.file_name() else { return Ok(()) };
        let prefix = format!("{}{MARK}", name.to_string_lossy());
        for entry in fs::read_dir(folder(target))? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                remove_if_there(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Where the draft is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what is in the draft durable.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Makes the draft durable and gives it its name, in one step; what had the name before is gone.
    ///
    /// # Errors
    /// What the system says; the name then still stands for what it stood for.
    pub(super) fn publish(mut self) -> io::Result<()> {
        self.sync()?;
        fs::rename(&self.path, &self.target)?;
        self.published = true;
        sync_folder(&self.target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.path);
        }
        for suffix in SIDE_FILES {
            let _ = fs::remove_file(with_suffix(&self.path, suffix));
        }
    }
}

/// The path with something added to its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The folder that a file is in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Makes the names in a file's folder durable, where the system lets a folder be synced.
///
/// # Errors
/// What the system says.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder(file))?.sync_all() } else { Ok(()) }
}

/// Removes a file that may not be there.
///
/// # Errors
/// What the system says of a file that is there.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
