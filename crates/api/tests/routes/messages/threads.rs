//! Threads.

use serde_json::{Value, json};

use crate::events::all_transports::{AllTransports, now_with_message};
use crate::harness::{Client, Listening, Server, id_in, time};

/// A group of an owner and two members, with a message of the owner, and the paths of both.
async fn room(server: &Server) -> ([Client; 3], String, String) {
    let people = [server.user("ann").await, server.user("bob").await, server.user("cid").await];
    let group = people[0].new_group("Team").await;
    for member in &people[1..] {
        people[0].add(&group, member, "member").await;
    }
    let root = people[0].say_at(&group, "what do you think?").await;
    (people, group, root)
}

/// The path of a reply.
fn path_of(root: &str, reply: &Value) -> String {
    let (messages, _) = root.rsplit_once('/').expect("a path");
    format!("{messages}/{}", reply["id"])
}

/// What somebody sees of a thread: counts, and how they stand in it.
async fn thread(client: &Client, root: &str) -> Value {
    client.get(root).await.ok()["thread"].clone()
}

/// The same, as (replies, last number, following, read, unread).
async fn state(client: &Client, root: &str) -> Value {
    let thread = thread(client, root).await;
    json!([
        thread["reply_count"],
        thread["last_seq"],
        thread["following"],
        thread["read_seq"],
        thread["unread"]
    ])
}

async fn followed(client: &Client, query: &str) -> Vec<Value> {
    client.list(&format!("/api/threads{query}"), "/id").await
}

#[actix_web::test]
async fn replies_are_numbered_and_listed_in_their_thread_alone() {
    let server = Server::start().await;
    let ([ann, bob, cid], group, root) = room(&server).await;
    let first = bob.reply_to(&root, "one").await;
    assert_eq!((&first["seq"], &first["thread_id"]), (&json!(1), &json!(id_in(&root))));
    assert_eq!(first["thread"], json!(null));
    for text in ["two", "three"] {
        cid.reply_to(&root, text).await;
    }
    let messages = format!("{group}/messages");
    assert_eq!(ann.list(&messages, "/text").await, ["what do you think?"]);
    let of_thread = format!("{messages}?thread_id={}", id_in(&root));
    assert_eq!(ann.list(&of_thread, "/text").await, ["three", "two", "one"]);
    assert_eq!(ann.list(&format!("{of_thread}&after=1&limit=1"), "/text").await, ["two"]);
    assert_eq!(ann.list(&format!("{of_thread}&before=3"), "/text").await, ["two", "one"]);
    assert_eq!(ann.list(&format!("{of_thread}&around=2&limit=2"), "/text").await, ["three", "two"]);
    let pages = ann.walk(&messages, &format!("thread_id={}&limit=2", id_in(&root)), "", "/seq").await;
    assert_eq!(pages, [vec![json!(3), json!(2)], vec![json!(1)]]);
    let seen = bob.get(&group).await.ok();
    assert_eq!((&seen["last_seq"], &seen["unread"]), (&json!(1), &json!(1)));
}

#[actix_web::test]
async fn a_root_shows_its_thread_wherever_it_is_shown() {
    let server = Server::start().await;
    let ([ann, bob, cid], group, root) = room(&server).await;
    assert_eq!(thread(&ann, &root).await, json!(null));
    bob.reply_to(&root, "one").await;
    cid.reply_to(&root, "two").await;
    let last = bob.reply_to(&root, "three").await;
    let people: Vec<_> = [&bob, &cid].map(|client| client.id()).to_vec();
    let expected = thread(&ann, &root).await;
    let shown: Vec<_> =
        expected["participants"].as_array().expect("some").iter().map(|user| &user["id"]).collect();
    assert_eq!(json!(shown), json!(people));
    assert_eq!(time(&expected["last_reply_at"]), last["created_at"]);
    assert_eq!(state(&ann, &root).await, json!([3, 3, true, 0, 3]));
    assert_eq!(state(&bob, &root).await, json!([3, 3, true, 3, 0]));
    assert_eq!(state(&cid, &root).await, json!([3, 3, true, 2, 1]));
    ann.put_empty(&format!("{root}/pin")).await.ok();
    assert_eq!(ann.list(&format!("{group}/messages"), "/thread").await, std::slice::from_ref(&expected));
    assert_eq!(ann.list(&format!("{group}/pins"), "/thread").await, std::slice::from_ref(&expected));
    assert_eq!(ann.get(&group).await.ok()["last_message"]["thread"], expected);
    assert_eq!(
        ann.list("/api/groups?mine=true", "/last_message/thread").await,
        std::slice::from_ref(&expected)
    );
    assert_eq!(ann.list("/api/threads", "/thread").await, std::slice::from_ref(&expected));
    assert_eq!(ann.patch(&root, json!({"text": "well?"})).await.ok()["thread"], expected);
}

