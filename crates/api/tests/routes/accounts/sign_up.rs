//! Signing up, and invites to the server.

use std::sync::Arc;
use std::time::Duration;

use groupchat_api::ServerOptions;
use groupchat_domain::admissions::SignUpOpening;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Outbox, PASSWORD, Server, codes};

/// Somebody who may invite users to the server, and nothing else beyond what everybody may.
async fn inviter(server: &Server, root: &Client) -> Client {
    let inviter = server.user("ivy").await;
    let role = json!({"name": "Inviter", "permissions": ["invite_users"]});
    let role = root.post("/api/roles", role).await.created();
    root.put_empty(&format!("/api/users/{}/roles/{}", inviter.id(), role["id"])).await.ok();
    inviter
}

/// A new invite: its code, and what is shown of it.
async fn invite(by: &Client, draft: Value) -> (String, Value) {
    let made = by.post("/api/invites", draft).await.created();
    (made["code"].as_str().expect("a code").to_owned(), made["invite"].clone())
}

async fn sign_up(server: &Server, name: &str, code: &str) -> Answer {
    let body = json!({"username": name, "password": PASSWORD, "invite": code});
    server.nobody().post("/api/sign-up", body).await
}

async fn open(server: &Server) -> Server {
    let options = ServerOptions { sign_up: SignUpOpening::Open, ..ServerOptions::default() };
    server.with_options(options).await
}

/// A server that confirms addresses, and its mail.
async fn confirming() -> (Server, Arc<Outbox>) {
    let options = ServerOptions { sign_up: SignUpOpening::Confirmed, ..ServerOptions::default() };
    let outbox = Arc::new(Outbox::with_room(100));
    (Server::start().await.with_mails(outbox.clone()).await.with_options(options).await, outbox)
}

/// Asks for an account for Ned, whose address gets these codes.
async fn ask(server: &Server, outbox: &Outbox) -> Vec<String> {
    let body = json!({"username": "ned", "password": PASSWORD, "email": "ned@example.org"});
    server.nobody().post("/api/sign-up", body).await.expect(202);
    outbox.write(server).await.iter().flat_map(codes).collect()
}

async fn confirm(server: &Server, body: Value) -> Answer {
    server.nobody().post("/api/sign-up/confirm", body).await
}

#[actix_web::test]
async fn who_is_invited_signs_up_is_signed_in_and_comes_into_the_groups() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let ivy = inviter(&server, &root).await;
    let [club, closed] = [ivy.new_group("Club").await, ivy.new_group("Other").await];
    let ids = [&club, &closed].map(|path| crate::harness::id_in(path));
    let (code, made) = invite(&ivy, json!({"group_ids": ids, "max_uses": 2, "note": "For the fair"})).await;
    assert_eq!((&made["group_ids"], &made["uses"], &made["valid"]), (&json!(ids), &json!(0), &json!(true)));
    // Archived groups take nobody, and keep nobody from getting an account.
    ivy.put_empty(&format!("{closed}/archive")).await.ok();
    let body = json!({
        "username": "Ned", "password": PASSWORD, "invite": code.to_lowercase().replace('-', " "),
        "display_name": "Ned Newcomer", "email": "ned@example.org", "refresh": true, "device_name": "Phone",
    });
    let answer = server.nobody().post("/api/sign-up", body).await;
    let location = answer.header("location").map(str::to_owned);
    let login = answer.created();
    assert_eq!(location, Some(format!("/api/users/{}", login["user"]["id"])));
    assert!(login["refresh_token"].is_string());
    let ned = server.with_key(login["api_key"].as_str().map(str::to_owned));
    let me = ned.get("/api/users/me").await.ok();
    assert_eq!(
        (&me["username"], &me["email"], &me["is_admin"]),
        (&json!("Ned"), &json!("ned@example.org"), &json!(false))
    );
    for (group, expected) in [(&club, &["ivy", "Ned"][..]), (&closed, &["ivy"])] {
        let members = ivy.list(&format!("{group}/members"), "").await;
        let names: Vec<_> =
            members.iter().map(|member| member["user"]["username"].as_str().unwrap()).collect();
        assert_eq!(names, expected);
    }
    let sessions = ned.list("/api/sessions", "").await;
    assert_eq!(sessions[0]["device_name"], "Phone");
    sign_up(&server, "nora", &code).await.created();
    sign_up(&server, "nick", &code).await.refused(404, "invite_not_found");
    let page = ivy.get("/api/invites").await;
    assert!(!page.text().contains(&code) && !page.text().contains(&code.replace('-', "")), "{page}");
    let listed = page.ok()["items"][0].clone();
    assert_eq!(
        (&listed["uses"], &listed["valid"], &listed["note"]),
        (&json!(2), &json!(false), &json!("For the fair"))
    );
    let audit = root.list("/api/audit", "").await;
    let actions: Vec<_> = audit.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions[..5], ["login", "user.signed_up", "login", "user.signed_up", "group.archived"]);
    assert_eq!((&audit[3]["target_id"], &audit[3]["object_id"]), (&me["id"], &made["id"]));
}

