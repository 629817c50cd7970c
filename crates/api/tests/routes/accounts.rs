//! Users: creating, showing, listing and editing them.

mod blocks;
mod defaults;
mod exports;
mod leaving;
mod logins;
mod passwords;
mod refreshes;
mod resets;
mod roles;
mod sessions;
mod sign_up;
mod standing;

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server, time};

fn draft(name: &str) -> Value {
    json!({"username": name, "password": PASSWORD})
}

fn with(mut object: Value, field: &str, value: Value) -> Value {
    object[field] = value;
    object
}

#[actix_web::test]
async fn a_created_user_is_shown_whole_with_a_key() {
    let server = Server::start().await;
    let admin = server.admin("root").await;
    let draft = json!({
        "username": "Zoe", "password": PASSWORD, "display_name": " Zoë ", "email": "zoe@example.org",
        "is_admin": false, "favourite_colour": "red",
    });
    let answer = admin.post("/api/users", draft).await;
    let location = answer.header("location").unwrap().to_owned();
    let mut user = answer.created();
    let expected = json!({
        "id": user["id"], "username": "Zoe", "display_name": "Zoë", "email": "zoe@example.org",
        "is_admin": false, "suspended": false, "kind": "person", "owner_id": null, "presence": null, "receipts": null, "version": 1, "created_at": time(&user["created_at"]),
        "api_key": user["api_key"],
    });
    assert_eq!(user, expected);
    assert!(user["api_key"].as_str().unwrap().starts_with("gc_"));
    assert_eq!(location, format!("/api/users/{}", user["id"]));
    user.as_object_mut().unwrap().remove("api_key");
    assert_eq!(admin.get(&location).await.ok(), user);
}

#[actix_web::test]
async fn what_is_unset_is_null_and_an_admin_gets_no_key() {
    let server = Server::start().await;
    let admin = server.admin("root").await;
    let nulls = json!({"username": "a", "password": PASSWORD, "display_name": null, "email": null});
    let user = admin.post("/api/users", nulls).await.created();
    assert_eq!([&user["display_name"], &user["email"]], [&Value::Null, &Value::Null]);
    let other = admin.post("/api/users", with(draft("b"), "is_admin", json!(true))).await.created();
    assert_eq!((&other["is_admin"], other.get("api_key")), (&json!(true), Some(&Value::Null)));
}

#[actix_web::test]
async fn only_admins_create_users() {
    let server = Server::start().await;
    let user = server.user("ann").await;
    user.post("/api/users", draft("bob")).await.refused(403, "admin_only");
    // The right is looked at before the name.
    user.post("/api/users", draft("ann")).await.refused(403, "admin_only");
}

#[actix_web::test]
async fn a_username_is_taken_in_any_case() {
    let server = Server::start().await;
    let admin = server.admin("root").await;
    admin.post("/api/users", draft("Ann")).await.created();
    for name in ["Ann", "ann", "ANN"] {
        admin.post("/api/users", draft(name)).await.refused(409, "username_taken");
    }
}

#[actix_web::test]
async fn every_rule_of_a_user_is_told_with_its_field() {
    let server = Server::start().await;
    let admin = server.admin("root").await;
    let long = |length: usize| json!("x".repeat(length));
    let cases = [
        ("username", json!(null), "required"),
        ("username", json!(""), "required"),
        ("username", long(51), "too_long"),
        ("username", json!("a b"), "invalid_characters"),
        ("username", json!("zoë"), "invalid_characters"),
        ("username", json!("a\0b"), "invalid_characters"),
        ("username", json!("_a"), "invalid_format"),
        ("username", json!("a."), "invalid_format"),
        ("username", json!("ME"), "reserved"),
        ("username", json!("all"), "reserved"),
        ("username", json!("here"), "reserved"),
        ("username", json!("System"), "reserved"),
        ("username", json!(7), "invalid_type"),
        ("password", json!(null), "required"),
        ("password", json!(""), "required"),
        ("password", json!("x7bytes"), "too_short"),
        ("password", long(73), "too_long"),
        ("password", json!("ä".repeat(37)), "too_long"),
        ("password", json!("nul\0inside"), "invalid_characters"),
        ("password", json!(12_345_678), "invalid_type"),
        ("display_name", json!(""), "required"),
        ("display_name", json!("  "), "required"),
        ("display_name", long(101), "too_long"),
        ("display_name", json!("two\nlines"), "invalid_characters"),
        ("display_name", json!("a\0b"), "invalid_characters"),
        ("email", json!("nobody"), "invalid_format"),
        ("email", json!("a b@c.d"), "invalid_format"),
        ("email", json!("a\0b@c.d"), "invalid_format"),
        ("email", json!(format!("{}@c.d", "x".repeat(251))), "too_long"),
        ("is_admin", json!("yes"), "invalid_type"),
    ];
    for (field, value, code) in cases {
        let draft = with(draft("fine"), field, value);
        admin.post("/api/users", draft).await.invalid(&[(field, code)]);
    }
}