#[actix_web::test]
async fn what_is_no_root_takes_no_replies() {
    let server = Server::start().await;
    let ([ann, bob, _], group, root) = room(&server).await;
    let reply = bob.reply_to(&root, "one").await;
    let elsewhere = ann.new_group("Elsewhere").await;
    let other = ann.say_at(&elsewhere, "hello").await;
    let messages = format!("{group}/messages");
    let send = async |thread: i64| bob.post(&messages, json!({"text": "hi", "thread_id": thread})).await;
    send(reply["id"].as_i64().expect("an id")).await.refused(409, "not_a_root");
    send(id_in(&other)).await.refused(404, "message_not_found");
    send(4_000_000_000).await.refused(404, "message_not_found");
    send(0).await.refused(400, "validation_failed");
    let path = path_of(&root, &reply);
    bob.put_empty(&format!("{path}/follow")).await.refused(409, "not_a_root");
    bob.put(&format!("{path}/read"), json!({"seq": 0})).await.refused(409, "not_a_root");
    bob.get(&format!("{messages}?thread_id={}", reply["id"])).await.refused(409, "not_a_root");
    bob.get(&format!("{messages}?thread_id={}", id_in(&other))).await.refused(404, "message_not_found");
    let alone = ann.say_at(&group, "nobody replies").await;
    ann.put_empty(&format!("{alone}/follow")).await.refused(409, "no_thread");
    ann.delete(&format!("{alone}/follow")).await.no_content();
    ann.put(&format!("{alone}/read"), json!({"seq": 0})).await.refused(409, "no_thread");
    assert_eq!(ann.list(&format!("{messages}?thread_id={}", id_in(&alone)), "/id").await, [0; 0]);
}

#[actix_web::test]
async fn a_deleted_root_keeps_its_thread_and_takes_replies_while_it_has_some() {
    let server = Server::start().await;
    let ([ann, bob, _], group, root) = room(&server).await;
    let reply = bob.reply_to(&root, "one").await;
    ann.delete(&root).await.no_content();
    assert_eq!(state(&bob, &root).await, json!([1, 1, true, 1, 0]));
    let second = ann.reply_to(&root, "two").await;
    ann.delete(&path_of(&root, &second)).await.no_content();
    bob.delete(&path_of(&root, &reply)).await.no_content();
    assert_eq!(state(&bob, &root).await, json!([0, 2, true, 1, 1]));
    let draft = json!({"text": "three", "thread_id": id_in(&root)});
    bob.post(&format!("{group}/messages"), draft).await.refused(409, "deleted");
    let tombstones = bob.list(&format!("{group}/messages?thread_id={}", id_in(&root)), "/text").await;
    assert_eq!(tombstones, [json!(null), json!(null)]);
}

/// Reply counts that are wrong after a deletion (RocketChat/Rocket.Chat#24947).
#[actix_web::test]
async fn a_deleted_reply_counts_no_longer_and_its_number_is_not_given_again() {
    let server = Server::start().await;
    let ([ann, bob, _], _, root) = room(&server).await;
    bob.reply_to(&root, "one").await;
    let second = path_of(&root, &bob.reply_to(&root, "two").await);
    for _ in 0..2 {
        bob.delete(&second).await.no_content();
        assert_eq!(state(&ann, &root).await, json!([1, 2, true, 0, 2]));
    }
    assert_eq!(ann.reply_to(&root, "three").await["seq"], 3);
    assert_eq!(state(&ann, &root).await, json!([2, 3, true, 3, 0]));
}

