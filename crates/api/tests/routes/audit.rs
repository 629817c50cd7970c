//! The audit log.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server, assert_fields, time};

async fn entries(reader: &Client, query: &str) -> Vec<Value> {
    reader.get(&format!("/api/audit?{query}")).await.ok()["items"].as_array().expect("items").clone()
}

fn said(entries: &[Value]) -> Vec<(&str, &str)> {
    entries
        .iter()
        .map(|entry| (entry["action"].as_str().expect("a text"), entry["outcome"].as_str().expect("a text")))
        .collect()
}

#[actix_web::test]
async fn sign_ins_and_failures_are_told_with_whom_and_from_where() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    for (name, password, status) in
        [("ann", PASSWORD, 200), ("ann", "wrong password", 401), ("nobody", PASSWORD, 401)]
    {
        let body = json!({"username": name, "password": password});
        let request = TestRequest::post().uri("/api/login").peer_addr(([198, 51, 100, 7], 80).into());
        let answer = server.send(request.insert_header(("User-Agent", "Browser/1")).set_json(body)).await;
        assert_eq!(answer.status(), status);
    }
    let told = entries(&root, "limit=3").await;
    for entry in &told {
        assert_eq!(json!([entry["address"], entry["user_agent"]]), json!(["198.51.100.7", "Browser/1"]));
    }
    assert_eq!(said(&told), [("login", "failed"), ("login", "failed"), ("login", "ok")]);
    assert_eq!(told[0]["target_id"], Value::Null, "nobody has the name, and it is not told");
    assert!(!told[0].to_string().contains("nobody"));
    assert_eq!((&told[1]["target_id"], &told[2]["target_id"]), (&json!(ann.id()), &json!(ann.id())));
    assert!(told.iter().all(|entry| entry["party"] == "stranger" && entry["actor_id"].is_null()));
    assert_fields(
        &told[0],
        &[
            "seq",
            "at",
            "action",
            "outcome",
            "party",
            "actor_id",
            "session_id",
            "target_id",
            "group_id",
            "object_id",
            "detail",
            "address",
            "user_agent",
            "hash",
        ],
    );
    time(&told[0]["at"]);
}

#[actix_web::test]
async fn what_admins_do_is_told_with_the_names_of_fields_only() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let path = format!("/api/users/{}", ann.id());
    root.patch(&path, json!({"email": "secret@example.org", "display_name": "Hush"})).await.ok();
    root.patch(&path, json!({"password": "a new pass phrase"})).await.ok();
    let told = entries(&root, &format!("actor={}&target={}", root.id(), ann.id())).await;
    assert_eq!(said(&told), [("password.changed", "ok"), ("user.edited", "ok")]);
    assert_eq!(told[1]["detail"], "display_name email");
    let all = json!(entries(&root, "limit=200").await).to_string();
    for secret in ["secret@example.org", "Hush", "a new pass phrase", PASSWORD] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[actix_web::test]
async fn a_refused_request_leaves_no_entry() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let before = entries(&root, "limit=1").await;
    let refused = ann.patch(&format!("/api/users/{}", root.id()), json!({"email": "x@example.org"})).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(entries(&root, "limit=1").await, before);
}

#[actix_web::test]
async fn those_with_view_audit_read_it() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    assert_eq!(ann.get("/api/audit").await.status(), 403);
    let role =
        root.post("/api/roles", json!({"name": "Auditor", "permissions": ["view_audit"]})).await.created();
    root.put(&format!("/api/users/{}/roles/{}", ann.id(), role["id"]), json!(null)).await.ok();
    assert_eq!(said(&entries(&ann, "limit=1").await), [("role.given", "ok")]);
}

#[actix_web::test]
async fn a_kind_and_a_span_of_time_are_selected() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let path = format!("/api/users/{}", ann.id());
    root.patch(&path, json!({"email": "ann@example.org"})).await.ok();
    root.patch(&path, json!({"password": "a new pass phrase"})).await.ok();
    let told = entries(&root, "limit=2").await;
    assert_eq!(said(&told), [("password.changed", "ok"), ("user.edited", "ok")]);
    assert_eq!(entries(&root, "action=user.edited").await, told[1..]);
    let (changed, edited) = (told[0]["at"].as_str().unwrap(), told[1]["at"].as_str().unwrap());
    assert_eq!(entries(&root, &format!("since={changed}")).await, told[..1]);
    assert_eq!(entries(&root, &format!("since={edited}&until={changed}")).await, told[1..]);
    assert!(entries(&root, "until=2001-01-01T00:00:00Z").await.is_empty());
    for wrong in ["action=nothing", "since=yesterday", "until=1", "actor=me", "cursor=x"] {
        assert_eq!(root.get(&format!("/api/audit?{wrong}")).await.status(), 400, "{wrong}");
    }
}

/// The actions in a group, oldest first, with what else they say: the user whom they are about by name, and the detail.
async fn done(reader: &Client, path: &str, names: &[(&str, i64)]) -> Vec<String> {
    let name = |id: &Value| names.iter().find(|(_, known)| *id == *known).map_or("", |(name, _)| *name);
    let items = reader.get(path).await.ok()["items"].as_array().expect("items").clone();
    let told = items.iter().rev().map(|entry| {
        let action = entry["action"].as_str().expect("a text");
        let parts = [action, name(&entry["target_id"]), entry["detail"].as_str().unwrap_or("")];
        parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ")
    });
    told.collect()
}

