//! Resets of passwords by mail.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, Outbox, PASSWORD, Server, codes};

const NEW: &str = "a new pass phrase";

/// A server with mail, and Ann, who has an address.
async fn start() -> (Server, Arc<Outbox>, Client) {
    let outbox = Arc::new(Outbox::with_room(100));
    let server = Server::start().await.with_mails(outbox.clone()).await;
    let ann = server.user("ann").await;
    move_to(&ann, "ann@example.org").await;
    (server, outbox, ann)
}

async fn move_to(user: &Client, email: &str) {
    user.patch("/api/users/me", json!({"email": email, "current_password": PASSWORD})).await.ok();
}

async fn ask(server: &Server, account: Value) {
    let answer = server.nobody().post("/api/password-resets", account).await.expect(202);
    assert_eq!(answer.text(), "");
}

/// Asks for a code, and returns it as it is in the mail.
async fn code(server: &Server, outbox: &Outbox, account: Value) -> String {
    ask(server, account).await;
    let mails = outbox.write(server).await;
    assert_eq!(mails.len(), 1);
    codes(&mails[0]).remove(0)
}

fn path(code: &str) -> String {
    format!("/api/password-resets/{code}")
}

async fn signs_in(server: &Server, name: &str, password: &str) -> bool {
    let login = json!({"username": name, "password": password});
    server.nobody().post("/api/login", login).await.status() == 200
}

#[actix_web::test]
async fn a_code_sets_a_password_once_and_ends_all_sessions() {
    let (server, outbox, ann) = start().await;
    let code = code(&server, &outbox, json!({"username": "ANN"})).await;
    let written = path(&code.to_lowercase().replace('-', ""));
    server.nobody().put(&written, json!({"new": "password1"})).await.invalid(&[("new", "too_common")]);
    server.nobody().put(&written, json!({"new": NEW})).await.no_content();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
    assert!(signs_in(&server, "ann", NEW).await && !signs_in(&server, "ann", PASSWORD).await);
    server.nobody().put(&path(&code), json!({"new": NEW})).await.refused(404, "reset_not_found");
}

#[actix_web::test]
async fn a_code_ends_by_time_and_by_a_change_of_what_it_is_for() {
    let (server, outbox, ann) = start().await;
    let by_name = || json!({"username": "ann"});
    let refused = async |code: &str| {
        server.nobody().put(&path(code), json!({"new": NEW})).await.refused(404, "reset_not_found");
    };
    let first = code(&server, &outbox, by_name()).await;
    server.advance_clock(Duration::from_secs(30 * 60));
    refused(&first).await;
    let second = code(&server, &outbox, by_name()).await;
    move_to(&ann, "ann@elsewhere.example").await;
    refused(&second).await;
    let third = code(&server, &outbox, by_name()).await;
    let change = json!({"current": PASSWORD, "new": "changed by hand"});
    ann.put("/api/users/me/password", change).await.no_content();
    refused(&third).await;
    refused("00000-00000-00000-00000").await;
    for nothing in ["x", "%00"] {
        server.nobody().put(&path(nothing), json!({"new": NEW})).await.invalid(&[("code", "invalid_format")]);
    }
}

#[actix_web::test]
async fn the_answer_does_not_tell_who_has_an_account() {
    let (server, outbox, _ann) = start().await;
    server.user("bob").await;
    for account in [
        json!({"username": "ann"}),
        json!({"username": "bob"}),
        json!({"username": "nobody"}),
        json!({"username": "\u{0}"}),
        json!({"email": "ANN@example.org"}),
        json!({"email": "nobody@example.org"}),
    ] {
        ask(&server, account).await;
    }
    let to: Vec<_> = outbox.write(&server).await.into_iter().map(|mail| mail.to.into_string()).collect();
    assert_eq!(to, ["ann@example.org", "ann@example.org"]);
    for bad in [json!({}), json!({"username": "ann", "email": "ann@example.org"})] {
        server.nobody().post("/api/password-resets", bad).await.invalid(&[("username", "required")]);
    }
}

