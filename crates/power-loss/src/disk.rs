//! A disk on which some of what was written is not synced.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use groupchat_testing::Dice;

use crate::op::{FileId, Op};

/// The files of a volume at one moment: what is surely on the disk, and what may be.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: BTreeMap<FileId, File>,
    names: BTreeMap<String, FileId>,
    /// Changes of names since their folder was synced.
    renaming: Vec<(usize, NameChange)>,
    /// Counts the operations.
    clock: usize,
}

#[derive(Debug, Clone, Default)]
struct File {
    synced: Vec<u8>,
    /// Changes since the last sync.
    pending: Vec<(usize, Change)>,
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, bytes: Arc<[u8]> },
    Truncate(usize),
}

#[derive(Debug, Clone)]
enum NameChange {
    Add { name: String, file: FileId },
    Remove { name: String },
    Rename { from: String, to: String, file: FileId },
}

/// What a disk contains after a power failure: files by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The files.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What happened to that which was not synced.
    pub fate: Fate,
}

/// What a power failure does to that which was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// All of it is lost.
    Dropped,
    /// Nothing is lost, as if only the program had been killed.
    Kept,
    /// The disk had come so far, in the order of the operations; the last write is torn.
    Cut,
    /// Each change is lost or not, whatever its order.
    Some,
    /// Each sector has one of the contents that were written to it. New sectors may contain anything.
    Torn,
    /// Everything in some files is lost, and nothing in others.
    ByFile,
}

impl Fate {
    const ALL: [Self; 6] = [Self::Dropped, Self::Kept, Self::Cut, Self::Some, Self::Torn, Self::ByFile];
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => write(content, *offset, bytes),
            Self::Truncate(length) => content.resize(*length, 0),
        }
    }

    /// Applies some of its sectors.
    fn apply_torn(&self, content: &mut Vec<u8>, sector: usize, mut keeps: impl FnMut() -> bool) {
        match self {
            Self::Truncate(_) => {
                if keeps() {
                    self.apply(content);
                }
            }
            Self::Write { offset, bytes } => {
                let (mut from, end) = (*offset, offset + bytes.len());
                while from < end {
                    let to = end.min((from / sector + 1) * sector);
                    if keeps() {
                        write(content, from, &bytes[from - offset..to - offset]);
                    }
                    from = to;
                }
            }
        }
    }
}

fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

impl File {
    fn sync(&mut self) {
        for (_, change) in std::mem::take(&mut self.pending) {
            change.apply(&mut self.synced);
        }
    }

    /// The length that the file has while nothing is lost.
    fn length(&self) -> usize {
        self.pending.iter().fold(self.synced.len(), |length, (_, change)| match change {
            Change::Write { offset, bytes } => length.max(offset + bytes.len()),
            Change::Truncate(length) => *length,
        })
    }
}

impl Disk {
    /// Adds a file whose content is on the disk.
    pub(crate) fn add_synced(&mut self, name: String, file: FileId, content: Vec<u8>) {
        self.files.insert(file, File { synced: content, pending: Vec::new() });
        self.names.insert(name, file);
    }

    /// Carries out an operation. The dice decide what a sync that failed has left on the disk.
    pub fn apply(&mut self, op: &Op, dice: &mut Dice) {
        self.clock += 1;
        match op {
            Op::Name { name, file } => {
                self.files.entry(*file).or_default();
                self.change_name(NameChange::Add { name: name.clone(), file: *file });
            }
            Op::Rename { from, to } => {
                let Some(file) = self.named(from) else { return };
                self.change_name(NameChange::Rename { from: from.clone(), to: to.clone(), file });
            }
            Op::Unlink { name } => self.change_name(NameChange::Remove { name: name.clone() }),
            Op::Write { file, offset, bytes } => {
                let offset = usize::try_from(*offset).expect("a file that fits into memory");
                self.change(*file, Change::Write { offset, bytes: Arc::clone(bytes) });
            }
            Op::Truncate { file, length } => {
                let length = usize::try_from(*length).expect("a file that fits into memory");
                self.change(*file, Change::Truncate(length));
            }
            Op::Sync { file } => self.files.entry(*file).or_default().sync(),
            Op::SyncFailed { file } => {
                let file = self.files.entry(*file).or_default();
                let mut content = std::mem::take(&mut file.synced);
                for (_, change) in std::mem::take(&mut file.pending) {
                    change.apply_torn(&mut content, 4096, || dice.below(2) == 0);
                }
                file.synced = content;
            }
            Op::SyncFolder { folder } => self.sync_folder(folder),
            Op::SyncOmitted | Op::Mark(_) => {}
        }
    }

