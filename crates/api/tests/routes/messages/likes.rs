//! Likes.

use serde_json::json;

use crate::harness::{Client, Server};

/// A group of two with a message of the first, and the path of its likes.
async fn liked_by(server: &Server) -> (Client, Client, String, String) {
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let message = ann.say_at(&group, "like me").await;
    let like = format!("{message}/like");
    (ann, bob, message, like)
}

#[actix_web::test]
async fn a_like_counts_once_however_often_it_is_given() {
    let server = Server::start().await;
    let (ann, bob, message, like) = liked_by(&server).await;
    for answer in [bob.put_empty(&like).await, bob.post_empty(&like).await, bob.put_empty(&like).await] {
        assert_eq!(answer.ok(), json!({"likes": 1, "liked": true}));
    }
    assert_eq!(ann.post_empty(&like).await.ok(), json!({"likes": 2, "liked": true}));
    let shown = bob.get(&message).await.ok();
    assert_eq!(json!([shown["likes"], shown["liked"], shown["version"]]), json!([2, true, 3]));
    assert_eq!(shown["edited_at"], json!(null), "a like is no edit");
}

#[actix_web::test]
async fn a_like_is_taken_back_once_however_often_it_is_asked() {
    let server = Server::start().await;
    let (ann, bob, message, like) = liked_by(&server).await;
    assert_eq!(ann.delete(&like).await.ok(), json!({"likes": 0, "liked": false}));
    ann.put_empty(&like).await.ok();
    bob.put_empty(&like).await.ok();
    for _ in 0..2 {
        assert_eq!(bob.delete(&like).await.ok(), json!({"likes": 1, "liked": false}));
    }
    let shown = bob.get(&message).await.ok();
    assert_eq!(json!([shown["likes"], shown["liked"]]), json!([1, false]));
    assert_eq!(ann.get(&message).await.ok()["liked"], true);
}

#[actix_web::test]
async fn a_list_tells_what_the_caller_likes() {
    let server = Server::start().await;
    let (ann, bob, message, like) = liked_by(&server).await;
    bob.put_empty(&like).await.ok();
    let (messages, _) = message.rsplit_once('/').unwrap();
    for (client, liked) in [(&ann, false), (&bob, true)] {
        assert_eq!(client.list(messages, "/liked").await, [liked]);
        assert_eq!(client.list(messages, "/likes").await, [1]);
        assert_eq!(client.get("/api/groups").await.ok()["items"][0]["last_message"]["liked"], liked);
    }
}

#[actix_web::test]
async fn a_deleted_message_has_no_likes_and_takes_none() {
    let server = Server::start().await;
    let (ann, bob, message, like) = liked_by(&server).await;
    bob.put_empty(&like).await.ok();
    ann.delete(&message).await.no_content();
    for purged in [false, true] {
        if purged {
            server.work_off_jobs().await;
        }
        let shown = bob.get(&message).await.ok();
        assert_eq!(json!([shown["likes"], shown["liked"]]), json!([0, false]));
        bob.put_empty(&like).await.refused(409, "deleted");
        bob.post_empty(&like).await.refused(409, "deleted");
        assert_eq!(bob.delete(&like).await.ok(), json!({"likes": 0, "liked": false}));
    }
}

#[actix_web::test]
async fn the_likes_of_a_deleted_user_stay_counted() {
    let server = Server::start().await;
    let (ann, bob, message, like) = liked_by(&server).await;
    let root = server.admin("root").await;
    bob.put_empty(&like).await.ok();
    root.delete(&format!("/api/users/{}", bob.id())).await.no_content();
    server.work_off_jobs().await;
    assert_eq!(ann.get(&message).await.ok()["likes"], 1);
    assert_eq!(ann.put_empty(&like).await.ok(), json!({"likes": 2, "liked": true}));
}

#[actix_web::test]
async fn a_like_needs_no_body_and_minds_none() {
    let server = Server::start().await;
    let (ann, _, _, like) = liked_by(&server).await;
    ann.put(&like, json!({})).await.ok();
    ann.post(&like, json!({"emoji": "x"})).await.ok();
}
