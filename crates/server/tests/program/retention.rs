//! Removing messages for their age: by the server by itself, and from the command line beside it.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::commands::{json, printed, run};
use crate::harness::{Database, Server, data, until};

#[tokio::test]
async fn old_messages_go_by_themselves_once_a_group_says_so() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let group = admin.post("/groups", json!({"name": "club"})).await.expect(StatusCode::CREATED);
    let path = format!("/groups/{}", group["id"]);
    let days_ago = |days: u64| {
        let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        i64::try_from((seconds - days * 86_400) * 1_000_000).unwrap()
    };
    let text = |text: &str| json!({"text": text});
    for words in ["one", "two", "three"] {
        admin.post(&format!("{path}/messages"), text(words)).await.expect(StatusCode::CREATED);
    }
    // As if they had been sent long ago.
    let long_ago = format!("UPDATE messages SET created_at = {} WHERE seq <= 2", days_ago(40));
    Database::open(&data).execute(&long_ago);
    assert_eq!(json(&run(&data, &["retention", "preview", "--json"]).await), json!([]));
    admin.patch(&path, json!({"retention_days": 30})).await.expect(StatusCode::OK);
    let entries = "SELECT count(*) AS count FROM audit_log WHERE action = 'messages.trimmed'";
    until("old messages are removed", || Database::open(&data).count(entries) == 1).await;
    assert_eq!(admin.get(&path).await.expect(StatusCode::OK)["trimmed_seq"], 2);
    let left = admin.get(&format!("{path}/messages")).await.expect(StatusCode::OK);
    assert_eq!(left["items"].as_array().map(Vec::len), Some(1));
    let audited = admin.get("/audit?action=messages.trimmed").await.expect(StatusCode::OK);
    assert_eq!(
        (&audited["items"][0]["party"], &audited["items"][0]["object_id"]),
        (&json!("server"), &json!(2))
    );
    server.stop().await;
}

#[tokio::test]
async fn the_operator_sees_what_is_old_and_removes_it() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let group = admin.post("/groups", json!({"name": "club"})).await.expect(StatusCode::CREATED);
    let path = format!("/groups/{}", group["id"]);
    admin.post(&format!("{path}/messages"), json!({"text": "one"})).await.expect(StatusCode::CREATED);
    Database::open(&data).execute("UPDATE messages SET created_at = 1700000000000000");
    // The settings of the command, and not those of the server beside it.
    let with = async |options: &[&str]| {
        run(&data, &[&["--retention-days", "30", "retention"], options].concat()).await
    };
    let preview = json(&with(&["preview", "--json"]).await);
    assert_eq!((&preview[0]["group_id"], &preview[0]["messages"]), (&group["id"], &json!(1)));
    assert!(printed(&with(&["preview"]).await).contains("club"));
    let removed = json(&with(&["run", "--json"]).await);
    assert_eq!(removed, json!({"messages": 1, "groups": 1}));
    let left = admin.get(&format!("{path}/messages")).await.expect(StatusCode::OK);
    assert_eq!(left["items"], Value::Array(Vec::new()));
    let preview = json(&with(&["preview", "--json"]).await);
    assert_eq!(preview, json!([]));
    let audited = admin.get("/audit?action=messages.trimmed").await.expect(StatusCode::OK);
    assert_eq!(audited["items"][0]["party"], "operator");
    server.stop().await;
}
