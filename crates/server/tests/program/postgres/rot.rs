//! A bit flips on the disk of the database server: `serve` and `check` say so.

use std::fs::{File, read_dir};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::cluster::Cluster;
use crate::check::outcome_of;
use crate::commands::{complaint, run};
use crate::harness::{Server, serve};

const TEXT: &str = "words that a disk garbles";

#[tokio::test]
async fn a_flipped_bit_on_the_disk_of_the_database_server_is_told_at_the_next_start() {
    let cluster = Cluster::create().await;
    cluster.start().await;
    let data = cluster.create_database("chat");
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let path = format!("/groups/{}/messages", admin.create_group("Lobby").await);
    let sent = admin.post(&path, json!({"text": TEXT})).await.expect(StatusCode::CREATED);
    server.stop().await;
    cluster.stop("fast").await;
    assert_eq!(flip_bits(&cluster.files().join("base")), 1);
    cluster.start().await;

    let log = data.path().join("log");
    let mut command = serve(&data);
    command.stderr(File::create(&log).unwrap());
    let server = Server::spawn(command).await;
    let health = server.anonymous().get("/health").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("messages or events are damaged"), "{health}: {log}");
    // Everything else works, and the message is served as it is stored.
    let message =
        admin_of(&server, &admin).get(&format!("{path}/{}", sent["id"])).await.expect(StatusCode::OK);
    assert_eq!(message["text"].as_str().unwrap().len(), TEXT.len());
    assert_ne!(message["text"], TEXT);

    let output = run(&data, &["check", "--json"]).await;
    assert!(complaint(&output).contains("1 of "), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome_of(&report, "checksums"), "failed");
    assert!(report.to_string().contains("message 1 of group 1"), "{report}");
    server.stop().await;
}

/// The same caller at another server.
fn admin_of(server: &Server, admin: &crate::harness::Api) -> crate::harness::Api {
    server.anonymous().with_key(admin.key())
}

/// Flips a bit of the text in each file that has it; in how many.
fn flip_bits(folder: &Path) -> usize {
    files(folder).iter().filter(|path| flip_bit(path)).count()
}

fn flip_bit(path: &Path) -> bool {
    let content = std::fs::read(path).unwrap();
    let found = content.windows(TEXT.len()).position(|bytes| bytes == TEXT.as_bytes());
    if let Some(place) = found {
        let file = File::options().write(true).open(path).unwrap();
        file.write_all_at(&[content[place] ^ 1], place as u64).unwrap();
    }
    found.is_some()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