#[actix_web::test]
async fn all_broken_rules_are_told_at_once() {
    let server = Server::start().await;
    let admin = server.admin("root").await;
    let draft = json!({"password": "short", "display_name": "", "email": "x"});
    let broken = [
        ("username", "required"),
        ("password", "too_short"),
        ("display_name", "required"),
        ("email", "invalid_format"),
    ];
    admin.post("/api/users", draft).await.invalid(&broken);
}

#[actix_web::test]
async fn values_at_their_limits_are_taken() {
    let server = Server::start().await;
    let admin = server.admin("root").await;
    let email = format!("{}@c.d", "x".repeat(250));
    for (name, password, display_name) in [
        (
            "x".repeat(50),
            (0..72).map(|place| char::from(b'a' + place % 26 * 7 % 26)).collect(),
            "x".repeat(100),
        ),
        ("x".to_owned(), "8 bytes!".to_owned(), "🎈".repeat(100)),
        (
            "a_.-b".to_owned(),
            (0..36).filter_map(|place| char::from_u32(0x430 + place * 7 % 32)).collect(),
            "e\u{301}".repeat(100),
        ),
    ] {
        let draft =
            json!({"username": name, "password": password, "display_name": display_name, "email": email});
        let user = admin.post("/api/users", draft).await.created();
        assert_eq!(user["display_name"].as_str().unwrap().chars().count(), 100, "normalised");
        let login = json!({"username": name, "password": password});
        server.nobody().post("/api/login", login).await.ok();
    }
}

#[actix_web::test]
async fn an_address_is_seen_by_the_user_and_admins_only() {
    let server = Server::start().await;
    let (admin, ann, bob) = (server.admin("root").await, server.user("ann").await, server.user("bob").await);
    ann.patch("/api/users/me", json!({"email": "ann@example.org"})).await.ok();
    let path = format!("/api/users/{}", ann.id());
    for (client, seen) in [(&admin, true), (&ann, true), (&bob, false)] {
        let expected = if seen { json!("ann@example.org") } else { Value::Null };
        let user = client.get(&path).await.ok();
        assert_eq!(user.get("email"), Some(&expected));
        let listed = client.list("/api/users?q=ann", "/email").await;
        assert_eq!(listed, [expected]);
    }
    // Who can see the address still can't look for it.
    for client in [&admin, &ann, &bob] {
        assert!(client.list("/api/users?q=example.org", "/id").await.is_empty());
    }
}

#[actix_web::test]
async fn users_are_found_by_either_name_in_any_case() {
    let server = Server::start().await;
    let ann = server.user("Ann_1").await;
    let bob = server.user("bob").await;
    bob.patch("/api/users/me", json!({"display_name": "Größe 100% \\o/"})).await.ok();
    for (q, found) in [
        ("ANN", vec!["Ann_1"]),
        ("n_1", vec!["Ann_1"]),
        ("GR%C3%96SSE", vec!["bob"]),
        ("gr%C3%B6%C3%9Fe", vec!["bob"]),
        ("100%25", vec!["bob"]),
        ("%5Co", vec!["bob"]),
        ("_", vec!["Ann_1"]),
        ("%25", vec!["bob"]),
        ("%25%25", vec![]),
        ("A__", vec![]),
        ("", vec!["Ann_1", "bob"]),
        ("%20b%20", vec!["bob"]),
    ] {
        assert_eq!(ann.list(&format!("/api/users?q={q}"), "/username").await, found, "{q}");
    }
}