#[actix_web::test]
async fn what_is_done_in_a_group_is_told_to_those_who_may_edit_it() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let (bob, cid) = (server.user("bob").await, server.user("cid").await);
    let names = [("ann", ann.id()), ("bob", bob.id()), ("cid", cid.id())];
    let created = ann.post("/api/groups", json!({"name": "Secret club"})).await.created();
    let group = format!("/api/groups/{}", created["id"]);
    let at = |path: &str| format!("{group}/{path}");
    let bobs = at(&format!("members/{}", bob.id()));
    let as_bob = json!({"user_id": bob.id()});
    ann.patch(&group, json!({"topic": "Hush", "description": "Hush"})).await.ok();
    ann.patch(&group, json!({"topic": "Hush"})).await.ok();
    let role = json!({"name": "Hidden judge", "rank": 9, "permissions": ["view"]});
    ann.post(&at("roles"), role).await.created();
    ann.patch(&at("roles/Hidden%20judge"), json!({"rank": 8})).await.ok();
    ann.patch(&at("roles/member"), json!({"permissions": ["view", "send"]})).await.ok();
    ann.delete(&at("roles/Hidden%20judge")).await.no_content();
    ann.post(&at("members"), as_bob.clone()).await.created();
    ann.patch(&bobs, json!({"role": "admin"})).await.ok();
    ann.put(&format!("{bobs}/mute"), json!({"reason": "Hush"})).await.ok();
    ann.delete(&format!("{bobs}/mute")).await.no_content();
    ann.delete(&bobs).await.no_content();
    ann.put(&at(&format!("bans/{}", bob.id())), json!({"reason": "Hush"})).await.ok();
    ann.delete(&at(&format!("bans/{}", bob.id()))).await.no_content();
    bob.post(&at("join"), json!({})).await.created();
    // One's own settings, messages and reading are nobody else's.
    bob.patch(&bobs, json!({"notify": "none"})).await.ok();
    bob.post(&at("messages"), json!({"text": "Hush"})).await.created();
    bob.delete(&bobs).await.no_content();
    for ending in ["decline", "accept"] {
        let invitation =
            ann.post(&at("invitations"), json!({"user_id": bob.id(), "note": "Hush"})).await.created();
        bob.post(&format!("/api/invitations/{}/{ending}", invitation["id"]), json!({})).await;
    }
    let invitation = ann.post(&at("invitations"), json!({"user_id": cid.id()})).await.created();
    ann.delete(&at(&format!("invitations/{}", invitation["id"]))).await.no_content();
    let link = ann.post(&at("invite-links"), json!({})).await.created();
    ann.delete(&at(&format!("invite-links/{}", link["link"]["id"]))).await.no_content();
    ann.patch(&group, json!({"visibility": "closed"})).await.ok();
    let request = at(&format!("join-requests/{}", cid.id()));
    for asked in 0..3 {
        cid.post(&at("join"), json!({"message": "Hush"})).await;
        match asked {
            0 => cid.delete(&request).await.no_content(),
            1 => ann.delete(&request).await.no_content(),
            _ => drop(ann.post(&format!("{request}/approve"), json!({})).await),
        }
    }
    ann.put(&at("archive"), json!({})).await.ok();
    ann.delete(&at("archive")).await.ok();
    let expected = [
        "group.created",
        "group.edited description topic",
        "group_role.defined",
        "group_role.edited custom",
        "group_role.edited member",
        "group_role.deleted",
        "member.added bob member",
        "member.role_changed bob admin",
        "member.muted bob",
        "member.unmuted bob",
        "member.removed bob",
        "member.banned bob",
        "member.unbanned bob",
        "member.joined bob member",
        "member.left bob",
        "invitation.created bob",
        "invitation.declined",
        "invitation.created bob",
        "invitation.accepted member",
        "invitation.created cid",
        "invitation.withdrawn cid",
        "invite_link.created",
        "invite_link.revoked",
        "group.edited visibility",
        "join_request.created cid",
        "join_request.withdrawn cid",
        "join_request.created cid",
        "join_request.refused cid",
        "join_request.created cid",
        "join_request.approved cid member",
        "group.archived",
        "group.restored",
    ];
    let of_group = at("audit?limit=200");
    assert_eq!(done(&ann, &of_group, &names).await, expected);
    let told = ann.get(&of_group).await.ok();
    for entry in told["items"].as_array().expect("items") {
        assert_eq!(entry["group_id"], created["id"]);
        for hidden in ["address", "user_agent", "session_id", "hash"] {
            assert_eq!(entry[hidden], Value::Null, "{hidden}");
        }
    }
    let whole = told.to_string();
    for text in ["Secret", "Hush", "Hidden"] {
        assert!(!whole.contains(text), "{text}");
    }
    // Plain members don't see it, and neither does a message show up in the log of the server.
    cid.get(&of_group).await.refused(403, "role_too_low");
    ann.delete(&group).await.no_content();
    ann.get(&of_group).await.refused(404, "group_not_found");
    let of_server = format!("/api/audit?limit=200&group={}", created["id"]);
    let mut after = expected.to_vec();
    after.push("group.deleted");
    assert_eq!(done(&root, &of_server, &names).await, after);
    let first = root.get(&of_server).await.ok()["items"][0].clone();
    assert_eq!((&first["actor_id"], first["hash"].is_string()), (&json!(ann.id()), true));
}

#[actix_web::test]
async fn a_refusal_in_a_group_leaves_no_entry_and_a_direct_conversation_has_none() {
    let server = Server::start().await;
    let (root, ann, bob) = (server.admin("root").await, server.user("ann").await, server.user("bob").await);
    let group = ann.post("/api/groups", json!({"name": "club"})).await.created();
    let before = entries(&root, "limit=1").await;
    bob.delete(&format!("/api/groups/{}", group["id"])).await.refused(403, "members_only");
    let direct = ann.post("/api/direct", json!({"user_ids": [bob.id()]})).await;
    assert_eq!(direct.status(), 201);
    assert_eq!(entries(&root, "limit=1").await, before);
}
