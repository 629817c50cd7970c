//! A member's own settings of a group.

use serde_json::{Value, json};

use crate::harness::{Listening, Server, WebSocket};

#[actix_web::test]
async fn a_member_changes_their_own_settings_and_sees_them_with_the_group() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let me = format!("{group}/members/me");
    let mut settings = json!({"notify": "all", "pinned": false, "hidden": false});
    for (change, field) in [
        (json!({"notify": "none"}), "notify"),
        (json!({"pinned": true}), "pinned"),
        (json!({"hidden": true}), "hidden"),
        (json!({"notify": "mentions"}), "notify"),
    ] {
        settings[field] = change[field].clone();
        let member = bob.patch(&me, change).await.ok();
        assert_eq!((&member["user"]["id"], &member["settings"]), (&json!(bob.id()), &settings));
        assert_eq!(bob.get(&group).await.ok()["my_settings"], settings);
        assert_eq!(bob.get("/api/groups").await.ok()["items"][0]["my_settings"], settings);
    }
    let by_id = bob.put(&format!("{group}/members/{}", bob.id()), json!({"hidden": false})).await.ok();
    assert_eq!(by_id["settings"]["hidden"], false);
}

#[actix_web::test]
async fn nobody_sees_or_changes_the_settings_of_others() {
    let server = Server::start().await;
    let (ann, bob, cleo) = (server.user("ann").await, server.user("bob").await, server.user("cleo").await);
    let root = server.admin("root").await;
    let group = ann.new_group("Team").await;
    let added = ann.add(&group, &bob, "member").await;
    assert_eq!(added["settings"], Value::Null);
    let (members, bobs) = (format!("{group}/members"), format!("{group}/members/{}", bob.id()));
    bob.patch(&bobs, json!({"pinned": true})).await.ok();
    for other in [&ann, &cleo, &root] {
        let listed = other.list(&members, "/settings").await;
        let own = if other.id() == ann.id() {
            json!({"notify": "all", "pinned": false, "hidden": false})
        } else {
            json!(null)
        };
        assert_eq!(listed, [own, Value::Null], "in the order of their names");
        let refused = other.patch(&bobs, json!({"pinned": false, "notify": "none"})).await;
        let problem = refused.refused(400, "not_editable");
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2));
    }
    assert_eq!(cleo.get(&group).await.ok()["my_settings"], Value::Null);
    cleo.patch(&format!("{members}/me"), json!({"pinned": true})).await.refused(404, "member_not_found");
    assert_eq!(ann.patch(&bobs, json!({"role": "admin"})).await.ok()["settings"], Value::Null);
    let own = bob.list(&members, "/settings").await;
    assert_eq!(own, [Value::Null, json!({"notify": "all", "pinned": true, "hidden": false})]);
}

#[actix_web::test]
async fn settings_have_few_values() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let me = format!("{}/members/me", ann.new_group("Team").await);
    ann.patch(&me, json!({"notify": "some"})).await.invalid(&[("notify", "invalid_format")]);
    ann.patch(&me, json!({"pinned": null, "hidden": 1})).await.invalid(&[("hidden", "invalid_type")]);
    ann.patch(&me, json!({"pinned": null})).await.invalid(&[("pinned", "not_nullable")]);
}

#[actix_web::test]
async fn only_own_devices_are_told() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let listening = Listening::start(&server);
    let (mut bobs, hello) = WebSocket::open(&listening, &bob, "").await;
    let (mut anns, _) = WebSocket::open(&listening, &ann, "").await;
    bob.patch(&format!("{group}/members/me"), json!({"notify": "none"})).await.ok();
    let told = bobs.wait_for("settings.updated").await;
    assert_eq!(told["data"]["settings"], json!({"notify": "none", "pinned": false, "hidden": false}));
    bob.say(&group, "hi").await;
    anns.wait_for("message.created").await;
    assert!(!anns.heard.iter().any(|frame| frame.contains("settings.updated")));
    let cursor = hello["cursor"].as_str().expect("a cursor");
    let (mut later, _) = WebSocket::open(&listening, &bob, &format!("cursor={cursor}")).await;
    let mut replayed = later.wait_for("settings.updated").await;
    replayed["cursor"] = told["cursor"].clone();
    assert_eq!(replayed, told);
    listening.stop().await;
}

#[actix_web::test]
async fn a_slip_in_the_name_of_a_setting_is_named_and_no_change_needs_no_right() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let me = format!("{group}/members/me");
    for client in [&ann, &bob] {
        client.patch(&me, json!({"notfy": "none"})).await.invalid(&[("notfy", "unknown")]);
        let settings = client.patch(&me, json!({})).await.ok()["settings"].clone();
        assert_eq!(settings["notify"], "all");
    }
    let anns = format!("{group}/members/{}", ann.id());
    bob.patch(&anns, json!({})).await.refused(403, "role_too_low");
}
