//! Receipts: who has read a message.

use serde_json::{Value, json};

use crate::harness::{Client, Server};

/// A group of an owner and two members, with three messages of the owner. The first member has read two.
async fn room(server: &Server) -> ([Client; 3], String) {
    let people = [server.user("ann").await, server.user("bob").await, server.user("cid").await];
    let group = people[0].new_group("Team").await;
    for member in &people[1..] {
        people[0].add(&group, member, "member").await;
    }
    for text in ["one", "two", "three"] {
        people[0].say(&group, text).await;
    }
    people[1].put(&format!("{group}/read"), json!({"seq": 2})).await.ok();
    (people, group)
}

/// The names of who has read this message, and how far they have.
async fn readers(client: &Client, group: &str, query: &str) -> Vec<(String, i64)> {
    let page = client.get(&format!("{group}/read-by{query}")).await.ok();
    let items = page["items"].as_array().expect("a list has items").clone();
    let name = |item: &Value| item["user"]["username"].as_str().map(str::to_owned);
    items
        .iter()
        .map(|item| (name(item).expect("a name"), item["read_seq"].as_i64().expect("a number")))
        .collect()
}

fn read(names: &[(&str, i64)]) -> Vec<(String, i64)> {
    names.iter().map(|(name, seq)| ((*name).to_owned(), *seq)).collect()
}

/// How far the members have read, in the order of their names, as the list of members says.
async fn listed(client: &Client, group: &str) -> Vec<Value> {
    client.list(&format!("{group}/members"), "/read_seq").await
}

#[actix_web::test]
async fn members_see_who_has_read_a_message() {
    let server = Server::start().await;
    let ([ann, bob, cid], group) = room(&server).await;
    assert_eq!(readers(&cid, &group, "?seq=1").await, read(&[("ann", 3), ("bob", 2)]));
    assert_eq!(readers(&ann, &group, "?seq=3").await, read(&[("ann", 3)]));
    assert_eq!(readers(&ann, &group, "").await, read(&[("ann", 3)]), "the newest");
    assert_eq!(listed(&ann, &group).await, [json!(3), json!(2), json!(0)]);
    bob.put(&format!("{group}/read"), json!({"seq": 1, "unread": true})).await.ok();
    assert_eq!(readers(&cid, &group, "?seq=1").await, read(&[("ann", 3)]));
    let pages = ann.walk(&format!("{group}/read-by"), "seq=1&limit=1", "", "/user/id").await;
    assert_eq!(pages.concat(), [json!(ann.id())]);
    for seq in [0, 4] {
        ann.get(&format!("{group}/read-by?seq={seq}")).await.invalid(&[("seq", "out_of_range")]);
    }
}

#[actix_web::test]
async fn all_pages_are_about_the_message_that_was_the_newest_at_first() {
    let server = Server::start().await;
    let ([ann, bob, cid], group) = room(&server).await;
    for member in [&bob, &cid] {
        member.put(&format!("{group}/read"), json!({"seq": 3})).await.ok();
    }
    let path = format!("{group}/read-by");
    let first = ann.get(&format!("{path}?limit=1")).await.ok();
    assert_eq!(first["items"][0]["user"]["id"], json!(ann.id()));
    ann.say(&group, "four").await;
    let cursor = first["next"].as_str().expect("there are more");
    let rest = ann.get(&format!("{path}?cursor={cursor}")).await.ok();
    let ids: Vec<_> =
        rest["items"].as_array().expect("items").iter().map(|item| &item["user"]["id"]).collect();
    assert_eq!(ids, [&json!(bob.id()), &json!(cid.id())]);
    assert_eq!(rest["next"], json!(null));
    // A number that is given says the same of each page.
    let given = ann.get(&format!("{path}?seq=3&cursor={cursor}")).await.ok();
    assert_eq!(given["items"], rest["items"]);
}

#[actix_web::test]
async fn who_may_not_read_messages_has_read_none() {
    let server = Server::start().await;
    let ([ann, bob, cid], group) = room(&server).await;
    cid.put(&format!("{group}/read"), json!({"seq": 3})).await.ok();
    let role = json!({"name": "Deaf", "rank": 5, "permissions": ["view"]});
    ann.post(&format!("{group}/roles"), role).await.created();
    ann.patch(&format!("{group}/members/{}", cid.id()), json!({"role": "Deaf"})).await.ok();
    assert_eq!(readers(&bob, &group, "?seq=1").await, read(&[("ann", 3), ("bob", 2)]));
    assert_eq!(listed(&ann, &group).await, [json!(3), json!(2), json!(null)]);
}

