//! `kill -9` during a restore leaves the old database or the new one.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::commands::{json, printed, run};
use crate::harness::{Data, Database, folder, program};

const ROUNDS: u32 = 12;
/// Sessions in each backup, some 300 bytes each: a restore then takes long enough to be killed in each of its
/// parts.
const SESSIONS: u32 = 20_000;

/// A backup of a server with one user.
async fn backup_of(folder: &Path, user: &str) -> PathBuf {
    let (data, file) = (Data::at(folder.join(user)), folder.join(format!("{user}.db")));
    printed(&run(&data, &["user", "create", "--username", user]).await);
    Database::open(&data).execute(&format!(
        "INSERT INTO sessions (user_id, kind, key_hash, created_at, expires_at, user_agent)
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SESSIONS})
             SELECT 1, 'login', randomblob(32), 0, 0, hex(randomblob(100)) FROM n"
    ));
    printed(&run(&data, &["backup", file.to_str().unwrap()]).await);
    file
}

#[tokio::test]
async fn the_old_database_or_the_new_one_is_there_whenever_a_restore_is_killed() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    println!("seed {seed}");
    let folder = folder();
    let backups = [backup_of(folder.path(), "ada").await, backup_of(folder.path(), "bob").await];
    let data = Data::at(folder.path().join("data"));
    printed(&run(&data, &["restore", backups[1].to_str().unwrap()]).await);

    for round in 0..ROUNDS {
        let mut command = program();
        let backup = &backups[round as usize % 2];
        let mut restore = command.arg("restore").arg(backup).args(data.arguments()).spawn().unwrap();
        let patience = Duration::from_millis(u64::from((seed >> round) % 150));
        // Either it is done by then, or it is killed during it.
        if tokio::time::timeout(patience, restore.wait()).await.is_err() {
            restore.kill().await.unwrap();
        }
        let users = json(&run(&data, &["user", "list", "--json"]).await);
        let name = users[0]["username"].as_str().unwrap();
        assert!(name == "ada" || name == "bob", "{users}");
        printed(&run(&data, &["check"]).await);
    }
    printed(&run(&data, &["restore", backups[0].to_str().unwrap()]).await);
    let users = json(&run(&data, &["user", "list", "--json"]).await);
    assert_eq!(users[0]["username"], "ada");
    let names = std::fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let unfinished = names.filter(|name| name.to_string_lossy().contains("unfinished")).count();
    assert_eq!(unfinished, 0, "what was killed is swept away");
}
