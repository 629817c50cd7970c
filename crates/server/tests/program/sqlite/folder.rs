//! The folder of the embedded database: what can't be one, and who may use it.

#[cfg(target_os = "linux")]
use std::path::Path;

use reqwest::StatusCode;
use serde_json::{Value, json};
#[cfg(target_os = "linux")]
use tokio::process::Command;

use crate::check::outcome_of;
use crate::commands::{complaint, printed, run};
#[cfg(target_os = "linux")]
use crate::harness::started_by;
use crate::harness::{Data, Database, Server, data, until};

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
    assert!(words.contains("can't create the data folder /proc/groupchat"), "{words}");
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

/// Has the program run where a folder's mode counts; `None` where it can't. Root is above that, unless it gives up what
/// makes it so (capabilities(7)).
#[cfg(target_os = "linux")]
fn bound_by_modes(closed: &Path) -> Option<Command> {
    let program = env!("CARGO_BIN_EXE_groupchat");
    if std::fs::read_dir(closed).is_err() {
        return Some(started_by(program));
    }
    let setpriv = std::process::Command::new("setpriv").args(["--bounding-set=-all", "--", "true"]).status();
    if !setpriv.is_ok_and(|status| status.success()) {
        println!("SKIPPED: a folder's mode doesn't bind this user, and there is no setpriv");
        return None;
    }
    let mut command = started_by("setpriv");
    command.args(["--bounding-set=-all", "--", program]);
    Some(command)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_that_may_not_be_looked_into_is_told_once_and_not_taken_for_an_empty_one() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let data = data();
    Server::start(&data).await.stop().await;
    set_permissions(data.path(), Permissions::from_mode(0o000)).unwrap();
    let mut told = Vec::new();
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["restore", "some.db"],
        &["user", "list"],
        &["backup", "never.db"],
    ] {
        let Some(mut command) = bound_by_modes(data.path()) else { break };
        let output = command.args(arguments).args(data.arguments()).output().await.unwrap();
        told.push((arguments, output));
    }
    // Else nobody could remove it.
    set_permissions(data.path(), Permissions::from_mode(0o700)).unwrap();
    for (arguments, output) in told {
        let words = complaint(&output);
        assert_eq!(words.matches("Permission denied").count(), 1, "{arguments:?}: {words}");
        assert!(!words.contains("no database"), "{arguments:?}: {words}");
    }
}

/// A folder whose server was killed while acknowledged messages were in the log only; the admin's key, and the group.
async fn killed(data: &Data) -> (String, i64) {
    let server = Server::start(data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    for n in 0..20 {
        let body = json!({"text": format!("message {n}")});
        admin.post(&format!("/groups/{group}/messages"), body).await.expect(StatusCode::CREATED);
    }
    let key = admin.key().to_owned();
    server.kill().await;
    (key, group)
}

#[tokio::test]
async fn acknowledged_messages_outlive_the_loss_of_the_database_file_beside_them() {
    let data = data();
    let (key, group) = killed(&data).await;
    let [database, log, elsewhere] =
        ["groupchat.db", "groupchat.db-wal", "elsewhere"].map(|name| data.path().join(name));
    let left = std::fs::read(&log).unwrap();
    let whole = std::fs::read(&database).unwrap();
    assert!(left.len() > 100_000, "the messages are in there");
    std::fs::rename(&database, &elsewhere).unwrap();
    for content in [None, Some(Vec::new()), Some(whole[..whole.len() / 2 / 4096 * 4096].to_vec())] {
        if let Some(content) = &content {
            std::fs::write(&database, content).unwrap();
        }
        // What is missing of the last one could be in the log, so that SQLite has to look.
        let told =
            if content.as_ref().is_none_or(Vec::is_empty) { "Nothing was changed" } else { "groupchat.db" };
        for arguments in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["user", "list"],
            &["user", "create", "--username", "eve", "--admin"],
            &["backup", "never.db"],
            &["advance-ids"],
        ] {
            let words = complaint(&run(&data, arguments).await);
            assert!(words.contains(told), "{arguments:?}: {words}");
        }
        let report = run(&data, &["check", "--json"]).await;
        let report: Value = serde_json::from_slice(&report.stdout).unwrap();
        assert_eq!(outcome_of(&report, "database"), "failed", "{report}");
        if told == "Nothing was changed" {
            assert_eq!(std::fs::read(&log).unwrap(), left, "not a byte of the log is touched");
        }
    }
    std::fs::write(&log, left).unwrap();
    std::fs::rename(&elsewhere, &database).unwrap();
    let server = Server::start(&data).await;
    assert_eq!(server.password, None, "no new admin");
    assert_eq!(server.anonymous().with_key(&key).all_messages(group).await.len(), 20);
    server.stop().await;
}

