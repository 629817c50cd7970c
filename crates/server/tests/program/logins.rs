//! Signing in beside those who guess, and what the log tells of them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::enumeration::take_equally_long;
use crate::harness::{Data, Database, Server, data, folder, serve};

/// Starts a server that believes this machine when it says for whom it asks, with its warnings in a file.
async fn behind_proxy(data: &Data, log: &Path) -> Server {
    let mut command = serve(data);
    command.env("GROUPCHAT_TRUSTED_PROXIES", "127.0.0.1").env("GROUPCHAT_PASSWORD_COST", "10");
    command.env("GROUPCHAT_LOG_FORMAT", "json").stderr(File::create(log).unwrap());
    Server::spawn(command).await
}

/// Tries to sign in as somebody at another address.
async fn try_login(
    http: &Client,
    server: &str,
    from: &str,
    username: &str,
    password: &str,
) -> Result<StatusCode, reqwest::Error> {
    try_login_on(http, server, from, username, password, "").await
}

/// The same on a device.
async fn try_login_on(
    http: &Client,
    server: &str,
    from: &str,
    username: &str,
    password: &str,
    device: &str,
) -> Result<StatusCode, reqwest::Error> {
    let request = http.post(format!("{server}/login")).header("X-Forwarded-For", from);
    let request = request.header("X-Device-Token", device);
    Ok(request.json(&json!({"username": username, "password": password})).send().await?.status())
}

