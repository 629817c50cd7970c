//! Changing passwords, and what becomes of keys.

use std::time::Duration;

use groupchat_infra::accounts::attempts::BucketSize;
use serde_json::json;

use crate::harness::{Client, PASSWORD, Server};

const NEW: &str = "a whole new password";

async fn log_in(server: &Server, name: &str, password: &str) -> Client {
    let login = json!({"username": name, "password": password});
    let answer = server.nobody().post("/api/login", login).await.ok();
    server.with_key(answer["api_key"].as_str().map(str::to_owned))
}

async fn refuse_login(server: &Server, name: &str, password: &str) {
    let login = json!({"username": name, "password": password});
    server.nobody().post("/api/login", login).await.refused(401, "invalid_credentials");
}

#[actix_web::test]
async fn a_new_password_ends_all_other_sessions() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let other = log_in(&server, "ann", PASSWORD).await;
    let change = json!({"current": PASSWORD, "new": NEW});
    ann.put("/api/users/me/password", change).await.no_content();
    ann.get("/api/users/me").await.ok();
    other.get("/api/users/me").await.refused(401, "invalid_key");
    refuse_login(&server, "ann", PASSWORD).await;
    log_in(&server, "ann", NEW).await.get("/api/users/me").await.ok();
}

#[actix_web::test]
async fn the_current_password_must_be_right() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for wrong in ["not the password", "", "nul\0", &"x".repeat(1_000)] {
        let change = json!({"current": wrong, "new": NEW});
        ann.put("/api/users/me/password", change).await.refused(403, "wrong_password");
    }
    log_in(&server, "ann", PASSWORD).await;
}

#[actix_web::test]
async fn both_passwords_are_needed_and_the_new_one_keeps_to_the_rules() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let path = "/api/users/me/password";
    ann.put(path, json!({})).await.invalid(&[("current", "required"), ("new", "required")]);
    ann.put(path, json!({"current": PASSWORD, "new": null})).await.invalid(&[("new", "required")]);
    for (new, code) in
        [("short", "too_short"), (&"x".repeat(73), "too_long"), ("nul\0 nul", "invalid_characters")]
    {
        ann.put(path, json!({"current": PASSWORD, "new": new})).await.invalid(&[("new", code)]);
    }
    ann.put(path, json!({"current": 1, "new": NEW})).await.invalid(&[("current", "invalid_type")]);
}

#[actix_web::test]
async fn a_password_that_is_easy_to_guess_is_rejected_wherever_somebody_chooses_one() {
    let server = Server::start().await;
    let (root, bob) = (server.admin("root").await, server.user("bob.builder").await);
    for easy in ["password1", "P@ssw0rd", "Groupchat1"] {
        let change = json!({"current": PASSWORD, "new": easy});
        bob.put("/api/users/me/password", change).await.invalid(&[("new", "too_common")]);
        let draft = json!({"username": "ann", "password": easy});
        root.post("/api/users", draft).await.invalid(&[("password", "too_common")]);
        let change = json!({"password": easy});
        root.patch(&format!("/api/users/{}", bob.id()), change).await.invalid(&[("password", "too_common")]);
    }
    // Names of the user itself are as easy, and for others they are words like any.
    let change = json!({"current": PASSWORD, "new": "Bob.Builder7"});
    bob.put("/api/users/me/password", change.clone()).await.invalid(&[("new", "too_common")]);
    root.put("/api/users/me/password", change).await.no_content();
    let renaming = json!({"username": "wendy.1000", "password": "wendy.1000"});
    root.patch(&format!("/api/users/{}", bob.id()), renaming).await.invalid(&[("password", "too_common")]);
    log_in(&server, "bob.builder", PASSWORD).await;
}

#[actix_web::test]
async fn guessing_the_current_password_is_slowed_and_slows_no_sign_in() {
    let allowance = BucketSize { capacity: 3, refill: Duration::from_secs(3_600) };
    let server = Server::limited(allowance, allowance).await;
    let ann = server.user("ann").await;
    let change = |current: &str| json!({"current": current, "new": NEW});
    for _ in 0..3 {
        ann.put("/api/users/me/password", change("wrong")).await.refused(403, "wrong_password");
    }
    ann.put("/api/users/me/password", change(PASSWORD)).await.refused(429, "too_many_attempts");
    let login = json!({"username": "ANN", "password": PASSWORD});
    server.nobody().post("/api/login", login).await.ok();
}

