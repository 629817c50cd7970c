//! Signing in while others guess, from networks known and unknown; and what becomes of old hashes.

use std::time::Duration;

use actix_web::test::TestRequest;
use groupchat_domain::accounts::{PasswordHash, UsernameKey};
use groupchat_domain::ids::UserId;
use groupchat_infra::accounts::attempts::BucketSize;
use serde_json::{Value, json};

use crate::harness::{Answer, PASSWORD, Server};

const HOME: &str = "192.0.2.1:1000";
const DECOMPOSED: &str = "pa\u{308}ssword";
const COMPOSED: &str = "pässword";
/// Of the decomposed one, which versions before the rule did not compose, at cost 5; the server's own is 4.
const OLD_HASH: &str = "$2b$05$abcdefghijklmnopqrstuuJe2Br3m6bB0ywR3Dbt4pGV38yRP866S";

async fn log_in(server: &Server, from: &str, name: &str, password: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    let request = TestRequest::post().uri("/api/login").peer_addr(from.parse().expect("an address"));
    server.send(request.set_json(body)).await
}

/// The same on a device that shows its token.
async fn log_in_on(server: &Server, from: &str, name: &str, password: &str, device: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    let request = TestRequest::post().uri("/api/login").peer_addr(from.parse().expect("an address"));
    server.send(request.insert_header(("X-Device-Token", device)).set_json(body)).await
}

/// Signs in and returns the token of the device.
async fn device_of(server: &Server, from: &str, name: &str) -> String {
    let login = log_in(server, from, name, PASSWORD).await.ok();
    login["device_token"].as_str().expect("a token").to_owned()
}

/// Twenty addresses guess a password, each until it is refused to.
async fn guess(server: &Server, name: &str) {
    for number in 0..20 {
        let from = format!("198.51.{number}.1:1000");
        while log_in(server, &from, name, "wrong password").await.status() == 401 {}
    }
}

/// A server on which a login is quick, and a try never comes back.
async fn server() -> Server {
    let never = Duration::from_secs(36_000);
    let per_account = BucketSize { capacity: 3, refill: never };
    Server::limited(BucketSize { capacity: 1_000, refill: never }, per_account).await
}

#[actix_web::test]
async fn guessing_from_many_addresses_keeps_the_owner_out_from_nowhere() {
    let server = server().await;
    server.user("ann").await;
    log_in(&server, HOME, "ann", PASSWORD).await.ok();
    guess(&server, "ann").await;
    log_in(&server, HOME, "ann", PASSWORD).await.ok();
    // Neither from a network that she has never been to, nor there again.
    for _ in 0..2 {
        log_in(&server, "203.0.113.1:1000", "ann", PASSWORD).await.ok();
    }
}

#[actix_web::test]
async fn an_account_that_is_guessed_at_has_one_try_from_each_unknown_network() {
    let server = server().await;
    server.user("ann").await;
    log_in(&server, HOME, "ann", PASSWORD).await.ok();
    guess(&server, "ann").await;
    let elsewhere = "203.0.113.1:1000";
    log_in(&server, elsewhere, "ann", "wrong password").await.refused(401, "invalid_credentials");
    log_in(&server, elsewhere, "ann", PASSWORD).await.refused(429, "too_many_attempts");
    // From a known one she has all of its tries.
    for _ in 0..3 {
        log_in(&server, HOME, "ann", "wrong password").await.refused(401, "invalid_credentials");
    }
    log_in(&server, HOME, "ann", PASSWORD).await.refused(429, "too_many_attempts");
}

#[actix_web::test]
async fn a_network_is_known_for_ninety_days_and_only_to_who_signed_in_there() {
    let server = server().await;
    for name in ["ann", "bob"] {
        server.user(name).await;
    }
    log_in(&server, HOME, "bob", PASSWORD).await.ok();
    guess(&server, "ann").await;
    log_in(&server, HOME, "ann", "wrong password").await.refused(401, "invalid_credentials");
    log_in(&server, HOME, "ann", PASSWORD).await.refused(429, "too_many_attempts");
    guess(&server, "bob").await;
    server.advance_clock(Duration::from_secs(91 * 24 * 3_600));
    log_in(&server, HOME, "bob", "wrong password").await.refused(401, "invalid_credentials");
    log_in(&server, HOME, "bob", PASSWORD).await.refused(429, "too_many_attempts");
}

