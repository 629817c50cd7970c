//! The leak hunt: calls every operation of the OpenAPI document as somebody who may not know of a private group, or not
//! read all of a group, and fails at a trace of what is hidden, or where an answer differs from that about nothing. A
//! later operation is hunted without being named here.

mod direct;
mod events;
mod history;

use std::future::ready;

use actix_web::http::Method;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Server, id_in};
use crate::operations::{Operation, Scene, TOKEN_ELSEWHERE, operations};

/// In everything that is hidden.
const MARKER: &str = "zq-marker";

/// An id that nothing has.
const NOTHING: i64 = 4_000_000_000;

/// How many scenes are set at a time: the server stores them together, which is faster.
const AT_ONCE: usize = 16;

/// Whom the group is hidden from, by the name of a caller of the scene. Another one takes another line.
const HUNTERS: [&str; 6] = ["user", "invited", "member", "banned", "server admin", TOKEN_ELSEWHERE];

/// What server admins manage: they see these groups here, but not what is said in them.
const MANAGED: &[&str] = &[
    "GET    /api/groups/{group_id}",
    "PATCH  /api/groups/{group_id}",
    "PUT    /api/groups/{group_id}",
    "DELETE /api/groups/{group_id}",
    "PUT    /api/groups/{group_id}/archive",
    "DELETE /api/groups/{group_id}/archive",
    "GET    /api/groups/{group_id}/audit",
    "GET    /api/groups/{group_id}/bans",
    "PUT    /api/groups/{group_id}/bans/{user_id}",
    "DELETE /api/groups/{group_id}/bans/{user_id}",
    "POST   /api/groups/{group_id}/join",
    "GET    /api/groups/{group_id}/join-requests",
    "GET    /api/groups/{group_id}/invite-links",
    "POST   /api/groups/{group_id}/invite-links",
    "DELETE /api/groups/{group_id}/invite-links/{link_id}",
    "DELETE /api/groups/{group_id}/join-requests/{user_id}",
    "POST   /api/groups/{group_id}/join-requests/{user_id}/approve",
    "GET    /api/groups/{group_id}/invitations",
    "POST   /api/groups/{group_id}/invitations",
    "DELETE /api/groups/{group_id}/invitations/{invitation_id}",
    "GET    /api/groups/{group_id}/members",
    "POST   /api/groups/{group_id}/members",
    "POST   /api/groups/{group_id}/members/batch",
    "PATCH  /api/groups/{group_id}/members/{user_id}",
    "PUT    /api/groups/{group_id}/members/{user_id}",
    "DELETE /api/groups/{group_id}/members/{user_id}",
    "PUT    /api/groups/{group_id}/members/{user_id}/mute",
    "DELETE /api/groups/{group_id}/members/{user_id}/mute",
    "GET    /api/groups/{group_id}/permissions",
    "GET    /api/groups/{group_id}/roles",
    "POST   /api/groups/{group_id}/roles",
    "PATCH  /api/groups/{group_id}/roles/{name}",
    "DELETE /api/groups/{group_id}/roles/{name}",
];

/// A private group with marks all over it, which the caller `member` has been removed from.
async fn hide(server: &Server, number: usize) -> Scene {
    let mut scene = Scene::set(server, number).await;
    let owner = scene.caller("owner");
    let text = format!("{MARKER} text {number}");
    let draft = json!({"text": text, "client_id": format!("{MARKER} client {number}")});
    let message = owner.post(&format!("{}/messages", scene.group), draft).await.created();
    let message = format!("{}/messages/{}", scene.group, message["id"]);
    owner.put_empty(&format!("{message}/like")).await.ok();
    owner.put_empty(&format!("{message}/reactions/%F0%9F%8E%89")).await.ok();
    owner.put_empty(&format!("{message}/pin")).await.ok();
    let former = scene.caller("member").id();
    owner.delete(&format!("{}/members/{former}", scene.group)).await.no_content();
    let hidden = json!({
        "name": format!("{MARKER} name {number}"),
        "description": format!("{MARKER} description"),
        "visibility": "private",
    });
    owner.patch(&scene.group, hidden).await.ok();
    scene.message = message;
    scene
}

/// What an answer says, without what differs from one request to the next.
fn said(answer: &Answer) -> Value {
    let mut body = if answer.text().is_empty() { Value::Null } else { answer.json() };
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    json!([answer.status(), answer.header("location"), answer.header("retry-after"), body])
}

