//! Groups: creating, showing, finding, editing and deleting them.

mod archive;
mod bans;
mod batch;
mod direct;
mod members;
mod mutes;
mod quotas;
mod roles;
mod settings;
mod slow_mode;
mod team;

use groupchat_domain::permissions::GroupPermission;
use serde_json::{Value, json};

use crate::harness::{Server, time};

#[actix_web::test]
async fn a_created_group_is_shown_whole_to_its_owner() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let draft = json!({
        "name": " Book club ", "description": "We read.\r\nTogether.", "visibility": "public", "x": {"y": 1},
    });
    let answer = ann.post("/api/groups", draft).await;
    let location = answer.header("location").unwrap().to_owned();
    let group = answer.created();
    let expected = json!({
        "id": group["id"], "kind": "group", "name": "Book club", "description": "We read.\nTogether.",
        "visibility": "public", "history": "all", "topic": null, "slow_mode_seconds": 0, "receipts": null, "retention_days": null,
        "trimmed_seq": 0, "archived_at": null,
        "version": 1, "created_at": time(&group["created_at"]), "member_count": 1,
        "my_role": "owner", "my_permissions": group["my_permissions"], "last_seq": 0, "read_seq": 0, "unread": 0, "read_version": 1,
        "unread_mentions": 0, "last_message": null,
        "my_settings": {"notify": "all", "pinned": false, "hidden": false}, "owner": null,
    });
    assert_eq!(group, expected);
    let allowed = group["my_permissions"].as_array().map(Vec::len);
    assert_eq!(allowed, Some(GroupPermission::ALL.len()), "owners may do everything");
    assert_eq!(location, format!("/api/groups/{}", group["id"]));
    assert_eq!(ann.get(&location).await.ok(), expected);
    assert_eq!(ann.get("/api/groups").await.ok(), json!({"items": [expected], "next": null}));
}

#[actix_web::test]
async fn others_see_a_public_group_without_its_messages() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    let message = ann.say(&group, "hi").await;
    let mine = ann.get(&group).await.ok();
    let of_member = json!([mine["my_role"], mine["read_seq"], mine["unread"], mine["last_message"]]);
    assert_eq!(of_member, json!(["owner", 1, 0, message]));
    let mut expected = mine.clone();
    let read = ["read_seq", "unread", "read_version", "unread_mentions"];
    for field in ["my_role", "my_permissions", "last_message", "my_settings", "owner"].into_iter().chain(read)
    {
        expected[field] = Value::Null;
    }
    let seen = bob.get(&group).await.ok();
    assert_eq!((&seen, seen["last_seq"].as_i64()), (&expected, Some(1)));
    assert_eq!(bob.get("/api/groups").await.ok()["items"], json!([expected]));
    let root = server.admin("root").await;
    assert_eq!(root.get(&group).await.ok(), expected, "a server admin reads only as a member");
}

#[actix_web::test]
async fn a_closed_group_is_listed_and_one_asks_to_join_it() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.post("/api/groups", json!({"name": "Board", "visibility": "closed"})).await.created();
    let path = format!("/api/groups/{}", group["id"]);
    assert_eq!(bob.list("/api/groups", "/name").await, ["Board"]);
    assert_eq!(bob.get(&path).await.ok()["visibility"], "closed");
    assert_eq!(bob.post(&format!("{path}/join"), json!({})).await.status(), 202);
    ann.post(&format!("{path}/join"), json!({})).await.ok();
    ann.post(&format!("{path}/members"), json!({"username": "bob"})).await.created();
    bob.post("/api/groups", json!({"name": "board"})).await.refused(409, "name_taken");
}

#[actix_web::test]
async fn a_private_group_is_there_for_its_members_and_for_who_manages_it() {
    let server = Server::start().await;
    let (ann, bob, root) = (server.user("ann").await, server.user("bob").await, server.admin("root").await);
    let draft = json!({"name": "Board", "visibility": "private", "history": "joined"});
    let group = ann.post("/api/groups", draft.clone()).await.created();
    assert_eq!((&group["visibility"], &group["history"]), (&json!("private"), &json!("joined")));
    let path = format!("/api/groups/{}", group["id"]);
    let [join, members, messages] = ["join", "members", "messages"].map(|name| format!("{path}/{name}"));
    bob.get(&path).await.refused(404, "group_not_found");
    bob.post(&join, json!({})).await.refused(404, "group_not_found");
    bob.post("/api/groups", draft).await.created();
    bob.post("/api/groups", json!({"name": "board"})).await.created();

    assert_eq!(root.list("/api/groups", "/name").await, ["board"]);
    assert_eq!(root.list("/api/groups?all=true", "/member_count").await, [1, 1, 1]);
    bob.get("/api/groups?all=true").await.refused(403, "admin_only");
    assert_eq!(root.get(&path).await.ok()["last_message"], Value::Null);
    assert_eq!(root.list(&members, "/user/username").await, ["ann"]);
    root.get(&messages).await.refused(404, "group_not_found");
    root.post(&join, json!({})).await.created();
    root.get(&messages).await.ok();
    root.post(&members, json!({"username": "bob", "role": "admin"})).await.created();
    bob.patch(&path, json!({"visibility": "public"})).await.refused(409, "name_taken");
    bob.patch(&path, json!({"visibility": "closed", "name": "Council"})).await.ok();
}