#[actix_web::test]
async fn behind_the_address_of_who_guesses_the_owner_gets_in_with_the_token_of_the_device_and_only_with_it() {
    let never = Duration::from_secs(36_000);
    let few = BucketSize { capacity: 3, refill: never };
    let server = Server::limited(few, few).await;
    for name in ["ann", "bob"] {
        server.user(name).await;
    }
    let (anns, bobs) = (device_of(&server, HOME, "ann").await, device_of(&server, HOME, "bob").await);
    while log_in(&server, HOME, "ann", "wrong password").await.status() == 401 {}
    log_in(&server, HOME, "ann", PASSWORD).await.refused(429, "too_many_attempts");
    let altered = anns.replace("gcd_", "gcd-");
    for no_token_of_hers in ["", "gcd_", &anns[1..], &altered, &bobs] {
        log_in_on(&server, HOME, "ann", PASSWORD, no_token_of_hers).await.refused(429, "too_many_attempts");
    }
    log_in_on(&server, HOME, "nobody", PASSWORD, &anns).await.refused(429, "too_many_attempts");
    for _ in 0..5 {
        let again = log_in_on(&server, HOME, "ann", PASSWORD, &anns).await.ok();
        assert_eq!(again["device_token"], anns, "it stays the same");
    }
    log_in_on(&server, HOME, "bob", PASSWORD, &bobs).await.ok();
    // Whoever has the device has its attempts.
    for _ in 0..3 {
        log_in_on(&server, HOME, "ann", "wrong password", &anns).await.refused(401, "invalid_credentials");
    }
    log_in_on(&server, HOME, "ann", PASSWORD, &anns).await.refused(429, "too_many_attempts");
}

#[actix_web::test]
async fn an_account_that_is_guessed_at_from_everywhere_is_open_to_its_devices() {
    let server = server().await;
    server.user("ann").await;
    let device = device_of(&server, HOME, "ann").await;
    guess(&server, "ann").await;
    let elsewhere = "203.0.113.1:1000";
    log_in(&server, elsewhere, "ann", "wrong password").await.refused(401, "invalid_credentials");
    log_in(&server, elsewhere, "ann", PASSWORD).await.refused(429, "too_many_attempts");
    log_in_on(&server, elsewhere, "ann", PASSWORD, &device).await.ok();
}

#[actix_web::test]
async fn the_device_of_another_user_gets_a_token_of_its_own() {
    let server = Server::start().await;
    for name in ["ann", "bob"] {
        server.user(name).await;
    }
    let anns = device_of(&server, HOME, "ann").await;
    let bobs = log_in_on(&server, HOME, "bob", PASSWORD, &anns).await.ok();
    assert_ne!(bobs["device_token"], anns);
    let again = log_in_on(&server, HOME, "ann", PASSWORD, &anns).await.ok();
    assert_eq!(again["device_token"], anns, "it is still hers");
}

#[actix_web::test]
async fn devices_are_forgotten_after_a_while_and_when_the_password_changes() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    let [one, other] = [device_of(&server, HOME, "ann").await, device_of(&server, HOME, "ann").await];
    let is_known = async |device: &str, password: &str| {
        let login = log_in_on(&server, HOME, "ann", password, device).await.ok();
        login["device_token"] == device
    };
    assert!(is_known(&one, PASSWORD).await && is_known(&other, PASSWORD).await);
    // Changed on one device.
    let login = log_in_on(&server, HOME, "ann", PASSWORD, &one).await.ok();
    let change = json!({"current": PASSWORD, "new": "the second password"});
    let request = TestRequest::put().uri("/api/users/me/password").insert_header(("X-Device-Token", &*one));
    let request = request.insert_header(("X-API-Key", login["api_key"].as_str().expect("a key")));
    server.send(request.set_json(change)).await.no_content();
    assert!(is_known(&one, "the second password").await);
    assert!(!is_known(&other, "the second password").await);
    // Set by an admin.
    let reset = json!({"password": "the third password"});
    root.patch(&format!("/api/users/{}", ann.id()), reset).await.ok();
    let login = log_in_on(&server, HOME, "ann", "the third password", &one).await.ok();
    let device = login["device_token"].as_str().expect("a token");
    assert_ne!(device, one);
    server.advance_clock(Duration::from_secs(89 * 24 * 3_600));
    assert!(is_known(device, "the third password").await, "89 days later");
    server.advance_clock(Duration::from_secs(91 * 24 * 3_600));
    assert!(!is_known(device, "the third password").await, "91 days later");
}