#[tokio::test]
async fn a_database_that_somebody_removed_is_missed_also_after_a_clean_stop() {
    let data = data();
    Server::start(&data).await.stop().await;
    std::fs::remove_file(data.path().join("groupchat.db")).unwrap();
    let words = fails(&data).await;
    assert!(words.contains("not a first start") && words.contains("groupchat.lock"), "{words}");
    // As the handbook has it.
    for left in ["groupchat.lock", "secrets.key"] {
        std::fs::remove_file(data.path().join(left)).unwrap();
    }
    let server = Server::start(&data).await;
    assert!(server.password.is_some());
    server.stop().await;
}

#[tokio::test]
async fn a_first_start_whose_port_is_taken_can_be_tried_again() {
    let (data, other) = (data(), crate::harness::data());
    let server = Server::start(&other).await;
    let words = complaint(&run(&data, &["serve", "--listen", server.address()]).await);
    assert!(words.contains("can't listen"), "{words}");
    server.stop().await;
    let server = Server::start(&data).await;
    assert!(server.password.is_some());
    server.stop().await;
}

#[tokio::test]
async fn a_folder_with_other_files_is_no_place_for_a_first_start() {
    let data = data();
    std::fs::write(data.path().join("groupchat-2026-01-01.db"), "a backup").unwrap();
    let words = fails(&data).await;
    assert!(words.contains("groupchat-2026-01-01.db") && words.contains("--data-dir"), "{words}");
}

#[cfg(unix)]
#[tokio::test]
async fn all_that_is_in_the_folder_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let data = data();
    let server = Server::start(&data).await;
    for entry in std::fs::read_dir(data.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    server.stop().await;
}

/// Overwrites the second half of a file by zeros, as a power cut may.
fn zero_half(file: &std::path::Path) {
    let mut content = std::fs::read(file).unwrap();
    let half = content.len() / 2 / 4096 * 4096;
    content[half..].fill(0);
    std::fs::write(file, content).unwrap();
}

#[tokio::test]
async fn zeroed_pages_are_found_after_a_stop_that_was_not_clean() {
    let data = data();
    Server::start(&data).await.kill().await;
    // Folds the log, which is then no sign any more.
    printed(&run(&data, &["user", "list"]).await);
    Database::open(&data).execute(
        "INSERT INTO jobs (kind, subject_id, run_after, created_at) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
         SELECT hex(randomblob(200)), i, 9000000000000000, 0 FROM n; PRAGMA wal_checkpoint(TRUNCATE)",
    );
    zero_half(&data.path().join("groupchat.db"));
    for _ in 0..2 {
        let words = fails(&data).await;
        assert!(words.contains("is damaged") && words.contains("groupchat restore"), "{words}");
    }
}

#[tokio::test]
async fn a_clean_stop_is_followed_by_no_check_and_a_killed_one_by_one() {
    let data = data();
    let log = data.path().join("groupchat.log");
    let start = || {
        let mut command = crate::harness::serve(&data);
        command.env("GROUPCHAT_LOG_FILTER", "info").stderr(std::fs::File::create(&log).unwrap());
        Server::spawn(command)
    };
    let told = || std::fs::read_to_string(&log).unwrap();
    start().await.stop().await;
    start().await.stop().await;
    assert!(!told().contains("unclean"), "{}", told());
    start().await.kill().await;
    let server = start().await;
    until("the check is told", || {
        told().contains("the last shutdown was unclean; found no damage in the database")
    })
    .await;
    server.anonymous().get("/health").await.expect(StatusCode::OK);
    server.stop().await;
    start().await.stop().await;
    assert!(!told().contains("unclean"), "{}", told());
}