/// How long a login from a network that somebody signed in from before takes: the median of some.
async fn time(http: &Client, server: &Server, password: &str) -> Duration {
    let mut times = Vec::new();
    for _ in 0..9 {
        let begun = Instant::now();
        let status = try_login(http, &server.url, "192.0.2.1", "admin", password).await.unwrap();
        assert_eq!(status, StatusCode::OK);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_user_does_not_wait_for_ninety_addresses_that_guess() {
    let data = data();
    let server = behind_proxy(&data, &data.path().join("log")).await;
    let password = server.password.clone().unwrap();
    let http = Client::new();
    let alone = time(&http, &server, &password).await;

    let stop = Arc::new(AtomicBool::new(false));
    let guessing: Vec<_> = (0..90)
        .map(|number| {
            let (http, url, stop) = (Client::new(), server.url.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut answers = 0;
                // Each address of a network of its own, and each name another, so that no limit slows them soon.
                let from = format!("10.{number}.0.1");
                while !stop.load(Ordering::Relaxed) {
                    let name = format!("user{number}x{answers}");
                    try_login(&http, &url, &from, &name, "wrong password").await.unwrap();
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    // The flood is on once many have been answered, if only that there is no room.
    tokio::time::sleep(10 * alone).await;
    let amid = time(&http, &server, &password).await;
    stop.store(true, Ordering::Relaxed);
    for guesser in guessing {
        assert!(guesser.await.unwrap() > 0, "all were answered");
    }
    // In one queue they would be behind ninety others. Twice is the aim; a busy machine has other things to do.
    assert!(amid < 5 * alone, "{amid:?} amid the flood, {alone:?} alone");
    server.stop().await;
}

/// Whether an account exists, and whose a device is, can't be told by the time of a wrong answer: the means of 30 tries
/// each are within 10 %.
#[tokio::test(flavor = "multi_thread")]
async fn all_wrong_logins_take_equally_long() {
    let data = data();
    let mut command = serve(&data);
    command.env("GROUPCHAT_TRUSTED_PROXIES", "127.0.0.1").env("GROUPCHAT_PASSWORD_COST", "10");
    command.env("GROUPCHAT_LOGIN_ATTEMPTS_PER_ACCOUNT", "10000");
    let server = Server::spawn(command).await;
    let http = Client::new();
    let login = http.post(format!("{}/login", server.url)).header("X-Forwarded-For", "192.0.2.1");
    let login = login.json(&json!({"username": "admin", "password": server.password}));
    let login: Value = login.send().await.unwrap().json().await.unwrap();
    let device = login["device_token"].as_str().unwrap();
    let ways = [
        ("admin", "wrong password", ""),
        ("nobody", "wrong password", ""),
        ("no name!", "x", ""),
        ("admin", "wrong password", device),
        // Of another account than the one that is asked for.
        ("nobody", "wrong password", device),
    ];
    take_equally_long::<5>(async |way, from| {
        let (username, password, device) = ways[way];
        let status = try_login_on(&http, &server.url, &from, username, password, device).await;
        assert_eq!(status.unwrap(), StatusCode::UNAUTHORIZED);
    })
    .await;
    server.stop().await;
}

/// The warnings of a log, but for what is told at each start.
fn warnings(log: &Path, target: &str) -> Vec<Value> {
    let log = std::fs::read_to_string(log).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["level"] == "WARN" && line["target"].as_str().unwrap().starts_with(target))
        .collect()
}

#[tokio::test]
async fn a_failed_login_is_one_warning_with_address_and_username_and_no_secret() {
    let data = data();
    let log = data.path().join("log");
    let server = behind_proxy(&data, &log).await;
    let password = server.password.clone().unwrap();
    let http = Client::new();
    for (from, username) in [
        ("192.0.2.7", "ADMIN"),
        // A password in the wrong field; and what would look like another line.
        ("2001:db8::1", password.as_str()),
        ("192.0.2.8", "x\" address=198.51.100.1\n2026-11-28 WARN login failed"),
    ] {
        let status = try_login(&http, &server.url, from, username, "wrong password").await.unwrap();
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(try_login(&http, &server.url, "192.0.2.9", "admin", &password).await.unwrap(), StatusCode::OK);
    server.stop().await;
    let told: Vec<_> = warnings(&log, "login")
        .iter()
        .map(|line| ["message", "address", "username"].map(|field| line[field].as_str().unwrap().to_owned()))
        .collect();
    let expected = [("192.0.2.7", "admin"), ("2001:db8::1", "(unknown)"), ("192.0.2.8", "(unknown)")];
    let expected = expected.map(|(address, username)| ["login failed", address, username].map(str::to_owned));
    assert_eq!(told, expected);
    let whole = std::fs::read_to_string(&log).unwrap();
    assert!(!whole.contains(&password) && !whole.contains("198.51.100.1"));
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_warned_of_once() {
    let data = data();
    let log = data.path().join("log");
    let mut command = serve(&data);
    command.env("GROUPCHAT_LOG_FORMAT", "json").stderr(File::create(&log).unwrap());
    let server = Server::spawn(command).await;
    let http = Client::new();
    let ask = |forwarded: bool| {
        let request = http.get(format!("{}/version", server.url));
        if forwarded { request.header("X-Forwarded-For", "192.0.2.1") } else { request }
    };
    for forwarded in [false, true, true] {
        assert_eq!(ask(forwarded).send().await.unwrap().status(), StatusCode::OK);
    }
    server.stop().await;
    let told = warnings(&log, "groupchat_api");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["peer"], &told[0]["header"]), (&json!("127.0.0.1"), &json!("x-forwarded-for")));
}

#[tokio::test]
async fn a_start_warns_of_passkeys_that_are_bound_to_another_host() {
    let data = data();
    Server::start(&data).await.stop().await;
    let passkey = "INSERT INTO passkeys (user_id, credential_id, record, name, used, created_at, host) \
        SELECT id, BYTES, '{}', 'phone', EMPTY, 0, 'old.example.org' FROM users";
    let (bytes, empty) =
        if cfg!(feature = "postgres") { ("decode('0102', 'hex')", "''::bytea") } else { ("X'0102'", "X''") };
    Database::open(&data).execute(&passkey.replace("BYTES", bytes).replace("EMPTY", empty));
    let folder = folder();
    for (site, warns) in [
        (Some("https://chat.example.org"), true),
        (None, true),
        (Some("https://old.example.org:8443"), false),
    ] {
        let log = folder.path().join("log");
        let mut command = serve(&data);
        command.stderr(std::fs::File::create(&log).unwrap());
        if let Some(site) = site {
            command.args(["--public-url", site]);
        }
        Server::spawn(command).await.stop().await;
        let said = std::fs::read_to_string(&log).unwrap();
        assert_eq!(said.contains("passkeys are bound to this host"), warns, "{said}");
        assert_eq!(said.contains("old.example.org"), warns, "{said}");
    }
}