/// Unread threads that nobody can clear (mattermost/mattermost#22060).
#[actix_web::test]
async fn every_unread_thread_that_is_listed_can_be_read() {
    let server = Server::start().await;
    let ([ann, bob, cid], group, root) = room(&server).await;
    let last = path_of(&root, &bob.reply_to(&root, "one").await);
    let deleted_root = ann.say_at(&group, "to be deleted").await;
    bob.reply_to(&deleted_root, "one").await;
    let elsewhere = bob.new_group("Elsewhere").await;
    bob.add(&elsewhere, &ann, "member").await;
    bob.add(&elsewhere, &cid, "owner").await;
    let left = ann.say_at(&elsewhere, "to be left").await;
    bob.reply_to(&left, "one").await;
    assert_eq!(followed(&ann, "?unread=true").await, [&left, &deleted_root, &root].map(|root| id_in(root)));
    bob.delete(&last).await.no_content();
    ann.delete(&deleted_root).await.no_content();
    bob.delete(&format!("{elsewhere}/members/{}", ann.id())).await.no_content();
    ann.put_empty(&format!("{group}/archive")).await.ok();
    assert_eq!(followed(&ann, "?unread=true").await, [&deleted_root, &root].map(|root| id_in(root)));
    for root in [&root, &deleted_root] {
        let seq = thread(&ann, root).await["last_seq"].clone();
        let read = ann.put(&format!("{root}/read"), json!({"seq": seq})).await.ok();
        assert_eq!(read["unread"], 0);
    }
    assert_eq!(followed(&ann, "?unread=true").await, [0; 0]);
    assert_eq!(followed(&ann, "").await, [&deleted_root, &root].map(|root| id_in(root)));
    // Who comes in again finds what they followed.
    bob.add(&elsewhere, &ann, "member").await;
    assert_eq!(followed(&ann, "?unread=true").await, [id_in(&left)]);
}

#[actix_web::test]
async fn a_thread_is_followed_by_who_takes_part_and_by_who_wants_to() {
    let server = Server::start().await;
    let ([ann, bob, cid], _, root) = room(&server).await;
    bob.reply_to(&root, "one").await;
    assert_eq!(followed(&cid, "").await, [0; 0]);
    let follow = format!("{root}/follow");
    for _ in 0..2 {
        assert_eq!(cid.put_empty(&follow).await.ok(), thread(&cid, &root).await);
        assert_eq!(followed(&cid, "").await, [id_in(&root)]);
    }
    for _ in 0..2 {
        ann.delete(&follow).await.no_content();
        assert_eq!(followed(&ann, "").await, [0; 0]);
    }
    // Others' replies change nothing about that, one's own do.
    bob.reply_to(&root, "two").await;
    assert_eq!(state(&ann, &root).await, json!([2, 2, false, 0, 2]));
    ann.reply_to(&root, "three").await;
    assert_eq!(state(&ann, &root).await, json!([3, 3, true, 3, 0]));
    ann.put(&format!("{root}/read"), json!({"seq": 1})).await.ok();
    assert_eq!(state(&ann, &root).await, json!([3, 3, true, 3, 0]));
    ann.put(&format!("{root}/read"), json!({"seq": 4})).await.refused(400, "validation_failed");
}

#[actix_web::test]
async fn threads_are_listed_page_by_page_from_the_newest_reply_down() {
    let server = Server::start().await;
    let ([ann, bob, _], group, root) = room(&server).await;
    let other = ann.say_at(&group, "another").await;
    let elsewhere = bob.new_group("Elsewhere").await;
    let third = bob.say_at(&elsewhere, "hello").await;
    for root in [&root, &other, &third, &root] {
        bob.reply_to(root, "well").await;
    }
    let expected = [&root, &third, &other].map(|root| json!(id_in(root)));
    for limit in 1..=4 {
        let pages = bob.walk("/api/threads", &format!("limit={limit}"), "", "/id").await;
        assert_eq!(pages.concat(), expected, "{limit}");
    }
    assert_eq!(followed(&bob, "?unread=true").await, [0; 0]);
    assert_eq!(followed(&ann, "?unread=false").await, [&root, &other].map(|root| id_in(root)));
}

