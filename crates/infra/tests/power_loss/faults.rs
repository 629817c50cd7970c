//! Calls that fail while a server works, and power failures after that.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use groupchat_domain::Error;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Clock;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{DataDirLock, RestorePaths, backup, restore};
use groupchat_power_loss::{Call, Failure, Fault};
use groupchat_testing::Dice;

use crate::crashes::{Stage, examine_folder};
use crate::ledger::{Owed, Promise};
use crate::points::share;
use crate::scene::Scene;
use crate::server::{Server, database};
use crate::traffic::{batch, checkpoint};

/// A database that was shut down cleanly, and who uses it.
struct Base {
    files: BTreeMap<String, Vec<u8>>,
    scene: Scene,
}

/// Made once: each fault gets a copy.
fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(|| {
        let stage = Stage::new();
        let server = stage.start();
        let mut scene = Scene::create(&server);
        stage.work(&server, &mut scene, 5, &mut Dice::new(1));
        server.stop();
        Base { files: stage.volume.contents().unwrap(), scene: scene.named("later", 100_000) }
    })
}

impl Base {
    fn stage(&self) -> Stage {
        Stage::filled(&self.files)
    }
}

/// A fault, and whether every later call fails too.
fn fault(call: Call, failure: Failure, after: usize, lasts: bool) -> Fault {
    Fault { call, after, times: if lasts { usize::MAX } else { 1 }, failure }
}

/// A server works, calls fail, and it goes on. Whatever it has acknowledged is there, then and after a power failure.
fn work_through(fault: Fault, dice: &mut Dice) {
    let stage = base().stage();
    let mut scene = base().scene.clone();
    let server = stage.start();
    stage.volume.set_fault(Some(fault));
    let mut faults = Vec::new();
    for _ in 0..4 {
        faults.extend(batch(&server, &mut scene, &stage.ledger, dice));
        checkpoint(stage.folder(), dice);
    }
    let has_failed = stage.volume.failed() > 0;
    let is_told = |error: &Error| {
        matches!(error, Error::Fault(StorageFault::Unavailable { .. } | StorageFault::OutcomeUnknown))
    };
    assert!(faults.iter().all(is_told), "{fault:?}: {faults:?}");
    if has_failed
        && fault.times > 1
        && matches!(fault.call, Call::Write | Call::Sync)
        && fault.failure != Failure::Short
    {
        server.probe().expect_err("health says that nothing can be written");
    }
    stage.volume.set_fault(None);
    // At once: neither a reader nor the writer keeps anything of what failed.
    let works = server.probe();
    assert!(works.is_ok(), "{fault:?}: it does not work again: {works:?}");
    assert_eq!(batch(&server, &mut scene, &stage.ledger, dice), [], "after {fault:?}");
    server.stop();
    judge(&stage, fault, dice);
}

/// Starts on the folder as it is.
fn assert_intact(stage: &Stage, fault: Fault) {
    let mut owed = Owed::default();
    stage.ledger.read().iter().for_each(|promise| owed.add(promise));
    let found = examine_folder(stage.folder(), &owed);
    found.unwrap_or_else(|what| panic!("after {fault:?}: {what}"));
}

/// Faults at moments by chance, as many as make this share of all tested moments, in percent.
fn faults(percent: usize, call: Call, failures: &[Failure], calls: usize, dice: &mut Dice) -> Vec<Fault> {
    // One such test takes as long as some moments of the others.
    let count = share(percent).div_ceil(10);
    let any = |dice: &mut Dice| {
        fault(call, failures[dice.below(failures.len())], dice.below(calls), dice.below(3) == 0)
    };
    (0..count).map(|_| any(dice)).collect()
}

fn work_through_all(faults: Vec<Fault>, dice: &mut Dice) {
    faults.into_iter().for_each(|fault| work_through(fault, dice));
}

/// How many calls there are, about, while a server works as above.
const WRITES: usize = 250;
const READS: usize = 60;
const RARE: usize = 12;

#[test]
fn writes_that_fail_or_write_less() {
    let mut dice = Dice::seeded();
    let failures = [Failure::Eio, Failure::Enospc, Failure::Short];
    let faults = faults(25, Call::Write, &failures, WRITES, &mut dice);
    work_through_all(faults, &mut dice);
}

