//! Folders whose changes are recorded.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::Disk;
use crate::fault::{Call, Failure, Fault};
use crate::interpose;
use crate::op::{FileId, Op};
use crate::pragma;

/// The folders whose calls are looked at.
static VOLUMES: Mutex<Vec<Arc<Shared>>> = Mutex::new(Vec::new());
/// How many there are, so that calls elsewhere cost next to nothing.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Picks files by their names; a folder's name ends with a slash.
pub type Picks = fn(&str) -> bool;

/// A folder whose changes are recorded, or at least not synced in earnest, until it is dropped.
pub struct Volume {
    shared: Arc<Shared>,
}

/// A volume as the interposed functions see it.
pub(crate) struct Shared {
    root: PathBuf,
    has_faults: AtomicBool,
    state: Mutex<State>,
}

/// The files of a volume as they are now, and how they came to be so.
#[derive(Default)]
pub(crate) struct State {
    is_recorded: bool,
    initial: Disk,
    ops: Vec<Op>,
    names: BTreeMap<String, FileId>,
    files: usize,
    fault: Option<Fault>,
    failed: usize,
    omitted: Option<Picks>,
}

impl Volume {
    /// Records what happens below this folder from now on. What is in it counts as synced.
    ///
    /// # Errors
    /// What the system says about the folder.
    pub fn record(folder: &Path) -> io::Result<Self> {
        let root = fs::canonicalize(folder)?;
        let mut state = State { is_recorded: true, ..State::default() };
        for (name, content) in contents(&root)? {
            let file = state.new_file();
            state.initial.add_synced(name.clone(), file, content);
            state.names.insert(name, file);
        }
        Ok(Self::register(root, state))
    }

    /// Lets syncs below this folder succeed without doing anything, because nobody cares what a power failure would
    /// leave there.
    ///
    /// # Errors
    /// What the system says about the folder.
    pub fn unsynced(folder: &Path) -> io::Result<Self> {
        Ok(Self::register(fs::canonicalize(folder)?, State::default()))
    }

    fn register(root: PathBuf, state: State) -> Self {
        interpose::link();
        let shared = Arc::new(Shared { root, has_faults: AtomicBool::new(false), state: Mutex::new(state) });
        locked(&VOLUMES).push(Arc::clone(&shared));
        COUNT.fetch_add(1, Ordering::SeqCst);
        Self { shared }
    }

    /// Where it is. Use this path: links in it are resolved.
    pub fn path(&self) -> &Path {
        &self.shared.root
    }

    /// Notes something among the operations.
    pub fn mark(&self, number: usize) {
        self.shared.state().record(Op::Mark(number));
    }

    /// The number of operations so far.
    pub fn ops(&self) -> usize {
        self.shared.state().ops.len()
    }

    /// The disk before the first operation, and all operations so far.
    pub fn trace(&self) -> (Disk, Vec<Op>) {
        let state = self.shared.state();
        (state.initial.clone(), state.ops.clone())
    }

    /// Lets calls fail from now on; `None` ends that.
    pub fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.shared.state();
        state.fault = fault;
        state.failed = 0;
        self.shared.has_faults.store(fault.is_some(), Ordering::SeqCst);
    }

    /// How many calls have failed since the fault was set.
    pub fn failed(&self) -> usize {
        self.shared.state().failed
    }

    /// Lets syncs of these files and folders succeed without effect, as if the program had omitted them.
    pub fn omit_syncs(&self, of: Picks) {
        self.shared.state().omitted = Some(of);
    }

    /// Lets SQLite's connections to databases here run with this value of `PRAGMA synchronous`, whatever the program
    /// sets.
    pub fn force_synchronous(&self, value: &str) {
        pragma::force_synchronous(self.path(), value);
    }

    /// The files that are really there, but for those that nobody needs after a power failure.
    ///
    /// # Errors
    /// What the system says.
    pub fn contents(&self) -> io::Result<BTreeMap<String, Vec<u8>>> {
        contents(&self.shared.root)
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Ordering::SeqCst);
        locked(&VOLUMES).retain(|volume| !Arc::ptr_eq(volume, &self.shared));
    }
}

