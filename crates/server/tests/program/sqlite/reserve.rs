//! What goes on, and what doesn't, while the disk is nearly full.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Server, data, serve};

#[tokio::test]
async fn with_little_room_left_only_what_frees_it_and_admins_go_on() {
    let data = data();
    let server = Server::start(&data).await;
    let password = server.password.clone().unwrap();
    let admin = server.admin().await;
    let ann = admin.create_user("ann").await;
    let group = ann.create_group("Lobby").await;
    let messages = format!("/groups/{group}/messages");
    let message = ann.post(&messages, json!({"text": "hi"})).await.expect(StatusCode::CREATED);
    let message = format!("{messages}/{}", message["id"]);
    let health = server.anonymous().get("/health").await.expect(StatusCode::OK);
    assert_eq!(health["storage_full"], false);
    server.stop().await;

    // A reserve of all there is: no disk is as empty as that.
    let mut command = serve(&data);
    command.args(["--storage-reserve", "1000000000", "--storage-reserve-percent", "100"]);
    let server = Server::spawn(command).await;
    let health = server.anonymous().get("/health").await.expect(StatusCode::OK);
    assert_eq!(health["storage_full"], true);
    let ann = server.login("ann", "correct horse").await;
    let refused = ann.post(&messages, json!({"text": "hi"})).await.expect(StatusCode::INSUFFICIENT_STORAGE);
    assert_eq!(refused["code"], "storage_full");
    ann.put_nothing(&format!("{message}/like")).await.expect(StatusCode::INSUFFICIENT_STORAGE);
    ann.get(&messages).await.expect(StatusCode::OK);
    ann.put(&format!("/groups/{group}/read"), json!({"seq": 1})).await.expect(StatusCode::OK);
    ann.delete(&message).await.expect(StatusCode::NO_CONTENT);
    let admin = server.login("admin", &password).await;
    admin.create_user("bob").await;
    admin.create_group("Yard").await;
    ann.delete(&format!("/groups/{group}")).await.expect(StatusCode::NO_CONTENT);
    ann.post_nothing("/logout").await.expect(StatusCode::NO_CONTENT);
    server.stop().await;
}
