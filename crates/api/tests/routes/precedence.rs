//! Which answer wins when several apply: route and method, no key, size, type, syntax, unknown key, 404, 403,
//! 409.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;

use crate::harness::{Client, PASSWORD, Server};
use crate::operations::{Scene, operations};

const TOO_MUCH: usize = 256 * 1024 + 1;

async fn send(client: &Client, method: &str, path: &str, content_type: &str, body: Vec<u8>) -> u16 {
    let method: Method = method.parse().expect("a method");
    let request =
        TestRequest::default().method(method).uri(path).insert_header(("Content-Type", content_type));
    client.send(request.set_payload(body)).await.status()
}

#[actix_web::test]
async fn route_and_method_come_before_the_key() {
    let server = Server::start().await;
    let stranger = server.with_key("gc_unknown".to_owned());
    for client in [server.nobody(), stranger] {
        client.get("/api/nope").await.refused(404, "route_not_found");
        client.delete("/api/groups").await.refused(405, "method_not_allowed");
        assert_eq!(send(&client, "POST", "/api/nope", "text/plain", vec![b'x'; TOO_MUCH]).await, 404);
        assert_eq!(send(&client, "PATCH", "/api/groups", "text/plain", vec![b'x'; TOO_MUCH]).await, 405);
    }
}

#[actix_web::test]
async fn a_missing_key_comes_before_all_that_is_wrong_with_a_request() {
    let server = Server::start().await;
    let scene = Scene::set(&server, 1).await;
    let nobody = server.nobody();
    for operation in operations(&server).await.iter().filter(|operation| operation.needs_key()) {
        let good = scene.path(&operation.template, 1);
        let missing = operation.template.replace(['{', '}'], "x");
        let paths = [good.clone(), missing, format!("{good}?limit=0&cursor=x&limit=0")];
        for path in paths {
            for (content_type, body) in [
                ("application/json", b"{}".to_vec()),
                ("application/json", b"{nope".to_vec()),
                ("text/plain", b"hi".to_vec()),
                ("application/json", vec![b' '; TOO_MUCH]),
            ] {
                let request = TestRequest::default().method(operation.method.clone()).uri(&path);
                let request = request.insert_header(("Content-Type", content_type)).set_payload(body);
                nobody.send(request).await.refused(401, "missing_key");
            }
        }
    }
}

