//! What servers and operators do while the power fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::sqlite::Sqlite;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use groupchat_domain::accounts::KeyHash;
use groupchat_domain::ids::UserId;
use groupchat_domain::time::Clock;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{DataDirLock, RestorePaths, backup, restore};
use groupchat_power_loss::Image;
use groupchat_testing::Dice;

use crate::commands::begin;
use crate::crashes::{Stage, on_disk};
use crate::inspection::inspect;
use crate::ledger::{Owed, Promise};
use crate::points::share;
use crate::scene::{ADMIN_KEY, Person, Scene, credential, sign_up};
use crate::server::{DATABASE, Server, database, wait};
use crate::snapshot::{Snapshot, connect};
use crate::traffic::{batch, checkpoint};

impl Stage {
    pub(crate) fn folder(&self) -> &Path {
        self.volume.path()
    }

    pub(crate) fn start(&self) -> Server {
        Server::start(self.folder(), Arc::new(self.ledger.clone())).unwrap()
    }

    /// Runs commands, and checkpoints now and then.
    pub(crate) fn work(&self, server: &Server, scene: &mut Scene, batches: usize, dice: &mut Dice) {
        for _ in 0..batches {
            assert_eq!(batch(server, scene, &self.ledger, dice), []);
            if dice.below(10) == 0 {
                checkpoint(self.folder(), dice);
            }
        }
    }

    /// Copies the database while the server runs.
    pub(crate) fn copy(&self, name: &str) -> PathBuf {
        let copy = self.folder().join(name);
        backup(&database(self.folder()), &copy, true, &mut |_| ()).unwrap();
        self.ledger.note(Promise::Copied(name.to_owned()));
        copy
    }

    /// Lets the power fail at as many moments as make this share of all, in percent.
    #[expect(clippy::print_stderr, reason = "shown with what failed, and by --nocapture")]
    pub(crate) fn survives(&self, percent: usize, dice: &mut Dice) {
        let examined = self.recording().survive(share(percent), dice);
        let examined = examined.unwrap_or_else(|violation| violation.fail());
        eprintln!("{examined} different disks");
        assert!(examined * 20 >= share(percent) * 19, "only {examined} different disks");
    }
}

#[test]
fn a_first_start() {
    let (stage, mut dice) = (Stage::new(), Dice::seeded());
    let server = stage.start();
    server.create_first_admin().unwrap();
    server.stop();
    stage.survives(10, &mut dice);
}

#[test]
fn commands_checkpoints_and_clean_restarts() {
    let (stage, mut dice) = (Stage::new(), Dice::seeded());
    let server = stage.start();
    let mut scene = Scene::create(&server);
    stage.work(&server, &mut scene, 20, &mut dice);
    server.stop();
    for _ in 0..3 {
        let server = stage.start();
        stage.work(&server, &mut scene, 20, &mut dice);
        scene.replace_user(&server);
        server.stop();
    }
    // Commands that are all refused prove nothing. Of 40 runs, most did some 15 kinds of commands, and one in 20 did five.
    assert!(scene.drawn.done.len() >= 2, "{:?}", scene.drawn.done);
    stage.survives(44, &mut dice);
}

#[test]
fn commands_of_several_threads() {
    const THREADS: u32 = 3;
    const COMMANDS: usize = 40;
    let (stage, mut dice) = (Stage::new(), Dice::seeded());
    let server = stage.start();
    let scene = Scene::create(&server);
    thread::scope(|scope| {
        for nth in 0..THREADS {
            let (mut scene, mut dice) =
                (scene.named(&format!("thread-{nth}"), 100_000 * (nth + 1)), dice.split());
            let (server, stage) = (&server, &stage);
            scope.spawn(move || {
                for turn in 0..COMMANDS {
                    let reply = wait(begin(&mut scene, &mut dice, server.storage()));
                    assert_eq!(reply.fault, None);
                    scene.learn(&reply);
                    reply.promises.into_iter().for_each(|promise| stage.ledger.note(promise));
                    if turn % 15 == 14 {
                        checkpoint(stage.folder(), &mut dice);
                    }
                }
            });
        }
    });
    server.stop();
    stage.survives(18, &mut dice);
}

#[test]
fn backups_and_a_restore() {
    let (stage, mut dice) = (Stage::new(), Dice::seeded());
    let server = stage.start();
    let mut scene = Scene::create(&server);
    stage.work(&server, &mut scene, 8, &mut dice);
    stage.copy("first.copy");
    stage.work(&server, &mut scene, 8, &mut dice);
    // Takes the place of the first.
    let copy = stage.copy("first.copy");
    let restored = scene.clone();
    stage.work(&server, &mut scene, 8, &mut dice);
    server.stop();
    replace(&stage, &copy);
    let server = stage.start();
    stage.work(&server, &mut restored.named("restored", 100_000), 8, &mut dice);
    server.stop();
    stage.survives(18, &mut dice);
}

