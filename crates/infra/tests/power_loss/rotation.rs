//! The key for secrets is rotated, and the power fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use groupchat_domain::factors::{SecretsCondition, Totp, check_secrets, keys_in_use};
use groupchat_domain::ids::UserId;
use groupchat_domain::secrets::{Sealer, SecretKeyId};
use groupchat_domain::storage::{Mode, Tx};
use groupchat_infra::secrets::{
    KeySource, RingSealer, Rotated, add_key, create_key_file, read_key_file, reseal_all,
};
use groupchat_power_loss::{Image, Volume};
use groupchat_testing::Dice;

use crate::crashes::{Stage, Violation, on_disk};
use crate::ledger::{Owed, Promise};
use crate::points::share;
use crate::server::{NoListener, Server, database, wait};
use crate::snapshot::connect;

/// More than a step encrypts.
const USERS: i64 = 120;

/// What is promised once a rotation was told to be done.
const DONE: &str = "rotated";

fn key_file(folder: &Path) -> PathBuf {
    folder.join("secrets.key")
}

fn sealer(folder: &Path) -> Arc<RingSealer> {
    Arc::new(RingSealer::new(KeySource::File(key_file(folder))).unwrap())
}

/// A database with secrets, and their key.
fn fill(folder: &Path) {
    let server = Server::start(folder, Arc::new(NoListener)).unwrap();
    create_key_file(&key_file(folder)).unwrap();
    connect(&database(folder))
        .batch_execute(&format!(
            "INSERT INTO users (username, username_key, is_admin, password_hash, version, created_at)
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {USERS})
                SELECT 'user' || n, 'user' || n, 0, 'hash', 1, 1 FROM numbers;"
        ))
        .unwrap();
    let sealer = sealer(folder);
    let stored = server.run(Mode::Write, move |tx| {
        for user in (1..=USERS).map(UserId::new) {
            let sealed = sealer.seal(&Totp::context(user), &[7; 20]).unwrap();
            let now = tx.now();
            tx.factors().begin_totp(user, &sealed, now)?;
        }
        Ok(())
    });
    stored.unwrap();
    server.stop();
}

fn rotate(server: &Server, folder: &Path) -> Result<Rotated, String> {
    let rotated = wait(add_key(server.storage(), &key_file(folder))).map_err(|error| error.to_string())?;
    wait(reseal_all(server.storage(), &sealer(folder))).map_err(|error| error.to_string())?;
    Ok(rotated)
}

/// How secrets are, and how many keys they are encrypted with.
fn condition(server: &Server, folder: &Path) -> (SecretsCondition, Vec<SecretKeyId>) {
    let sealer = sealer(folder);
    let look = move |tx: &mut dyn Tx| {
        let (mut found, mut after) = (SecretsCondition::default(), None);
        loop {
            (found, after) = check_secrets(tx, &*sealer, after, found)?;
            if after.is_none() {
                return Ok((found, keys_in_use(tx)?));
            }
        }
    };
    server.run(Mode::Read, look).unwrap()
}

/// Whatever is left of the disk, every secret can be read; one that was told to be done is; and another one works.
fn judge(image: &Image, owed: &Owed) -> Result<(), String> {
    on_disk(image, |folder| {
        let server = Server::start(folder, Arc::new(NoListener))?;
        let ring = read_key_file(&key_file(folder)).map_err(|error| error.to_string())?;
        let ring = ring.ok_or("the keys are gone")?;
        let whole =
            SecretsCondition { readable: u64::try_from(USERS).unwrap(), ..SecretsCondition::default() };
        let (found, used) = condition(&server, folder);
        let keys = used.len();
        if found != whole {
            return Err(format!("not all can be read: {found:?}"));
        }
        let is_finished = used == [ring.newest().id()];
        if owed.copies.iter().any(|name| name == DONE) && keys != 1 {
            return Err(format!("it was done, but {keys} keys are in use"));
        }
        let before = ring.keys().len();
        let rotated = rotate(&server, folder)?;
        if matches!(rotated, Rotated::Added(_)) != is_finished {
            return Err(format!("{keys} were in use, and what came of another rotation is {rotated:?}"));
        }
        let added = read_key_file(&key_file(folder)).unwrap().unwrap().keys().len() - before;
        let left = fs::read_dir(folder).unwrap().filter(|entry| {
            entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("secrets.key.unfinished")
        });
        let (found, used) = condition(&server, folder);
        let after = (found, used.len(), added, if added > 0 { left.count() } else { 0 });
        let expected = (whole, 1, usize::from(matches!(rotated, Rotated::Added(_))), 0);
        server.stop();
        if after == expected { Ok(()) } else { Err(format!("after another rotation: {after:?}")) }
    })
}

fn rotated(prepare: impl FnOnce(&Volume), moments: usize, dice: &mut Dice) -> Result<(), Box<Violation>> {
    let stage = Stage::with(fill);
    prepare(&stage.volume);
    let server = stage.start();
    rotate(&server, stage.folder()).unwrap();
    stage.ledger.note(Promise::Copied(DONE.to_owned()));
    server.stop();
    stage.recording().judge_each(moments, dice, judge)
}

#[test]
fn a_rotation_of_the_key() {
    let survived = rotated(|_| (), share(3), &mut Dice::seeded());
    survived.unwrap_or_else(|violation| violation.fail());
}

/// The file with the new key must be on the disk before anything is encrypted with it.
#[test]
fn a_key_that_is_not_synced_is_noticed() {
    let omit = |volume: &Volume| volume.omit_syncs(|name| name.starts_with("secrets.key"));
    rotated(omit, 500, &mut Dice::new(1)).expect_err("nobody notices");
}

#[test]
fn a_name_that_is_not_synced_is_noticed() {
    rotated(|volume| volume.omit_syncs(|name| name.ends_with('/')), 500, &mut Dice::new(1))
        .expect_err("nobody notices");
}