/// Fails at a trace of what is hidden.
#[track_caller]
fn assert_clean(answer: &Answer, hunter: &str, trace: &str) {
    assert!(!answer.text().contains(trace), "{hunter} is told: {answer}");
    assert!(!answer.header("location").unwrap_or_default().contains(trace), "{hunter} is told: {answer}");
}

/// Fails unless an invitation shows its group's name and size, and who invites, and nothing else of the group. Whoever
/// has accepted it is a member, and sees the group.
#[track_caller]
fn assert_shows_invitation(answer: &Answer, scene: &Scene) {
    for trace in ["text", "client", "description"] {
        assert_clean(answer, "invited", &format!("{MARKER} {trace}"));
    }
    if answer.status() != 200 {
        return;
    }
    let body = answer.json();
    let listed = body.get("items").unwrap_or_else(|| &body["invitations"]).get(0).unwrap_or(&Value::Null);
    let fields = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
    let shown = ["created_at", "expires_at", "group", "id", "invited_by", "note"].map(str::to_owned);
    assert_eq!(fields(listed), Some(shown.to_vec()), "{answer}");
    let group = json!({"id": null, "name": listed["group"]["name"], "member_count": 7});
    assert_eq!(listed["group"], group, "{answer}");
    assert_eq!(listed["invited_by"]["id"], scene.caller("owner").id(), "{answer}");
}

/// Fails unless whoever knows the code of a link is shown its group's name and size, and nothing else of the group. To
/// whoever is banned, the link does not exist. Whoever has accepted it is a member.
#[track_caller]
fn assert_shows_link(answer: &Answer, nothing: &Answer, hunter: &str) {
    if hunter == "banned" {
        assert_eq!(said(answer), said(nothing), "{answer} is not what {nothing} is");
        return;
    }
    for trace in ["text", "client", "description"] {
        assert_clean(answer, hunter, &format!("{MARKER} {trace}"));
    }
    if answer.status() == 200 {
        let shown = answer.json();
        let fields: Vec<_> =
            shown.as_object().into_iter().flatten().map(|(field, _)| field.as_str()).collect();
        assert_eq!((fields, &shown["id"]), (vec!["id", "member_count", "name"], &Value::Null), "{answer}");
    }
}

/// The path with another id in the place of this group's.
fn elsewhere(path: &str, group: &str, other: i64) -> String {
    path.replacen(group, &format!("/api/groups/{other}"), 1)
}

async fn call(client: &Client, operation: &Operation, path: &str, body: Option<&Value>) -> Answer {
    client.call(operation.method.clone(), path, body).await
}

/// Whether the operation is one of those on groups that this hunter may call on the hidden one.
fn is_managed(operation: &Operation, hunter: &str) -> bool {
    hunter == "server admin" && MANAGED.contains(&operation.row().as_str())
}

/// Whether the operation changes nothing for this hunter unless something leaks, so that a scene will do for all of these.
fn only_looks(operation: &Operation, hunter: &str) -> bool {
    let is_refused = operation.parameters().contains(&"group_id") && !is_managed(operation, hunter);
    // A token for other groups is refused all else but forwards.
    operation.method == Method::GET || is_refused || hunter == TOKEN_ELSEWHERE
}

/// The operations to hunt on. What listens has no end: `events` hunts there.
async fn hunted(server: &Server) -> Vec<Operation> {
    let mut operations = operations(server).await;
    operations.retain(|operation| operation.tag() != "Events" || operation.id() == "pollEvents");
    operations
}

/// Hunts on each operation as each hunter: on those that only look in one scene, on each of the others in a scene of its
/// own, several at once.
async fn hunt_everywhere(
    hide: impl AsyncFn(usize) -> Scene,
    operations: &[Operation],
    hunt: impl AsyncFn(&Scene, &Operation, &str),
) {
    let mut number = 0;
    for hunter in HUNTERS {
        let (looking, changing): (Vec<_>, Vec<_>) =
            operations.iter().partition(|operation| only_looks(operation, hunter));
        let scene = hide(number).await;
        for operation in looking {
            hunt(&scene, operation, hunter).await;
        }
        let first = number + 1;
        number = first + changing.len();
        let hunts = changing.into_iter().zip(first..).map(async |(operation, number)| {
            hunt(&hide(number).await, operation, hunter).await;
        });
        stream::iter(hunts).buffered(AT_ONCE).for_each(ready).await;
    }
}

