//! Lets the power fail at many moments of what was recorded.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use groupchat_power_loss::{Disk, Image, Op, Volume};
use groupchat_testing::Dice;
use tempfile::TempDir;

use crate::inspection::{Found, check_copies, inspect};
use crate::ledger::{Ledger, Owed, Promise};
use crate::snapshot::Snapshot;

/// What has happened on a volume.
pub(crate) struct Recording {
    initial: Disk,
    ops: Vec<Op>,
    promises: Vec<Promise>,
}

/// A state of the database, in the order in which they came.
struct State {
    snapshot: Snapshot,
    /// After how many operations it was there.
    since: usize,
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
    /// Keeps the files, and ends the test.
    pub(crate) fn fail(&self) -> ! {
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("power-loss");
        let _ = std::fs::remove_dir_all(&kept);
        let kept = self.image.write_to(&kept).map(|()| kept);
        panic!("{self}\nthe files are kept in {kept:?}");
    }
}

impl Recording {
    pub(crate) fn of(volume: &Volume, ledger: &Ledger) -> Self {
        let (initial, ops) = volume.trace();
        let recording = Self { initial, ops, promises: ledger.read() };
        assert_eq!(
            recording.disk_at(recording.ops.len()).after_kill().files,
            volume.contents().unwrap(),
            "not everything is recorded"
        );
        recording
    }

    fn disk_at(&self, point: usize) -> Disk {
        let mut disk = self.initial.clone();
        // No sync has failed here.
        self.ops[..point].iter().for_each(|op| disk.apply(op, &mut Dice::new(0)));
        disk
    }

    /// Lets the power fail at `points` moments, and counts the different disks that were examined.
    ///
    /// # Errors
    /// The first that violates a promise.
    pub(crate) fn survive(&self, points: usize, dice: &mut Dice) -> Result<usize, Box<Violation>> {
        let states = self.states()?;
        let moments = self.moments(points, dice);
        let (mut disk, mut owed, mut seen) = (self.initial.clone(), Owed::default(), HashSet::new());
        let mut moments = moments.into_iter().peekable();
        let mut durable = 0;
        for point in 0..=self.ops.len() {
            while moments.next_if_eq(&point).is_some() {
                let image = disk.after_power_loss(dice);
                if seen.insert(hash(&image)) {
                    let judged = examine(&image, &owed)
                        .and_then(|found| is_allowed(&found.snapshot, &states, durable));
                    if let Err(what) = judged {
                        return Err(Box::new(Violation { what, point, image }));
                    }
                }
            }
            let Some(op) = self.ops.get(point) else { break };
            disk.apply(op, dice);
            if let Op::Mark(number) = op {
                let promise = &self.promises[*number];
                owed.add(promise);
                if promise.is_durable() {
                    durable = states.iter().rposition(|state| state.since <= point).unwrap_or(0);
                }
            }
        }
        Ok(seen.len())
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
        let mut moments: Vec<_> = (0..count).map(|_| at_risk[dice.below(at_risk.len())]).collect();
        moments.sort_unstable();
        moments
    }

    /// All states that the database had, as a server would have found them if only the program had been killed.
    fn states(&self) -> Result<Vec<State>, Box<Violation>> {
        let (mut states, mut disk) = (Vec::<State>::new(), self.initial.clone());
        for (at, op) in self.ops.iter().enumerate() {
            disk.apply(op, &mut Dice::new(0));
            if !may_commit(op, self.ops.get(at + 1), &disk) {
                continue;
            }
            let (image, since) = (disk.after_kill(), at + 1);
            match examine(&image, &Owed::default()) {
                Ok(Found { snapshot, .. }) => {
                    if states.last().is_none_or(|last| last.snapshot != snapshot) {
                        states.push(State { snapshot, since });
                    }
                }
                Err(what) => return Err(Box::new(Violation { what, point: since, image })),
            }
        }
        Ok(states)
    }
}

/// Whether an operation may make a transaction visible: the last of several writes to a write-ahead log, or a change of
/// names.
fn may_commit(op: &Op, next: Option<&Op>, disk: &Disk) -> bool {
    match (op, next) {
        (Op::Write { file, .. }, Some(Op::Write { file: next, .. })) if file == next => false,
        (Op::Write { file, .. }, _) => disk.name_of(*file).is_some_and(|name| name.ends_with("-wal")),
        (Op::Name { .. } | Op::Rename { .. } | Op::Unlink { .. }, _) => true,
        _ => false,
    }
}

/// The state must be one that there was, and none from before the last one that was acknowledged.
fn is_allowed(found: &Snapshot, states: &[State], durable: usize) -> Result<(), String> {
    if states[durable..].iter().any(|state| state.snapshot == *found) {
        return Ok(());
    }
    let differs = states[durable].snapshot.differences(found);
    match states.iter().rposition(|state| state.snapshot == *found) {
        Some(earlier) => Err(format!("state {durable} was acknowledged, found state {earlier}: {differs:?}")),
        None => Err(format!("the database never was so: compared with state {durable}, {differs:?}")),
    }
}

/// Starts a server on an image, and looks for what was promised.
fn examine(image: &Image, owed: &Owed) -> Result<Found, String> {
    let folder = TempDir::new().unwrap();
    let volume = Volume::unsynced(folder.path()).unwrap();
    image.write_to(volume.path()).unwrap();
    let found = inspect(volume.path())?;
    check_copies(volume.path(), owed)?;
    let kept = found.keeps(owed);
    match &owed.instead {
        Some(instead) => kept.or_else(|_| found.keeps(instead))?,
        None => kept?,
    }
    Ok(found)
}

fn hash(image: &Image) -> u64 {
    let mut hasher = DefaultHasher::new();
    image.files.hash(&mut hasher);
    hasher.finish()
}

/// A recorded folder, and the promises that are made on it.
pub(crate) struct Stage {
    pub(crate) volume: Arc<Volume>,
    pub(crate) ledger: Ledger,
    // Removed last.
    _folder: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let volume = Arc::new(Volume::record(folder.path()).unwrap());
        Self { ledger: Ledger::new(Arc::clone(&volume)), volume, _folder: folder }
    }

    pub(crate) fn recording(&self) -> Recording {
        Recording::of(&self.volume, &self.ledger)
    }
}
