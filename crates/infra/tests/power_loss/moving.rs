//! Commands that run while no server does: a database is copied into another file (`migrate-database`), or its ids are
//! advanced (`advance-ids`), and the power fails.

use std::path::Path;

use groupchat_domain::time::Clock;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{DataDirLock, advance_ids};
use groupchat_infra::transfer::{Endpoint, TransferError, transfer};
use groupchat_power_loss::Image;
use groupchat_testing::Dice;

use crate::crashes::{Stage, Violation, examine_folder, on_disk};
use crate::inspection::check_file;
use crate::ledger::{Owed, Promise};
use crate::points::share;
use crate::scene::Scene;
use crate::server::database;
use crate::snapshot::{Snapshot, connect};

/// The copy's file.
const COPY: &str = "moved.db";

fn copy(folder: &Path) -> Result<(), TransferError> {
    let (from, to) = (Endpoint::Sqlite(database(folder)), Endpoint::Sqlite(folder.join(COPY)));
    transfer(&from, &to, SystemClock.now(), &mut |_| ()).map(drop)
}

fn snapshot(path: &Path) -> Snapshot {
    Snapshot::of(&mut connect(path)).unwrap()
}

/// A database that a server has left, and who used it.
fn left_by_a_server(dice: &mut Dice) -> (Stage, Scene) {
    let stage = Stage::new();
    let server = stage.start();
    let mut scene = Scene::create(&server);
    stage.work(&server, &mut scene, 10, dice);
    server.stop();
    (stage, scene)
}

/// Whether the source is as it was, and the copy is whole, or can be made again.
fn judge_copy(image: &Image, owed: &Owed, source: &Snapshot) -> Result<(), String> {
    on_disk(image, |folder| {
        let found = examine_folder(folder, owed)?;
        if found.snapshot != *source {
            return Err(format!("the source differs: {:?}", source.differences(&found.snapshot)));
        }
        let is_owed = owed.copies.iter().any(|name| name == COPY);
        match copy(folder) {
            Ok(()) if is_owed => return Err("the copy was finished, but is empty or marked".to_owned()),
            // It holds something and is not marked: it must be whole.
            Ok(()) | Err(TransferError::NotEmpty(_)) => {}
            Err(error) => return Err(format!("the copy can't be made again: {error}")),
        }
        let copy = folder.join(COPY);
        check_file(&copy)?;
        let differs = source.differences(&snapshot(&copy));
        // A table without rows has a counter there only if it ever had some. The audit log tells of the copy.
        let expected = ["sqlite_sequence", "audit_log", "audit_state"];
        let is_expected = |table: &&String| expected.iter().any(|name| table.starts_with(name));
        let differs: Vec<_> = differs.iter().filter(|table| !is_expected(table)).collect();
        if differs.is_empty() { Ok(()) } else { Err(format!("the copy differs: {differs:?}")) }
    })
}

/// Copies a database on a volume that is prepared like this, and lets the power fail at so many moments of it.
fn copied(moments: usize, prepare: impl FnOnce(&Stage), dice: &mut Dice) -> Result<(), Box<Violation>> {
    let (left, _) = left_by_a_server(dice);
    let files = left.volume.contents().unwrap();
    let stage = Stage::filled(&files);
    let source = snapshot(&database(stage.folder()));
    prepare(&stage);
    copy(stage.folder()).unwrap();
    stage.ledger.note(Promise::Copied(COPY.to_owned()));
    // What follows is of no consequence, but for the moments after the promise.
    connect(&database(stage.folder()));
    stage.recording().judge_each(moments, dice, |image, owed| judge_copy(image, owed, &source))
}

#[test]
fn a_copy_into_another_file() {
    let survived = copied(share(4), |_| (), &mut Dice::seeded());
    survived.unwrap_or_else(|violation| violation.fail());
}

#[test]
fn a_copy_without_syncs_is_noticed() {
    let survived = copied(100, |stage| stage.volume.force_synchronous("OFF"), &mut Dice::new(1));
    survived.expect_err("nobody notices");
}

/// Nothing else lets SQLite undo what it has written of a transaction.
#[test]
fn a_copy_whose_journal_is_not_synced_is_noticed() {
    let omit = |stage: &Stage| stage.volume.omit_syncs(|name| name.ends_with("-journal"));
    copied(1_000, omit, &mut Dice::new(1)).expect_err("nobody notices");
}

/// Advances the ids as after a restore from a disk snapshot, and goes on.
fn advanced(prepare: impl FnOnce(&Stage), dice: &mut Dice) -> Stage {
    let (stage, mut scene) = left_by_a_server(dice);
    prepare(&stage);
    let before = snapshot(&database(stage.folder()));
    for _ in 0..3 {
        let lock = DataDirLock::acquire(stage.folder()).unwrap();
        advance_ids(&lock, &database(stage.folder()), SystemClock.now()).unwrap();
        stage.ledger.note(Promise::Renewed);
    }
    assert_ne!(snapshot(&database(stage.folder())), before, "the counters are part of the state");
    let server = stage.start();
    stage.work(&server, &mut scene, 3, dice);
    server.stop();
    stage
}

#[test]
fn ids_that_are_advanced() {
    let mut dice = Dice::seeded();
    advanced(|_| (), &mut dice).survives(4, &mut dice);
}

#[test]
fn ids_that_are_advanced_without_syncs_are_noticed() {
    let mut dice = Dice::new(1);
    let stage = advanced(|stage| stage.volume.force_synchronous("OFF"), &mut dice);
    stage.recording().survive(200, &mut dice).expect_err("nobody notices");
}
