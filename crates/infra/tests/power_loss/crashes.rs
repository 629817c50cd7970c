//! Lets the power fail at many moments of what was recorded.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::{fmt, fs};

use groupchat_power_loss::{Disk, FileId, Image, Op, Volume};
use groupchat_testing::Dice;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::inspection::{Found, check_copies, inspect};
use crate::ledger::{Ledger, Owed, Promise};
use crate::snapshot::Snapshot;

/// How many more disks are drawn at one moment than are missing, for those that were examined before.
const REDRAWS: usize = 6;

/// What has happened on a volume.
pub(crate) struct Recording {
    initial: Disk,
    ops: Vec<Op>,
    promises: Vec<Promise>,
}

/// Something that a power failure must not do.
#[derive(Debug)]
pub(crate) struct Violation {
    /// What is wrong.
    what: String,
    /// After how many operations the power failed.
    point: usize,
    /// What the disk contained.
    image: Image,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (point, fate) = (self.point, self.image.fate);
        let sizes = self.image.files.iter().map(|(name, content)| format!("{name} ({})", content.len()));
        let sizes: Vec<_> = sizes.collect();
        writeln!(f, "{}", self.what)?;
        writeln!(f, "power failed after operation {point}, what was not synced was: {fate:?}")?;
        write!(f, "files: {}", sizes.join(", "))
    }
}

impl Violation {
    /// Adds what was tested.
    pub(crate) fn after(mut self, what: &dyn fmt::Debug) -> Self {
        self.what = format!("after {what:?}: {}", self.what);
        self
    }

    /// Keeps the files, and ends the test.
    pub(crate) fn fail(&self) -> ! {
        let test = thread::current().name().unwrap_or_default().replace("::", "-");
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("power-loss").join(test);
        let _ = fs::remove_dir_all(&kept);
        let kept = self.image.write_to(&kept).map(|()| kept);
        panic!("{self}\nthe files are kept in {kept:?}");
    }
}

impl Recording {
    pub(crate) fn of(volume: &Volume, ledger: &Ledger) -> Self {
        let (initial, ops) = volume.trace();
        let recording = Self { initial, ops, promises: ledger.read() };
        if !recording.ops.iter().any(|op| matches!(op, Op::SyncFailed { .. })) {
            let (recorded, found) = (recording.last_disk().after_kill().files, volume.contents().unwrap());
            let differ = found.iter().find(|(name, content)| recorded.get(*name) != Some(*content));
            assert_eq!(differ.map(|(name, _)| name), None, "not everything is recorded");
            assert_eq!(recorded.len(), found.len(), "not everything is recorded");
        }
        recording
    }

    fn last_disk(&self) -> Disk {
        let mut disk = self.initial.clone();
        self.ops.iter().for_each(|op| disk.apply(op, &mut Dice::new(0)));
        disk
    }

    /// Lets the power fail at `points` moments, and counts the different disks that were examined. If a disk is one
    /// that was examined before, others are drawn, then or later.
    ///
    /// # Errors
    /// The first that violates a promise.
    pub(crate) fn survive(&self, points: usize, dice: &mut Dice) -> Result<usize, Box<Violation>> {
        let mut moments = self.moments(points, dice).into_iter().peekable();
        let mut replay = Replay::new(self.initial.clone());
        let (mut seen, mut missing) = (HashSet::new(), 0);
        for (at, op) in self.ops.iter().enumerate() {
            replay.apply(op, self.ops.get(at + 1), &self.promises, dice).map_err(|what| {
                Box::new(Violation { what, point: at + 1, image: replay.disk.after_kill() })
            })?;
            let before = missing;
            while moments.next_if_eq(&(at + 1)).is_some() {
                missing += 1;
            }
            let draws = if missing > before { missing + REDRAWS } else { 0 };
            for _ in 0..draws {
                if missing == 0 {
                    break;
                }
                let image = replay.disk.after_power_loss(dice);
                if seen.insert(digest(&image)) {
                    missing -= 1;
                    let judged = replay.judge(&image);
                    judged.map_err(|what| Box::new(Violation { what, point: at + 1, image }))?;
                }
            }
        }
        Ok(seen.len())
    }

    /// Lets the power fail at `points` moments, and tells `judge` what is left and what was promised by then.
    ///
    /// # Errors
    /// The first that it returns.
    pub(crate) fn judge_each(
        &self,
        points: usize,
        dice: &mut Dice,
        judge: impl Fn(&Image, &Owed) -> Result<(), String>,
    ) -> Result<(), Box<Violation>> {
        let mut moments = self.moments(points, dice).into_iter().peekable();
        let (mut disk, mut owed) = (self.initial.clone(), Owed::default());
        for (at, op) in self.ops.iter().enumerate() {
            disk.apply(op, dice);
            if let Op::Mark(number) = op {
                owed.add(&self.promises[*number]);
            }
            while moments.next_if_eq(&(at + 1)).is_some() {
                let image = disk.after_power_loss(dice);
                judge(&image, &owed).map_err(|what| Box::new(Violation { what, point: at + 1, image }))?;
            }
        }
        Ok(())
    }

    /// Moments at which not everything is synced, in their order.
    fn moments(&self, count: usize, dice: &mut Dice) -> Vec<usize> {
        let mut disk = self.initial.clone();
        let mut at_risk = Vec::new();
        for (point, op) in self.ops.iter().enumerate() {
            disk.apply(op, &mut Dice::new(0));
            if disk.is_at_risk() && !matches!(op, Op::Mark(_)) {
                at_risk.push(point + 1);
            }
        }
        let count = if at_risk.is_empty() { 0 } else { count };
        let mut moments: Vec<_> = (0..count).map(|_| at_risk[dice.below(at_risk.len())]).collect();
        moments.sort_unstable();
        moments
    }
}