/// A restore because the database is damaged. Its write-ahead log is intact, and must never be taken for that of the
/// restored database.
#[test]
fn a_restore_over_a_damaged_database() {
    let mut dice = Dice::seeded();
    let (files, restored) = damaged_database(&mut dice);
    let stage = Stage::filled(&files);
    let copy = stage.folder().join("backup.copy");
    stage.ledger.note(Promise::Copied("backup.copy".to_owned()));
    replace(&stage, &copy);
    let damaged = &files[DATABASE][..16];
    let judge = |image: &Image, owed: &Owed| {
        if owed.instead.is_some() && image.files[DATABASE].starts_with(damaged) {
            return Ok(());
        }
        let found = on_disk(image, inspect)?;
        let differs = restored.differences(&found.snapshot);
        // A restore advances the counters, and records itself.
        let expected = ["sqlite_sequence", "audit_log", "audit_state"];
        if differs.iter().all(|table| expected.iter().any(|name| table.starts_with(name))) {
            Ok(())
        } else {
            Err(format!("{differs:?}"))
        }
    };
    let judged = stage.recording().judge_each(share(100), &mut dice, judge);
    judged.unwrap_or_else(|violation| violation.fail());
}

/// The files of a server that was killed, with a damaged database and a backup; and what the backup contains.
fn damaged_database(dice: &mut Dice) -> (BTreeMap<String, Vec<u8>>, Snapshot) {
    let stage = Stage::new();
    let server = stage.start();
    let mut scene = Scene::create(&server);
    stage.work(&server, &mut scene, 5, dice);
    let copy = stage.copy("backup.copy");
    let snapshot = Snapshot::of(&mut connect(&copy)).unwrap();
    stage.work(&server, &mut scene, 5, dice);
    let mut files = stage.volume.contents().unwrap();
    server.stop();
    files.get_mut(DATABASE).expect("the database")[..16].fill(0x11);
    (files, snapshot)
}

#[test]
fn a_migration() {
    let (stage, mut dice) = (Stage::with(create_old_database), Dice::seeded());
    let server = stage.start();
    stage.ledger.note(Promise::Durable);
    let admin = Person { id: UserId::new(1), who: credential(KeyHash::new(ADMIN_KEY)) };
    for nth in 0..5 {
        sign_up(&server, admin, nth);
    }
    server.stop();
    stage.survives(10, &mut dice);
}

/// Makes a database as the first version of the program would have left it, with an admin and some messages.
fn create_old_database(folder: &Path) {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/sqlite");
    let mut all = FileBasedMigrations::from_path(all).unwrap().migrations().unwrap();
    let version = |migration: &dyn Migration<Sqlite>| migration.name().version().as_owned();
    all.sort_by_key(|migration| version(migration.as_ref()));
    let mut old = connect(&database(folder));
    // As the server opens it: the file says that it has a write-ahead log.
    old.batch_execute("PRAGMA journal_mode = WAL").unwrap();
    // Makes the table in which they are noted.
    old.applied_migrations().unwrap();
    old.run_migration(&all[0]).unwrap();
    old.batch_execute(OLD_ROWS).unwrap();
}

const OLD_ROWS: &str = "
    INSERT INTO users (username, username_key, is_admin, password_hash, version, created_at)
        VALUES ('ann', 'ann', 1, 'hash', 1, 1);
    INSERT INTO sessions (user_id, kind, key_hash, created_at, expires_at)
        VALUES (1, 'login', x'0707070707070707070707070707070707070707070707070707070707070707', 1, 9000000000000000);
    INSERT INTO groups (name, name_key, visibility, version, created_at, member_count, last_seq)
        VALUES ('old', 'old', 'public', 1, 1, 1, 0);
    INSERT INTO memberships VALUES (1, 1, 'owner', 0, 1, 1);
    INSERT INTO messages (group_id, seq, author_id, client_id, version, created_at, likes, text)
        WITH RECURSIVE numbers (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM numbers WHERE seq < 100)
        SELECT 1, seq, 1, 'old-' || seq, 1, seq, 0, 'an old text' FROM numbers;
    INSERT INTO events (at, type, actor_id, audience, group_id, message_id)
        SELECT 1, 'message.created', 1, 'group', 1, id FROM messages;";

/// Replaces the database by a copy.
pub(crate) fn replace(stage: &Stage, copy: &Path) {
    let database = database(stage.folder());
    let kept = stage.folder().join("groupchat.db.before-restore");
    let lock = DataDirLock::acquire(stage.folder()).unwrap();
    stage.ledger.note(Promise::Restoring);
    let paths = RestorePaths { backup: copy, database: &database, kept: &kept, damaged: None };
    restore(&lock, &paths, SystemClock.now(), &mut |_| ()).unwrap();
    stage.ledger.note(Promise::Restored);
}
