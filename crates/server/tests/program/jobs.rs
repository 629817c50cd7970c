//! Durable jobs: what a deletion leaves behind is cleaned up, also after a restart.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Database, Server, data, until};

/// Waits until all jobs are done.
async fn until_no_jobs(database: &mut Database) {
    until("all jobs are done", || database.count("SELECT count(*) AS count FROM jobs") == 0).await;
}

#[tokio::test]
async fn the_purge_of_a_group_goes_on_after_kill_9() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let path = format!("/groups/{group}/messages");
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let (admin, path) = (admin.clone(), path.clone());
            tokio::spawn(async move {
                for _ in 0..150 {
                    admin.post(&path, json!({"text": "hello"})).await.expect(StatusCode::CREATED);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    admin.delete(&format!("/groups/{group}")).await.expect(StatusCode::NO_CONTENT);
    server.kill().await;

    let server = Server::start(&data).await;
    let mut database = Database::open(&data);
    until_no_jobs(&mut database).await;
    for table in ["messages", "memberships", "groups"] {
        assert_eq!(database.count(&format!("SELECT count(*) AS count FROM {table}")), 0, "{table}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_deleted_users_groups_are_passed_on() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let ada = admin.create_user("ada").await;
    let ada_id = ada.get("/users/me").await.expect(StatusCode::OK)["id"].as_i64().unwrap();
    let group = ada.create_group("Engines").await;
    let members = format!("/groups/{group}/members");
    ada.post(&members, json!({"username": "admin"})).await.expect(StatusCode::CREATED);
    ada.post(&format!("/groups/{group}/messages"), json!({"text": "mine"})).await;
    admin.delete(&format!("/users/{ada_id}")).await.expect(StatusCode::NO_CONTENT);

    let mut database = Database::open(&data);
    until_no_jobs(&mut database).await;
    let group_now = admin.get(&format!("/groups/{group}")).await.expect(StatusCode::OK);
    assert_eq!(group_now["my_role"], "owner");
    assert_eq!(group_now["member_count"], 1);
    let messages = admin.all_messages(group).await;
    assert_eq!(messages[0]["author"], json!({"id": ada_id, "username": null, "display_name": null}));
    server.stop().await;
}

#[tokio::test]
async fn the_memberships_of_a_deleted_user_go_on_ending_after_kill_9() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let ada = admin.create_user("ada").await;
    let ada_id = ada.get("/users/me").await.expect(StatusCode::OK)["id"].as_i64().unwrap();
    let founders: Vec<_> = (0..8)
        .map(|founder| {
            let ada = ada.clone();
            tokio::spawn(async move {
                for number in 0..15 {
                    let group = ada.create_group(&format!("Engines {founder} {number}")).await;
                    let admin = json!({"username": "admin"});
                    ada.post(&format!("/groups/{group}/members"), admin).await.expect(StatusCode::CREATED);
                }
            })
        })
        .collect();
    for founder in founders {
        founder.await.unwrap();
    }
    admin.delete(&format!("/users/{ada_id}")).await.expect(StatusCode::NO_CONTENT);
    server.kill().await;

    let server = Server::start(&data).await;
    let mut database = Database::open(&data);
    until_no_jobs(&mut database).await;
    let count =
        |whose: &str| format!("SELECT count(*) AS count FROM memberships WHERE user_id {whose} {ada_id}");
    assert_eq!((database.count(&count("=")), database.count(&count("<>"))), (0, 120));
    let orphans = "SELECT count(*) AS count FROM groups WHERE member_count <> 1 OR deleted_at IS NOT NULL";
    assert_eq!(database.count(orphans), 0);
    server.stop().await;
}
