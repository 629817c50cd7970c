//! Signing in and out, and one's own sessions.

use std::time::Duration;

use actix_web::test::TestRequest;
use groupchat_infra::accounts::attempts::BucketSize;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server, assert_fields, time};

fn login(name: &str, password: &str) -> Value {
    json!({"username": name, "password": password})
}

async fn log_in(server: &Server, name: &str) -> Client {
    let answer = server.nobody().post("/api/login", login(name, PASSWORD)).await.ok();
    server.with_key(answer["api_key"].as_str().map(str::to_owned))
}

#[actix_web::test]
async fn a_login_gives_a_key_its_end_and_the_user() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let answer = server.nobody().post("/api/login", login("ANN", PASSWORD)).await.ok();
    let fields = ["api_key", "expires_at", "refresh_token", "refresh_expires_at", "device_token", "user"];
    assert_fields(&answer, &fields);
    assert!(answer["device_token"].as_str().unwrap().starts_with("gcd_"));
    assert_eq!((&answer["refresh_token"], &answer["refresh_expires_at"]), (&Value::Null, &Value::Null));
    assert!(answer["api_key"].as_str().unwrap().starts_with("gc_"));
    time(&answer["expires_at"]);
    assert_eq!(answer["user"], ann.get("/api/users/me").await.ok());
    let key = answer["api_key"].as_str().map(str::to_owned);
    assert_eq!(server.with_key(key).get("/api/users/me").await.ok()["username"], "Ann");
}

#[actix_web::test]
async fn a_wrong_login_says_the_same_whether_or_not_the_user_exists() {
    let server = Server::start().await;
    server.user("ann").await;
    let mut texts = Vec::new();
    for (name, password) in [
        ("ann", "not the password"),
        ("bob", PASSWORD),
        ("ann", ""),
        ("", ""),
        ("ann\0", PASSWORD),
        ("ann", &format!("{PASSWORD}\0")),
        (&"x".repeat(7_000), "x"),
    ] {
        let answer = server.nobody().post("/api/login", login(name, password)).await;
        texts.push(answer.text().to_owned());
        answer.refused(401, "invalid_credentials");
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
}

#[actix_web::test]
async fn a_login_needs_a_name_and_a_password() {
    let server = Server::start().await;
    let nobody = server.nobody();
    nobody.post("/api/login", json!({})).await.invalid(&[("username", "required"), ("password", "required")]);
    let mut body = login("ann", PASSWORD);
    body["device_name"] = json!("two\nlines");
    nobody.post("/api/login", body).await.invalid(&[("device_name", "invalid_characters")]);
}

#[actix_web::test]
async fn many_wrong_logins_are_slowed_for_that_account_only() {
    let allowance = BucketSize { capacity: 3, refill: Duration::from_secs(3_600) };
    let server = Server::limited(BucketSize::PER_ADDRESS, allowance).await;
    server.user("ann").await;
    server.user("bob").await;
    let nobody = server.nobody();
    for _ in 0..5 {
        nobody.post("/api/login", login("ann", PASSWORD)).await.ok();
    }
    for _ in 0..3 {
        nobody.post("/api/login", login("Ann", "wrong")).await.refused(401, "invalid_credentials");
    }
    let answer = nobody.post("/api/login", login("ann", PASSWORD)).await;
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((3_590..=3_600).contains(&wait), "{wait}");
    answer.refused(429, "too_many_attempts");
    nobody.post("/api/login", login("bob", PASSWORD)).await.ok();
    // Whoever tries from elsewhere does not lock the owner out.
    let elsewhere = TestRequest::post().uri("/api/login").peer_addr("192.0.2.1:1000".parse().unwrap());
    server.send(elsewhere.set_json(login("ann", PASSWORD))).await.ok();
}

#[actix_web::test]
async fn a_login_ends_the_session_beyond_200_that_was_unused_for_longest() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let nobody = server.nobody();
    let first = nobody.post("/api/login", login("ann", PASSWORD)).await.ok();
    for _ in 2..200 {
        nobody.post("/api/login", login("ann", PASSWORD)).await.ok();
    }
    ann.get("/api/users/me").await.ok();
    nobody.post("/api/login", login("ann", PASSWORD)).await.ok();
    ann.get("/api/users/me").await.ok();
    let first = server.with_key(first["api_key"].as_str().unwrap().to_owned());
    first.get("/api/users/me").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn many_wrong_logins_are_slowed_for_that_address_only() {
    let few = BucketSize { capacity: 3, refill: Duration::from_secs(3_600) };
    let server = Server::limited(few, BucketSize::PER_ACCOUNT).await;
    server.user("ann").await;
    let from = |address: &str, name: String, password: &str| {
        let peer = address.parse().unwrap();
        server.send(TestRequest::post().uri("/api/login").peer_addr(peer).set_json(login(&name, password)))
    };
    for number in 0..3 {
        let guess = from("192.0.2.1:1000", format!("user{number}"), "wrong");
        guess.await.refused(401, "invalid_credentials");
    }
    from("192.0.2.1:2000", "ann".into(), PASSWORD).await.refused(429, "too_many_attempts");
    from("192.0.2.2:1000", "ann".into(), PASSWORD).await.ok();
}

#[actix_web::test]
async fn a_key_ends_after_thirty_days() {
    let server = Server::start().await;
    server.user("ann").await;
    let ann = log_in(&server, "ann").await;
    server.advance_clock(Duration::from_secs(30 * 24 * 3_600 - 10));
    ann.get("/api/users/me").await.ok();
    server.advance_clock(Duration::from_secs(20));
    ann.get("/api/users/me").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn signing_out_ends_that_key_alone_at_once() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let other = log_in(&server, "ann").await;
    // Used for a write, so that the server holds the key in memory.
    let group = ann.new_group("Team").await;
    ann.post_empty("/api/logout").await.no_content();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
    let text = json!({"text": "too late"});
    ann.post(&format!("{group}/messages"), text).await.refused(401, "invalid_key");
    ann.post_empty("/api/logout").await.refused(401, "invalid_key");
    other.get("/api/users/me").await.ok();
}

#[actix_web::test]
async fn sessions_are_listed_whole_the_newest_first() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    server.user("bob").await;
    log_in(&server, "bob").await;
    let request = TestRequest::post()
        .uri("/api/login")
        .peer_addr("192.0.2.7:1234".parse().unwrap())
        .insert_header(("User-Agent", "curl/8.0"))
        .set_json(login("ann", PASSWORD));
    let answer = server.send(request).await.ok();
    let list = ann.get("/api/sessions").await.ok();
    assert_fields(&list, &["items", "next"]);
    assert_eq!(list["next"], Value::Null);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{list}");
    let expected = json!({
        "id": items[0]["id"], "kind": "login", "device_name": null, "refresh_expires_at": null, "created_at": time(&items[0]["created_at"]),
        "expires_at": answer["expires_at"], "last_used_at": null, "user_agent": "curl/8.0",
        "address": "192.0.2.7", "current": false,
    });
    assert_eq!(items[0], expected);
    assert_fields(&items[1], &expected.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((&items[1]["current"], &items[1]["address"]), (&json!(true), &Value::Null));
    assert!(items[0]["id"].as_i64() > items[1]["id"].as_i64());
}

#[actix_web::test]
async fn one_session_is_ended_by_its_id() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let other = log_in(&server, "ann").await;
    let id = ann.get("/api/sessions").await.ok()["items"][0]["id"].clone();
    let path = format!("/api/sessions/{id}");
    bob.delete(&path).await.refused(404, "session_not_found");
    other.get("/api/users/me").await.ok();
    ann.delete(&path).await.no_content();
    other.get("/api/users/me").await.refused(401, "invalid_key");
    ann.delete(&path).await.refused(404, "session_not_found");
    let own = ann.get("/api/sessions").await.ok()["items"][0]["id"].clone();
    ann.delete(&format!("/api/sessions/{own}")).await.no_content();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn all_other_sessions_are_ended_at_once() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let others = [log_in(&server, "ann").await, log_in(&server, "ann").await];
    ann.delete("/api/sessions").await.no_content();
    for other in others {
        other.get("/api/users/me").await.refused(401, "invalid_key");
    }
    assert_eq!(ann.list("/api/sessions", "/current").await, [true]);
    ann.delete("/api/sessions").await.no_content();
    bob.get("/api/users/me").await.ok();
}