/// Also such as fail once and succeed then, although what was written is lost.
#[test]
fn syncs_that_fail() {
    let mut dice = Dice::seeded();
    let mut all = Vec::new();
    for after in 0..RARE {
        all.extend([false, true].map(|lasts| fault(Call::Sync, Failure::Eio, after, lasts)));
    }
    work_through_all(all, &mut dice);
}

#[test]
fn reads_that_fail() {
    let mut dice = Dice::seeded();
    let faults = faults(10, Call::Read, &[Failure::Eio], READS, &mut dice);
    work_through_all(faults, &mut dice);
}

#[test]
fn other_calls_that_fail() {
    let mut dice = Dice::seeded();
    for call in [Call::Truncate, Call::Open, Call::Name] {
        let faults = faults(4, call, &[Failure::Eio, Failure::Enospc], RARE / 2, &mut dice);
        work_through_all(faults, &mut dice);
    }
}

/// Faults of all kinds while a server starts, or a file is copied.
fn at_starts(dice: &mut Dice) -> Vec<Fault> {
    let calls = [(Call::Write, WRITES / 3), (Call::Read, READS / 3), (Call::Open, RARE), (Call::Sync, RARE)];
    let rarer = [(Call::Name, RARE / 2), (Call::Truncate, RARE / 4)];
    let calls = calls.into_iter().chain(rarer);
    calls.flat_map(|(call, calls)| faults(2, call, &[Failure::Eio, Failure::Enospc], calls, dice)).collect()
}

/// A server that can't start says so, and the next one can.
#[test]
fn starts_in_which_calls_fail() {
    let mut dice = Dice::seeded();
    for (nth, fault) in at_starts(&mut dice).into_iter().enumerate() {
        let stage = if nth % 2 == 0 { Stage::new() } else { base().stage() };
        stage.volume.set_fault(Some(fault));
        let server = Server::start(stage.folder(), Arc::new(stage.ledger.clone()));
        if let Ok(server) = &server {
            let _ = server.create_first_admin();
        }
        // As if it had been killed.
        drop(server);
        judge(&stage, fault, &mut dice);
    }
}

/// A backup that can't be made has no name, and harms nothing.
#[test]
fn backups_in_which_calls_fail() {
    let mut dice = Dice::seeded();
    for fault in at_starts(&mut dice) {
        let stage = base().stage();
        let server = stage.start();
        stage.volume.set_fault(Some(fault));
        let copy = stage.folder().join("backup.copy");
        if backup(&database(stage.folder()), &copy, false, &mut |_| ()).is_ok() {
            stage.ledger.note(Promise::Copied("backup.copy".to_owned()));
        }
        stage.volume.set_fault(None);
        server.stop();
        judge(&stage, fault, &mut dice);
    }
}

/// A restore that fails leaves the database as it was, or restored.
#[test]
fn restores_in_which_calls_fail() {
    let mut dice = Dice::seeded();
    for fault in at_starts(&mut dice) {
        let stage = base().stage();
        let server = stage.start();
        stage.copy("backup.copy");
        batch(&server, &mut base().scene.clone(), &stage.ledger, &mut dice);
        server.stop();
        let lock = DataDirLock::acquire(stage.folder()).unwrap();
        let (copy, database) = (stage.folder().join("backup.copy"), database(stage.folder()));
        let kept = stage.folder().join("groupchat.db.before-restore");
        let paths = RestorePaths { backup: &copy, database: &database, kept: &kept, damaged: None };
        stage.ledger.note(Promise::Restoring);
        stage.volume.set_fault(Some(fault));
        if restore(&lock, &paths, SystemClock.now(), &mut |_| ()).is_ok() {
            stage.ledger.note(Promise::Restored);
        }
        drop(lock);
        judge(&stage, fault, &mut dice);
    }
}

/// Calls succeed again. What was promised is there, also after a power failure.
fn judge(stage: &Stage, fault: Fault, dice: &mut Dice) {
    stage.volume.set_fault(None);
    // Before a server starts and changes the folder.
    let survived = stage.recording().survive(4, dice);
    survived.unwrap_or_else(|violation| violation.after(&fault).fail());
    assert_intact(stage, fault);
}
