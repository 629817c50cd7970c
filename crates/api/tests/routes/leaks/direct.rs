//! The hunt for a direct conversation. It is hidden from all but its people, also from those who manage the server's
//! groups.

use serde_json::{Value, json};

use super::{MARKER, NOTHING, assert_clean, call, elsewhere, hunt_everywhere, hunted, said};
use crate::harness::{Client, Server, id_in};
use crate::operations::{Operation, Scene};

/// A direct conversation of the peer and the owner with marks in it.
async fn hide(server: &Server, number: usize) -> Scene {
    let mut scene = Scene::set(server, number).await;
    let (owner, peer) = (scene.caller("owner"), scene.caller("peer"));
    let group = owner.post("/api/direct", json!({"user_ids": [peer.id()]})).await.created();
    let group = format!("/api/groups/{}", group["id"]);
    let draft = json!({"text": format!("{MARKER} text"), "client_id": format!("{MARKER} client {number}")});
    let message = owner.post(&format!("{group}/messages"), draft).await.created();
    let message = format!("{group}/messages/{}", message["id"]);
    owner.put_empty(&format!("{message}/like")).await.ok();
    owner.put_empty(&format!("{message}/reactions/%F0%9F%8E%89")).await.ok();
    peer.put_empty(&format!("{message}/pin")).await.ok();
    (scene.group, scene.message) = (group, message);
    scene
}

/// The id of the conversation as it would be written in a list of groups.
fn traces(body: &Value, group: i64) -> bool {
    let items = body["items"].as_array();
    items.into_iter().flatten().any(|item| item["id"] == group && item["kind"] == "direct")
}

async fn hunt(scene: &Scene, operation: &Operation, hunter: &str) {
    let client: &Client = scene.caller(hunter);
    let (path, body) = (scene.path(&operation.template, 1), scene.body(operation));
    let about_nothing = elsewhere(&path, &scene.group, NOTHING);
    if about_nothing == path {
        for query in ["", "?q=zq-marker", "?all=true", "?kind=direct"] {
            let answer = call(client, operation, &format!("{path}{query}"), body.as_ref()).await;
            assert_clean(&answer, hunter, MARKER);
            if !answer.text().is_empty() && answer.status() == 200 && operation.id() == "listGroups" {
                assert!(!traces(&answer.json(), id_in(&scene.group)), "{hunter} is told: {answer}");
            }
        }
        return;
    }
    let answer = call(client, operation, &path, body.as_ref()).await;
    assert_clean(&answer, hunter, MARKER);
    let nothing = call(client, operation, &about_nothing, body.as_ref()).await;
    assert_eq!(said(&answer), said(&nothing), "{hunter}: {answer} is not what {nothing} is");
}

#[actix_web::test]
async fn a_direct_conversation_leaves_no_trace_on_any_route() {
    let server = Server::start().await;
    let operations = hunted(&server).await;
    hunt_everywhere(async |number| hide(&server, number).await, &operations, hunt).await;
}
