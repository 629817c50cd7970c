//! Bots beside the operator, who has them run, sees them and deletes their owners.

use reqwest::StatusCode;
use serde_json::json;

use crate::commands::{complaint, json, printed, run};
use crate::harness::{Database, Server, data, until};

#[tokio::test]
async fn the_operator_runs_a_bot_by_a_token_until_its_owner_is_gone() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    admin.create_user("ada").await;
    let ada = server.login("ada", "correct horse").await;
    let bot = ada.post("/bots", json!({"username": "deploys"})).await.expect(StatusCode::CREATED);
    let create = ["token", "create", "--username", "deploys", "--name", "CI", "--scope", "write", "--json"];
    let issued = json(&run(&data, &create).await);
    let key = issued["key"].as_str().unwrap();
    let acting = ada.clone().with_key(key);
    let me = acting.get("/users/me").await.expect(StatusCode::OK);
    assert_eq!((&me["id"], &me["kind"]), (&bot["id"], &json!("bot")));

    let listed = printed(&run(&data, &["user", "list"]).await);
    assert!(listed.lines().any(|line| line.contains("bot") && line.contains("deploys")), "{listed}");
    for refused in [
        &["user", "set-password", "deploys"][..],
        &["user", "promote", "deploys"],
        &["user", "reset-mfa", "deploys"],
    ] {
        let words = complaint(&run(&data, refused).await);
        assert!(words.contains("a bot has no password"), "{refused:?}: {words}");
    }

    printed(&run(&data, &["user", "delete", "ada"]).await);
    acting.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);
    // A job ends it, and frees its name.
    let mut database = Database::open(&data);
    until("all jobs are done", || database.count("SELECT count(*) AS count FROM jobs") == 0).await;
    admin.get(&format!("/users/{}", bot["id"])).await.expect(StatusCode::NOT_FOUND);
    admin.create_user("deploys").await;
    server.stop().await;
}
