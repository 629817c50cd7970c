//! `kill -9` during a copy leaves the source as it was, and a target that no server takes and the next try replaces.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tokio::process::Child;

use super::{embedded, migrate, serve_embedded};
use crate::commands::{json, printed};
use crate::harness::{folder, program};

/// Copies that are killed, each in another part of its work.
const ROUNDS: u64 = 8;

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

/// How much work a process has done, as the time of processors that it has used, in the system's ticks (proc(5)); and
/// whether it has ended. Unlike the time on the wall, that says the same however busy the machine is.
fn work_of(process: u32) -> (u64, bool) {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // What follows the name, which may hold anything.
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<u64>().unwrap();
    (ticks(11) + ticks(12), fields[0] == "Z")
}

/// Waits until the copy has done so much work, or has ended; how much it has done.
async fn wait_for_work(copy: &Child, enough: u64) -> u64 {
    loop {
        let (done, has_ended) = work_of(copy.id().expect("nobody has waited for it"));
        if done >= enough || has_ended {
            return done;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn start_copy(from: &Path, target: &Target) -> Child {
    let mut copy = program();
    copy.args(["migrate-database", "--json", "--from", &embedded(from), "--to", &target.name]);
    copy.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
}

/// Kills copies, each further on, until one is done; `work` is what a whole copy takes.
async fn kill_copies(from: &Path, target: &Target, work: u64) {
    let mut dice = u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos());
    println!("seed {dice}, a whole copy takes {work} ticks");
    let (source, mut marked) = (content(from), 0);
    for round in 0..ROUNDS {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Anywhere in this round's part.
        let enough = work * (1_000 * round + (dice >> 32) % 1_000) / (1_000 * ROUNDS);
        let mut copy = start_copy(from, target);
        wait_for_work(&copy, enough).await;
        copy.kill().await.unwrap();
        assert!(content(from) == source, "the source has changed");
        match look_at(target).await {
            Left::Nothing => {}
            Left::Marked => marked += 1,
            // It needed less than the first one.
            Left::Everything => break,
        }
    }
    println!("{marked} were killed while they wrote");
    assert!(marked > 0, "no copy was killed while it wrote");
    if look_at(target).await != Left::Everything {
        json(&migrate(&embedded(from), &target.name).await);
    }
}

/// `other` is of the same kind: a copy that is not killed goes there.
async fn survives(target: Target, other: Target) {
    let from = folder();
    full(from.path()).await;
    let whole = start_copy(from.path(), &other);
    let work = wait_for_work(&whole, u64::MAX).await;
    let report = json(&whole.wait_with_output().await.unwrap());
    kill_copies(from.path(), &target, work).await;
    assert_eq!(look_at(&target).await, Left::Everything);
    let third = folder();
    let again = json(&migrate(&target.name, &embedded(third.path())).await);
    for (one, other) in report["tables"].as_array().unwrap().iter().zip(again["tables"].as_array().unwrap()) {
        // The log of a copy has an entry more, which tells of it.
        if one["table"] != "audit_log" && one["table"] != "audit_state" {
            assert_eq!(one["sha256"], other["sha256"], "{}", one["table"]);
        } else if one["table"] == "audit_log" {
            assert_eq!(one["rows"].as_i64().map(|rows| rows + 1), other["rows"].as_i64());
        }
    }
    printed(&program().args(["check", "--data-dir"]).arg(third.path()).output().await.unwrap());
}

impl Target {
    fn file(folder: &Path) -> Self {
        let arguments = vec!["--data-dir".to_owned(), folder.display().to_string()];
        Self { name: embedded(folder), arguments }
    }

    #[cfg(feature = "postgres")]
    fn server(data: &crate::harness::Data) -> Self {
        let arguments = vec!["--database-url".to_owned(), data.url().to_owned()];
        Self { name: data.url().to_owned(), arguments }
    }
}

#[tokio::test]
async fn a_copy_into_a_file_can_be_killed_at_any_time() {
    let (target, other) = (folder(), folder());
    survives(Target::file(target.path()), Target::file(other.path())).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_copy_onto_a_server_can_be_killed_at_any_time() {
    let (target, other) = (crate::harness::data(), crate::harness::data());
    survives(Target::server(&target), Target::server(&other)).await;
}