    fn change(&mut self, file: FileId, change: Change) {
        self.files.entry(file).or_default().pending.push((self.clock, change));
    }

    fn change_name(&mut self, change: NameChange) {
        self.renaming.push((self.clock, change));
    }

    /// The file that has this name while nothing is lost.
    fn named(&self, name: &str) -> Option<FileId> {
        let mut names = self.names.clone();
        self.renaming.iter().for_each(|(_, change)| change.apply(&mut names));
        names.get(name).copied()
    }

    fn sync_folder(&mut self, folder: &str) {
        let (here, elsewhere) = std::mem::take(&mut self.renaming)
            .into_iter()
            .partition(|(_, change)| parent(change.name()) == folder);
        self.renaming = elsewhere;
        let here: Vec<(usize, NameChange)> = here;
        here.iter().for_each(|(_, change)| change.apply(&mut self.names));
    }

    /// Whether anything is not synced.
    pub fn is_at_risk(&self) -> bool {
        !self.renaming.is_empty() || self.files.values().any(|file| !file.pending.is_empty())
    }

    /// What the files would contain if only the program had been killed.
    pub fn after_kill(&self) -> Image {
        self.after(Fate::Kept, &mut Dice::new(0))
    }

    /// One of the many things that the disk could contain if the power failed now.
    pub fn after_power_loss(&self, dice: &mut Dice) -> Image {
        let fate = Fate::ALL[dice.below(Fate::ALL.len())];
        self.after(fate, dice)
    }

    fn after(&self, fate: Fate, dice: &mut Dice) -> Image {
        let cut = self.cut(dice);
        // What happens to names, which are in the file system's own journal, has little to do with the rest.
        let names_fate = if fate == Fate::Torn { Fate::ALL[dice.below(4)] } else { fate };
        let sector = [512, 4096][dice.below(2)];
        let mut names = self.names.clone();
        for (at, change) in &self.renaming {
            if is_kept(names_fate, *at, cut, dice) {
                change.apply(&mut names);
            }
        }
        let files = names.into_iter().map(|(name, file)| {
            let content = self.files.get(&file).map(|file| content(file, fate, cut, sector, dice));
            (name, content.unwrap_or_default())
        });
        Image { files: files.collect(), fate }
    }

    /// One of the changes that are at risk.
    fn cut(&self, dice: &mut Dice) -> usize {
        let names = self.renaming.iter().map(|(at, _)| *at);
        let at_risk: Vec<_> = self
            .files
            .values()
            .flat_map(|file| file.pending.iter().map(|(at, _)| *at))
            .chain(names)
            .collect();
        if at_risk.is_empty() { 0 } else { at_risk[dice.below(at_risk.len())] }
    }
}

fn is_kept(fate: Fate, at: usize, cut: usize, dice: &mut Dice) -> bool {
    match fate {
        Fate::Dropped => false,
        Fate::Kept => true,
        Fate::Cut => at <= cut,
        Fate::Some | Fate::Torn | Fate::ByFile => dice.below(2) == 0,
    }
}

fn content(file: &File, fate: Fate, cut: usize, sector: usize, dice: &mut Dice) -> Vec<u8> {
    let mut content = file.synced.clone();
    let by_file = dice.below(2) == 0;
    if fate == Fate::Torn && dice.below(4) == 0 {
        // The file grew before its new sectors were written. They contain what was there before.
        let garbage = dice.below(2) * 0xa5;
        content.resize(content.len().max(file.length()), garbage as u8);
    }
    for (at, change) in &file.pending {
        match fate {
            Fate::Torn => change.apply_torn(&mut content, sector, || dice.below(2) == 0),
            Fate::Cut if *at == cut => {
                let mut left = dice.below(9);
                change.apply_torn(&mut content, sector, || {
                    left = left.saturating_sub(1);
                    left > 0
                });
            }
            Fate::ByFile if by_file => change.apply(&mut content),
            Fate::ByFile => {}
            fate if is_kept(fate, *at, cut, dice) => change.apply(&mut content),
            _ => {}
        }
    }
    content
}

fn parent(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl NameChange {
    fn name(&self) -> &str {
        match self {
            Self::Add { name, .. } | Self::Remove { name } | Self::Rename { to: name, .. } => name,
        }
    }

    fn apply(&self, names: &mut BTreeMap<String, FileId>) {
        match self {
            Self::Add { name, file } => {
                names.insert(name.clone(), *file);
            }
            Self::Remove { name } => {
                names.remove(name);
            }
            Self::Rename { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
        }
    }
}

impl Image {
    /// Writes the files to an empty folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        for (name, content) in &self.files {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, content)?;
        }
        Ok(())
    }
}
