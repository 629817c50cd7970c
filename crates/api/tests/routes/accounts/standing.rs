//! Suspended users, and temporary passwords.

use serde_json::{Value, json};

use crate::harness::{Client, Listening, PASSWORD, Server, WebSocket, assert_fields};

fn login(name: &str, password: &str) -> Value {
    json!({"username": name, "password": password})
}

async fn log_in(server: &Server, name: &str, password: &str) -> Client {
    let answer = server.nobody().post("/api/login", login(name, password)).await.ok();
    server.with_key(answer["api_key"].as_str().map(str::to_owned))
}

fn path(client: &Client) -> String {
    format!("/api/users/{}", client.id())
}

#[actix_web::test]
async fn a_suspended_user_can_do_nothing_and_comes_back_as_before() {
    let server = Server::start().await;
    let (root, ann, bob) = (server.admin("root").await, server.user("ann").await, server.user("bob").await);
    let group = bob.new_group("Team").await;
    bob.add(&group, &ann, "admin").await;
    let refresh = json!({"username": "ann", "password": PASSWORD, "refresh": true});
    let device = server.nobody().post("/api/login", refresh).await.ok();

    let suspended = root.patch(&path(&ann), json!({"suspended": true})).await.ok();
    assert_eq!((&suspended["suspended"], &suspended["version"]), (&json!(true), &json!(2)));
    ann.get("/api/users/me").await.refused(401, "invalid_key");
    let token = json!({"refresh_token": device["refresh_token"]});
    server.nobody().post("/api/login/refresh", token).await.refused(401, "invalid_refresh_token");
    // Only whoever knows the password learns of it from the login.
    server.nobody().post("/api/login", login("ann", PASSWORD)).await.refused(403, "account_suspended");
    server.nobody().post("/api/login", login("ann", "wrong")).await.refused(401, "invalid_credentials");

    // Others see it, and the membership with it.
    assert_eq!(bob.get(&path(&ann)).await.ok()["suspended"], true);
    let members = bob.list(&format!("{group}/members"), "/user/username").await;
    assert!(members.contains(&json!("ann")), "{members:?}");

    root.patch(&path(&ann), json!({"suspended": false})).await.ok();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
    let again = log_in(&server, "ann", PASSWORD).await;
    assert_eq!(again.get("/api/users/me").await.ok()["suspended"], false);
    again.patch(&group, json!({"description": "as its admin"})).await.ok();
}

#[actix_web::test]
async fn links_of_a_suspended_user_let_nobody_in() {
    let server = Server::start().await;
    let (root, ann, bob) = (server.admin("root").await, server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    let link = ann.post(&format!("{group}/invite-links"), json!({})).await.created();
    let shown = format!("/api/invite-links/{}", link["code"].as_str().unwrap());
    bob.get(&shown).await.ok();
    root.patch(&path(&ann), json!({"suspended": true})).await.ok();
    bob.get(&shown).await.refused(404, "invite_link_not_found");
    root.patch(&path(&ann), json!({"suspended": false})).await.ok();
    bob.get(&shown).await.ok();
}

#[actix_web::test]
async fn who_may_suspend_whom() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let suspended = || json!({"suspended": true});
    ann.patch(&path(&root), suspended()).await.refused(403, "admin_only");
    ann.patch("/api/users/me", suspended()).await.refused(400, "not_editable");
    root.patch(&path(&root), suspended()).await.invalid(&[("suspended", "out_of_range")]);
    root.patch(&path(&ann), json!({"suspended": "yes"})).await.invalid(&[("suspended", "invalid_type")]);
    let role = json!({"name": "Desk", "permissions": ["manage_users"]});
    let role = root.post("/api/roles", role).await.created();
    root.put_empty(&format!("{}/roles/{}", path(&ann), role["id"])).await.ok();
    ann.patch(&path(&root), suspended()).await.refused(403, "admin_only");
    // A second admin, so that it is no question of the last one.
    let second = server.admin("second").await;
    ann.patch(&path(&second), suspended()).await.refused(403, "admin_only");
    root.patch(&path(&second), suspended()).await.ok();
    ann.patch(&path(&second), json!({"suspended": false})).await.refused(403, "admin_only");
    ann.post_empty(&format!("{}/temporary-password", path(&second))).await.refused(403, "admin_only");
    // The one who is suspended is no admin who could be left.
    root.patch(&path(&root), json!({"is_admin": false})).await.refused(409, "last_admin");
}