#[actix_web::test]
async fn only_the_name_is_needed() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.post("/api/groups", json!({"name": "A", "description": null})).await.created();
    assert_eq!((&group["description"], &group["visibility"]), (&Value::Null, &json!("public")));
    assert_eq!(group["history"], "all");
}

#[actix_web::test]
async fn every_rule_of_a_group_is_told_with_its_field() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let path = ann.new_group("Mine").await;
    let cases = [
        ("name", json!(""), "required"),
        ("name", json!(" \t "), "required"),
        ("name", json!("x".repeat(101)), "too_long"),
        ("name", json!("two\nlines"), "invalid_characters"),
        ("name", json!("a\0b"), "invalid_characters"),
        ("name", json!(["x"]), "invalid_type"),
        ("description", json!("x".repeat(1_001)), "too_long"),
        ("description", json!("a\0b"), "invalid_characters"),
        ("description", json!(false), "invalid_type"),
        ("visibility", json!("secret"), "invalid_format"),
        ("visibility", json!("public\0"), "invalid_format"),
        ("history", json!("none"), "invalid_format"),
        ("history", json!(1), "invalid_type"),
        ("visibility", json!(1), "invalid_type"),
    ];
    for (field, value, code) in cases {
        let mut draft = json!({"name": "fine"});
        draft[field] = value;
        ann.post("/api/groups", draft.clone()).await.invalid(&[(field, code)]);
        ann.patch(&path, draft.clone()).await.invalid(&[(field, code)]);
        ann.put(&path, draft).await.invalid(&[(field, code)]);
    }
    ann.post("/api/groups", json!({})).await.invalid(&[("name", "required")]);
    ann.post("/api/groups", json!({"name": null})).await.invalid(&[("name", "required")]);
}

#[actix_web::test]
async fn texts_at_their_limits_are_taken_normalised() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for (name, description) in [
        ("x".repeat(100), String::new()),
        ("🎉".repeat(100), "🎉".repeat(1_000)),
        ("e\u{301}".repeat(100), "\n\t".repeat(500)),
    ] {
        let group =
            ann.post("/api/groups", json!({"name": name, "description": description})).await.created();
        assert_eq!(group["name"].as_str().unwrap().chars().count(), 100);
        assert_eq!(group["description"], description);
    }
}

#[actix_web::test]
async fn a_public_name_is_taken_in_any_case() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Straße").await;
    let other = bob.new_group("Other").await;
    for name in ["Straße", "STRASSE", " straße "] {
        bob.post("/api/groups", json!({"name": name})).await.refused(409, "name_taken");
        bob.patch(&other, json!({"name": name})).await.refused(409, "name_taken");
    }
    ann.patch(&group, json!({"name": "STRASSE"})).await.ok();
    ann.delete(&group).await.no_content();
    bob.patch(&other, json!({"name": "Strasse"})).await.ok();
}

#[actix_web::test]
async fn groups_are_listed_by_folded_name() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for name in ["beta", "Alpha", "Ärger", "alphabet", "Zoo", "1st"] {
        ann.new_group(name).await;
    }
    let names = ann.list("/api/groups", "/name").await;
    assert_eq!(names, ["1st", "Alpha", "alphabet", "beta", "Zoo", "Ärger"]);
}

#[actix_web::test]
async fn groups_are_found_by_name_in_any_case() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for name in ["Größe 100%", "snake_case", "back\\slash", "plain"] {
        ann.new_group(name).await;
    }
    ann.patch(&ann.new_group("other").await, json!({"description": "plain text"})).await.ok();
    for (q, found) in [
        ("PLAIN", vec!["plain"]),
        ("gr%C3%96%E1%BA%9Ee", vec!["Größe 100%"]),
        ("gro%CC%88sse", vec!["Größe 100%"]),
        ("%25", vec!["Größe 100%"]),
        ("_", vec!["snake_case"]),
        ("k\\s", vec!["back\\slash"]),
        ("nothing", vec![]),
        ("p%25n", vec![]),
    ] {
        let path = format!("/api/groups?q={}", q.replace('\\', "%5C"));
        assert_eq!(ann.list(&path, "/name").await, found, "{q}");
    }
    assert_eq!(ann.list("/api/groups?q=", "/name").await.len(), 5, "nothing to search for");
}

