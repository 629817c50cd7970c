//! What the server writes about requests, and what it must not.

use std::fs::File;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Server, data, serve};

#[tokio::test]
async fn each_request_leaves_one_line_that_tells_no_secret() {
    let data = data();
    let file = data.path().join("log");
    let mut command = serve(&data);
    command.env("GROUPCHAT_LOG_FORMAT", "json").env("GROUPCHAT_LOG_FILTER", "trace");
    command.stderr(File::create(&file).unwrap());
    let server = Server::spawn(command).await;
    let password = server.password.clone().unwrap();
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let path = format!("/groups/{group}/messages");
    admin.post(&path, json!({"text": "a private matter"})).await.expect(StatusCode::CREATED);
    admin.get("/groups?q=what-i-look-for").await.expect(StatusCode::OK);
    let stranger = server.anonymous().with_key("gc_made-up-key");
    stranger.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);
    server.anonymous().try_send(Method::GET, "/nowhere", None).await.unwrap().expect(StatusCode::NOT_FOUND);
    let key = admin.key().to_owned();
    server.stop().await;

    let log = std::fs::read_to_string(&file).unwrap();
    for secret in [&password, &key, "made-up-key", "a private matter", "what-i-look-for"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let access: Vec<_> = lines.iter().filter(|line| line["target"] == "access").collect();
    let told = |line: &&Value| {
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["request_id"].as_str().unwrap().len(), 16);
        assert!(line["micros"].is_u64(), "{line}");
        let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        (text("method"), text("route"), line["status"].as_u64().unwrap(), line["user"].as_i64())
    };
    let found: Vec<_> = access.iter().map(told).collect();
    let expected = [
        ("POST", "/api/login", 200, None),
        ("POST", "/api/groups", 201, Some(1)),
        ("POST", "/api/groups/{group_id}/messages", 201, Some(1)),
        ("GET", "/api/groups", 200, Some(1)),
        ("GET", "/api/users/me", 401, None),
        ("GET", "-", 404, None),
    ];
    let expected = expected.map(|(method, route, status, user)| (method.into(), route.into(), status, user));
    assert_eq!(found, expected);
    assert_eq!(access.last().unwrap()["path"], "/api/nowhere", "where nothing was found");
    assert!(log.contains("\"stopped\""), "the last line is written");
}