#[actix_web::test]
async fn a_temporary_password_is_changed_before_anything_else() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let made_up = root.post_empty(&format!("{}/temporary-password", path(&ann))).await.created();
    assert_fields(&made_up, &["password"]);
    let made_up = made_up["password"].as_str().unwrap();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
    server.nobody().post("/api/login", login("ann", PASSWORD)).await.refused(401, "invalid_credentials");

    let ann = log_in(&server, "ann", made_up).await;
    assert_eq!(ann.get("/api/users/me").await.ok()["username"], "ann");
    for path in ["/api/groups", "/api/sessions", "/api/events?wait=0"] {
        ann.get(path).await.refused(403, "password_change_required");
    }
    ann.post("/api/groups", json!({"name": "Team"})).await.refused(403, "password_change_required");
    ann.post_empty("/api/events/ticket").await.refused(403, "password_change_required");
    let change = |new: &str| json!({"current": made_up, "new": new});
    ann.put("/api/users/me/password", change(made_up)).await.invalid(&[("new", "out_of_range")]);
    ann.get("/api/groups").await.refused(403, "password_change_required");
    ann.put("/api/users/me/password", change("one of my own words")).await.no_content();
    ann.get("/api/groups").await.ok();
    log_in(&server, "ann", "one of my own words").await.get("/api/groups").await.ok();
}

#[actix_web::test]
async fn a_session_before_the_change_is_refreshed_and_ends() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let made_up = root.post_empty(&format!("{}/temporary-password", path(&ann))).await.created();
    let mut refreshing = login("ann", made_up["password"].as_str().unwrap());
    refreshing["refresh"] = json!(true);
    let device = server.nobody().post("/api/login", refreshing).await.ok();
    let token = json!({"refresh_token": device["refresh_token"]});
    let device = server.nobody().post("/api/login/refresh", token).await.ok();
    let ann = server.with_key(device["api_key"].as_str().unwrap().to_owned());
    ann.get("/api/groups").await.refused(403, "password_change_required");
    ann.post_empty("/api/logout").await.no_content();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn an_admin_has_a_password_of_their_own_made_up_by_another_admin_only() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let own = root.post_empty(&format!("{}/temporary-password", path(&root))).await;
    own.refused(403, "current_password_required");
    root.post_empty("/api/users/4711/temporary-password").await.refused(404, "user_not_found");
    // A password that an admin chooses is one to keep.
    let ann = server.user("ann").await;
    root.post_empty(&format!("{}/temporary-password", path(&ann))).await.created();
    root.patch(&path(&ann), json!({"password": "a whole new password"})).await.ok();
    log_in(&server, "ann", "a whole new password").await.get("/api/groups").await.ok();
}

#[actix_web::test]
async fn a_socket_that_is_open_refuses_requests_before_the_change() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    let group = ann.new_group("Team").await;
    let group_id: i64 = group.rsplit('/').next().unwrap().parse().unwrap();
    socket.wait_for("group.created").await;
    let user = groupchat_domain::ids::UserId::new(ann.id());
    // Past all rules: no session of before survives a temporary password.
    server
        .run(move |tx| {
            let hash = tx.accounts().password(user).unwrap().unwrap();
            tx.accounts().set_temporary_password(user, &hash).unwrap();
        })
        .await;
    for request in [
        json!({"type": "send", "group_id": group_id, "text": "hi"}),
        json!({"type": "read", "group_id": group_id, "seq": 1}),
    ] {
        let refused = socket.ask(request).await;
        assert_eq!(refused["error"]["code"], "password_change_required");
    }
    listening.stop().await;
}
