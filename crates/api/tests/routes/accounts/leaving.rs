//! Users who delete their own account.

use serde_json::json;

use crate::harness::{PASSWORD, Server};

#[actix_web::test]
async fn users_delete_themselves_with_their_password() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let group = ann.new_group("Team").await;
    ann.post("/api/users/me/delete", json!({})).await.invalid(&[("password", "required")]);
    ann.post("/api/users/me/delete", json!({"password": "guess"})).await.refused(403, "wrong_password");
    ann.get("/api/users/me").await.ok();
    ann.post("/api/users/me/delete", json!({"password": PASSWORD})).await.no_content();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
    root.get(&format!("/api/users/{}", ann.id())).await.refused(404, "user_not_found");
    server.work_off_jobs().await;
    assert_eq!(root.get(&group).await.ok()["member_count"], 0);
    let entries = root.list("/api/audit?action=user.deleted", "").await;
    let said: Vec<_> = entries.iter().map(|entry| (&entry["actor_id"], &entry["outcome"])).collect();
    assert_eq!(said, [(&json!(ann.id()), &json!("ok")), (&json!(ann.id()), &json!("failed"))]);
}

#[actix_web::test]
async fn the_last_admin_stays() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    root.post("/api/users/me/delete", json!({"password": PASSWORD})).await.refused(409, "last_admin");
    let other = server.admin("other").await;
    other.post("/api/users/me/delete", json!({"password": PASSWORD})).await.no_content();
}

#[actix_web::test]
async fn a_stolen_key_guesses_no_password() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for _ in 0..10 {
        ann.post("/api/users/me/delete", json!({"password": "guess"})).await.refused(403, "wrong_password");
    }
    let answer = ann.post("/api/users/me/delete", json!({"password": PASSWORD})).await;
    answer.refused(429, "too_many_attempts");
}