#[actix_web::test]
async fn an_invite_ends_by_time_when_it_is_revoked_and_when_its_maker_may_not_invite() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let ivy = inviter(&server, &root).await;
    let (short, _) = invite(&ivy, json!({})).await;
    server.advance_clock(Duration::from_secs(7 * 24 * 3600));
    sign_up(&server, "ned", &short).await.refused(404, "invite_not_found");

    let (code, made) = invite(&ivy, json!({})).await;
    let path = format!("/api/invites/{}", made["id"]);
    server.user("eve").await.delete(&path).await.refused(403, "admin_only");
    ivy.delete(&path).await.no_content();
    sign_up(&server, "ned", &code).await.refused(404, "invite_not_found");
    ivy.delete(&path).await.refused(404, "invite_not_found");

    let (code, made) = invite(&root, json!({})).await;
    let (own, _) = invite(&ivy, json!({})).await;
    assert_eq!(ivy.list("/api/invites", "").await.len(), 2, "only those of their own");
    assert_eq!(root.list("/api/invites", "").await.len(), 3);
    let path = format!("/api/invites/{}", made["id"]);
    ivy.delete(&path).await.refused(404, "invite_not_found");
    let roles = root.get("/api/roles").await.ok();
    let role =
        roles["items"].as_array().unwrap().iter().find(|role| role["name"] == "Inviter").unwrap().clone();
    root.delete(&format!("/api/roles/{}", role["id"])).await.no_content();
    ivy.get("/api/invites").await.refused(403, "admin_only");
    sign_up(&server, "ned", &own).await.refused(404, "invite_not_found");
    sign_up(&server, "ned", &code).await.created();
    // With its maker.
    let second = server.admin("second").await;
    let (code, _) = invite(&second, json!({})).await;
    root.delete(&format!("/api/users/{}", second.id())).await.no_content();
    sign_up(&server, "nora", &code).await.refused(404, "invite_not_found");
}

#[actix_web::test]
async fn without_an_invite_nobody_signs_up_unless_the_server_lets_everybody() {
    let server = Server::start().await;
    let body = json!({"username": "ned", "password": PASSWORD});
    server.nobody().post("/api/sign-up", body.clone()).await.refused(403, "sign_up_closed");
    let server = open(&server).await;
    let login = server.nobody().post("/api/sign-up", body.clone()).await.created();
    assert_eq!((&login["user"]["username"], &login["refresh_token"]), (&json!("ned"), &Value::Null));
    server.nobody().post("/api/sign-up", body).await.refused(409, "username_taken");
    let easy = json!({"username": "nora", "password": "password1"});
    server.nobody().post("/api/sign-up", easy).await.invalid(&[("password", "too_common")]);
    let admin = json!({"username": "nora", "password": PASSWORD, "is_admin": true});
    server.nobody().post("/api/sign-up", admin).await.invalid(&[("is_admin", "not_editable")]);
    let typo = json!({"username": "nora", "password": PASSWORD, "invite": "short"});
    server.nobody().post("/api/sign-up", typo).await.invalid(&[("invite", "invalid_format")]);
}

