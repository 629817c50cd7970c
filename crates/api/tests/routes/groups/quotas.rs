//! How much of groups a user, and a group, may have.

use groupchat_api::ServerOptions;
use groupchat_domain::groups::Quotas;
use serde_json::json;

use crate::harness::{Answer, Server};

#[actix_web::test]
async fn a_quota_is_told_by_its_name_and_its_limit() {
    let quotas = Quotas { owned_groups: 2, memberships: 3, members: 2, direct_conversations: 2 };
    let options = ServerOptions { quotas, ..ServerOptions::default() };
    let server = Server::start().await.with_options(options).await;
    let (ann, bob, cleo) = (server.user("ann").await, server.user("bob").await, server.user("cleo").await);
    let (first, second) = (ann.new_group("First").await, ann.new_group("Second").await);
    let exceeded = |answer: Answer, name: &str, limit: u32| {
        let problem = answer.expect(409).json();
        assert_eq!(problem["code"], "quota_exceeded");
        assert_eq!(problem["quota"], json!({"name": name, "limit": limit}));
    };
    exceeded(ann.post("/api/groups", json!({"name": "Third"})).await, "owned_groups", 2);
    bob.post_empty(&format!("{first}/join")).await.created();
    exceeded(cleo.post_empty(&format!("{first}/join")).await, "members", 2);
    assert_eq!(ann.get(&first).await.ok()["member_count"], 2);
    // Whoever is there already stays and is told so.
    bob.post_empty(&format!("{first}/join")).await.ok();
    bob.new_group("Bob's").await;
    let others = bob.new_group("Bob's other").await;
    exceeded(ann.post(&format!("{second}/members"), json!({"user_id": bob.id()})).await, "memberships", 3);
    cleo.post_empty(&format!("{others}/join")).await.created();
    let role = json!({"role": "owner"});
    bob.delete(&format!("{first}/members/me")).await.no_content();
    ann.add(&second, &bob, "member").await;
    exceeded(ann.patch(&format!("{second}/members/{}", bob.id()), role).await, "owned_groups", 2);
    let dan = server.user("dan").await;
    for other in [&bob, &cleo] {
        ann.post("/api/direct", json!({"user_ids": [other.id()]})).await.created();
    }
    exceeded(ann.post("/api/direct", json!({"user_ids": [dan.id()]})).await, "direct_conversations", 2);
    assert_eq!(dan.list("/api/groups?kind=direct", "/id").await, [0; 0]);
    // Only who starts a conversation pays for it: nobody uses up the quota of others.
    dan.post("/api/direct", json!({"user_ids": [ann.id()]})).await.created();
    cleo.post("/api/direct", json!({"user_ids": [ann.id(), bob.id(), dan.id()]})).await.created();
}
