//! Requests that make no sense: every one is answered with a problem.

use std::collections::BTreeSet;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;

use crate::harness::{Server, assert_fields};
use crate::operations::{Scene, operations};

#[actix_web::test]
async fn a_problem_has_its_members_and_no_other() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let answer = ann.get("/api/groups/7").await;
    let problem = answer.refused(404, "group_not_found");
    let expected = json!({
        "type": "urn:problem-type:groupchat:group_not_found", "title": "There is no such group",
        "status": 404, "code": "group_not_found", "detail": "there is no such group",
    });
    assert_eq!(problem, expected);
    let invalid = ann.get("/api/groups/x").await.refused(400, "validation_failed");
    assert_fields(&invalid, &["type", "title", "status", "code", "detail", "errors"]);
    assert_fields(&invalid["errors"][0], &["field", "code", "detail"]);
}

#[actix_web::test]
async fn a_path_that_no_route_has_is_not_found() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for path in [
        "/nope",
        "/api",
        "/api/",
        "/api/nope",
        "/API/users",
        "/api//users",
        "/api/users/",
        "/api/users/me/nope",
        "/api/groups/1/nope",
        "/api/groups/1/messages/1/like/1",
        "/api/docs/nope",
        "/api/docsx",
        "/api/openapi.json/",
        "/api/../api/users",
        "/%2e%2e/etc/passwd",
        "/api/docs/../../etc/passwd",
        "/favicon.ico",
    ] {
        for client in [&ann, &server.nobody()] {
            client.get(path).await.refused(404, "route_not_found");
            client.post(path, json!({})).await.refused(404, "route_not_found");
        }
    }
}

#[actix_web::test]
async fn a_method_that_a_path_does_not_take_tells_those_it_takes() {
    let server = Server::start().await;
    let mut paths: Vec<(String, BTreeSet<String>)> =
        ["/", "/api/docs", "/api/docs/", "/api/docs/API.md", "/api/openapi.json", "/api/asyncapi.json"]
            .map(|path| (path.to_owned(), ["GET".to_owned()].into()))
            .into();
    for operation in operations(&server).await {
        let path = operation.template.replace(['{', '}'], "x");
        match paths.iter_mut().find(|(known, _)| *known == path) {
            Some((_, methods)) => _ = methods.insert(operation.method.to_string()),
            None => paths.push((path, [operation.method.to_string()].into())),
        }
    }
    for (path, mut taken) in paths {
        if taken.contains("GET") {
            taken.insert("HEAD".to_owned());
        }
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X"] {
            if taken.contains(method) {
                continue;
            }
            let request = TestRequest::default().method(method.parse().unwrap()).uri(&path);
            let answer = server.send(request).await;
            let allowed: BTreeSet<_> =
                answer.header("allow").unwrap().split(", ").map(str::to_owned).collect();
            assert_eq!(allowed, taken, "{method} {path}");
            answer.refused(405, "method_not_allowed");
        }
    }
}

#[actix_web::test]
async fn a_bad_id_is_named_wherever_it_stands() {
    let server = Server::start().await;
    let scene = Scene::set(&server, 1).await;
    let root = scene.caller("server admin");
    let bad = [
        "0",
        "-1",
        "abc",
        "9007199254740992",
        "1000000000000000000000000000000",
        "9223372036854775808",
        "+1",
        "1.0",
        "0x1",
        "%20",
        "1%00",
        "%00",
        "%ff",
        "%D9%A1",
        "1,2",
        "null",
        "01x",
        "1%2F2",
        "ME",
    ];
    let mut places = 0;
    for operation in operations(&server).await {
        // A role has a name, which can be almost anything.
        for parameter in operation.parameters().into_iter().filter(|parameter| *parameter != "name") {
            places += 1;
            for id in bad {
                let template = operation.template.replace(&format!("{{{parameter}}}"), id);
                let path = scene.path(&template.replace("{message_id}", "1").replace("{group_id}", "1"), 1);
                let body = scene.body(&operation);
                let answer = root.call(operation.method.clone(), &path, body.as_ref()).await;
                let problem = answer.refused(400, "validation_failed");
                assert_eq!(problem["errors"][0]["field"], parameter, "{path}");
            }
        }
    }
    assert!(places > 25, "{places} ids in paths");
}

#[actix_web::test]
async fn all_bad_ids_of_a_path_are_named() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let bad = [("group_id", "invalid_type"), ("message_id", "out_of_range")];
    ann.get("/api/groups/x/messages/0").await.invalid(&bad);
    let largest = format!("/api/groups/{}", (1_i64 << 53) - 1);
    ann.get(&largest).await.refused(404, "group_not_found");
}

#[actix_web::test]
async fn head_is_answered_like_get() {
    let server = Server::start().await;
    let scene = Scene::set(&server, 1).await;
    let member = scene.caller("member");
    let mut paths: Vec<_> = ["/", "/api/docs", "/api/docs/", "/api/openapi.json"].map(str::to_owned).into();
    let gets = operations(&server).await.into_iter().filter(|operation| operation.method == Method::GET);
    paths.extend(gets.map(|operation| scene.path(&operation.template, 1)));
    for path in paths {
        let (head, get) = (member.call(Method::HEAD, &path, None).await, member.get(&path).await);
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
}

#[actix_web::test]
async fn every_answer_has_a_request_id_of_its_own() {
    let server = Server::start().await;
    let mut ids = BTreeSet::new();
    for path in ["/api/health", "/api/health", "/", "/nope", "/api/users", "/api/docs/", "/api/openapi.json"]
    {
        let answer = server.nobody().get(path).await;
        assert!(ids.insert(answer.header("x-request-id").unwrap().to_owned()), "{path}");
    }
}
