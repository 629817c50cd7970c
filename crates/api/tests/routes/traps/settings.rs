//! Settings that are dropped in silence: what a body says is what the response shows, or the request is rejected.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Server};
use crate::operations::{Operation, Scene, operations};

/// What no response repeats.
const SECRET: [&str; 2] = ["password", "current_password"];

/// A value of a field that differs from the one that it has otherwise.
fn value(field: &str, operation: &Operation, number: usize) -> Value {
    match field {
        "name" | "username" => json!(format!("new-{number}")),
        "display_name" | "description" | "topic" | "text" => json!("something new"),
        "email" => json!("new@example.com"),
        "password" | "current_password" => json!("another password"),
        "presence" => json!("hidden"),
        "is_admin" | "suspended" | "hidden" | "pinned" => json!(true),
        "notify" => json!("none"),
        "visibility" => json!("closed"),
        "history" => json!("joined"),
        "slow_mode_seconds" => json!(5),
        "receipts" if operation.template.starts_with("/api/users") => json!("hidden"),
        "receipts" => json!(false),
        "retention_days" => json!(30),
        "send_at" => json!(format!("{:.6}", jiff::Timestamp::now() + jiff::SignedDuration::from_hours(2))),
        "rank" => json!(8),
        "role" => json!("admin"),
        // Roles on the server have other permissions than those of groups.
        "permissions" if operation.template.starts_with("/api/roles") => json!(["view_audit"]),
        "permissions" => json!(["view"]),
        _ => {
            panic!("crates/api/tests/routes/traps/settings.rs lacks a value of {field}: {}", operation.row())
        }
    }
}

/// What is no setting, but a condition for changing any.
const CONDITION: &str = "if_version";

/// The fields of the body of an operation.
fn fields(document: &Value, operation: &Operation) -> Vec<String> {
    let schema = &operation.description["requestBody"]["content"]["application/json"]["schema"];
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).expect("a named schema");
    let properties = document["components"]["schemas"][name]["properties"].as_object();
    properties.expect("a body has fields").keys().filter(|name| *name != CONDITION).cloned().collect()
}

/// Fails unless the response shows the field as it was sent, or rejects the request and names the field.
#[track_caller]
fn assert_taken_or_refused(answer: &Answer, field: &str, sent: &Value) {
    if answer.status() < 300 {
        assert!(SECRET.contains(&field) || answer.json()[field] == *sent, "{field} was dropped: {answer}");
    } else {
        let errors = answer.json()["errors"].clone();
        let is_named = errors.as_array().is_some_and(|all| all.iter().any(|error| error["field"] == field));
        assert!(answer.status() == 400 && is_named, "{field} is not named: {answer}");
    }
}

/// Who may do it.
fn caller<'s>(scene: &'s Scene, operation: &Operation) -> &'s Client {
    match operation.template.as_str() {
        path if path.starts_with("/api/users") || path.starts_with("/api/roles") => {
            scene.caller("server admin")
        }
        path if path.contains("{message_id}") => scene.caller("peer"),
        _ => scene.caller("owner"),
    }
}

/// The operations that make something which others change, each with those others.
fn pairs(operations: &[Operation]) -> Vec<(&Operation, &Operation)> {
    let changes = operations.iter().filter(|operation| operation.method == Method::PATCH);
    // What makes a passkey is an authenticator.
    let changes = changes.filter(|operation| !operation.template.contains("/passkeys/"));
    let made_by = |change: &Operation| {
        let (collection, _) = change.template.rsplit_once('/')?;
        operations.iter().find(|made| made.method == Method::POST && made.template == collection)
    };
    changes.filter_map(|change| Some((made_by(change)?, change))).collect()
}

#[actix_web::test]
async fn what_can_be_changed_is_either_set_at_the_start_or_rejected() {
    let server = Server::start().await;
    let document = server.nobody().get("/api/openapi.json").await.ok();
    let operations = operations(&server).await;
    let pairs = pairs(&operations);
    assert!(pairs.len() >= 6, "{} pairs", pairs.len());
    let mut number = 0;
    for (made, change) in pairs.into_iter() {
        for field in fields(&document, change) {
            number += 1;
            let scene = Scene::set(&server, number).await;
            let (mut body, sent) = (scene.body(made).expect("it takes a body"), value(&field, made, number));
            body[&field] = sent.clone();
            let answer = caller(&scene, made)
                .call(made.method.clone(), &scene.path(&made.template, 1), Some(&body))
                .await;
            assert_taken_or_refused(&answer, &field, &sent);
        }
    }
}

#[actix_web::test]
async fn a_change_shows_what_was_sent() {
    let server = Server::start().await;
    let document = server.nobody().get("/api/openapi.json").await.ok();
    let operations = operations(&server).await;
    let mut number = 1_000;
    for (_, change) in pairs(&operations) {
        for field in fields(&document, change) {
            number += 1;
            let mut scene = Scene::set(&server, number).await;
            if change.template == "/api/roles/{role_id}" {
                scene.define_role().await;
            }
            let sent = value(&field, change, number);
            let path = scene.path(&change.template, 1);
            let answer = caller(&scene, change).patch(&path, json!({&field: sent})).await;
            assert_taken_or_refused(&answer, &field, &sent);
        }
    }
}