#[actix_web::test]
async fn a_password_set_by_an_admin_ends_the_users_sessions() {
    let server = Server::start().await;
    let (admin, ann) = (server.admin("root").await, server.user("ann").await);
    admin.patch(&format!("/api/users/{}", ann.id()), json!({"password": NEW})).await.ok();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
    refuse_login(&server, "ann", PASSWORD).await;
    log_in(&server, "ann", NEW).await.get("/api/users/me").await.ok();
}

#[actix_web::test]
async fn an_admins_key_alone_sets_no_password_of_its_own() {
    let server = Server::start().await;
    let admin = server.admin("root").await;
    let path = format!("/api/users/{}", admin.id());
    // With other changes neither.
    let changes = json!({"password": NEW, "display_name": "Root"});
    admin.patch(&path, changes).await.refused(403, "current_password_required");
    assert_eq!(admin.get("/api/users/me").await.ok()["display_name"], json!(null));
    log_in(&server, "root", PASSWORD).await;
}

async fn provision(server: &Server, name: &str) -> Client {
    let admin = server.admin("root").await;
    let draft = json!({"username": name, "password": PASSWORD});
    let user = admin.post("/api/users", draft).await.created();
    server.with_key(user["api_key"].as_str().map(str::to_owned))
}

#[actix_web::test]
async fn a_provisioned_key_acts_for_the_user_but_changes_no_credentials() {
    let server = Server::start().await;
    let bob = provision(&server, "bob").await;
    let group = bob.new_group("Bots").await;
    bob.say(&group, "beep").await;
    assert_eq!(bob.list("/api/sessions", "/kind").await, ["provisioned"]);
    let change = json!({"current": PASSWORD, "new": NEW});
    bob.put("/api/users/me/password", change).await.refused(403, "provisioned_key");
}

#[actix_web::test]
async fn a_provisioned_key_of_a_later_admin_changes_no_credentials_of_anybody() {
    let server = Server::start().await;
    let bob = provision(&server, "bob").await;
    let id = bob.get("/api/users/me").await.ok()["id"].clone();
    let root = log_in(&server, "root", PASSWORD).await;
    root.patch(&format!("/api/users/{id}"), json!({"is_admin": true})).await.ok();
    let path = format!("/api/users/{id}");
    let ann = server.user("ann").await;
    for path in [&path, &format!("/api/users/{}", ann.id())] {
        for changes in [json!({"password": NEW}), json!({"username": "eve"}), json!({"is_admin": false})] {
            bob.patch(path, changes).await.refused(403, "provisioned_key");
        }
        bob.delete(path).await.refused(403, "provisioned_key");
    }
    for is_admin in [false, true] {
        let draft = json!({"username": "eve", "password": NEW, "is_admin": is_admin});
        bob.post("/api/users", draft).await.refused(403, "provisioned_key");
    }
    bob.patch(&path, json!({"display_name": "B"})).await.ok();
}

#[actix_web::test]
async fn a_provisioned_key_dies_at_the_first_login() {
    let server = Server::start().await;
    let bob = provision(&server, "bob").await;
    refuse_login(&server, "bob", "wrong password").await;
    bob.get("/api/users/me").await.ok();
    let signed_in = log_in(&server, "bob", PASSWORD).await;
    bob.get("/api/users/me").await.refused(401, "invalid_key");
    // A second login ends nothing.
    log_in(&server, "bob", PASSWORD).await;
    signed_in.get("/api/users/me").await.ok();
}

#[actix_web::test]
async fn a_provisioned_key_dies_at_a_change_of_the_password() {
    let server = Server::start().await;
    let bob = provision(&server, "bob").await;
    let id = bob.get("/api/users/me").await.ok()["id"].clone();
    let root = log_in(&server, "root", PASSWORD).await;
    root.patch(&format!("/api/users/{id}"), json!({"password": NEW})).await.ok();
    bob.get("/api/users/me").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn a_provisioned_key_lives_for_an_hour() {
    let server = Server::start().await;
    let bob = provision(&server, "bob").await;
    server.advance_clock(Duration::from_secs(3_590));
    bob.get("/api/users/me").await.ok();
    server.advance_clock(Duration::from_secs(20));
    bob.get("/api/users/me").await.refused(401, "invalid_key");
    bob.post("/api/groups", json!({"name": "late"})).await.refused(401, "invalid_key");
}
