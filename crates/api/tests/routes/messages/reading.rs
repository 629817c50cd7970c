//! Reading messages: the parts of a list, and how far one has read.

use serde_json::{Value, json};

use crate::harness::{Client, Server};

/// A user in a group of this many messages, and the group's path.
async fn with_messages(server: &Server, count: usize) -> (Client, String) {
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    for number in 1..=count {
        ann.say(&group, &format!("message {number}")).await;
    }
    (ann, group)
}

async fn seqs(client: &Client, group: &str, query: &str) -> (Vec<Value>, bool) {
    let page = client.get(&format!("{group}/messages?{query}")).await.ok();
    let seqs =
        page["items"].as_array().expect("a list has items").iter().map(|item| item["seq"].clone()).collect();
    (seqs, page["next"].is_string())
}

#[actix_web::test]
async fn each_parameter_selects_its_part_newest_first() {
    let server = Server::start().await;
    let (ann, group) = with_messages(&server, 10).await;
    for (query, expected, more) in [
        ("", vec![10, 9, 8, 7, 6, 5, 4, 3, 2, 1], false),
        ("limit=3", vec![10, 9, 8], true),
        ("limit=10", vec![10, 9, 8, 7, 6, 5, 4, 3, 2, 1], false),
        ("before=4", vec![3, 2, 1], false),
        ("before=4&limit=2", vec![3, 2], true),
        ("before=4&limit=3", vec![3, 2, 1], false),
        ("before=100&limit=2", vec![10, 9], true),
        ("before=1", vec![], false),
        ("before=0", vec![], false),
        ("after=7", vec![10, 9, 8], false),
        ("after=0&limit=3", vec![3, 2, 1], true),
        ("after=7&limit=3", vec![10, 9, 8], false),
        ("after=10", vec![], false),
        ("after=100", vec![], false),
        ("around=5&limit=4", vec![7, 6, 5, 4], true),
        ("around=5&limit=5", vec![7, 6, 5, 4, 3], true),
        ("around=5&limit=1", vec![5], true),
        ("around=10&limit=4", vec![10, 9, 8, 7], true),
        ("around=9&limit=4", vec![10, 9, 8, 7], true),
        ("around=2&limit=6", vec![5, 4, 3, 2, 1], false),
        ("around=0&limit=4", vec![2, 1], false),
        ("around=100&limit=3", vec![10, 9, 8], true),
        ("around=5", vec![10, 9, 8, 7, 6, 5, 4, 3, 2, 1], false),
    ] {
        let (found, goes_on) = seqs(&ann, &group, query).await;
        assert_eq!((found, goes_on), (expected.into_iter().map(Value::from).collect(), more), "{query}");
    }
}

#[actix_web::test]
async fn a_cursor_goes_on_in_the_direction_of_its_page() {
    let server = Server::start().await;
    let (ann, group) = with_messages(&server, 7).await;
    let path = format!("{group}/messages");
    for (first, expected) in [
        ("", json!([[7, 6, 5], [4, 3, 2], [1]])),
        ("before=6", json!([[5, 4, 3], [2, 1]])),
        ("after=1", json!([[4, 3, 2], [7, 6, 5]])),
        ("after=2", json!([[5, 4, 3], [7, 6]])),
        ("around=4", json!([[5, 4, 3], [2, 1]])),
    ] {
        assert_eq!(json!(ann.walk(&path, "limit=3", first, "/seq").await), expected, "{first}");
    }
}

#[actix_web::test]
async fn a_walk_upwards_meets_what_is_sent_meanwhile() {
    let server = Server::start().await;
    let (ann, group) = with_messages(&server, 4).await;
    let first = ann.get(&format!("{group}/messages?after=0&limit=3")).await.ok();
    for number in 5..=7 {
        ann.say(&group, &format!("message {number}")).await;
    }
    let next = first["next"].as_str().unwrap();
    let rest = format!("limit=5&cursor={next}");
    assert_eq!(seqs(&ann, &group, &rest).await, (vec![json!(7), json!(6), json!(5), json!(4)], false));
}

