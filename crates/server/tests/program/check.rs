//! `groupchat check`.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::commands::{complaint, json, printed, run};
use crate::harness::{Database, Server, data, folder};

/// How a check of the report turned out.
pub(crate) fn outcome_of(report: &Value, check: &str) -> Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|found| found["check"] == check).expect("no such check")["outcome"].clone()
}

#[tokio::test]
async fn a_server_at_work_passes() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let path = format!("/groups/{group}/messages");
    let sender = tokio::spawn(async move {
        for n in 0..100 {
            let body = json!({"text": format!("message {n}")});
            let message = admin.post(&path, body).await.expect(StatusCode::CREATED);
            admin.put_nothing(&format!("{path}/{}/like", message["id"])).await.expect(StatusCode::OK);
        }
    });
    for arguments in [&["check", "--json"][..], &["check", "--json", "--quick"]] {
        let report = json(&run(&data, arguments).await);
        assert_eq!(report["ok"], true, "{report}");
    }
    sender.await.unwrap();
    let table = printed(&run(&data, &["check"]).await);
    // A PostgreSQL server for tests may be set up to forget what it holds when the power fails.
    let is_well = |line: &str| line.starts_with("ok ") || line.starts_with("warning  settings ");
    assert!(table.lines().all(is_well), "{table}");
    server.stop().await;
}

#[tokio::test]
async fn damage_ends_with_1_and_names_the_check() {
    let data = data();
    let server = Server::start(&data).await;
    server.admin().await.create_group("Lobby").await;
    server.stop().await;
    Database::open(&data).execute("UPDATE groups SET last_seq = 7");

    let output = run(&data, &["check", "--json"]).await;
    assert!(complaint(&output).contains("1 of "), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(outcome_of(&report, "message_numbers"), "failed");
    assert_eq!(outcome_of(&report, "integrity"), "ok");
}

#[tokio::test]
async fn a_default_group_that_nobody_can_be_put_into_is_worth_a_warning() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let [lobby, archive] = [admin.create_group("Lobby").await, admin.create_group("Archive").await];
    admin.put_nothing(&format!("/groups/{archive}/archive")).await.expect(StatusCode::OK);
    let folder = folder();
    let check = async |groups: String| {
        let file = folder.path().join("groupchat.toml");
        std::fs::write(&file, format!("[groups]\ndefault = [{groups}]\n")).unwrap();
        json(&run(&data, &["--config", file.to_str().unwrap(), "check", "--json"]).await)
    };
    let report = check(lobby.to_string()).await;
    assert_eq!(outcome_of(&report, "default_groups"), "ok", "{report}");
    let report = check(format!("{lobby},{archive},404")).await;
    assert_eq!((&report["ok"], outcome_of(&report, "default_groups")), (&json!(true), json!("warning")));
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|found| found["check"] == "default_groups").unwrap();
    let expected = format!("group {archive}: ");
    assert!(found["detail"].as_str().unwrap().contains(&expected), "{found}");
    assert!(found["detail"].as_str().unwrap().contains("group 404: "), "{found}");
    server.stop().await;
}
