//! Whether these tests would notice if a sync were missing: the same work, with one kind of syncs omitted.

use groupchat_power_loss::{Picks, Volume};
use groupchat_testing::Dice;

use crate::crashes::Stage;
use crate::scene::Scene;
use crate::server::DATABASE;
use crate::traffic::checkpoint;

/// How many moments are tried at most: far more than it takes.
const MOMENTS: usize = 120;

/// What goes wrong if the volume is so, if anything does.
fn violation(prepare: impl FnOnce(&Volume)) -> Option<String> {
    let (stage, mut dice) = (Stage::new(), Dice::new(1));
    prepare(&stage.volume);
    let server = stage.start();
    let mut scene = Scene::create(&server);
    for _ in 0..3 {
        stage.work(&server, &mut scene, 5, &mut dice);
        checkpoint(stage.folder(), &mut dice);
    }
    stage.copy("backup.copy");
    stage.work(&server, &mut scene, 5, &mut dice);
    server.stop();
    let survived = stage.recording().survive(MOMENTS, &mut dice);
    survived.err().map(|violation| violation.to_string())
}

fn without_syncs(of: Picks) -> Option<String> {
    violation(|volume| volume.omit_syncs(of))
}

/// Nothing keeps a commit from being lost.
#[track_caller]
fn assert_loses_commits(violation: Option<String>) {
    let violation = violation.expect("nobody notices");
    assert!(violation.contains("was acknowledged"), "{violation}");
}

#[test]
fn synchronous_normal_is_noticed() {
    assert_loses_commits(violation(|volume| volume.force_synchronous("NORMAL")));
}

#[test]
fn synchronous_off_is_noticed() {
    assert_loses_commits(violation(|volume| volume.force_synchronous("OFF")));
}

#[test]
fn a_missing_sync_of_the_write_ahead_log_is_noticed() {
    assert_loses_commits(without_syncs(|name| name.ends_with("-wal")));
}

/// After a checkpoint, the log is written over.
#[test]
fn a_missing_sync_of_the_database_is_noticed() {
    without_syncs(|name| name == DATABASE).expect("nobody notices");
}

/// The new database, or its log, may not be there.
#[test]
fn a_missing_sync_of_the_folder_is_noticed() {
    without_syncs(|name| name.ends_with('/')).expect("nobody notices");
}

/// It gets its final name before it is whole.
#[test]
fn a_missing_sync_of_a_staged_file_is_noticed() {
    let is_staged = |name: &str| name.contains(".unfinished-") && !name.ends_with("-wal");
    without_syncs(is_staged).expect("nobody notices");
}

/// That of the lock file, whose note only decides whether a start looks for damage, and those of rollback journals,
/// which are only beside files that don't have their final name yet.
#[test]
fn some_syncs_are_not_missed() {
    assert_eq!(without_syncs(|name| name == "groupchat.lock"), None);
    assert_eq!(without_syncs(|name| name.ends_with("-journal")), None);
}

/// The same work without omissions, so that it is the omissions that are noticed.
#[test]
fn nothing_is_wrong_where_nothing_is_missing() {
    assert_eq!(violation(|_| ()), None);
}
