//! `kill -9` amid a copy leaves the source as it was, and a target that no server takes and the next try replaces.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::{embedded, migrate, serve_embedded};
use crate::commands::{json, printed};
use crate::harness::{folder, program};

const ROUNDS: u32 = 8;

/// Sessions to copy: enough that a copy can be killed in each of its parts.
const SESSIONS: u32 = 30_000;

/// A database, and how to look at it.
struct Target {
    name: String,
    /// What tells the program to use it.
    arguments: Vec<String>,
}

fn connect(folder: &Path) -> SqliteConnection {
    SqliteConnection::establish(folder.join("groupchat.db").to_str().unwrap()).unwrap()
}

/// What the file says, without opening it.
fn content(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("groupchat.db")).unwrap()
}

async fn full(folder: &Path) {
    serve_embedded(folder).await.stop().await;
    let mut source = connect(folder);
    source
        .batch_execute(&format!(
            "PRAGMA journal_mode = DELETE;
             INSERT INTO sessions (user_id, kind, key_hash, created_at, expires_at, user_agent)
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SESSIONS})
                 SELECT 1, 'login', randomblob(32), 0, 0, hex(randomblob(100)) FROM n"
        ))
        .unwrap();
}

/// What a killed copy leaves.
#[derive(Debug, PartialEq, Eq)]
enum Left {
    Nothing,
    Marked,
    Everything,
}

async fn look_at(target: &Target) -> Left {
    let mut look = program();
    let look = look.args(["user", "list", "--json"]).args(&target.arguments).output().await.unwrap();
    let words = String::from_utf8(look.stderr.clone()).unwrap();
    match look.status.success() {
        true if json(&look).as_array().unwrap().is_empty() => Left::Nothing,
        true => Left::Everything,
        false if words.contains("unfinished copy") => Left::Marked,
        false => {
            assert!(words.contains("there is no database"), "{words}");
            Left::Nothing
        }
    }
}

/// Kills copies at times by chance until one is done; `time` is about what it takes.
async fn kill_copies(from: &Path, target: &Target, time: Duration) {
    let mut dice = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    println!("seed {dice}");
    let (source, mut marked) = (content(from), 0);
    for _ in 0..ROUNDS {
        let mut copy = program();
        copy.args(["migrate-database", "--from", &embedded(from), "--to", &target.name]);
        let mut copy = copy.spawn().unwrap();
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let patience = time * (dice >> 16) / 65_536;
        if tokio::time::timeout(patience, copy.wait()).await.is_err() {
            copy.kill().await.unwrap();
        }
        assert!(content(from) == source, "the source has changed");
        match look_at(target).await {
            Left::Nothing => {}
            Left::Marked => marked += 1,
            Left::Everything => break,
        }
    }
    println!("{marked} were killed while they wrote");
    assert!(marked > 0, "no copy was killed while it wrote");
    if look_at(target).await != Left::Everything {
        json(&migrate(&embedded(from), &target.name).await);
    }
}

async fn survives(target: Target) {
    let (from, other) = (folder(), folder());
    full(from.path()).await;
    let began = Instant::now();
    let report = json(&migrate(&embedded(from.path()), &embedded(other.path())).await);
    // A little less, so that few get done.
    kill_copies(from.path(), &target, began.elapsed() * 3 / 4).await;
    assert_eq!(look_at(&target).await, Left::Everything);
    let third = folder();
    let again = json(&migrate(&target.name, &embedded(third.path())).await);
    for (one, other) in report["tables"].as_array().unwrap().iter().zip(again["tables"].as_array().unwrap()) {
        assert_eq!(one["sha256"], other["sha256"], "{}", one["table"]);
    }
    printed(&program().args(["check", "--data-dir"]).arg(third.path()).output().await.unwrap());
}

#[tokio::test]
async fn a_copy_into_a_file_can_be_killed_at_any_time() {
    let folder = folder();
    let arguments = vec!["--data-dir".to_owned(), folder.path().display().to_string()];
    survives(Target { name: embedded(folder.path()), arguments }).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_copy_onto_a_server_can_be_killed_at_any_time() {
    let data = crate::harness::data();
    let arguments = vec!["--database-url".to_owned(), data.url().to_owned()];
    survives(Target { name: data.url().to_owned(), arguments }).await;
}
