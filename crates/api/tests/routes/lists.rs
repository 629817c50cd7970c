//! What all lists have in common: limits, and cursors that meet every item once.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server};
use crate::operations::{Operation, Scene, operations};

/// Operations that end the session of their caller, or others of the same user, and those after which nothing is added.
const END_ADDING: [&str; 6] =
    ["deleteMe", "logout", "changePassword", "setTemporaryPassword", "archiveGroup", "handOverBot"];

/// Every list of the OpenAPI document, with at least two entries each.
struct Lists {
    reader: Client,
    /// A group of which the reader is an owner.
    group: String,
    /// The lists' paths; those of a group are of this one.
    paths: Vec<String>,
}

impl Lists {
    /// Fills them by calling every operation that may add an entry, twice.
    async fn fill(server: &Server) -> Self {
        let operations = operations(server).await;
        let mut scene = Scene::set(server, 0).await;
        let reader = scene.caller("owner").clone();
        // Lists of other users are for those who manage them.
        let draft = json!({"name": "Manager", "permissions": ["manage_users", "invite_users"]});
        let role = scene.caller("server admin").post("/api/roles", draft).await.created();
        let path = format!("/api/users/{}/roles/{}", reader.id(), role["id"]);
        scene.caller("server admin").put_empty(&path).await.ok();
        let adding: Vec<_> = operations.iter().filter(|operation| may_add(operation)).collect();
        for _ in 0..2 {
            for operation in &adding {
                let path = scene.path(&operation.template, 0);
                reader.call(operation.method.clone(), &path, scene.body(operation).as_ref()).await;
            }
            scene.caller("group admin").say(&scene.group, &format!("<@{}>", reader.id())).await;
            server.sign_in_again("owner-0").await;
            scene.renew(server).await;
        }
        let root = scene.caller("server admin");
        let role = json!({"name": "Reads the audit log", "permissions": ["view_audit"]});
        let role = root.post("/api/roles", role).await.created();
        root.put_empty(&format!("/api/users/{}/roles/{}", reader.id(), role["id"])).await.ok();
        let mut paths = Vec::new();
        for list in operations.iter().filter(|operation| operation.is_list()) {
            let path = scene.path(&list.template, 0);
            let entries = reader.list(&path, "").await.len();
            assert!(
                entries >= 2,
                "GET {} has {entries} of 2 entries: `Scene` in crates/api/tests/routes/operations.rs needs a body \
                 with which the owner of a group adds one",
                list.template
            );
            paths.push(path);
        }
        assert!(paths.len() >= 6, "the document has more lists than {paths:?}");
        Self { reader, group: scene.group, paths }
    }
}

fn may_add(operation: &Operation) -> bool {
    [Method::POST, Method::PUT].contains(&operation.method) && !END_ADDING.contains(&operation.id())
}

#[actix_web::test]
async fn a_limit_is_kept_and_never_clamped() {
    let server = Server::start().await;
    let Lists { reader, paths, .. } = Lists::fill(&server).await;
    for path in paths {
        for (limit, code) in [
            ("0", "out_of_range"),
            ("201", "out_of_range"),
            ("-1", "out_of_range"),
            ("9223372036854775807", "out_of_range"),
            ("9223372036854775808", "out_of_range"),
            ("abc", "invalid_type"),
            ("", "invalid_type"),
            ("1.0", "invalid_type"),
            ("0x1", "invalid_type"),
            ("1%00", "invalid_type"),
        ] {
            reader.get(&format!("{path}?limit={limit}")).await.invalid(&[("limit", code)]);
        }
        reader.get(&format!("{path}?limit=1&limit=1")).await.invalid(&[("limit", "invalid_type")]);
        assert_eq!(reader.list(&format!("{path}?limit=1"), "").await.len(), 1, "{path}");
        let all = reader.list(&format!("{path}?limit=200"), "").await.len();
        assert_eq!(reader.list(&format!("{path}?limit={}", all - 1), "").await.len(), all - 1, "{path}");
        assert_eq!(reader.list(&path, "").await.len(), all.min(50), "{path}");
        reader.get(&format!("{path}?limit=200&page=1")).await.invalid(&[("page", "unknown")]);
    }
}

#[actix_web::test]
async fn pages_put_together_are_the_list() {
    let server = Server::start().await;
    let Lists { reader, paths, .. } = Lists::fill(&server).await;
    for path in paths {
        let pages = reader.walk(&path, "limit=1", "", "").await;
        assert!(pages.iter().all(|page| page.len() == 1), "{path}");
        assert_eq!(pages.concat(), reader.list(&format!("{path}?limit=200"), "").await, "{path}");
    }
}

#[actix_web::test]
async fn a_cursor_of_another_list_or_of_none_is_refused() {
    let server = Server::start().await;
    let Lists { reader, paths, .. } = Lists::fill(&server).await;
    let mut cursors = vec![String::new(), "x".into(), "AQ".into(), "%00".into(), "%ff".into(), "é".into()];
    cursors.push("A".repeat(2_000));
    let mut next = Vec::new();
    for path in &paths {
        let page = reader.get(&format!("{path}?limit=1")).await.ok();
        let cursor = page["next"].as_str().expect("there are two or more").to_owned();
        assert!(!cursor.contains("owner"), "opaque");
        next.push((path, cursor));
    }
    for path in &paths {
        let others = next.iter().filter(|(of, _)| *of != path).map(|(_, cursor)| cursor);
        for cursor in others.chain(&cursors) {
            let path = format!("{path}?cursor={}", cursor.replace('é', "%C3%A9"));
            reader.get(&path).await.invalid(&[("cursor", "invalid_format")]);
        }
    }
    for (path, cursor) in &next {
        let mut damaged = cursor.clone();
        damaged.replace_range(0..1, if cursor.starts_with('B') { "C" } else { "B" });
        reader.get(&format!("{path}?cursor={damaged}")).await.invalid(&[("cursor", "invalid_format")]);
        let rest = reader.get(&format!("{path}?limit=200&cursor={cursor}")).await.ok();
        assert_eq!(rest["next"], Value::Null, "{path}");
    }
}

#[actix_web::test]
async fn a_cursor_belongs_to_its_group() {
    let server = Server::start().await;
    let Lists { reader, group, paths } = Lists::fill(&server).await;
    let other = reader.new_group("Other").await;
    let of_group: Vec<_> = paths.iter().filter_map(|path| path.strip_prefix(&group)).collect();
    assert!(of_group.len() >= 3, "{of_group:?}");
    for list in of_group {
        let page = reader.get(&format!("{group}{list}?limit=1")).await.ok();
        let cursor = page["next"].as_str().expect("there are two or more");
        reader.get(&format!("{group}{list}?cursor={cursor}")).await.ok();
        let elsewhere = format!("{other}{list}?cursor={cursor}");
        reader.get(&elsewhere).await.invalid(&[("cursor", "invalid_format")]);
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