#[actix_web::test]
async fn a_search_is_bounded() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.new_group(&"x".repeat(100)).await;
    let of_length = |length| format!("/api/groups?q={}", "x".repeat(length));
    assert_eq!(ann.list(&of_length(100), "/name").await.len(), 1);
    ann.get(&of_length(101)).await.invalid(&[("q", "too_long")]);
}

#[actix_web::test]
async fn mine_lists_only_groups_that_one_is_in() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let first = ann.new_group("first").await;
    bob.new_group("second").await;
    for (query, found) in [
        ("mine=true", vec!["second"]),
        ("mine=false", vec!["first", "second"]),
        ("mine=true&q=first", vec![]),
        ("mine=true&q=SEC", vec!["second"]),
    ] {
        assert_eq!(bob.list(&format!("/api/groups?{query}"), "/name").await, found, "{query}");
    }
    bob.post_empty(&format!("{first}/join")).await.created();
    assert_eq!(bob.list("/api/groups?mine=true", "/name").await, ["first", "second"]);
    bob.delete(&format!("{first}/members/{}", bob.id())).await.no_content();
    assert_eq!(bob.list("/api/groups?mine=true", "/name").await, ["second"]);
    bob.get("/api/groups?mine=1").await.invalid(&[("mine", "invalid_type")]);
}

#[actix_web::test]
async fn an_edit_keeps_clears_and_sets() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let path = ann.new_group("Team").await;
    let first = ann.get(&path).await.ok();
    let changes = json!({"name": "Crew", "description": "of the ship", "visibility": "public", "id": 7});
    let edited = ann.patch(&path, changes).await.ok();
    let mut expected = first.clone();
    (expected["name"], expected["description"]) = (json!("Crew"), json!("of the ship"));
    expected["version"] = json!(2);
    assert_eq!(edited, expected);
    assert_eq!(ann.put(&path, json!({})).await.ok(), expected, "absent keeps, nothing changes");
    let cleared = ann.put(&path, json!({"description": null})).await.ok();
    let shown = json!([cleared["name"], cleared["description"], cleared["version"]]);
    assert_eq!(shown, json!(["Crew", null, 3]));
    for field in ["name", "visibility"] {
        ann.patch(&path, json!({field: null})).await.invalid(&[(field, "not_nullable")]);
        ann.put(&path, json!({field: null})).await.invalid(&[(field, "not_nullable")]);
    }
    assert_eq!(ann.get(&path).await.ok(), cleared);
}

#[actix_web::test]
async fn admins_and_owners_edit_and_only_owners_delete() {
    let server = Server::start().await;
    let (ann, bob, eve) = (server.user("ann").await, server.user("bob").await, server.user("eve").await);
    let root = server.admin("root").await;
    let path = ann.new_group("Team").await;
    ann.add(&path, &bob, "admin").await;
    ann.add(&path, &eve, "member").await;
    let stranger = server.user("stranger").await;
    let change = || json!({"description": "changed"});
    eve.patch(&path, change()).await.refused(403, "role_too_low");
    stranger.patch(&path, change()).await.refused(403, "members_only");
    bob.patch(&path, change()).await.ok();
    root.patch(&path, json!({"description": "by the server's admin"})).await.ok();
    bob.delete(&path).await.refused(403, "role_too_low");
    eve.delete(&path).await.refused(403, "role_too_low");
    stranger.delete(&path).await.refused(403, "members_only");
    root.delete(&path).await.no_content();
    ann.get(&path).await.refused(404, "group_not_found");
}

#[actix_web::test]
async fn a_deleted_group_is_gone_with_all_that_it_held() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let path = ann.new_group("Team").await;
    let message = ann.say_at(&path, "hi").await;
    let answer = ann.delete(&path).await;
    assert_eq!(answer.text(), "");
    answer.no_content();
    for purged in [false, true] {
        if purged {
            server.work_off_jobs().await;
        }
        for gone in [&path, &message, &format!("{path}/messages"), &format!("{path}/members")] {
            ann.get(gone).await.refused(404, "group_not_found");
        }
        ann.delete(&path).await.refused(404, "group_not_found");
        ann.post(&format!("{path}/messages"), json!({"text": "x"})).await.refused(404, "group_not_found");
        ann.post_empty(&format!("{path}/join")).await.refused(404, "group_not_found");
        ann.put(&format!("{path}/read"), json!({"seq": 0})).await.refused(404, "group_not_found");
        assert!(ann.list("/api/groups", "/id").await.is_empty());
    }
    let again = ann.new_group("Team").await;
    assert_ne!(again, path, "ids are never given out twice");
    assert!(ann.list(&format!("{again}/messages"), "/id").await.is_empty());
}
