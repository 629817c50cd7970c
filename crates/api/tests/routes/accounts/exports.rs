//! Users who export all that is stored about them.

use groupchat_domain::accounts::ExportPart;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server, id_in};

const EXPORT: &str = "/api/users/me/export";

async fn export(client: &Client) -> (Value, String) {
    let answer = client.post(EXPORT, json!({"password": PASSWORD})).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let text = answer.text().to_owned();
    (answer.json(), text)
}

fn texts(rows: &Value, field: &str) -> Vec<String> {
    let rows = rows.as_array().expect("a list");
    rows.iter().map(|row| row[field].as_str().expect("text").to_owned()).collect()
}

#[actix_web::test]
async fn an_export_has_all_of_ones_own_and_nothing_that_others_wrote() {
    let server = Server::start().await;
    let (root, ann, bob) = (server.admin("root").await, server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team of ann").await;
    ann.add(&group, &bob, "admin").await;
    let first = ann.say_at(&group, "My first words").await;
    ann.patch(&first, json!({"text": "My better words"})).await.ok();
    let others = bob.say_at(&group, "WORDS-OF-BOB @ann").await;
    ann.put_empty(&format!("{others}/reactions/%F0%9F%8E%89")).await.ok();
    ann.reply_to(&others, "My answer").await;
    let gone = ann.say_at(&group, "My regret").await;
    ann.delete(&gone).await;
    ann.patch("/api/users/me", json!({"email": "ann@example.org"})).await.ok();
    // What she wrote stays hers where she is no longer in.
    let left = bob.new_group("Team of bob").await;
    bob.add(&left, &ann, "member").await;
    ann.say(&left, "My farewell").await;
    ann.delete(&format!("{left}/members/me")).await.no_content();
    bob.post(&format!("{left}/invitations"), json!({"user_id": ann.id(), "note": "NOTE-OF-BOB"}))
        .await
        .created();
    ann.post(&format!("{group}/invitations"), json!({"user_id": root.id(), "note": "My note"}))
        .await
        .created();
    ann.put_empty(&format!("/api/users/{}/block", root.id())).await.ok();
    root.put_empty(&format!("/api/users/{}/block", ann.id())).await.ok();

    let (all, text) = export(&ann).await;
    for part in ExportPart::ALL {
        assert!(all[part.name()].is_array(), "{} is missing", part.name());
    }
    assert_eq!(all.as_object().unwrap().len(), ExportPart::ALL.len() + 1);
    assert!(all["exported_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(all["profile"][0]["email"], "ann@example.org");
    let mut written = texts(&all["messages"], "text");
    written.sort();
    assert_eq!(written, ["My answer", "My better words", "My farewell"]);
    assert_eq!(texts(&all["earlier_texts"], "text"), ["My first words"]);
    let other = json!(id_in(&others));
    assert_eq!((&all["reactions"][0]["message_id"], &all["reactions"][0]["emoji"]), (&other, &json!("🎉")));
    assert_eq!(all["mentions"][0]["message_id"], other);
    assert_eq!(all["followed_threads"][0]["message_id"], other);
    assert_eq!(all["blocks"].as_array().unwrap().len(), 1, "who has blocked her is not told");
    assert_eq!(all["blocks"][0]["user_id"], root.id());
    assert_eq!(all["memberships"].as_array().unwrap().len(), 1);
    assert_eq!(all["memberships"][0]["role"], "owner");
    assert_eq!(all["invitations_sent"][0]["note"], "My note");
    assert_eq!(all["invitations_received"][0]["invited_by"], bob.id());
    assert_eq!(all["sessions"].as_array().unwrap().len(), 1);
    let audited = texts(&all["audit"], "action");
    assert!(audited.contains(&"account.exported".to_owned()), "{audited:?}");
    for absent in ["WORDS-OF-BOB", "NOTE-OF-BOB", "Team of", ann.key(), "hash", "$2b$", "gc_"] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
    assert_eq!(export(&bob).await.0["blocks"], json!([]));
    let entries = root.list("/api/audit?action=account.exported", "").await;
    assert_eq!(entries.len(), 2);
}

#[actix_web::test]
async fn pages_of_many_messages_are_one_list_with_each_once() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let mut expected = Vec::new();
    for name in ["One", "Two"] {
        let group = ann.new_group(name).await;
        ann.add(&group, &bob, "member").await;
        for number in 0..130 {
            let text = format!("{name} {number}");
            let sent = ann.say(&group, &text).await;
            bob.say(&group, "WORDS-OF-BOB").await;
            if number % 40 == 0 {
                let root = format!("{group}/messages/{}", sent["id"]);
                expected.push(format!("{text}!"));
                ann.reply_to(&root, &format!("{text}!")).await;
            }
            expected.push(text);
        }
    }
    let (all, text) = export(&ann).await;
    let mut found = texts(&all["messages"], "text");
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert!(!text.contains("WORDS-OF-BOB"));
}

#[actix_web::test]
async fn a_key_alone_exports_nothing() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    ann.post(EXPORT, json!({})).await.invalid(&[("password", "required")]);
    ann.post(EXPORT, json!({"password": "guess"})).await.refused(403, "wrong_password");
    server.nobody().post(EXPORT, json!({"password": PASSWORD})).await.refused(401, "missing_key");
    let entries = root.list("/api/audit?action=account.exported", "").await;
    assert_eq!((entries.len(), &entries[0]["outcome"]), (1, &json!("failed")));
    for _ in 0..9 {
        ann.post(EXPORT, json!({"password": "guess"})).await.refused(403, "wrong_password");
    }
    ann.post(EXPORT, json!({"password": PASSWORD})).await.refused(429, "too_many_attempts");
}