/// What there is at a moment of a recording.
#[derive(Default)]
struct Replay {
    disk: Disk,
    owed: Owed,
    /// The states that the database has had, as a server would have found them if only the program had been killed.
    states: Vec<Snapshot>,
    /// The last of them that must not be lost.
    durable: usize,
    /// The write-ahead logs.
    logs: HashSet<FileId>,
    /// Whether the last write to one was the header of the last page of a transaction.
    has_commit_header: bool,
}

impl Replay {
    fn new(disk: Disk) -> Self {
        let found =
            examine(&disk.after_kill(), &Owed::default()).expect("a server starts before anything happens");
        Self { disk, states: vec![found.snapshot], ..Self::default() }
    }

    /// Goes on by one operation. Where that may have made a transaction visible, starts a server to see.
    fn apply(
        &mut self,
        op: &Op,
        next: Option<&Op>,
        promises: &[Promise],
        dice: &mut Dice,
    ) -> Result<(), String> {
        self.disk.apply(op, dice);
        if let Op::Mark(number) = op {
            self.owed.add(&promises[*number]);
            if promises[*number].is_durable() {
                self.durable = self.states.len().saturating_sub(1);
            }
        }
        if self.may_commit(op, next) {
            let found = examine(&self.disk.after_kill(), &self.owed)?.snapshot;
            if self.states.last() != Some(&found) {
                self.states.push(found);
            }
        }
        Ok(())
    }

    /// Whether an operation may make a transaction visible: a change of names, or the last page of a transaction in a
    /// write-ahead log. Pages and their headers can be written bit by bit, so the last of several writes may be one.
    fn may_commit(&mut self, op: &Op, next: Option<&Op>) -> bool {
        match op {
            Op::Name { name, file } => {
                if name.ends_with("-wal") {
                    self.logs.insert(*file);
                }
                true
            }
            Op::Rename { .. } | Op::Unlink { .. } => true,
            Op::Write { file, bytes, .. } if self.logs.contains(file) => {
                let ends_page = std::mem::replace(&mut self.has_commit_header, is_commit_header(bytes));
                let goes_on = matches!(next, Some(Op::Write { file: next, .. }) if next == file);
                ends_page || !goes_on
            }
            _ => false,
        }
    }

    /// Whether this may be left of the disk: all promises are kept, and the state is one that there was, but none from
    /// before the last one that must not be lost.
    fn judge(&self, image: &Image) -> Result<(), String> {
        let found = examine(image, &self.owed)?.snapshot;
        if self.states[self.durable..].contains(&found) {
            return Ok(());
        }
        let differs = self.states[self.durable].differences(&found);
        let durable = self.durable;
        match self.states.iter().rposition(|state| *state == found) {
            Some(state) => Err(format!("state {durable} was acknowledged, found state {state}: {differs:?}")),
            None => Err(format!("the database never was so: compared with state {durable}, {differs:?}")),
        }
    }
}

/// Whether this is the header of the frame that ends a transaction in a write-ahead log: it contains the size of the
/// database (SQLite documentation, "WAL File Format", 2.2). The frame's page follows in a write of its own.
fn is_commit_header(bytes: &[u8]) -> bool {
    bytes.len() == 24 && bytes[4..8] != [0; 4]
}

/// Starts a server on a folder, and looks for what was promised.
///
/// # Errors
/// What is wrong.
pub(crate) fn examine_folder(folder: &Path, owed: &Owed) -> Result<Found, String> {
    let found = inspect(folder)?;
    check_copies(folder, owed)?;
    let kept = found.keeps(owed);
    match &owed.instead {
        Some(instead) => kept.or_else(|_| found.keeps(instead))?,
        None => kept?,
    }
    Ok(found)
}

fn examine(image: &Image, owed: &Owed) -> Result<Found, String> {
    on_disk(image, |folder| examine_folder(folder, owed))
}

/// A temporary folder; in memory, where Linux has a place for that.
fn in_memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    folder.unwrap()
}

/// Looks at an image in a folder of its own.
pub(crate) fn on_disk<T>(image: &Image, look: impl FnOnce(&Path) -> T) -> T {
    let folder = in_memory();
    let volume = Volume::unsynced(folder.path()).unwrap();
    image.write_to(volume.path()).unwrap();
    look(volume.path())
}

/// Tells different images apart. By a function that is fast in tests, which are not optimized: dependencies are.
fn digest(image: &Image) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for (name, content) in &image.files {
        hasher.update(name);
        hasher.update(content.len().to_be_bytes());
        hasher.update(content);
    }
    hasher.finalize().into()
}

/// A recorded folder, and the promises that are made on it.
pub(crate) struct Stage {
    pub(crate) volume: Arc<Volume>,
    pub(crate) ledger: Ledger,
    // Removed last.
    _folder: TempDir,
}

impl Stage {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    /// A folder that was filled before it is recorded.
    pub(crate) fn with(fill: impl FnOnce(&Path)) -> Self {
        let folder = in_memory();
        fill(folder.path());
        let volume = Arc::new(Volume::record(folder.path()).unwrap());
        Self { ledger: Ledger::new(Arc::clone(&volume)), volume, _folder: folder }
    }

    /// A folder that contained these files before it is recorded.
    pub(crate) fn filled(files: &BTreeMap<String, Vec<u8>>) -> Self {
        Self::with(|folder| {
            for (name, content) in files {
                fs::write(folder.join(name), content).unwrap();
            }
        })
    }

    pub(crate) fn recording(&self) -> Recording {
        Recording::of(&self.volume, &self.ledger)
    }
}
