//! Direct conversations, and blocks.

use serde_json::{Value, json};

use crate::harness::{Answer, Client, Listening, Server, WebSocket, id_in};

async fn people<const N: usize>(server: &Server, names: [&str; N]) -> [Client; N] {
    server.users(&names.map(|name| (name.to_owned(), false))).await.try_into().ok().expect("as many users")
}

async fn ask(one: &Client, others: &[&Client]) -> Answer {
    let ids: Vec<_> = others.iter().map(|other| other.id()).collect();
    one.post("/api/direct", json!({"user_ids": ids})).await
}

/// A new direct conversation; its path.
async fn start(one: &Client, others: &[&Client]) -> String {
    format!("/api/groups/{}", ask(one, others).await.created()["id"])
}

fn block_of(user: &Client) -> String {
    format!("/api/users/{}/block", user.id())
}

#[actix_web::test]
async fn people_have_one_conversation_whoever_starts_it() {
    let server = Server::start().await;
    let [ann, bob, cleo] = people(&server, ["ann", "bob", "cleo"]).await;
    let answer = ask(&ann, &[&bob]).await;
    let location = answer.header("location").expect("a location").to_owned();
    let made = answer.created();
    assert_eq!(location, format!("/api/groups/{}", made["id"]));
    assert_eq!(
        (&made["kind"], &made["name"], &made["member_count"]),
        (&json!("direct"), &json!(null), &json!(2))
    );
    assert_eq!((&made["visibility"], &made["my_role"]), (&json!("private"), &json!("member")));
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        let found = ask(one, &[other]).await;
        assert_eq!(found.header("location"), None);
        assert_eq!(found.ok()["id"], made["id"]);
    }
    let of_three = start(&bob, &[&cleo, &ann]).await;
    assert_ne!(id_in(&of_three), made["id"]);
    assert_eq!(ask(&cleo, &[&ann, &bob, &ann]).await.ok()["id"], id_in(&of_three));
    ann.say(&location, "hello").await;
    assert_eq!(bob.list(&format!("{location}/messages"), "/text").await, ["hello"]);
    assert_eq!(bob.list(&format!("{location}/members"), "/user/username").await, ["ann", "bob"]);
}

#[actix_web::test]
async fn a_conversation_is_of_one_to_seven_others() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for (body, code) in [
        (json!({}), "required"),
        (json!({"user_ids": []}), "required"),
        (json!({"user_ids": [2, 3, 4, 5, 6, 7, 8, 9]}), "out_of_range"),
        (json!({"user_ids": [0]}), "out_of_range"),
        (json!({"user_ids": 2}), "invalid_type"),
        (json!({"user_ids": [ann.id()]}), "out_of_range"),
    ] {
        ann.post("/api/direct", body).await.invalid(&[("user_ids", code)]);
    }
}

#[actix_web::test]
async fn conversations_are_a_list_of_their_own() {
    let server = Server::start().await;
    let [ann, bob, cleo] = people(&server, ["ann", "bob", "cleo"]).await;
    let root = server.admin("root").await;
    let team = ann.new_group("Team").await;
    let (first, second) = (start(&ann, &[&bob]).await, start(&ann, &[&cleo]).await);
    let (team, first, second) = (id_in(&team), id_in(&first), id_in(&second));
    for query in ["", "?mine=true", "?kind=group"] {
        assert_eq!(ann.list(&format!("/api/groups{query}"), "/id").await, [team], "{query}");
    }
    assert_eq!(ann.list("/api/groups?kind=direct", "/id").await, [second, first], "the newest first");
    assert_eq!(ann.walk("/api/groups", "kind=direct&limit=1", "", "/id").await, [[second], [first]]);
    assert_eq!(bob.list("/api/groups?kind=direct", "/id").await, [first]);
    for query in ["?all=true", "?ownerless=true", "?kind=direct", "?kind=direct&all=true"] {
        let found = root.list(&format!("/api/groups{query}"), "/id").await;
        assert!(!found.contains(&json!(first)) && !found.contains(&json!(second)), "{query}: {found:?}");
    }
    ann.get("/api/groups?kind=other").await.invalid(&[("kind", "invalid_format")]);
}

#[actix_web::test]
async fn a_conversation_stays_as_it_is() {
    let server = Server::start().await;
    let [ann, bob, cleo] = people(&server, ["ann", "bob", "cleo"]).await;
    let group = start(&ann, &[&bob]).await;
    let at = |path: &str| format!("{group}/{path}");
    let refused = |answer: Answer| drop(answer.refused(403, "not_in_direct"));
    for changes in [json!({"name": "Ours"}), json!({"topic": "us"}), json!({"visibility": "public"})] {
        refused(ann.patch(&group, changes).await);
    }
    refused(ann.put_empty(&at("archive")).await);
    refused(ann.delete(&at("archive")).await);
    refused(ann.delete(&group).await);
    refused(ann.post(&at("members"), json!({"user_id": cleo.id()})).await);
    refused(ann.delete(&at("members/me")).await);
    refused(ann.delete(&at(&format!("members/{}", bob.id()))).await);
    refused(ann.patch(&at(&format!("members/{}", bob.id())), json!({"role": "admin"})).await);
    let role = json!({"name": "Boss", "rank": 30, "permissions": ["view"]});
    refused(ann.post(&at("roles"), role).await);
    refused(ann.get(&at(&format!("permissions?user_id={}", bob.id()))).await);
    assert_eq!(ann.get(&at("roles")).await.ok(), json!({"items": []}));
    ann.post_empty(&at("join")).await.ok();
    ann.patch(&at("members/me"), json!({"notify": "none"})).await.ok();
    let message = bob.say_at(&group, "hi").await;
    ann.put_empty(&format!("{message}/pin")).await.ok();
    refused(ann.delete(&message).await);
    bob.delete(&message).await.no_content();
}