#[actix_web::test]
async fn an_account_gets_three_codes_a_day_and_an_address_five_accounts() {
    let (server, outbox, _ann) = start().await;
    for _ in 0..5 {
        ask(&server, json!({"username": "ann"})).await;
    }
    assert_eq!(outbox.write(&server).await.len(), 3);
    server.advance_clock(Duration::from_secs(24 * 3_600 + 1));
    for number in 0..6 {
        move_to(&server.user(&format!("too-{number}")).await, "ann@example.org").await;
    }
    ask(&server, json!({"email": "ann@example.org"})).await;
    let mails = outbox.write(&server).await;
    assert_eq!(mails.iter().map(|mail| codes(mail).len()).collect::<Vec<_>>(), [5]);
}

#[actix_web::test]
async fn without_mail_nobody_is_promised_any_and_when_there_is_no_room_neither() {
    let server = Server::start().await;
    server.user("ann").await;
    for name in ["ann", "nobody"] {
        let account = json!({"username": name});
        let answer = server.nobody().post("/api/password-resets", account.clone()).await;
        answer.refused(403, "not_configured");
        let full = server.with_mails(Arc::new(Outbox::with_room(0))).await;
        full.nobody().post("/api/password-resets", account).await.refused(503, "overloaded");
    }
}

#[actix_web::test]
async fn a_stolen_key_does_not_get_the_mail() {
    let (server, outbox, ann) = start().await;
    let elsewhere = |password: Value| json!({"email": "eve@example.org", "current_password": password});
    let me = "/api/users/me";
    ann.patch(me, json!({"email": "eve@example.org"})).await.refused(403, "current_password_required");
    ann.patch(me, elsewhere(json!("guess"))).await.refused(403, "wrong_password");
    // What is not changed takes no password.
    ann.patch(me, json!({"email": "ann@example.org", "display_name": "Ann"})).await.ok();
    let root = server.admin("root").await;
    let own = format!("/api/users/{}", root.id());
    root.patch(&own, json!({"email": "eve@example.org"})).await.refused(403, "current_password_required");
    root.patch(&format!("/api/users/{}", ann.id()), json!({"email": "new@example.org"})).await.ok();
    ask(&server, json!({"username": "ann"})).await;
    assert_eq!(outbox.write(&server).await[0].to.as_str(), "new@example.org");
    ann.patch(me, elsewhere(json!(PASSWORD))).await.ok();
}

#[actix_web::test]
async fn resets_are_audited() {
    let (server, outbox, ann) = start().await;
    let code = code(&server, &outbox, json!({"username": "ann"})).await;
    server.nobody().put(&path(&code), json!({"new": NEW})).await.no_content();
    let root = server.admin("root").await;
    for action in ["password.reset_requested", "password.reset"] {
        let entries = root.list(&format!("/api/audit?action={action}"), "").await;
        assert_eq!(entries.len(), 1, "{action}");
        assert_eq!((&entries[0]["target_id"], &entries[0]["party"]), (&json!(ann.id()), &json!("stranger")));
        assert!(!entries[0].to_string().contains("example.org"));
    }
}

#[actix_web::test]
async fn a_stolen_session_is_told_by_mail() {
    let (server, outbox, _ann) = start().await;
    let login = json!({"username": "ann", "password": PASSWORD, "refresh": true});
    let login = server.nobody().post("/api/login", login).await.ok();
    let token = json!({"refresh_token": login["refresh_token"]});
    server.nobody().post("/api/login/refresh", token.clone()).await.ok();
    server.advance_clock(Duration::from_secs(60));
    server.nobody().post("/api/login/refresh", token).await.refused(401, "refresh_reused");
    let mails = outbox.write(&server).await;
    assert_eq!((mails.len(), mails[0].to.as_str()), (1, "ann@example.org"));
}
