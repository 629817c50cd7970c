//! The audit log.

use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server, assert_fields, time};

async fn entries(reader: &Client, query: &str) -> Vec<Value> {
    reader.get(&format!("/api/audit?{query}")).await.ok()["items"].as_array().expect("items").clone()
}

fn said(entries: &[Value]) -> Vec<(&str, &str)> {
    entries
        .iter()
        .map(|entry| (entry["action"].as_str().expect("a text"), entry["outcome"].as_str().expect("a text")))
        .collect()
}

#[actix_web::test]
async fn sign_ins_and_failures_are_told_with_whom_and_from_where() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    for (name, password, status) in
        [("ann", PASSWORD, 200), ("ann", "wrong password", 401), ("nobody", PASSWORD, 401)]
    {
        let body = json!({"username": name, "password": password});
        let answer = server.nobody().post("/api/login", body).await;
        assert_eq!(answer.status(), status);
    }
    let told = entries(&root, "limit=3").await;
    assert_eq!(said(&told), [("login", "failed"), ("login", "failed"), ("login", "ok")]);
    assert_eq!(told[0]["target_id"], Value::Null, "nobody has the name, and it is not told");
    assert!(!told[0].to_string().contains("nobody"));
    assert_eq!((&told[1]["target_id"], &told[2]["target_id"]), (&json!(ann.id()), &json!(ann.id())));
    assert!(told.iter().all(|entry| entry["party"] == "stranger" && entry["actor_id"].is_null()));
    assert_fields(
        &told[0],
        &[
            "seq",
            "at",
            "action",
            "outcome",
            "party",
            "actor_id",
            "session_id",
            "target_id",
            "object_id",
            "detail",
            "address",
            "user_agent",
            "hash",
        ],
    );
    time(&told[0]["at"]);
}

#[actix_web::test]
async fn what_admins_do_is_told_with_the_names_of_fields_only() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let path = format!("/api/users/{}", ann.id());
    root.patch(&path, json!({"email": "secret@example.org", "display_name": "Hush"})).await.ok();
    root.patch(&path, json!({"password": "a new pass phrase"})).await.ok();
    let told = entries(&root, &format!("actor={}&target={}", root.id(), ann.id())).await;
    assert_eq!(said(&told), [("password.changed", "ok"), ("user.edited", "ok")]);
    assert_eq!(told[1]["detail"], "display_name email");
    let all = json!(entries(&root, "limit=200").await).to_string();
    for secret in ["secret@example.org", "Hush", "a new pass phrase", PASSWORD] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[actix_web::test]
async fn a_refused_request_leaves_no_entry() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let before = entries(&root, "limit=1").await;
    let refused = ann.patch(&format!("/api/users/{}", root.id()), json!({"email": "x@example.org"})).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(entries(&root, "limit=1").await, before);
}

#[actix_web::test]
async fn those_with_view_audit_read_it() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    assert_eq!(ann.get("/api/audit").await.status(), 403);
    let role =
        root.post("/api/roles", json!({"name": "Auditor", "permissions": ["view_audit"]})).await.created();
    root.put(&format!("/api/users/{}/roles/{}", ann.id(), role["id"]), json!(null)).await.ok();
    assert_eq!(said(&entries(&ann, "limit=1").await), [("role.given", "ok")]);
}

#[actix_web::test]
async fn a_kind_and_a_span_of_time_are_selected() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let path = format!("/api/users/{}", ann.id());
    root.patch(&path, json!({"email": "ann@example.org"})).await.ok();
    root.patch(&path, json!({"password": "a new pass phrase"})).await.ok();
    let told = entries(&root, "limit=2").await;
    assert_eq!(said(&told), [("password.changed", "ok"), ("user.edited", "ok")]);
    assert_eq!(entries(&root, "action=user.edited").await, told[1..]);
    let (changed, edited) = (told[0]["at"].as_str().unwrap(), told[1]["at"].as_str().unwrap());
    assert_eq!(entries(&root, &format!("since={changed}")).await, told[..1]);
    assert_eq!(entries(&root, &format!("since={edited}&until={changed}")).await, told[1..]);
    assert!(entries(&root, "until=2001-01-01T00:00:00Z").await.is_empty());
    for wrong in ["action=nothing", "since=yesterday", "until=1", "actor=me", "cursor=x"] {
        assert_eq!(root.get(&format!("/api/audit?{wrong}")).await.status(), 400, "{wrong}");
    }
}