/// Calls an operation on the hidden group and on nothing, and compares.
async fn hunt(scene: &Scene, operation: &Operation, hunter: &str) {
    let client = scene.caller(hunter);
    let (path, body) = (scene.path(&operation.template, 1), scene.body(operation));
    if is_managed(operation, hunter) {
        let answer = call(client, operation, &path, body.as_ref()).await;
        assert_clean(&answer, hunter, &format!("{MARKER} text"));
        assert_clean(&answer, hunter, &format!("{MARKER} client"));
        return;
    }
    let shows_invitations =
        operation.template.starts_with("/api/invitations") || operation.template == "/api/sync";
    if hunter == "invited" && shows_invitations {
        let answer = call(client, operation, &path, body.as_ref()).await;
        assert_shows_invitation(&answer, scene);
        return;
    }
    if operation.template.starts_with("/api/invite-links/") {
        let answer = call(client, operation, &path, body.as_ref()).await;
        let nothing = operation.template.replace("{code}", "00000-00000-00000-00000");
        let nothing = call(client, operation, &nothing, body.as_ref()).await;
        assert_shows_link(&answer, &nothing, hunter);
        return;
    }
    let about_nothing = elsewhere(&path, &scene.group, NOTHING);
    if about_nothing == path && operation.parameters().contains(&"invitation_id") {
        let nothing = operation.template.replace("{invitation_id}", &NOTHING.to_string());
        let answer = call(client, operation, &path, body.as_ref()).await;
        let nothing = call(client, operation, &nothing, body.as_ref()).await;
        assert_eq!(said(&answer), said(&nothing), "{hunter}: {answer} is not what {nothing} is");
        return;
    }
    if about_nothing == path {
        for query in ["", "?q=zq-marker"] {
            assert_clean(
                &call(client, operation, &format!("{path}{query}"), body.as_ref()).await,
                hunter,
                MARKER,
            );
        }
        return;
    }
    let answer = call(client, operation, &path, body.as_ref()).await;
    assert_clean(&answer, hunter, MARKER);
    let nothing = call(client, operation, &about_nothing, body.as_ref()).await;
    assert_eq!(said(&answer), said(&nothing), "{hunter}: {answer} is not what {nothing} is");
    if operation.parameters().contains(&"message_id") {
        hunt_from_another_group(operation, client, hunter, scene, body.as_ref()).await;
    }
}

/// Asks for the hidden message in a group that the hunter owns.
async fn hunt_from_another_group(
    operation: &Operation,
    client: &Client,
    hunter: &str,
    scene: &Scene,
    body: Option<&Value>,
) {
    let den = if hunter == TOKEN_ELSEWHERE {
        scene.den.clone()
    } else {
        client.new_group(&format!("Den of {} for {}", client.id(), operation.row())).await
    };
    let path = scene.path(&operation.template, 1);
    let found = elsewhere(&path, &scene.group, id_in(&den));
    let nothing =
        found.replace(&format!("messages/{}", id_in(&scene.message)), &format!("messages/{NOTHING}"));
    let (answer, nothing) =
        (call(client, operation, &found, body).await, call(client, operation, &nothing, body).await);
    assert_clean(&answer, hunter, MARKER);
    assert_eq!(said(&answer), said(&nothing), "{hunter}: {answer} is not what {nothing} is");
}

#[actix_web::test]
async fn a_private_group_leaves_no_trace_on_any_route() {
    let server = Server::start().await;
    let operations = hunted(&server).await;
    hunt_everywhere(async |number| hide(&server, number).await, &operations, hunt).await;
}

#[actix_web::test]
async fn lists_are_the_same_with_and_without_a_private_group() {
    let server = Server::start().await;
    let [ann, bob] = [server.user("ann").await, server.user("bob").await];
    let root = server.admin("root").await;
    for name in ["apples", "pears"] {
        ann.new_group(name).await;
    }
    let lists = [
        "/api/groups",
        "/api/groups?q=e",
        "/api/groups?limit=1",
        "/api/groups?mine=true",
        "/api/groups?kind=direct",
    ];
    let mut before = Vec::new();
    for client in [&bob, &root] {
        for list in lists {
            before.push(client.get(list).await.ok());
        }
    }
    for name in ["oranges", "apples", "berries"] {
        ann.post("/api/groups", json!({"name": name, "visibility": "private"})).await.created();
    }
    let cleo = server.user("cleo").await;
    ann.post("/api/direct", json!({"user_ids": [cleo.id()]})).await.created();
    let mut after = Vec::new();
    for client in [&bob, &root] {
        for list in lists {
            after.push(client.get(list).await.ok());
        }
    }
    assert_eq!(after, before);
}
