//! Bodies that are not what they should be.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Server};
use crate::operations::{Operation, Scene, operations};

/// A request with a JSON body as it stands.
fn raw(method: &Method, path: &str, content_type: Option<&str>, body: impl Into<Vec<u8>>) -> TestRequest {
    let request = TestRequest::default().method(method.clone()).uri(path).set_payload(body.into());
    match content_type {
        Some(content_type) => request.insert_header(("Content-Type", content_type)),
        None => request,
    }
}

async fn send_json(client: &Client, method: &Method, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    client.send(raw(method, path, Some("application/json"), body)).await
}

/// The operations that take a body, each with a path at which it would work.
async fn with_bodies(server: &Server, scene: &Scene) -> Vec<(Operation, String)> {
    let taking = operations(server).await.into_iter().filter(Operation::takes_body);
    let with_path = taking.map(|operation| {
        let path = scene.path(&operation.template, 1);
        (operation, path)
    });
    let all: Vec<_> = with_path.collect();
    assert!(all.len() > 12, "{} operations take a body", all.len());
    all
}

#[actix_web::test]
async fn every_body_must_be_a_json_object() {
    let server = Server::start().await;
    let scene = Scene::set(&server, 1).await;
    let root = scene.caller("server admin");
    let bodies: [&[u8]; 18] = [
        b"",
        b" ",
        b"{",
        b"}",
        b"nope",
        b"{\"a\":}",
        b"{\"a\":1,}",
        b"{'a':1}",
        b"{} {}",
        b"[]",
        b"\"text\"",
        b"\xef\xbb\xbf{}",
        b"null",
        b"true",
        b"false",
        b"7",
        b"-7",
        b"1e400",
    ];
    for (operation, path) in with_bodies(&server, &scene).await {
        // Where a body may be left out, none at all is one that is left out.
        let is_optional = operation.description["requestBody"]["required"] != true;
        for body in bodies.into_iter().filter(|body| !is_optional || !body.is_empty()) {
            let answer = send_json(root, &operation.method, &path, body).await;
            answer.refused(400, "malformed_json");
        }
    }
}

#[actix_web::test]
async fn every_body_must_be_declared_as_json() {
    let server = Server::start().await;
    let scene = Scene::set(&server, 1).await;
    let root = scene.caller("server admin");
    for (operation, path) in with_bodies(&server, &scene).await {
        let body = || scene.body(&operation).unwrap().to_string();
        for content_type in [
            None,
            Some(""),
            Some("text/plain"),
            Some("text/json"),
            Some("json"),
            Some("application/jsonp"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
        ] {
            let answer = root.send(raw(&operation.method, &path, content_type, body())).await;
            answer.refused(415, "unsupported_media_type");
        }
    }
    for content_type in
        ["application/json", "application/JSON; charset=UTF-8", "application/merge-patch+json"]
    {
        let body = json!({"display_name": "x"}).to_string();
        root.send(raw(&Method::PATCH, "/api/users/me", Some(content_type), body)).await.ok();
    }
}

#[actix_web::test]
async fn every_body_over_the_limit_is_refused() {
    let server = Server::start().await;
    let mut scene = Scene::set(&server, 1).await;
    scene.define_role().await;
    let (root, elsewhere) = (scene.caller("server admin"), server.sign_in_again("server-admin-1").await);
    let leaver = server.user("leaver").await;
    let padded = |body: &Value, size: usize| {
        let mut text = body.to_string();
        text.push_str(&" ".repeat(size - text.len()));
        text
    };
    for (operation, path) in with_bodies(&server, &scene).await {
        let body = scene.body(&operation).unwrap();
        // What strangers may send is small.
        let is_open =
            ["/api/login", "/api/password-resets", "/api/sign-up"].iter().any(|open| path.starts_with(open));
        let limit = if is_open { 8 * 1024 } else { 256 * 1024 };
        let root = match operation.id() {
            "logout" => &elsewhere,
            "deleteMe" => &leaver,
            _ if operation.needs_factor() => scene.caller("readonly"),
            _ => root,
        };
        let over = send_json(root, &operation.method, &path, padded(&body, limit + 1)).await;
        over.refused(413, "payload_too_large");
        let fits = send_json(root, &operation.method, &path, padded(&body, limit)).await;
        // Of what the server is not set up for, and of what isn't there, the body was read.
        assert!(fits.status() < 300 || matches!(fits.status(), 403 | 404), "{fits}");
    }
}

#[actix_web::test]
async fn a_field_of_the_wrong_type_or_given_twice_is_named() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let post = Method::POST;
    for (body, field) in [
        (r#"{"name": 1}"#, "name"),
        (r#"{"name": {"a": 1}}"#, "name"),
        (r#"{"name": "a", "description": []}"#, "description"),
        (r#"{"name": "a", "name": "b"}"#, "name"),
        (r#"{"name": "a", "visibility": true}"#, "visibility"),
    ] {
        send_json(&ann, &post, "/api/groups", body).await.invalid(&[(field, "invalid_type")]);
    }
    let twice_unknown = r#"{"name": "a", "x": 1, "x": 2}"#;
    send_json(&ann, &post, "/api/groups", twice_unknown).await.created();
}

#[actix_web::test]
async fn no_error_repeats_a_secret() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let paths = [
        ("POST", "/api/login"),
        ("POST", "/api/users"),
        ("PUT", "/api/users/me/password"),
        ("PATCH", "/api/users/1"),
    ];
    for (method, path) in paths {
        let method: Method = method.parse().unwrap();
        for field in ["username", "password", "refresh", "is_admin", "current", "new", "display_name"] {
            for value in ["\"hunter2-hunter2\"", "[\"hunter2\"]", "{\"a\": \"hunter2\"}", "\"hunter2"] {
                let good = format!("{{\"{field}\": {value}}}");
                let broken = format!("{{\"{field}\": {value}, }}");
                for body in [good, broken] {
                    let answer = send_json(&root, &method, path, body).await;
                    assert!(answer.status() < 300 || !answer.text().contains("hunter2"), "{answer}");
                }
            }
        }
    }
    let stranger = server.with_key("hunter2".to_owned());
    for answer in [
        stranger.get("/api/users/me").await,
        root.get("/api/users?limit=hunter2&cursor=hunter2").await,
        root.get("/api/users?cursor=hunter2").await,
        root.get("/api/groups?mine=hunter2").await,
        root.get("/api/groups/hunter2").await,
    ] {
        assert!(answer.status() >= 400 && !answer.text().contains("hunter2"), "{answer}");
    }
}
