//! What is due after a restore, which PostgreSQL's own programs carry out.

use reqwest::StatusCode;
use serde_json::json;
use tokio::process::Command;

use super::cluster::Cluster;
use crate::check::outcome_of;
use crate::commands::{complaint, printed, run};
use crate::harness::{Data, Database, Server, micros_since_2024};

/// Dumps one database of the cluster and restores it into another, as docs/OPERATIONS.md has it.
async fn dump_and_restore(cluster: &Cluster, from: &Data, to: &Data) {
    let file = from.path().join("groupchat.dump");
    let mut dump = Command::new(cluster.program("pg_dump"));
    dump.arg("--format=custom").arg("--file").arg(&file).arg(from.url());
    assert!(dump.status().await.unwrap().success());
    let mut restore = Command::new(cluster.program("pg_restore"));
    restore.args(["--no-owner", "--dbname", to.url()]).arg(&file);
    assert!(restore.status().await.unwrap().success());
}

#[tokio::test]
async fn no_id_is_given_out_again_after_pg_restore() {
    let cluster = Cluster::create().await;
    cluster.start().await;
    let (data, restored) = (cluster.create_database("chat"), cluster.create_database("restored"));
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let lobby = admin.create_group("Lobby").await;
    assert!(lobby < 100);
    let key = admin.key().to_owned();
    dump_and_restore(&cluster, &data, &restored).await;
    admin.create_group("Lost").await;
    server.stop().await;

    let begins = micros_since_2024();
    let server = Server::start(&restored).await;
    assert_eq!(server.password, None, "no new admin");
    let admin = server.anonymous().with_key(&key);
    assert!(admin.create_group("New").await > begins);
    let path = format!("/groups/{lobby}/messages");
    let sent = admin.post(&path, json!({"text": "hello"})).await.expect(StatusCode::CREATED);
    assert!(sent["id"].as_i64() > Some(begins) && sent["seq"] == 1, "{sent}");
    let words = complaint(&run(&restored, &["advance-ids"]).await);
    assert!(words.contains("stop it first"), "{words}");
    server.stop().await;
    let begins = micros_since_2024();
    printed(&run(&restored, &["advance-ids"]).await);
    let server = Server::start(&restored).await;
    assert!(server.anonymous().with_key(&key).create_group("Newer").await > begins);
    server.stop().await;
}

#[tokio::test]
async fn a_dump_with_a_trigger_in_it_is_not_served() {
    let cluster = Cluster::create().await;
    cluster.start().await;
    let (data, restored) = (cluster.create_database("chat"), cluster.create_database("restored"));
    Server::start(&data).await.stop().await;
    Database::open(&data).execute(
        "CREATE FUNCTION rise() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN UPDATE users SET is_admin = true; RETURN NULL; END'; \
         CREATE TRIGGER rise AFTER UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION rise()",
    );
    dump_and_restore(&cluster, &data, &restored).await;
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["user", "list"]] {
        let words = complaint(&run(&restored, arguments).await);
        assert!(words.contains("the trigger rise of sessions is not groupchat's"), "{words}");
    }
    let report = run(&restored, &["check", "--json"]).await;
    let report = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(outcome_of(&report, "schema"), "failed");
}