#[actix_web::test]
async fn a_pinned_or_liked_reply_stays_a_reply() {
    let server = Server::start().await;
    let ([ann, bob, _], group, root) = room(&server).await;
    let reply = path_of(&root, &bob.reply_to(&root, "one").await);
    assert_eq!(ann.put_empty(&format!("{reply}/pin")).await.ok()["thread_id"], id_in(&root));
    assert_eq!(ann.list(&format!("{group}/pins"), "/thread_id").await, [id_in(&root)]);
    assert_eq!(ann.put_empty(&format!("{reply}/like")).await.ok()["likes"], 1);
    assert_eq!(ann.list(&format!("{group}/messages?thread_id={}", id_in(&root)), "/likes").await, [1]);
    assert_eq!(bob.patch(&reply, json!({"text": "once"})).await.ok()["seq"], 1);
}

#[actix_web::test]
async fn where_members_only_reply_threads_are_open() {
    let server = Server::start().await;
    let ([ann, bob, cid], group, root) = room(&server).await;
    let may = json!({"permissions": ["view", "read_history", "reply"]});
    ann.patch(&format!("{group}/roles/member"), may).await.ok();
    bob.post(&format!("{group}/messages"), json!({"text": "hi"})).await.refused(403, "role_too_low");
    bob.reply_to(&root, "one").await;
    ann.put(&format!("{group}/members/{}/mute", bob.id()), json!({})).await.ok();
    let draft = json!({"text": "two", "thread_id": id_in(&root)});
    bob.post(&format!("{group}/messages"), draft.clone()).await.refused(403, "muted");
    ann.patch(&group, json!({"slow_mode_seconds": 60})).await.ok();
    // Who has just joined waits, too.
    cid.post(&format!("{group}/messages"), draft).await.refused(429, "slow_mode");
}

/// The event is what REST answers right after it, but for what depends on the reader.
#[actix_web::test]
async fn events_say_what_is_read_after_them() {
    let server = Server::start().await;
    let ([ann, bob, _], _, root) = room(&server).await;
    let listening = Listening::start(&server);
    let before = now_with_message(&ann, &root).await;
    let mut anns = AllTransports::open(&listening, &ann, Some(&before)).await;
    let assert_told = async |anns: &mut AllTransports| {
        let told = anns.next_logged().await;
        assert_eq!(
            (&told["type"], &told["data"]["message_id"]),
            (&json!("thread.updated"), &json!(id_in(&root)))
        );
        let read = thread(&ann, &root).await;
        for field in ["reply_count", "last_seq", "last_reply_at", "participants"] {
            assert_eq!(told["data"][field], read[field], "{field}");
        }
    };
    let reply = bob.reply_to(&root, "one").await;
    let created = anns.next_logged().await;
    assert_eq!(created["data"]["thread_id"], id_in(&root));
    assert_told(&mut anns).await;
    let followed = anns.next_logged().await;
    assert_eq!(
        (&followed["type"], &followed["data"]),
        (&json!("thread.followed"), &json!({"message_id": id_in(&root)}))
    );
    let path = path_of(&root, &reply);
    bob.delete(&path).await.no_content();
    assert_eq!(anns.next_logged().await["type"], "message.deleted");
    assert_told(&mut anns).await;
    ann.delete(&format!("{root}/follow")).await.no_content();
    assert_eq!(anns.next_logged().await["type"], "thread.unfollowed");
    listening.stop().await;
}

#[actix_web::test]
async fn a_repeated_reply_is_stored_once() {
    let server = Server::start().await;
    let ([ann, bob, _], group, root) = room(&server).await;
    let draft = json!({"text": "one", "thread_id": id_in(&root), "client_id": "c-1"});
    let messages = format!("{group}/messages");
    let first = bob.post(&messages, draft.clone()).await.created();
    assert_eq!(bob.post(&messages, draft.clone()).await.ok()["id"], first["id"]);
    ann.delete(&root).await.no_content();
    bob.delete(&path_of(&root, &first)).await.no_content();
    // Where nothing can be sent any more, too.
    assert_eq!(bob.post(&messages, draft).await.ok()["id"], first["id"]);
    assert_eq!(state(&ann, &root).await, json!([0, 1, true, 0, 1]));
}
