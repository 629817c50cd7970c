//! A file that is written under a temporary name beside its final name, and renamed once it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The suffixes of files that SQLite may leave beside a database.
pub(super) const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The marker in a staged file's name, between the target's name and the process id.
const MARK: &str = ".unfinished-";

/// The first bytes of an SQLite file (SQLite documentation, "Database File Format", 1.3).
pub(super) const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// An unfinished file, readable only by its owner. It is removed if it is dropped without being published. A file that
/// a killed process left behind is recognized by its name, and the next [`sweep`](Self::sweep) removes it.
#[derive(Debug)]
pub(crate) struct StagedFile {
    target: PathBuf,
    path: PathBuf,
    published: bool,
    /// Locked until the file is finished: a staged file that can be locked is abandoned.
    _file: File,
}

impl StagedFile {
    /// Creates an empty staged file for `target`.
    ///
    /// # Errors
    /// The operating system's error.
    pub(crate) fn of(target: &Path) -> io::Result<Self> {
        let path = with_suffix(target, &format!("{MARK}{}", std::process::id()));
        // An earlier process with our id has ended, so its file is abandoned.
        remove_if_exists(&path)?;
        let file = loop {
            let file = create_locked(&path)?;
            // Between the two steps, another process's sweep may have removed it as abandoned.
            if path.exists() {
                break file;
            }
        };
        Ok(Self { target: target.to_owned(), path, published: false, _file: file })
    }

    /// Removes abandoned staged files from the folder of `target`, whatever their targets were. Unfinished files of
    /// running processes stay, and so do other files that merely have such a name.
    ///
    /// # Errors
    /// The operating system's error.
    pub(crate) fn sweep(target: &Path) -> io::Result<()> {
        let own = format!("{}{MARK}", target.file_name().unwrap_or_default().to_string_lossy());
        for entry in fs::read_dir(folder(target))? {
            let entry = entry?;
            let (path, is_own) = (entry.path(), entry.file_name().to_string_lossy().starts_with(&own));
            if is_staged_file(&path) && is_abandoned(&path, is_own) {
                remove_if_exists(&path)?;
                for suffix in SIDE_FILES {
                    remove_if_exists(&with_suffix(&path, suffix))?;
                }
            } else if is_own && staged_file_beside(&path).is_some_and(|staged| !staged.exists()) {
                // A power failure may have taken the staged file only.
                remove_if_exists(&path)?;
            }
        }
        Ok(())
    }

    /// The path of the staged file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the contents durable.
    ///
    /// # Errors
    /// The operating system's error.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Makes the staged file durable and renames it in one step. It replaces any file that had the name before.
    ///
    /// # Errors
    /// The operating system's error. The name then still refers to the previous file, unless only the folder could not
    /// be synced: a power failure could then undo the renaming.
    pub(crate) fn publish(mut self) -> io::Result<()> {
        self.sync()?;
        fs::rename(&self.path, &self.target)?;
        self.published = true;
        sync_folder(&self.target)
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.path);
        }
        for suffix in SIDE_FILES {
            let _ = fs::remove_file(with_suffix(&self.path, suffix));
        }
    }
}

/// Creates the file for its owner only, and locks it. Except on Unix, where locks are advisory, a lock would keep out
/// SQLite, so the file isn't locked.
fn create_locked(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    if cfg!(unix) {
        // If files can't be locked, nobody can lock this one to sweep it, either.
        let _ = file.try_lock();
    }
    Ok(file)
}

/// Whether a name is that of a staged file: it ends with the marker and a number.
pub(super) fn is_staged_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let number = name.rsplit_once(MARK).map_or("", |(_, number)| number);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The staged file that SQLite has made this file for, if it has.
pub(super) fn staged_file_beside(path: &Path) -> Option<PathBuf> {
    let name = path.to_str()?;
    let bare = SIDE_FILES.iter().find_map(|suffix| name.strip_suffix(suffix)).map(PathBuf::from);
    bare.filter(|bare| is_staged_file(bare))
}

/// Whether a staged file is abandoned. A file that isn't certainly our `own` must begin like a staged database, whose
/// first page is written last. Otherwise it belongs to another program.
fn is_abandoned(path: &Path, own: bool) -> bool {
    let abandoned = || -> io::Result<bool> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() || (cfg!(unix) && file.try_lock().is_err()) {
            return Ok(false);
        }
        if own {
            return Ok(true);
        }
        let mut begin = Vec::new();
        file.take(MAGIC.len() as u64).read_to_end(&mut begin)?;
        Ok(begin == MAGIC || begin.iter().all(|byte| *byte == 0))
    };
    abandoned().unwrap_or(false)
}

/// A path with something appended to its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The folder of a file.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Makes renames in a file's folder durable, if the system supports it.
///
/// # Errors
/// The operating system's error.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder(file))?.sync_all() } else { Ok(()) }
}

/// Removes a file if it exists.
///
/// # Errors
/// The operating system's error.
pub(super) fn remove_if_exists(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_sweep_removes_only_files_of_killed_processes() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("backup.db");
        let database = [&MAGIC[..], &[7; 100]].concat();
        let left: [(&str, &[u8]); 6] = [
            ("backup.db.unfinished-12", b"half of something"),
            ("backup.db.unfinished-1", &database),
            ("backup.db.unfinished-1-journal", b"old pages"),
            ("backup.db.unfinished-7-wal", b"new pages of a file that is gone"),
            ("of-another-day.db.unfinished-4711", &[0; 4096]),
            ("empty.unfinished-2", b""),
        ];
        let kept: [(&str, &[u8]); 6] = [
            ("backup.db", &database),
            ("backup.db-wal", b"new pages"),
            ("backup.db.unfinished-", &database),
            ("backup.db.unfinished-1x", &database),
            ("unfinished-3", &database),
            ("thesis.unfinished-3", b"It was a dark and stormy night."),
        ];
        for (name, content) in left.iter().chain(&kept) {
            fs::write(folder.path().join(name), content).unwrap();
        }
        StagedFile::sweep(&target).unwrap();
        let mut expected = kept.map(|(name, _)| name.to_owned());
        expected.sort();
        assert_eq!(names(folder.path()), expected);
    }

    #[cfg(unix)]
    #[test]
    fn an_unfinished_staged_file_is_not_swept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("backup.db");
        let staged = StagedFile::of(&target).unwrap();
        StagedFile::sweep(&target).unwrap();
        assert!(staged.path().exists());
        staged.publish().unwrap();
        assert_eq!(names(folder.path()), ["backup.db"]);
    }

    #[test]
    fn a_dropped_staged_file_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(StagedFile::of(&folder.path().join("backup.db")).unwrap());
        assert!(names(folder.path()).is_empty());
    }
}
