//! What somebody may see changes while they listen.

use serde_json::json;

use super::all_transports::{AllTransports, now_with, types};
use crate::harness::{Listening, Server};

#[actix_web::test]
async fn who_is_removed_is_told_and_hears_no_more_of_the_group() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let listening = Listening::start(&server);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let before = now_with(&bob, 3).await;
    let mut all = AllTransports::open(&listening, &bob, None).await;
    ann.say(&group, "for all").await;
    assert_eq!(all.next().await["data"]["text"], "for all");
    ann.delete(&format!("{group}/members/{}", bob.id())).await.no_content();
    ann.say(&group, "behind his back").await;
    ann.patch("/api/users/me", json!({"display_name": "Ann"})).await.ok();
    let told = [all.next().await, all.next().await];
    assert_eq!(types(&told), ["member.removed", "user.updated"]);
    assert_eq!(told[0]["data"], json!({"id": bob.id()}));
    // Who comes back later does not see either what was said while he was in it.
    let mut later = AllTransports::open(&listening, &bob, Some(&before)).await;
    let told = [later.next().await, later.next().await];
    assert_eq!(types(&told), ["member.removed", "user.updated"]);
    listening.stop().await;
}

#[actix_web::test]
async fn who_comes_into_a_group_hears_of_it_from_then_on() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let listening = Listening::start(&server);
    let group = ann.new_group("Team").await;
    let before = now_with(&bob, 2).await;
    let mut all = AllTransports::open(&listening, &bob, None).await;
    ann.say(&group, "before").await;
    bob.post_empty(&format!("{group}/join")).await.created();
    ann.say(&group, "after").await;
    let mut later = AllTransports::open(&listening, &bob, Some(&before)).await;
    for transports in [&mut all, &mut later] {
        assert_eq!(transports.next().await["type"], "member.added");
        assert_eq!(transports.next().await["data"]["text"], "after");
    }
    listening.stop().await;
}