fn denied(explained: &Value, permission: &str) -> Option<String> {
    let items = explained["items"].as_array().expect("items");
    let item = items.iter().find(|item| item["permission"] == permission).expect("it is explained");
    (item["allowed"] == false).then(|| item["reason"]["code"].as_str().unwrap_or_default().to_owned())
}

/// What the two can do with each other, as one of them sees it: the answers, without what names a request.
async fn attempts(one: &Client, group: &str, others: &str) -> Vec<Value> {
    let mut seen = Vec::new();
    for answer in [
        one.post(&format!("{group}/messages"), json!({"text": "hi"})).await,
        one.put_empty(&format!("{others}/like")).await,
        one.put_empty(&format!("{others}/pin")).await,
        one.get(&format!("{group}/permissions")).await,
        one.get(&format!("{group}/messages")).await,
    ] {
        let mut body = answer.json();
        body.as_object_mut().expect("an object").remove("request_id");
        seen.push(json!([answer.status(), body]));
    }
    seen
}

#[actix_web::test]
async fn a_block_looks_the_same_to_the_other_as_an_account_that_is_gone() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let mut seen = Vec::new();
    for gone in [false, true] {
        let [ann, bob] =
            people(&server, [format!("ann-{gone}").as_str(), format!("bob-{gone}").as_str()]).await;
        let group = start(&ann, &[&bob]).await;
        let own = bob.say_at(&group, "own").await;
        let (first, second) = (bob.say_at(&group, "first").await, ann.say_at(&group, "second").await);
        if gone {
            root.delete(&format!("/api/users/{}", ann.id())).await.no_content();
        } else {
            ann.put_empty(&block_of(&bob)).await.ok();
        }
        bob.patch(&first, json!({"text": "changed"})).await.refused(403, "direct_closed");
        bob.delete(&own).await.no_content();
        let explained = bob.get(&format!("{group}/permissions")).await.ok();
        assert_eq!(denied(&explained, "send").as_deref(), Some("direct_closed"));
        assert_eq!(denied(&explained, "read_history"), None);
        assert!(!bob.get(&group).await.ok()["my_permissions"].to_string().contains("send"));
        ask(&bob, &[&ann]).await.ok();
        let mut answers = attempts(&bob, &group, &second).await;
        answers.pop();
        seen.push(answers);
        let [cleo] = people(&server, [format!("cleo-{gone}").as_str()]).await;
        ask(&bob, &[&ann, &cleo]).await.refused(403, "direct_closed");
    }
    assert_eq!(seen[0], seen[1]);
}

#[actix_web::test]
async fn a_block_closes_conversations_of_two_in_both_directions_and_no_others() {
    let server = Server::start().await;
    let [ann, bob, cleo] = people(&server, ["ann", "bob", "cleo"]).await;
    let (of_three, team) = (start(&ann, &[&bob, &cleo]).await, ann.new_group("Team").await);
    ann.add(&team, &bob, "member").await;
    ann.put_empty(&block_of(&bob)).await.ok();
    for group in [&of_three, &team] {
        ann.say(group, "hi").await;
        bob.say(group, "hi").await;
    }
    ask(&ann, &[&bob]).await.refused(403, "direct_closed");
    ask(&bob, &[&ann]).await.refused(403, "direct_closed");
    ask(&ann, &[&cleo]).await.created();
    ann.delete(&block_of(&bob)).await.no_content();
    let of_two = start(&bob, &[&ann]).await;
    ann.put_empty(&block_of(&bob)).await.ok();
    for one in [&ann, &bob] {
        one.post(&format!("{of_two}/messages"), json!({"text": "hi"})).await.refused(403, "direct_closed");
    }
    ann.delete(&block_of(&bob)).await.no_content();
    bob.say(&of_two, "hi").await;
}

#[actix_web::test]
async fn who_stays_reads_what_was_said_after_the_other_is_gone() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let root = server.admin("root").await;
    let group = start(&ann, &[&bob]).await;
    bob.say(&group, "farewell").await;
    root.delete(&format!("/api/users/{}", bob.id())).await.no_content();
    for _ in 0..2 {
        assert_eq!(ann.list(&format!("{group}/messages"), "/text").await, ["farewell"]);
        ann.post(&format!("{group}/messages"), json!({"text": "hi"})).await.refused(403, "direct_closed");
        assert_eq!(ask(&ann, &[&bob]).await.ok()["id"], id_in(&group));
        server.work_off_jobs().await;
    }
    assert_eq!(ann.get(&group).await.ok()["member_count"], 1);
    ann.post("/api/direct", json!({"user_ids": [bob.id(), 4_000_000]})).await.refused(403, "direct_closed");
}

#[actix_web::test]
async fn its_people_are_told_of_a_conversation_and_nobody_else() {
    let server = Server::start().await;
    let [ann, bob, cleo] = people(&server, ["ann", "bob", "cleo"]).await;
    let listening = Listening::start(&server);
    let (mut bobs, _) = WebSocket::open(&listening, &bob, "").await;
    let (mut cleos, _) = WebSocket::open(&listening, &cleo, "").await;
    let group = id_in(&start(&ann, &[&bob]).await);
    let told = bobs.wait_for("group.created").await;
    assert_eq!((&told["data"]["id"], &told["data"]["kind"]), (&json!(group), &json!("direct")));
    ann.say(&format!("/api/groups/{group}"), "hi").await;
    bobs.wait_for("message.created").await;
    cleo.new_group("Others").await;
    cleos.wait_for("group.created").await;
    assert!(
        !cleos.heard.iter().any(|frame| frame.contains(&format!("\"group_id\":{group},"))),
        "{:?}",
        cleos.heard
    );
    listening.stop().await;
}