#[actix_web::test]
async fn where_addresses_are_confirmed_the_code_from_the_mail_makes_the_account() {
    let (server, outbox) = confirming().await;
    let code = ask(&server, &outbox).await.remove(0);
    let login = json!({"username": "ned", "password": PASSWORD});
    server.nobody().post("/api/login", login.clone()).await.refused(401, "invalid_credentials");
    let body = json!({"code": code.to_lowercase(), "refresh": true, "device_name": "Phone"});
    let begun = confirm(&server, body.clone()).await.created();
    assert!(begun["refresh_token"].is_string());
    let ned = server.with_key(begun["api_key"].as_str().map(str::to_owned));
    assert_eq!(ned.get("/api/users/me").await.ok()["email"], json!("ned@example.org"));
    server.nobody().post("/api/login", login).await.ok();
    confirm(&server, body).await.refused(404, "confirmation_not_found");
}

#[actix_web::test]
async fn a_username_that_was_taken_meanwhile_can_be_changed_with_the_code() {
    let (server, outbox) = confirming().await;
    let code = ask(&server, &outbox).await.remove(0);
    server.user("ned").await;
    confirm(&server, json!({"code": code})).await.refused(409, "username_taken");
    let begun = confirm(&server, json!({"code": code, "username": "ned2"})).await.created();
    assert_eq!(begun["user"]["username"], json!("ned2"));
}

#[actix_web::test]
async fn an_address_gets_three_codes_and_each_answer_is_the_same() {
    let (server, outbox) = confirming().await;
    for number in 0..5 {
        assert_eq!(ask(&server, &outbox).await.len(), usize::from(number < 3), "{number}");
    }
}

#[actix_web::test]
async fn where_addresses_are_confirmed_there_is_an_address_and_mail() {
    let (server, _) = confirming().await;
    let body = json!({"username": "ned", "password": PASSWORD});
    server.nobody().post("/api/sign-up", body.clone()).await.invalid(&[("email", "required")]);
    confirm(&server, json!({})).await.invalid(&[("code", "required")]);
    confirm(&server, json!({"code": "short"})).await.invalid(&[("code", "invalid_format")]);
    let options = ServerOptions { sign_up: SignUpOpening::Confirmed, ..ServerOptions::default() };
    let without = Server::start().await.with_options(options.clone()).await;
    without.nobody().post("/api/sign-up", body).await.refused(403, "not_configured");
    let full = server.with_mails(Arc::new(Outbox::with_room(0))).await.with_options(options).await;
    let body = json!({"username": "ned", "password": PASSWORD, "email": "ned@example.org"});
    full.nobody().post("/api/sign-up", body).await.expect(503);
}

#[actix_web::test]
async fn wrong_codes_and_open_accounts_are_limited_and_the_invited_are_not() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let (code, _) = invite(&root, json!({})).await;
    for number in 0..12 {
        sign_up(&server, &format!("invited-{number}"), &code).await.created();
    }
    let wrong = "00000-00000-00000-00000";
    for _ in 0..10 {
        sign_up(&server, "ned", wrong).await.refused(404, "invite_not_found");
    }
    let refused = sign_up(&server, "ned", wrong).await;
    assert!(refused.header("retry-after").is_some());
    refused.refused(429, "too_many_attempts");

    let server = open(&Server::start().await).await;
    let body = |number: usize| json!({"username": format!("ned-{number}"), "password": PASSWORD});
    for number in 0..10 {
        server.nobody().post("/api/sign-up", body(number)).await.created();
    }
    server.nobody().post("/api/sign-up", body(10)).await.refused(429, "too_many_attempts");
}

#[actix_web::test]
async fn an_invite_says_what_is_wrong_with_it() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let ivy = inviter(&server, &root).await;
    for (draft, field, code) in [
        (json!({"max_uses": 0}), "max_uses", "out_of_range"),
        (json!({"expires_at": "2020-01-01T00:00:00Z"}), "expires_at", "out_of_range"),
        (json!({"group_ids": (1..=21).collect::<Vec<_>>()}), "group_ids", "too_long"),
        (json!({"group_ids": [0]}), "group_ids", "out_of_range"),
        (json!({"note": "x".repeat(501)}), "note", "too_long"),
    ] {
        ivy.post("/api/invites", draft).await.invalid(&[(field, code)]);
    }
    ivy.post("/api/invites", json!({"group_ids": [99]})).await.refused(404, "group_not_found");
    let others = crate::harness::id_in(&root.new_group("Club").await);
    ivy.post("/api/invites", json!({"group_ids": [others]})).await.refused(403, "members_only");
}
