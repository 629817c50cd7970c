//! A file that is written beside its final name, and gets that name once it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What SQLite may leave beside a database.
pub(super) const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What the name of a staged file says between that of its target and the process that makes it.
const MARK: &str = ".unfinished-";

/// What a SQLite file begins with (SQLite documentation, "Database File Format", 1.3).
pub(super) const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// A file in the making, readable by its owner only. It is removed when it is dropped unpublished; what a
/// killed process leaves of it bears the mark in its name, and is removed by the next [`sweep`](Self::sweep).
#[derive(Debug)]
pub(super) struct StagedFile {
    target: PathBuf,
    path: PathBuf,
    published: bool,
    /// Locked for as long as the staged file is in the making: a staged file that can be locked is nobody's.
    _file: File,
}

impl StagedFile {
    /// An empty staged file of `target`.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn of(target: &Path) -> io::Result<Self> {
        let path = with_suffix(target, &format!("{MARK}{}", std::process::id()));
        // A process that had our id is gone, so what it left is nobody's.
        remove_if_exists(&path)?;
        let file = loop {
            let file = create_locked(&path)?;
            // Between the two steps somebody who sweeps may have taken it for nobody's.
            if path.exists() {
                break file;
            }
        };
        Ok(Self { target: target.to_owned(), path, published: false, _file: file })
    }

    /// Removes the staged files that killed processes left in the folder of `target`, whatever they were to become.
    /// Those that are in the making stay, and so does what merely has such a name.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn sweep(target: &Path) -> io::Result<()> {
        let own = format!("{}{MARK}", target.file_name().unwrap_or_default().to_string_lossy());
        for entry in fs::read_dir(folder(target))? {
            let entry = entry?;
            let (path, is_own) = (entry.path(), entry.file_name().to_string_lossy().starts_with(&own));
            if is_staged_file(&path) && is_abandoned(&path, is_own) {
                remove_if_exists(&path)?;
                for suffix in SIDE_FILES {
                    remove_if_exists(&with_suffix(&path, suffix))?;
                }
            }
        }
        Ok(())
    }

    /// Where the staged file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what is in the staged file durable.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Makes the staged file durable and gives it its name, in one step; what had the name before is gone.
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

/// Creates the file for its owner alone, and locks it. Elsewhere than on Unix the lock would keep out whoever fills it.
fn create_locked(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    if cfg!(unix) {
        // Where files can't be locked, nobody can lock this one to sweep it either.
        let _ = file.try_lock();
    }
    Ok(file)
}

/// Whether a file's name is that of a staged file: it ends with the mark and a number.
pub(super) fn is_staged_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let number = name.rsplit_once(MARK).map_or("", |(_, number)| number);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether nobody is making the staged file any more. What is not surely our `own` has to begin as a staged file of a
/// database does, whose first page is written last: else it is another program's.
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
    fn what_killed_processes_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("backup.db");
        let database = [&MAGIC[..], &[7; 100]].concat();
        let left: [(&str, &[u8]); 5] = [
            ("backup.db.unfinished-12", b"half of something"),
            ("backup.db.unfinished-1", &database),
            ("backup.db.unfinished-1-journal", b"old pages"),
            ("of-another-day.db.unfinished-4711", &[0; 4096]),
            ("empty.unfinished-2", b""),
        ];
        let kept: [(&str, &[u8]); 5] = [
            ("backup.db", &database),
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
    fn a_draft_in_the_making_is_not_swept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("backup.db");
        let staged = StagedFile::of(&target).unwrap();
        StagedFile::sweep(&target).unwrap();
        assert!(staged.path().exists());
        staged.publish().unwrap();
        assert_eq!(names(folder.path()), ["backup.db"]);
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(StagedFile::of(&folder.path().join("backup.db")).unwrap());
        assert!(names(folder.path()).is_empty());
    }
}