/// The hash of a user's password.
async fn stored(server: &Server, name: &'static str) -> String {
    let find = move |tx: &mut dyn groupchat_domain::storage::Tx| {
        let user = tx.accounts().find_by_username(&UsernameKey::of(name)).expect("a look").expect("a user");
        tx.accounts().password(user.id).expect("a look").expect("a password")
    };
    server.run(find).await.into_string()
}

async fn store(server: &Server, user: i64, hash: &'static str) {
    let hash = PasswordHash::from_stored(hash.to_owned());
    server.run(move |tx| tx.accounts().set_password(UserId::new(user), &hash).expect("stored")).await;
}

#[actix_web::test]
async fn an_old_hash_still_works_and_is_renewed_without_ending_sessions() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    store(&server, ann.id(), OLD_HASH).await;
    log_in(&server, HOME, "ann", "another password").await.refused(401, "invalid_credentials");
    assert_eq!(stored(&server, "ann").await, OLD_HASH);
    log_in(&server, HOME, "ann", DECOMPOSED).await.ok();
    let renewed = stored(&server, "ann").await;
    assert!(renewed.starts_with("$2b$04$"), "{renewed}");
    ann.get("/api/users/me").await.ok();
    // From now on it is the same password however it is typed.
    for typed in [COMPOSED, DECOMPOSED] {
        log_in(&server, HOME, "ann", typed).await.ok();
    }
    assert_eq!(stored(&server, "ann").await, renewed, "what is up to date stays");
}

#[actix_web::test]
async fn logins_at_the_same_time_that_renew_a_hash_all_succeed() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    store(&server, ann.id(), OLD_HASH).await;
    let logins = [(); 4].map(|()| log_in(&server, HOME, "ann", DECOMPOSED));
    for answer in futures_util::future::join_all(logins).await {
        answer.ok();
    }
}

#[actix_web::test]
async fn a_password_is_the_same_composed_and_decomposed_wherever_it_is_typed() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    for (typed, other) in [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)] {
        let name = format!("user{}", typed.len());
        // Created.
        let user: Value =
            root.post("/api/users", json!({"username": name, "password": typed})).await.created();
        let answer = log_in(&server, HOME, &name, other).await.ok();
        // Changed, by the current one typed in the other form.
        let signed_in = server.with_key(answer["api_key"].as_str().map(str::to_owned));
        let change = json!({"current": other, "new": format!("new {typed}")});
        signed_in.put("/api/users/me/password", change).await.no_content();
        log_in(&server, HOME, &name, &format!("new {other}")).await.ok();
        // Set by an admin.
        let path = format!("/api/users/{}", user["id"]);
        root.patch(&path, json!({"password": format!("reset {typed}")})).await.ok();
        log_in(&server, HOME, &name, &format!("reset {other}")).await.ok();
    }
    // The length is that of what counts: 50 bytes of 75, and 6 of 9.
    let draft = |password: String| json!({"username": "ann", "password": password});
    root.post("/api/users", draft("a\u{308}".repeat(3))).await.invalid(&[("password", "too_short")]);
    let marked =
        |letter: char| ["\u{300}", "\u{301}", "\u{302}", "\u{308}"].map(|mark| format!("{letter}{mark}"));
    let decomposed: String = "aeiou"
        .chars()
        .flat_map(marked)
        .chain(["n\u{303}o\u{303}".repeat(2), "n\u{303}".to_owned()])
        .collect();
    assert_eq!(decomposed.len(), 75);
    root.post("/api/users", draft(decomposed)).await.created();
    log_in(&server, HOME, "ann", "àáâäèéêëìíîïòóôöùúûüñõñõñ").await.ok();
}
