//! What all lists have in common: limits, and cursors that meet every item once.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server};

/// A user who sees at least two entries in every list, and the lists' paths.
async fn lists(server: &Server) -> (Client, Vec<String>) {
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("First").await;
    ann.new_group("Second").await;
    ann.add(&group, &bob, "member").await;
    for text in ["one", "two"] {
        let message = ann.say_at(&group, text).await;
        ann.put_empty(&format!("{message}/pin")).await.ok();
    }
    let login = json!({"username": "ann", "password": PASSWORD});
    server.send(TestRequest::post().uri("/api/login").set_json(login)).await.ok();
    let paths = ["/api/users", "/api/groups", "/api/sessions"].map(str::to_owned);
    let of_group = ["members", "messages", "pins"].map(|list| format!("{group}/{list}"));
    (ann, [paths, of_group].concat())
}

#[actix_web::test]
async fn a_limit_is_kept_and_never_clamped() {
    let server = Server::start().await;
    let (ann, lists) = lists(&server).await;
    for path in lists {
        for (limit, code) in [
            ("0", "out_of_range"),
            ("201", "out_of_range"),
            ("-1", "out_of_range"),
            ("9223372036854775807", "out_of_range"),
            ("9223372036854775808", "invalid_type"),
            ("abc", "invalid_type"),
            ("", "invalid_type"),
            ("1.0", "invalid_type"),
            ("0x1", "invalid_type"),
            ("1%00", "invalid_type"),
        ] {
            ann.get(&format!("{path}?limit={limit}")).await.invalid(&[("limit", code)]);
        }
        ann.get(&format!("{path}?limit=1&limit=1")).await.invalid(&[("limit", "invalid_type")]);
        assert_eq!(ann.list(&format!("{path}?limit=1"), "").await.len(), 1, "{path}");
        assert_eq!(ann.list(&format!("{path}?limit=200"), "").await.len(), 2, "{path}");
        ann.get(&format!("{path}?limit=200&page=1")).await.invalid(&[("page", "unknown")]);
    }
}

#[actix_web::test]
async fn a_cursor_of_another_list_or_of_none_is_refused() {
    let server = Server::start().await;
    let (ann, lists) = lists(&server).await;
    let mut cursors = vec![String::new(), "x".into(), "AQ".into(), "%00".into(), "%ff".into(), "é".into()];
    cursors.push("A".repeat(2_000));
    let mut next = Vec::new();
    for path in &lists {
        let page = ann.get(&format!("{path}?limit=1")).await.ok();
        let cursor = page["next"].as_str().expect("there are two").to_owned();
        assert!(!cursor.contains("ann"), "opaque");
        next.push((path, cursor));
    }
    for path in &lists {
        let others = next.iter().filter(|(of, _)| *of != path).map(|(_, cursor)| cursor);
        for cursor in others.chain(&cursors) {
            let path = format!("{path}?cursor={}", cursor.replace('é', "%C3%A9"));
            ann.get(&path).await.invalid(&[("cursor", "invalid_format")]);
        }
    }
    for (path, cursor) in &next {
        let mut damaged = cursor.clone();
        damaged.replace_range(0..1, if cursor.starts_with('B') { "C" } else { "B" });
        ann.get(&format!("{path}?cursor={damaged}")).await.invalid(&[("cursor", "invalid_format")]);
        assert_eq!(ann.get(&format!("{path}?cursor={cursor}")).await.ok()["next"], Value::Null);
    }
}

#[actix_web::test]
async fn a_cursor_belongs_to_its_group() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let groups = [ann.new_group("First").await, ann.new_group("Second").await];
    for group in &groups {
        ann.add(group, &bob, "member").await;
        ann.say(group, "one").await;
        ann.say(group, "two").await;
    }
    for list in ["members", "messages"] {
        let page = ann.get(&format!("{}/{list}?limit=1", groups[0])).await.ok();
        let cursor = page["next"].as_str().unwrap();
        ann.get(&format!("{}/{list}?cursor={cursor}", groups[0])).await.ok();
        let elsewhere = format!("{}/{list}?cursor={cursor}", groups[1]);
        ann.get(&elsewhere).await.invalid(&[("cursor", "invalid_format")]);
    }
}

/// The names of a list's pages, put together.
fn joined(pages: Vec<Vec<Value>>) -> Vec<String> {
    pages.concat().iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

#[actix_web::test]
async fn a_walk_meets_every_item_once_in_order() {
    let server = Server::start().await;
    let ann = server.user("u00").await;
    let group = ann.new_group("g00").await;
    for number in 1..7 {
        let user = server.user(&format!("{}{number:02}", if number % 2 == 0 { "u" } else { "U" })).await;
        ann.add(&group, &user, "member").await;
        ann.new_group(&format!("{}{number:02}", if number % 2 == 0 { "G" } else { "g" })).await;
    }
    let users: Vec<_> = ["u00", "U01", "u02", "U03", "u04", "U05", "u06"].map(str::to_owned).to_vec();
    let groups: Vec<_> = ["g00", "g01", "G02", "g03", "G04", "g05", "G06"].map(str::to_owned).to_vec();
    for limit in [1, 2, 3, 6, 7, 8] {
        let query = format!("limit={limit}");
        assert_eq!(joined(ann.walk("/api/users", &query, "", "/username").await), users);
        assert_eq!(joined(ann.walk("/api/users", &query, "q=u", "/username").await), users);
        assert_eq!(joined(ann.walk("/api/groups", &query, "", "/name").await), groups);
        let members = format!("{group}/members");
        assert_eq!(joined(ann.walk(&members, &query, "", "/user/username").await), users);
    }
    let searched = ann.walk("/api/groups", "limit=2&q=0&mine=true", "", "/name").await;
    assert_eq!(searched.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 1]);
}

#[actix_web::test]
async fn what_is_added_or_goes_meanwhile_disturbs_no_walk() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for name in ["b", "d", "f", "h"] {
        ann.new_group(name).await;
    }
    let first = ann.get("/api/groups?limit=2").await.ok();
    assert_eq!(json!([first["items"][0]["name"], first["items"][1]["name"]]), json!(["b", "d"]));
    // Before the place, behind it, and the very entry that the cursor was made of.
    ann.new_group("a").await;
    ann.new_group("e").await;
    ann.delete(&format!("/api/groups/{}", first["items"][1]["id"])).await.no_content();
    let next = first["next"].as_str().unwrap();
    let rest = ann.walk("/api/groups", "limit=2", &format!("cursor={next}"), "/name").await;
    assert_eq!(joined(rest), ["e", "f", "h"]);
}

#[actix_web::test]
async fn sessions_are_walked_from_the_newest_down() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for _ in 0..4 {
        let login = json!({"username": "ann", "password": PASSWORD});
        server.nobody().post("/api/login", login).await.ok();
    }
    let pages = ann.walk("/api/sessions", "limit=2", "", "/id").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    let ids: Vec<_> = pages.concat().iter().map(|id| id.as_i64().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
}

#[actix_web::test]
async fn a_page_has_fifty_items_unless_asked_otherwise() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    for _ in 0..51 {
        ann.say(&group, "hi").await;
    }
    let path = format!("{group}/messages");
    assert_eq!(ann.list(&path, "/seq").await.len(), 50);
    assert_eq!(ann.list(&format!("{path}?limit=51"), "/seq").await.len(), 51);
}