#[actix_web::test]
async fn ones_own_profile_keeps_clears_and_sets() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let both = json!({"display_name": "Ann", "email": "ann@example.org", "unknown": [1]});
    let user = ann.patch("/api/users/me", both).await.ok();
    let expected = json!({
        "id": ann.id(), "username": "ann", "display_name": "Ann", "email": "ann@example.org",
        "is_admin": false, "suspended": false, "kind": "person", "owner_id": null, "presence": "shown", "receipts": "shown", "version": 2, "created_at": time(&user["created_at"]),
    });
    assert_eq!(user, expected);
    assert_eq!(ann.put("/api/users/me", json!({})).await.ok(), expected, "absent keeps, nothing changes");
    let cleared = ann.put("/api/users/me", json!({"email": null})).await.ok();
    assert_eq!((&cleared["display_name"], &cleared["email"]), (&json!("Ann"), &Value::Null));
    assert_eq!(cleared["version"], 3);
    assert_eq!(ann.get("/api/users/me").await.ok(), cleared);
}

#[actix_web::test]
async fn a_profile_does_not_take_what_only_admins_change() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for field in ["username", "is_admin", "password", "suspended"] {
        let change = with(json!({}), field, json!("ann2"));
        ann.patch("/api/users/me", change.clone()).await.refused(400, "not_editable");
        ann.put("/api/users/me", change).await.invalid(&[(field, "not_editable")]);
    }
    ann.patch("/api/users/me", json!({"display_name": "x".repeat(101)}))
        .await
        .invalid(&[("display_name", "too_long")]);
}

#[actix_web::test]
async fn an_admin_edits_every_field_of_a_user() {
    let server = Server::start().await;
    let (admin, ann) = (server.admin("root").await, server.user("ann").await);
    let path = format!("/api/users/{}", ann.id());
    let changes =
        json!({"username": "Annie", "display_name": "A", "email": "a@b.c", "is_admin": true, "x": 1});
    let user = admin.patch(&path, changes).await.ok();
    let expected = json!({
        "id": ann.id(), "username": "Annie", "display_name": "A", "email": "a@b.c", "is_admin": true,
        "suspended": false, "kind": "person", "owner_id": null, "presence": null, "receipts": null, "version": 2,
        "created_at": time(&user["created_at"]),
    });
    assert_eq!(user, expected);
    // The new right holds for keys that are out already.
    ann.put(&format!("/api/users/{}", admin.id()), json!({"display_name": "R"})).await.ok();
    let same = admin.put(&path, json!({"username": "Annie"})).await.ok();
    assert_eq!(same, expected, "what changes nothing counts no version");
    let cleared = admin.put(&path, json!({"display_name": null, "is_admin": false})).await.ok();
    assert_eq!((&cleared["display_name"], &cleared["is_admin"]), (&Value::Null, &json!(false)));
    ann.put(&path, json!({"is_admin": true})).await.refused(403, "admin_only");
}

#[actix_web::test]
async fn an_edited_user_keeps_to_the_rules() {
    let server = Server::start().await;
    let (admin, ann) = (server.admin("root").await, server.user("ann").await);
    let path = format!("/api/users/{}", ann.id());
    for field in ["username", "is_admin", "password"] {
        let null = with(json!({}), field, Value::Null);
        admin.patch(&path, null.clone()).await.invalid(&[(field, "not_nullable")]);
        admin.put(&path, null).await.invalid(&[(field, "not_nullable")]);
    }
    // Users choose these for themselves, and roles are given one by one.
    for (field, value) in [("presence", "hidden"), ("receipts", "hidden"), ("roles", "Auditor")] {
        let change = with(json!({}), field, json!(value));
        admin.patch(&path, change.clone()).await.refused(400, "not_editable");
        admin.put(&path, change).await.invalid(&[(field, "not_editable")]);
    }
    admin.patch(&path, json!({"username": "me"})).await.invalid(&[("username", "reserved")]);
    admin.patch(&path, json!({"password": "short"})).await.invalid(&[("password", "too_short")]);
    admin.patch(&path, json!({"username": "ROOT"})).await.refused(409, "username_taken");
    admin.patch(&path, json!({"username": "ANN"})).await.ok();
    ann.patch(&path, json!({"display_name": "A"})).await.refused(403, "admin_only");
    for method in [admin.patch("/api/users/999", json!({})).await, admin.get("/api/users/999").await] {
        method.refused(404, "user_not_found");
    }
}

#[actix_web::test]
async fn the_last_admin_stays_one() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let path = format!("/api/users/{}", root.id());
    root.patch(&path, json!({"is_admin": false})).await.refused(409, "last_admin");
    root.delete(&path).await.refused(409, "last_admin");
    let other = server.admin("other").await;
    root.patch(&path, json!({"is_admin": false})).await.ok();
    root.get(&path).await.ok();
    other.delete(&format!("/api/users/{}", other.id())).await.refused(409, "last_admin");
}