#[actix_web::test]
async fn who_hides_it_is_not_shown_and_sees_nobody() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    assert_eq!(bob.get("/api/users/me").await.ok()["receipts"], "shown");
    let hidden = bob.patch("/api/users/me", json!({"receipts": "hidden"})).await.ok();
    assert_eq!(hidden["receipts"], "hidden");
    assert_eq!(ann.get(&format!("/api/users/{}", bob.id())).await.ok()["receipts"], json!(null));
    assert_eq!(readers(&ann, &group, "?seq=1").await, read(&[("ann", 3)]));
    assert_eq!(listed(&ann, &group).await, [json!(3), json!(null), json!(0)]);
    bob.get(&format!("{group}/read-by?seq=1")).await.refused(403, "receipts_hidden");
    assert_eq!(listed(&bob, &group).await, [json!(null), json!(null), json!(null)]);
    bob.patch("/api/users/me", json!({"receipts": "shown"})).await.ok();
    assert_eq!(readers(&bob, &group, "?seq=1").await, read(&[("ann", 3), ("bob", 2)]));
    for (wrong, code) in [(json!("maybe"), "invalid_format"), (json!(null), "not_nullable")] {
        bob.patch("/api/users/me", json!({"receipts": wrong})).await.invalid(&[("receipts", code)]);
    }
}

#[actix_web::test]
async fn a_group_turns_receipts_on_and_off_or_leaves_it_to_its_size() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    assert_eq!(ann.get(&group).await.ok()["receipts"], json!(null));
    let off = ann.patch(&group, json!({"receipts": false})).await.ok();
    assert_eq!((&off["receipts"], &off["version"]), (&json!(false), &json!(2)));
    ann.get(&format!("{group}/read-by?seq=1")).await.refused(403, "receipts_off");
    assert_eq!(listed(&ann, &group).await, [json!(null), json!(null), json!(null)]);
    bob.patch(&group, json!({"receipts": true})).await.refused(403, "role_too_low");
    let on = ann.patch(&group, json!({"receipts": true})).await.ok();
    assert_eq!(on["receipts"], true);
    for number in 0..50 {
        ann.add(&group, &server.user(&format!("user{number}")).await, "member").await;
    }
    assert_eq!(readers(&bob, &group, "?seq=1&limit=200").await.len(), 52, "joining counts as reading");
    ann.patch(&group, json!({"receipts": null})).await.ok();
    bob.get(&format!("{group}/read-by?seq=1")).await.refused(403, "receipts_off");
    for (wrong, code) in [(json!("yes"), "invalid_type"), (json!(1), "invalid_type")] {
        ann.patch(&group, json!({"receipts": wrong})).await.invalid(&[("receipts", code)]);
    }
    ann.post("/api/groups", json!({"name": "New", "receipts": true}))
        .await
        .invalid(&[("receipts", "not_editable")]);
}

#[actix_web::test]
async fn only_members_who_can_read_the_message_see_who_has_read_it() {
    let server = Server::start().await;
    let ([ann, bob, cid], group) = room(&server).await;
    let outsider = server.user("dan").await;
    outsider.get(&format!("{group}/read-by?seq=1")).await.refused(403, "members_only");
    assert_eq!(listed(&outsider, &group).await, [json!(null), json!(null), json!(null)]);
    let permissions = json!({"permissions": ["view", "send"]});
    ann.patch(&format!("{group}/roles/member"), permissions).await.ok();
    bob.get(&format!("{group}/read-by?seq=1")).await.refused(403, "role_too_low");
    assert_eq!(listed(&bob, &group).await, [json!(null), json!(null), json!(null)]);
    ann.patch(&format!("{group}/members/{}", cid.id()), json!({"role": "readonly"})).await.ok();
    assert_eq!(readers(&cid, &group, "?seq=3").await, read(&[("ann", 3)]));
}

#[actix_web::test]
async fn who_came_later_has_not_read_what_they_can_t_read() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    ann.patch(&group, json!({"history": "joined"})).await.ok();
    let later = server.user("eve").await;
    ann.add(&group, &later, "member").await;
    ann.say(&group, "four").await;
    assert_eq!(readers(&bob, &group, "?seq=3").await, read(&[("ann", 4)]));
    later.get(&format!("{group}/read-by?seq=3")).await.invalid(&[("seq", "out_of_range")]);
    assert_eq!(readers(&later, &group, "?seq=4").await, read(&[("ann", 4)]));
    later.put(&format!("{group}/read"), json!({"seq": 4})).await.ok();
    assert_eq!(readers(&ann, &group, "?seq=4").await, read(&[("ann", 4), ("eve", 4)]));
}

/// Nobody learns from receipts whether somebody has blocked them.
#[actix_web::test]
async fn a_block_changes_nothing_in_a_direct_conversation() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let direct = ann.post("/api/direct", json!({"user_ids": [bob.id()]})).await.created();
    let direct = format!("/api/groups/{}", direct["id"]);
    ann.say(&direct, "hello").await;
    bob.put(&format!("{direct}/read"), json!({"seq": 1})).await.ok();
    let before = readers(&ann, &direct, "?seq=1").await;
    assert_eq!(before, read(&[("ann", 1), ("bob", 1)]));
    bob.put_empty(&format!("/api/users/{}/block", ann.id())).await.ok();
    assert_eq!(readers(&ann, &direct, "?seq=1").await, before);
    assert_eq!(listed(&ann, &direct).await, [json!(1), json!(1)]);
}
