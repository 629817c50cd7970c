//! The folder of the embedded database: what can't be one, and who may use it.

use serde_json::Value;

use crate::check::outcome_of;
use crate::commands::{complaint, run};
use crate::harness::{Data, Server, data};

/// Why a server doesn't start.
async fn fails(data: &Data) -> String {
    complaint(&run(data, &["serve", "--listen", "127.0.0.1:0"]).await)
}

#[tokio::test]
async fn stopping_folds_the_log_into_the_database() {
    let data = data();
    let server = Server::start(&data).await;
    server.admin().await.create_group("Lobby").await;
    server.stop().await;
    let log = data.path().join("groupchat.db-wal");
    assert!(!log.exists() || log.metadata().unwrap().len() == 0);
}

#[tokio::test]
async fn a_folder_that_cant_be_used_is_told_in_clear_words() {
    let data = data();
    let file = data.path().join("a-file");
    std::fs::write(&file, "not a folder").unwrap();
    let words = fails(&Data::at(&file)).await;
    assert!(words.contains(file.to_str().unwrap()), "{words}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_that_cant_be_written_to_is_told_in_clear_words() {
    // Nobody makes folders there, not even root.
    let words = fails(&Data::at("/proc/groupchat")).await;
    assert!(words.contains("can't make the data folder /proc/groupchat"), "{words}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_in_clear_words() {
    let data = data();
    std::fs::write(data.path().join("groupchat.db"), "this is not a database, ".repeat(100)).unwrap();
    let words = fails(&data).await;
    assert!(words.contains("groupchat.db"), "{words}");
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let data = data();
    let server = Server::start(&data).await;
    let words = fails(&data).await;
    assert!(words.contains("another"), "{words}");
    server.stop().await;
}

#[tokio::test]
async fn a_check_of_a_folder_without_a_database_fails() {
    let data = data();
    let output = run(&data, &["check", "--json"]).await;
    complaint(&output);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome_of(&report, "database"), "failed");
    assert_eq!(outcome_of(&report, "configuration"), "ok");
}

#[tokio::test]
async fn a_folder_without_a_database_stays_as_it_is() {
    let data = data();
    for arguments in [&["user", "list"][..], &["user", "delete", "ada"], &["backup", "never.db"]] {
        let words = complaint(&run(&data, arguments).await);
        assert!(words.contains("no database"), "{words}");
    }
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);
}
