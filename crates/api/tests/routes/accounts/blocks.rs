//! Whom users have blocked.

use serde_json::json;

use crate::harness::{Listening, Server, WebSocket, time};

#[actix_web::test]
async fn a_block_is_listed_until_it_ends() {
    let server = Server::start().await;
    let (ann, bob, cleo) = (server.user("ann").await, server.user("bob").await, server.user("cleo").await);
    let block = |id: i64| format!("/api/users/{id}/block");
    let made = ann.put_empty(&block(bob.id())).await.ok();
    let user = json!({"id": bob.id(), "username": "bob", "display_name": null});
    assert_eq!(made, json!({"user": user, "created_at": time(&made["created_at"])}));
    assert_eq!(ann.put_empty(&block(bob.id())).await.ok(), made, "the first time stays");
    ann.put_empty(&block(cleo.id())).await.ok();
    assert_eq!(ann.list("/api/blocks", "/user/id").await, [bob.id(), cleo.id()]);
    let pages = ann.walk("/api/blocks", "limit=1", "", "/user/id").await;
    assert_eq!(pages, [[bob.id()], [cleo.id()]]);
    assert!(bob.list("/api/blocks", "/user/id").await.is_empty());
    for _ in 0..2 {
        ann.delete(&block(bob.id())).await.no_content();
        assert_eq!(ann.list("/api/blocks", "/user/id").await, [cleo.id()]);
    }
    ann.put_empty(&block(ann.id())).await.invalid(&[("user_id", "out_of_range")]);
    ann.put_empty(&block(999)).await.refused(404, "user_not_found");
    ann.delete(&block(999)).await.refused(404, "user_not_found");
}

#[actix_web::test]
async fn the_blocks_of_a_deleted_user_are_gone() {
    let server = Server::start().await;
    let (root, ann, bob) = (server.admin("root").await, server.user("ann").await, server.user("bob").await);
    ann.put_empty(&format!("/api/users/{}/block", bob.id())).await.ok();
    bob.put_empty(&format!("/api/users/{}/block", ann.id())).await.ok();
    root.delete(&format!("/api/users/{}", bob.id())).await.no_content();
    assert!(ann.list("/api/blocks", "/user/id").await.is_empty());
    server.work_off_jobs().await;
    let (ann, bob) = (ann.id(), bob.id());
    let left = server.run(move |tx| {
        let (ann, bob) = (groupchat_domain::ids::UserId::new(ann), groupchat_domain::ids::UserId::new(bob));
        (tx.blocks().remove(ann, bob).unwrap(), tx.blocks().remove(bob, ann).unwrap())
    });
    assert_eq!(left.await, (false, false));
}

#[actix_web::test]
async fn only_own_devices_are_told() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let listening = Listening::start(&server);
    let (mut anns, _) = WebSocket::open(&listening, &ann, "").await;
    let (mut bobs, _) = WebSocket::open(&listening, &bob, "").await;
    ann.put_empty(&format!("/api/users/{}/block", bob.id())).await.ok();
    let told = anns.wait_for("blocks.updated").await;
    assert_eq!((&told["actor_id"], &told["data"]), (&json!(ann.id()), &json!({"id": ann.id()})));
    ann.say(&group, "hi").await;
    bobs.wait_for("message.created").await;
    assert!(!bobs.heard.iter().any(|frame| frame.contains("blocks.updated")));
    listening.stop().await;
}

#[actix_web::test]
async fn the_caller_is_named_me_here_too() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for own in ["/api/users/me/block".to_owned(), format!("/api/users/{}/block", ann.id())] {
        let answer = ann.put_empty(&own).await;
        assert!(answer.text().contains("must not be your own"), "{answer}");
        answer.invalid(&[("user_id", "out_of_range")]);
        ann.delete(&own).await.no_content();
    }
}