#[actix_web::test]
async fn either_header_carries_the_key() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for (name, value) in [
        ("X-API-Key", ann.key().to_owned()),
        ("x-api-key", format!(" {} ", ann.key())),
        ("Authorization", format!("Bearer {}", ann.key())),
        ("Authorization", format!("bearer {}", ann.key())),
    ] {
        let request = TestRequest::get().uri("/api/users/me").insert_header((name, value));
        assert_eq!(server.send(request).await.ok()["id"], ann.id());
    }
    for (name, value) in [
        ("X-API-Key", String::new()),
        ("Authorization", format!("Basic {}", ann.key())),
        ("Authorization", ann.key().to_owned()),
        ("Cookie", format!("api_key={}", ann.key())),
    ] {
        let request = TestRequest::get().uri("/api/users/me").insert_header((name, value));
        server.send(request).await.refused(401, "missing_key");
    }
    let in_query = format!("/api/users/me?api_key={}", ann.key());
    server.nobody().get(&in_query).await.refused(401, "missing_key");
}

#[actix_web::test]
async fn an_unknown_key_is_refused_for_reads_and_writes() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for key in ["gc_unknown", &ann.key()[..ann.key().len() - 1], &ann.key().to_uppercase(), "ä"] {
        let stranger = server.with_key(key.to_owned());
        stranger.get("/api/users/me").await.refused(401, "invalid_key");
        stranger.post("/api/groups", json!({"name": "x"})).await.refused(401, "invalid_key");
    }
}

/// As generated clients do.
#[actix_web::test]
async fn signing_out_takes_an_empty_body_that_is_declared_as_json() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let request = TestRequest::post().uri("/api/logout").insert_header(("Content-Type", "application/json"));
    ann.send(request).await.no_content();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
}
