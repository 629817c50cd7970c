//! The hunt for what was said before somebody came in, in a group whose members read only what follows.

use std::future::ready;

use actix_web::http::Method;
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::{AT_ONCE, MARKER, NOTHING, assert_clean, call, hunted, said};
use crate::harness::{Server, id_in};
use crate::operations::{Operation, Scene};

/// A group with marked messages that the caller `user`, an admin of the group, may not read, as they came in later.
async fn came_later(server: &Server, number: usize) -> Scene {
    let mut scene = Scene::set(server, number).await;
    let owner = scene.caller("owner");
    owner.patch(&scene.group, json!({"history": "joined"})).await.ok();
    let message = owner.say_at(&scene.group, MARKER).await;
    owner.put_empty(&format!("{message}/pin")).await.ok();
    owner.reply_to(&message, MARKER).await;
    owner.add(&scene.group, scene.caller("user"), "admin").await;
    scene.message = message;
    scene
}

/// The names of the numbers that a query can have, but for the size of a page.
fn numbers(operation: &Operation) -> Vec<&str> {
    let parameters = operation.description["parameters"].as_array();
    let numbers = parameters.into_iter().flatten().filter(|parameter| {
        let is_integer = parameter["type"] == "integer" || parameter["schema"]["type"] == "integer";
        parameter["in"] == "query" && is_integer && parameter["name"] != "limit"
    });
    numbers.filter_map(|parameter| parameter["name"].as_str()).collect()
}

async fn hunt(scene: &Scene, operation: &Operation) {
    let client = scene.caller("user");
    let (path, body) = (scene.path(&operation.template, 1), scene.body(operation));
    if operation.parameters().contains(&"message_id") {
        let nothing =
            path.replace(&format!("messages/{}", id_in(&scene.message)), &format!("messages/{NOTHING}"));
        let answer = call(client, operation, &path, body.as_ref()).await;
        let nothing = call(client, operation, &nothing, body.as_ref()).await;
        assert_eq!(said(&answer), said(&nothing), "{answer} is not what {nothing} is");
        // What is one's own is removed without a word on what it is about.
        if answer.status() != 204 {
            assert_eq!(answer.json()["code"], "message_not_found", "{answer}");
        }
        return;
    }
    let queries = numbers(operation).into_iter().flat_map(|name| {
        let values = [0, 1, 2, 3, id_in(&scene.message)].into_iter();
        values.map(move |value| format!("?limit=200&{name}={value}"))
    });
    for query in queries.chain([String::new()]) {
        let answer = call(client, operation, &format!("{path}{query}"), body.as_ref()).await;
        assert_clean(&answer, "who came later", MARKER);
    }
}

#[actix_web::test]
async fn who_came_later_reads_nothing_from_before_on_any_route() {
    let server = Server::start().await;
    let operations = hunted(&server).await;
    let (reading, writing): (Vec<_>, Vec<_>) =
        operations.iter().partition(|operation| operation.method == Method::GET);
    let scene = came_later(&server, 0).await;
    for operation in reading {
        hunt(&scene, operation).await;
    }
    let hunts = writing.into_iter().zip(1..).map(async |(operation, number)| {
        hunt(&came_later(&server, number).await, operation).await;
    });
    stream::iter(hunts).buffered(AT_ONCE).for_each(ready).await;
}

#[actix_web::test]
async fn who_came_later_reads_what_follows_and_all_of_it_once_the_group_lets_them() {
    let server = Server::start().await;
    let scene = came_later(&server, 0).await;
    let (owner, later) = (scene.caller("owner"), scene.caller("user"));
    let messages = format!("{}/messages", scene.group);
    assert_eq!(later.list(&messages, "/text").await, [0; 0]);
    let group = later.get(&scene.group).await.ok();
    assert_eq!((&group["unread"], &group["last_message"]), (&json!(0), &json!(null)));
    let sent = later.say_at(&scene.group, "hello").await;
    owner.put_empty(&format!("{sent}/like")).await.ok();
    for query in ["", "?after=0", "?around=1"] {
        let found = later.list(&format!("{messages}{query}"), "/text").await;
        assert_eq!(found, ["hello"], "{query}");
    }
    assert_eq!(later.get(&scene.group).await.ok()["last_message"]["text"], "hello");
    owner.patch(&scene.group, json!({"history": "all"})).await.ok();
    assert_eq!(later.list(&messages, "/text").await, ["hello", MARKER, "hi"]);
    later.get(&scene.message).await.ok();
}