#[actix_web::test]
async fn size_comes_before_type_and_type_before_syntax() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for path in ["/api/groups", "/api/groups/x/messages"] {
        assert_eq!(send(&ann, "POST", path, "text/plain", vec![b'x'; TOO_MUCH]).await, 413, "{path}");
        assert_eq!(send(&ann, "POST", path, "application/json", vec![b'x'; TOO_MUCH]).await, 413, "{path}");
        assert_eq!(send(&ann, "POST", path, "text/plain", b"{nope".to_vec()).await, 415, "{path}");
        assert_eq!(send(&ann, "POST", path, "application/json", b"{nope".to_vec()).await, 400, "{path}");
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_request_comes_before_an_unknown_key() {
    let server = Server::start().await;
    let scene = Scene::set(&server, 1).await;
    let stranger = server.with_key("gc_unknown".to_owned());
    for operation in operations(&server).await.iter().filter(|operation| operation.needs_key()) {
        let good = scene.path(&operation.template, 1);
        let method = operation.method.as_str();
        let body = scene.body(operation);
        let answer = stranger.call(operation.method.clone(), &good, body.as_ref()).await;
        if operation.template == "/api/events/socket" {
            // What is no handshake is wrong in itself.
            answer.refused(426, "upgrade_required");
            continue;
        }
        answer.refused(401, "invalid_key");
        if !operation.parameters().is_empty() {
            let bad = operation.template.replace(['{', '}'], "x");
            let answer = stranger.call(operation.method.clone(), &bad, body.as_ref()).await;
            answer.refused(400, "validation_failed");
        }
        if operation.takes_body() {
            assert_eq!(send(&stranger, method, &good, "application/json", b"{".to_vec()).await, 400);
            assert_eq!(send(&stranger, method, &good, "text/plain", b"{}".to_vec()).await, 415);
            let large = vec![b' '; TOO_MUCH];
            assert_eq!(send(&stranger, method, &good, "application/json", large).await, 413);
        }
    }
    stranger.get("/api/users?limit=0").await.invalid(&[("limit", "out_of_range")]);
    stranger.get("/api/groups/999").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn every_operation_refuses_parameters_that_it_does_not_know() {
    let server = Server::start().await;
    let (scene, stranger) = (Scene::set(&server, 1).await, server.with_key("gc_unknown".to_owned()));
    for operation in operations(&server).await {
        let body = scene.body(&operation);
        let path = format!("{}?usrname=x&a%20b", scene.path(&operation.template, 1));
        let answer = stranger.call(operation.method.clone(), &path, body.as_ref()).await;
        if operation.template == "/api/health" {
            // Monitors add what they like, against caches.
            assert_eq!(answer.status(), 200, "{answer}");
            continue;
        }
        answer.invalid(&[("usrname", "unknown"), ("a b", "unknown")]);
    }
}

#[actix_web::test]
async fn what_is_not_there_comes_before_what_is_not_allowed() {
    let server = Server::start().await;
    let scene = Scene::set(&server, 1).await;
    let (user, member) = (scene.caller("user"), scene.caller("member"));
    let group = &scene.group;
    user.patch("/api/users/999", json!({"username": "x"})).await.refused(404, "user_not_found");
    user.patch("/api/users/999", json!({"password": PASSWORD})).await.refused(404, "user_not_found");
    user.delete("/api/users/999").await.refused(404, "user_not_found");
    user.delete("/api/groups/999").await.refused(404, "group_not_found");
    user.delete(&format!("{group}/members/999")).await.refused(404, "member_not_found");
    user.patch(&format!("{group}/members/999"), json!({"role": "owner"}))
        .await
        .refused(404, "member_not_found");
    user.post(&format!("{group}/members"), json!({"user_id": 999})).await.refused(404, "user_not_found");
    user.post(&format!("{group}/members"), json!({"username": "x"})).await.refused(404, "user_not_found");
    member
        .patch(&format!("{group}/messages/999"), json!({"text": "x"}))
        .await
        .refused(404, "message_not_found");
    // Whether a group has a message is for its members to know.
    user.get(&format!("{group}/messages/999")).await.refused(403, "members_only");
}

#[actix_web::test]
async fn what_is_not_allowed_comes_before_a_conflict() {
    let server = Server::start().await;
    let scene = Scene::set(&server, 1).await;
    let (user, member, peer) = (scene.caller("user"), scene.caller("member"), scene.caller("peer"));
    let (group, owner) = (&scene.group, scene.caller("owner"));
    let again = json!({"user_id": peer.id()});
    user.post(&format!("{group}/members"), again.clone()).await.refused(403, "members_only");
    member.post(&format!("{group}/members"), again).await.refused(409, "already_member");
    member.delete(&format!("{group}/members/{}", owner.id())).await.refused(403, "role_too_low");
    let taken = user.new_group("Taken").await;
    assert_ne!(&taken, group);
    member.patch(group, json!({"name": "taken"})).await.refused(403, "role_too_low");
    owner.patch(group, json!({"name": "taken"})).await.refused(409, "name_taken");
    let admin = format!("/api/users/{}", scene.caller("server admin").id());
    user.delete(&admin).await.refused(403, "admin_only");
    peer.delete(&scene.message).await.no_content();
    owner.patch(&scene.message, json!({"text": "x"})).await.refused(403, "not_author");
    peer.patch(&scene.message, json!({"text": "x"})).await.refused(409, "deleted");
    user.put_empty(&format!("{}/like", scene.message)).await.refused(403, "members_only");
}
