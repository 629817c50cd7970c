//! The free space of the disk, checked periodically.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use groupchat_domain::storage::DiskSpace;

/// The size of a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What the program may still use.
    pub free: u64,
    /// The total size.
    pub total: u64,
}

/// How much space to keep free: the smaller of the two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserve {
    /// In bytes.
    pub bytes: u64,
    /// In percent of the file system.
    pub percent: u8,
}

impl Reserve {
    fn of(self, space: Space) -> u64 {
        let share = u128::from(space.total) * u128::from(self.percent) / 100;
        self.bytes.min(u64::try_from(share).unwrap_or(u64::MAX))
    }
}

/// Where the size is read from.
type SpaceSource = dyn Fn() -> io::Result<Space> + Send + Sync;

/// Watches the file system of a database.
pub struct DiskWatch {
    source: Box<SpaceSource>,
    reserve: Reserve,
    is_nearly_full: AtomicBool,
}

impl DiskWatch {
    /// Watches the file system of this file or folder. Nothing is known about it before the first
    /// [`refresh`](Self::refresh).
    pub fn new(path: &Path, reserve: Reserve) -> Self {
        let path: PathBuf = path.to_owned();
        Self::with_source(move || space_of(&path), reserve)
    }

    /// Watches another source, for tests.
    pub fn with_source(
        source: impl Fn() -> io::Result<Space> + Send + Sync + 'static,
        reserve: Reserve,
    ) -> Self {
        Self { source: Box::new(source), reserve, is_nearly_full: AtomicBool::new(false) }
    }

    /// Reads the free space. If that fails, the previous result stays. May block as long as the file system does.
    ///
    /// # Errors
    /// The free space is unknown.
    pub fn refresh(&self) -> io::Result<()> {
        let space = (self.source)()?;
        let reserve = self.reserve.of(space);
        let is_nearly_full = space.free < reserve;
        if is_nearly_full != self.is_nearly_full.swap(is_nearly_full, Ordering::Relaxed) {
            if is_nearly_full {
                tracing::warn!(
                    free = space.free,
                    reserve,
                    "the disk is nearly full: rejecting ordinary writes"
                );
            } else {
                tracing::info!(free = space.free, reserve, "the disk has free space again: accepting writes");
            }
        }
        Ok(())
    }
}

impl DiskSpace for DiskWatch {
    fn is_nearly_full(&self) -> bool {
        self.is_nearly_full.load(Ordering::Relaxed)
    }
}

/// The size of the file system that contains a path.
fn space_of(path: &Path) -> io::Result<Space> {
    let found = fs4::statvfs(path)?;
    Ok(Space { free: found.available_space(), total: found.total_space() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::*;

    const GIB: u64 = 1 << 30;
    const RESERVE: Reserve = Reserve { bytes: GIB, percent: 5 };

    #[test]
    fn the_reserve_is_the_less_of_the_two() {
        let of = |total| RESERVE.of(Space { free: 0, total });
        assert_eq!(of(100 * GIB), GIB);
        assert_eq!(of(10 * GIB), GIB / 2);
        assert_eq!(of(u64::MAX), GIB);
        assert_eq!(Reserve { percent: 0, ..RESERVE }.of(Space { free: 0, total: GIB }), 0);
    }

    #[test]
    fn the_disk_is_nearly_full_below_the_reserve_and_not_once_there_is_room_again() {
        let free = Arc::new(AtomicU64::new(GIB));
        let source = free.clone();
        let total = 100 * GIB;
        let watch = DiskWatch::with_source(
            move || Ok(Space { free: source.load(Ordering::Relaxed), total }),
            RESERVE,
        );
        for (left, expected) in [(GIB, false), (GIB - 1, true), (0, true), (GIB, false)] {
            free.store(left, Ordering::Relaxed);
            watch.refresh().unwrap();
            assert_eq!(watch.is_nearly_full(), expected, "{left}");
        }
    }

    #[test]
    fn what_can_t_be_told_changes_nothing() {
        let watch = DiskWatch::with_source(|| Err(io::ErrorKind::NotFound.into()), RESERVE);
        assert!(watch.refresh().is_err());
        assert!(!watch.is_nearly_full());
    }

    #[test]
    fn a_file_system_tells_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let space = space_of(folder.path()).unwrap();
        assert!(space.total > 0 && space.free <= space.total, "{space:?}");
        assert!(space_of(&folder.path().join("none")).is_err());
    }
}
