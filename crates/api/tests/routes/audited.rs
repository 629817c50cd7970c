//! What each operation records in the audit log, against the reviewed `audited.toml`.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use groupchat_domain::audit::AuditAction;
use serde::Deserialize;
use serde_json::json;

use crate::harness::{Client, Server};
use crate::matrix::{Call, Matrix, equipped};
use crate::operations::operations;

/// The reviewed file.
#[derive(Deserialize)]
struct Audited {
    /// What each operation records.
    operations: BTreeMap<String, Vec<String>>,
    /// Where else an action is recorded: the file of a test that finds it.
    elsewhere: BTreeMap<String, String>,
}

impl Audited {
    fn read() -> Self {
        toml::from_str(include_str!("audited.toml")).expect("the file is TOML")
    }
}

/// The actions of a list of the audit log, the oldest first.
async fn recorded(reader: &Client, after: i64) -> (Vec<String>, i64) {
    let listed = reader.get("/api/audit?limit=50").await.ok();
    let items = listed["items"].as_array().expect("items");
    let newest = items.first().map_or(after, |entry| entry["seq"].as_i64().expect("a number"));
    let new = items.iter().rev().filter(|entry| entry["seq"].as_i64() > Some(after));
    (new.map(|entry| entry["action"].as_str().expect("a text").to_owned()).collect(), newest)
}

#[actix_web::test]
async fn every_operation_records_what_is_listed() {
    let (server, matrix) = (equipped(&Server::start().await).await, Matrix::read());
    let audited = Audited::read();
    let root = server.admin("root").await;
    let (mut newest, mut wrong) = (0, Vec::new());
    let operations = operations(&server).await;
    for (number, operation) in operations.iter().enumerate() {
        let row = operation.row();
        let answers = matrix.answers(&row);
        let Some((caller, _)) = answers.iter().find(|(_, status)| *status < 300) else { continue };
        if operation.method == Method::GET {
            continue;
        }
        let call = Call::prepare(&server, &server, operation, caller, number).await;
        (_, newest) = recorded(&root, newest).await;
        assert!(call.make().await.status() < 300, "{row} as {caller}");
        let actions;
        (actions, newest) = recorded(&root, newest).await;
        let listed = audited.operations.get(&row).cloned().unwrap_or_default();
        if actions != listed {
            wrong.push(format!("\"{row}\" = {actions:?}"));
        }
    }
    assert!(wrong.is_empty(), "audited.toml says otherwise:\n{}", wrong.join("\n"));
    let rows: BTreeSet<_> = operations.iter().map(|operation| operation.row()).collect();
    let gone: Vec<_> = audited.operations.keys().filter(|row| !rows.contains(*row)).collect();
    assert!(gone.is_empty(), "no such operations: {gone:?}");
}

#[actix_web::test]
async fn what_is_given_and_what_is_taken_is_recorded() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let role = json!({"name": "Greeter", "permissions": ["invite_users"]});
    let role = root.post("/api/roles", role).await.created();
    let (path, given) =
        (format!("/api/users/{}", ann.id()), format!("/api/users/{}/roles/{}", ann.id(), role["id"]));
    let (_, newest) = recorded(&root, 0).await;
    root.put_empty(&given).await.ok();
    root.delete(&given).await.no_content();
    root.patch(&path, json!({"suspended": true})).await.ok();
    root.patch(&path, json!({"suspended": false})).await.ok();
    let expected = ["role.given", "role.taken", "user.suspended", "user.resumed"];
    assert_eq!(recorded(&root, newest).await.0, expected);
}

#[test]
fn every_action_is_recorded_by_an_operation_or_found_elsewhere() {
    let audited = Audited::read();
    let by_operations: BTreeSet<_> = audited.operations.values().flatten().map(String::as_str).collect();
    let elsewhere: BTreeSet<_> = audited.elsewhere.keys().map(String::as_str).collect();
    let all: BTreeSet<_> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
    let found: BTreeSet<_> = by_operations.union(&elsewhere).copied().collect();
    assert_eq!(found, all);
    assert!(by_operations.is_disjoint(&elsewhere));
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (name, file) in &audited.elsewhere {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        let action = AuditAction::parse(name).expect("compared above");
        let found = text.contains(name) || text.contains(&format!("AuditAction::{action:?}"));
        assert!(found, "{file} has no {name}");
    }
}