/// The shared memory of SQLite is changed through a mapping, which nobody sees here. It is rebuilt after a crash.
pub(crate) fn is_transient(name: &str) -> bool {
    name.ends_with("-shm")
}

fn contents(root: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            if !is_transient(&name) {
                found.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The volume that a path is on, and its name there.
pub(crate) fn find(path: &[u8]) -> Option<(Arc<Shared>, String)> {
    if COUNT.load(Ordering::SeqCst) == 0 {
        return None;
    }
    let path = Path::new(str::from_utf8(path).ok()?);
    let volumes = locked(&VOLUMES);
    volumes.iter().find_map(|volume| {
        let name = path.strip_prefix(&volume.root).ok()?;
        Some((Arc::clone(volume), name.to_str()?.to_owned()))
    })
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Whether calls may fail at the moment.
    pub(crate) fn has_faults(&self) -> bool {
        self.has_faults.load(Ordering::SeqCst)
    }
}

impl State {
    fn new_file(&mut self) -> FileId {
        self.files += 1;
        FileId(self.files)
    }

    fn record(&mut self, op: Op) {
        if self.is_recorded {
            self.ops.push(op);
        }
    }

    /// How this call fails, if it does.
    pub(crate) fn failure(&mut self, call: Call) -> Option<Failure> {
        let failure = self.fault.as_mut()?.next(call)?;
        self.failed += 1;
        Some(failure)
    }

    /// A file was opened, and created if it wasn't there. `None` if it isn't recorded.
    pub(crate) fn opened(&mut self, name: &str, truncated: bool) -> Option<FileId> {
        if is_transient(name) {
            return None;
        }
        if let Some(file) = self.names.get(name).copied() {
            if truncated {
                self.record(Op::Truncate { file, length: 0 });
            }
            return Some(file);
        }
        let file = self.new_file();
        self.names.insert(name.to_owned(), file);
        self.record(Op::Name { name: name.to_owned(), file });
        Some(file)
    }

    pub(crate) fn wrote(&mut self, file: FileId, offset: u64, bytes: &[u8]) {
        if self.is_recorded && !bytes.is_empty() {
            self.ops.push(Op::Write { file, offset, bytes: bytes.into() });
        }
    }

    pub(crate) fn truncated(&mut self, file: FileId, length: u64) {
        self.record(Op::Truncate { file, length });
    }

    pub(crate) fn synced(&mut self, file: FileId) {
        let name = self.names.iter().find_map(|(name, named)| (*named == file).then_some(name));
        let is_omitted = name.is_some_and(|name| self.is_omitted(name));
        self.record(if is_omitted { Op::SyncOmitted } else { Op::Sync { file } });
    }

    fn is_omitted(&self, name: &str) -> bool {
        self.omitted.is_some_and(|picks| picks(name))
    }

    pub(crate) fn sync_failed(&mut self, file: FileId) {
        self.record(Op::SyncFailed { file });
    }

    pub(crate) fn synced_folder(&mut self, folder: &str) {
        let is_omitted = self.is_omitted(&format!("{folder}/"));
        self.record(if is_omitted { Op::SyncOmitted } else { Op::SyncFolder { folder: folder.to_owned() } });
    }

    pub(crate) fn renamed(&mut self, from: &str, to: &str) {
        if let Some(file) = self.names.remove(from) {
            self.names.insert(to.to_owned(), file);
            self.record(Op::Rename { from: from.to_owned(), to: to.to_owned() });
        }
    }

    pub(crate) fn linked(&mut self, name: &str, to: &str) {
        if let Some(file) = self.names.get(name).copied() {
            self.names.insert(to.to_owned(), file);
            self.record(Op::Name { name: to.to_owned(), file });
        }
    }

    pub(crate) fn unlinked(&mut self, name: &str) {
        if self.names.remove(name).is_some() {
            self.record(Op::Unlink { name: name.to_owned() });
        }
    }
}