#[actix_web::test]
async fn only_one_starting_point_may_be_given() {
    let server = Server::start().await;
    let (ann, group) = with_messages(&server, 2).await;
    let path = format!("{group}/messages");
    let page = ann.get(&format!("{path}?limit=1")).await.ok();
    let cursor = page["next"].as_str().unwrap();
    for (query, field) in [
        ("before=2&after=1".to_owned(), "after"),
        ("before=2&around=1".to_owned(), "around"),
        ("around=1&after=1".to_owned(), "around"),
        (format!("before=2&cursor={cursor}"), "cursor"),
        (format!("cursor={cursor}&after=0"), "cursor"),
    ] {
        ann.get(&format!("{path}?{query}")).await.invalid(&[(field, "exclusive")]);
    }
}

#[actix_web::test]
async fn a_bad_starting_point_is_named() {
    let server = Server::start().await;
    let (ann, group) = with_messages(&server, 1).await;
    for field in ["before", "after", "around"] {
        for (value, code) in [
            ("-1", "out_of_range"),
            ("9007199254740992", "out_of_range"),
            ("abc", "invalid_type"),
            ("", "invalid_type"),
            ("1.5", "invalid_type"),
            ("99999999999999999999", "out_of_range"),
        ] {
            let path = format!("{group}/messages?{field}={value}");
            ann.get(&path).await.invalid(&[(field, code)]);
        }
        ann.get(&format!("{group}/messages?{field}=1&{field}=1")).await.invalid(&[(field, "invalid_type")]);
    }
}

async fn standing(client: &Client, group: &str) -> Value {
    let shown = client.get(group).await.ok();
    let listed = client.get("/api/groups?mine=true").await.ok()["items"][0].clone();
    assert_eq!(listed, shown, "a list shows what the group itself shows");
    json!([shown["last_seq"], shown["read_seq"], shown["unread"]])
}

#[actix_web::test]
async fn joining_and_sending_count_as_reading() {
    let server = Server::start().await;
    let (ann, group) = with_messages(&server, 3).await;
    let (bob, eve) = (server.user("bob").await, server.user("eve").await);
    bob.post_empty(&format!("{group}/join")).await.created();
    ann.add(&group, &eve, "member").await;
    for client in [&ann, &bob, &eve] {
        assert_eq!(standing(client, &group).await, json!([3, 3, 0]));
    }
    ann.say(&group, "four").await;
    ann.say(&group, "five").await;
    assert_eq!(standing(&ann, &group).await, json!([5, 5, 0]));
    assert_eq!(standing(&bob, &group).await, json!([5, 3, 2]));
    bob.say(&group, "six").await;
    assert_eq!(standing(&bob, &group).await, json!([6, 6, 0]));
    assert_eq!(standing(&eve, &group).await, json!([6, 3, 3]));
    eve.get(&format!("{group}/messages")).await.ok();
    assert_eq!(standing(&eve, &group).await, json!([6, 3, 3]), "a list alone marks nothing");
}

#[actix_web::test]
async fn a_read_cursor_never_moves_back() {
    let server = Server::start().await;
    let (ann, group) = with_messages(&server, 0).await;
    let bob = server.user("bob").await;
    bob.post_empty(&format!("{group}/join")).await.created();
    for number in 1..=5 {
        ann.say(&group, &format!("message {number}")).await;
    }
    let path = format!("{group}/read");
    for (seq, read_seq) in [(0, 0), (3, 3), (3, 3), (1, 3), (5, 5), (0, 5)] {
        let read = bob.put(&path, json!({"seq": seq})).await.ok();
        let expected =
            json!({"read_seq": read_seq, "unread": 5 - read_seq, "read_version": 1, "unread_mentions": 0});
        assert_eq!(read, expected, "{seq}");
        assert_eq!(standing(&bob, &group).await, json!([5, read_seq, 5 - read_seq]));
    }
}

#[actix_web::test]
async fn a_read_cursor_stays_within_the_group() {
    let server = Server::start().await;
    let (ann, group) = with_messages(&server, 2).await;
    let path = format!("{group}/read");
    for (body, code) in [
        (json!({"seq": 3}), "out_of_range"),
        (json!({"seq": -1}), "out_of_range"),
        (json!({"seq": i64::MAX}), "out_of_range"),
        (json!({"seq": "2"}), "invalid_type"),
        (json!({"seq": 1.5}), "invalid_type"),
        (json!({"seq": null}), "required"),
        (json!({}), "required"),
    ] {
        ann.put(&path, body).await.invalid(&[("seq", code)]);
    }
}
