//! Mentions.

use serde_json::{Value, json};

use crate::events::all_transports::{AllTransports, now};
use crate::harness::{Client, Listening, Server, WebSocket, id_in};

/// A group of an owner and a member, and somebody who is not in it.
async fn room(server: &Server) -> ([Client; 3], String) {
    let people = [server.user("ann").await, server.user("bob").await, server.user("eve").await];
    let group = people[0].new_group("Team").await;
    people[0].add(&group, &people[1], "member").await;
    (people, group)
}

/// What a message says of its mentions: (ids of users, all, here, ids of those who can't be reached).
fn mentions(message: &Value) -> Value {
    let found = &message["mentions"];
    let ids = |list: &str| -> Vec<Value> {
        found[list].as_array().into_iter().flatten().map(|user| user["id"].clone()).collect()
    };
    if found.is_null() {
        return Value::Null;
    }
    json!([ids("users"), found["all"], found["here"], ids("unreachable")])
}

async fn unread(client: &Client, path: &str) -> Value {
    client.get(path).await.ok()["unread_mentions"].clone()
}

/// The texts of the messages that mention somebody.
async fn listed(client: &Client, query: &str) -> Vec<Value> {
    client.list(&format!("/api/mentions{query}"), "/text").await
}

#[actix_web::test]
async fn a_message_has_whom_it_mentions_wherever_it_is_shown() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    let said = bob.say(&group, "Hello @ANN, and @bob").await;
    let text = format!("Hello <@{}>, and <@{}>", ann.id(), bob.id());
    assert_eq!(said["text"], text.as_str());
    assert_eq!(mentions(&said), json!([[ann.id(), bob.id()], false, false, []]));
    let path = format!("{group}/messages/{}", said["id"]);
    assert_eq!(ann.get(&path).await.ok()["mentions"], said["mentions"]);
    let shown = said["mentions"].clone();
    for list in [format!("{group}/messages"), "/api/mentions".to_owned()] {
        assert_eq!(ann.list(&list, "/mentions").await, std::slice::from_ref(&shown), "{list}");
    }
    assert_eq!(ann.get(&group).await.ok()["last_message"]["mentions"], shown);
    // Nobody is told of what they write themselves.
    assert_eq!(listed(&bob, "").await, [] as [Value; 0]);
}

#[actix_web::test]
async fn a_rename_changes_what_is_shown_and_a_deletion_leaves_nobody() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    let message = ann.say_at(&group, "Hello @bob").await;
    let root = server.admin("root").await;
    let account = format!("/api/users/{}", bob.id());
    root.patch(&account, json!({"username": "robert"})).await.ok();
    let shown = ann.get(&format!("{message}?format=html")).await.ok();
    assert_eq!(shown["mentions"]["users"][0]["username"], "robert");
    let html = format!("<p>Hello <span class=\"mention\" data-user-id=\"{}\">@robert</span></p>\n", bob.id());
    assert_eq!(shown["html"], html.as_str());
    root.delete(&account).await.no_content();
    let shown = ann.get(&message).await.ok();
    assert_eq!(shown["mentions"]["users"], json!([{"id": bob.id(), "username": null, "display_name": null}]));
    // An edit that sends the text back keeps who is gone.
    let text = format!("Hello again <@{}>", bob.id());
    let edited = ann.patch(&message, json!({"text": text})).await.ok();
    assert_eq!(mentions(&edited), json!([[bob.id()], false, false, []]));
}

#[actix_web::test]
async fn quotes_earlier_texts_and_forwards_read_with_names() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    let message = ann.say_at(&group, "Hello @bob and `<@1>`").await;
    let id = id_in(&message);
    let shown = "Hello @bob and `<@1>`";
    let quote = bob.post(&format!("{group}/messages"), json!({"text": "hi", "reply_to": id})).await.created();
    assert_eq!(quote["reply_to"]["excerpt"], shown);
    let path = format!("{group}/messages/{}", quote["id"]);
    assert_eq!(bob.get(&path).await.ok()["reply_to"]["excerpt"], shown);
    let elsewhere = bob.new_group("Elsewhere").await;
    let to = json!({"group_id": id_in(&elsewhere)});
    let copy = bob.post(&format!("{message}/forward"), to).await.created();
    assert_eq!((&copy["text"], &copy["mentions"]), (&json!(shown), &Value::Null));
    ann.patch(&message, json!({"text": "never mind"})).await.ok();
    assert_eq!(ann.list(&format!("{message}/history"), "/text").await, [shown]);
    // With the names of today, where the text is not a copy.
    let again = ann.patch(&message, json!({"text": "@bob"})).await.ok();
    assert_eq!(mentions(&again), json!([[bob.id()], false, false, []]));
    let root = server.admin("root").await;
    let account = format!("/api/users/{}", bob.id());
    root.patch(&account, json!({"username": "robert"})).await.ok();
    assert_eq!(bob.get(&path).await.ok()["reply_to"]["excerpt"], "@robert");
    let texts = ["never mind", "Hello @robert and `<@1>`"];
    assert_eq!(ann.list(&format!("{message}/history"), "/text").await, texts);
    root.delete(&account).await.no_content();
    assert_eq!(ann.get(&path).await.ok()["reply_to"]["excerpt"], "@deleted");
    assert_eq!(ann.list(&format!("{message}/history"), "/text").await[1], "Hello @deleted and `<@1>`");
}

#[actix_web::test]
async fn code_quotations_links_and_addresses_mention_nobody() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    for text in [
        "`@bob`",
        "```\n@bob\n```",
        "> @bob",
        "[@bob](https://x.y)",
        "https://x.y/@bob",
        "me@bob.org",
        "\\@bob",
    ] {
        let said = ann.say(&group, text).await;
        assert_eq!((&said["text"], &said["mentions"]), (&json!(text), &Value::Null));
    }
    assert_eq!(unread(&bob, &group).await, 0);
    assert_eq!(listed(&bob, "").await, [] as [Value; 0]);
}

#[actix_web::test]
async fn who_cannot_read_is_not_mentioned_and_the_sender_is_told() {
    let server = Server::start().await;
    let ([ann, bob, eve], group) = room(&server).await;
    let said = ann.say(&group, "@eve and @nobody").await;
    assert_eq!(said["text"], "@eve and @nobody");
    assert_eq!(mentions(&said), json!([[], false, false, [eve.id()]]));
    let path = format!("{group}/messages/{}", said["id"]);
    assert_eq!(bob.get(&path).await.ok()["mentions"], Value::Null);
    assert_eq!(listed(&eve, "").await, [] as [Value; 0]);
    let typed = ann.say(&group, &format!("<@{}>", eve.id())).await;
    assert_eq!(typed["text"], "@eve");
    // Nor one whose role doesn't read.
    let role = json!({"name": "Deaf", "rank": 5, "permissions": ["view"]});
    ann.post(&format!("{group}/roles"), role).await.created();
    ann.add(&group, &eve, "Deaf").await;
    assert_eq!(mentions(&ann.say(&group, "@eve").await), json!([[], false, false, [eve.id()]]));
}

#[actix_web::test]
async fn all_takes_a_permission() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    assert_eq!(bob.say(&group, "@all").await["mentions"], Value::Null);
    assert_eq!(unread(&ann, &group).await, 0);
    let said = ann.say(&group, "@all, hello").await;
    assert_eq!((&said["text"], mentions(&said)), (&json!("@all, hello"), json!([[], true, false, []])));
    assert_eq!(unread(&bob, &group).await, 1);
    assert_eq!(listed(&bob, "").await, ["@all, hello"]);
    assert_eq!(listed(&ann, "").await, [] as [Value; 0]);
    let path = format!("{group}/messages/{}", said["id"]);
    let shown = bob.get(&format!("{path}?format=html")).await.ok();
    assert_eq!(shown["html"], "<p><span class=\"mention\">@all</span>, hello</p>\n");
    ann.patch(&path, json!({"text": "hello"})).await.ok();
    assert_eq!(unread(&bob, &group).await, 0);
}

#[actix_web::test]
async fn here_mentions_those_who_are_shown_as_online() {
    let server = Server::start().await;
    let ([ann, bob, eve], group) = room(&server).await;
    let hidden = server.user("fay").await;
    ann.add(&group, &eve, "member").await;
    ann.add(&group, &hidden, "member").await;
    hidden.patch("/api/users/me", json!({"presence": "hidden"})).await.ok();
    let listening = Listening::start(&server);
    let (mut anns, _) = WebSocket::open(&listening, &ann, "").await;
    let (mut bobs, _) = WebSocket::open(&listening, &bob, "").await;
    let (hiddens, _) = WebSocket::open(&listening, &hidden, "").await;
    while anns.wait_for("presence").await["data"]["user_id"] != bob.id() {}
    let said = ann.say(&group, "@here?").await;
    assert_eq!(mentions(&said), json!([[], false, true, []]));
    assert_eq!(bobs.wait_for("mention.created").await["data"]["id"], said["id"]);
    assert_eq!((unread(&bob, &group).await, unread(&eve, &group).await), (json!(1), json!(0)));
    assert_eq!(unread(&hidden, &group).await, 0);
    assert_eq!(listed(&bob, "").await, ["@here?"]);
    // An edit that keeps it tells nobody else, and one without it takes it back.
    let path = format!("{group}/messages/{}", said["id"]);
    ann.patch(&path, json!({"text": "@here, please"})).await.ok();
    assert_eq!(unread(&bob, &group).await, 1);
    ann.patch(&path, json!({"text": "please"})).await.ok();
    assert_eq!(bobs.wait_for("mention.removed").await["data"]["id"], said["id"]);
    assert_eq!(unread(&bob, &group).await, 0);
    // Who is online when it is edited is nobody's affair.
    let edited = ann.patch(&path, json!({"text": "@here"})).await.ok();
    assert_eq!(edited["mentions"], Value::Null);
    // In a batch, it says the same.
    let batch = json!({"messages": [{"text": "first"}, {"text": "@here, too"}]});
    let sent = ann.post(&format!("{group}/messages/batch"), batch).await.created();
    assert_eq!(bobs.wait_for("mention.created").await["data"]["id"], sent["items"][1]["id"]);
    assert_eq!((unread(&bob, &group).await, unread(&hidden, &group).await), (json!(1), json!(0)));
    drop((anns, bobs, hiddens));
    listening.stop().await;
}

#[actix_web::test]
async fn unread_mentions_follow_the_read_cursor() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    for text in ["@bob 1", "2", "@bob 3", "@all 4"] {
        ann.say(&group, text).await;
    }
    assert_eq!(unread(&bob, &group).await, 3);
    assert_eq!(bob.list("/api/groups?mine=true", "/unread_mentions").await, [json!(3)]);
    assert_eq!(listed(&bob, "?unread=true").await.len(), 3);
    bob.put(&format!("{group}/read"), json!({"seq": 2})).await.ok();
    assert_eq!(unread(&bob, &group).await, 2);
    assert_eq!(listed(&bob, "?unread=true").await.len(), 2);
    assert_eq!(listed(&bob, "").await.len(), 3);
    bob.put(&format!("{group}/read"), json!({"seq": 4})).await.ok();
    assert_eq!(unread(&bob, &group).await, 0);
    assert_eq!(listed(&bob, "?unread=true").await, [] as [Value; 0]);
}

#[actix_web::test]
async fn a_mention_in_a_thread_counts_there_and_can_be_cleared() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    let root = ann.say_at(&group, "well?").await;
    let reply = ann.reply_to(&root, "what do you think, @bob?").await;
    let thread = async || {
        let thread = bob.get(&root).await.ok()["thread"].clone();
        json!([thread["following"], thread["unread"], thread["unread_mentions"]])
    };
    assert_eq!(thread().await, json!([true, 1, 1]));
    let replies = format!("{group}/messages?thread_id={}", id_in(&root));
    assert_eq!(bob.list(&replies, "/mentions/users/0/id").await, [json!(bob.id())]);
    assert_eq!(unread(&bob, &group).await, 0);
    assert_eq!(bob.list("/api/mentions?unread=true", "/id").await, [reply["id"].clone()]);
    // Also where it is not followed any more, and the root is deleted.
    bob.delete(&format!("{root}/follow")).await.no_content();
    ann.delete(&root).await.no_content();
    bob.put(&format!("{root}/read"), json!({"seq": 1})).await.ok();
    assert_eq!(thread().await, json!([false, 0, 0]));
    assert_eq!(listed(&bob, "?unread=true").await, [] as [Value; 0]);
}

#[actix_web::test]
async fn no_mention_in_a_thread_stays_unread_that_is_not_followed() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    let unfollowed = ann.say_at(&group, "one").await;
    ann.reply_to(&unfollowed, "@bob?").await;
    bob.delete(&format!("{unfollowed}/follow")).await.no_content();
    let (by_all, read_by_hand) = (ann.say_at(&group, "two").await, ann.say_at(&group, "three").await);
    for root in [&by_all, &read_by_hand] {
        ann.reply_to(root, "@all?").await;
        ann.reply_to(root, "and a reply").await;
    }
    let thread = async |root: &str| {
        let thread = bob.get(root).await.ok()["thread"].clone();
        json!([thread["following"], thread["unread"], thread["unread_mentions"]])
    };
    assert_eq!(thread(&unfollowed).await, json!([false, 1, 1]));
    assert_eq!(thread(&by_all).await, json!([false, 2, 1]));
    // Reading such a thread clears what is read of it.
    bob.put(&format!("{read_by_hand}/read"), json!({"seq": 1})).await.ok();
    assert_eq!(thread(&read_by_hand).await, json!([false, 1, 0]));
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &bob, "").await;
    bob.post_empty("/api/read-all").await.no_content();
    assert_eq!(listed(&bob, "?unread=true").await, [] as [Value; 0]);
    for root in [&unfollowed, &by_all] {
        assert_eq!(thread(root).await[2], json!(0), "and it is still not followed");
        assert_eq!(thread(root).await[0], json!(false));
    }
    // Where nothing mentions them, what they don't follow stays as it is.
    assert_eq!(thread(&read_by_hand).await, json!([false, 1, 0]));
    let mut told = Vec::new();
    while told.len() < 3 {
        let items = socket.wait_for("read.all").await["data"]["items"].clone();
        told.extend(items.as_array().into_iter().flatten().map(|item| item["thread_id"].clone()));
    }
    assert_eq!(told, [Value::Null, json!(id_in(&unfollowed)), json!(id_in(&by_all))]);
    listening.stop().await;
}

#[actix_web::test]
async fn an_edit_with_a_mention_can_be_repeated_with_the_same_version() {
    let server = Server::start().await;
    let ([ann, bob, eve], group) = room(&server).await;
    let message = ann.say_at(&group, "hello").await;
    let body = json!({"text": "hello @bob and @eve", "if_version": 1});
    let edited = ann.patch(&message, body.clone()).await.ok();
    assert_eq!(mentions(&edited), json!([[bob.id()], false, false, [eve.id()]]));
    assert_eq!(ann.patch(&message, body).await.ok(), edited);
    ann.patch(&message, json!({"text": "bye @bob", "if_version": 1})).await.refused(409, "version_conflict");
    assert_eq!(ann.list(&format!("{message}/history"), "/text").await, ["hello"]);
    // Nobody is mentioned by a text that stays as it is.
    ann.add(&group, &eve, "member").await;
    let again = ann.patch(&message, json!({"text": edited["text"]})).await.ok();
    assert_eq!(again["version"], edited["version"]);
    assert_eq!(listed(&eve, "").await, [] as [Value; 0]);
}

#[actix_web::test]
async fn a_repeat_finds_the_message_also_where_its_mentions_are_refused_now() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    let messages = format!("{group}/messages");
    let body = json!({"text": "@all", "client_id": "once"});
    let sent = ann.post(&messages, body.clone()).await.created();
    let heir = server.user("heir").await;
    ann.add(&group, &heir, "owner").await;
    heir.patch(&format!("{group}/members/{}", ann.id()), json!({"role": "member"})).await.ok();
    let repeated = ann.post(&messages, body).await.ok();
    assert_eq!((&repeated["id"], mentions(&repeated)), (&sent["id"], json!([[], true, false, []])));
    let names: Vec<_> = (0..51).map(|nth| (format!("user{nth}"), false)).collect();
    let mut words = String::new();
    for (nth, client) in server.users(&names).await.iter().enumerate() {
        heir.add(&group, client, "member").await;
        words.push_str(&format!("@user{nth} "));
    }
    let too_many = json!({"text": words, "client_id": "once"});
    assert_eq!(ann.post(&messages, too_many.clone()).await.ok()["id"], sent["id"]);
    bob.post(&messages, too_many).await.refused(400, "too_many_mentions");
}

#[actix_web::test]
async fn edits_and_deletions_are_told_to_those_whom_they_concern_alone() {
    let server = Server::start().await;
    let ([ann, bob, eve], group) = room(&server).await;
    ann.add(&group, &eve, "member").await;
    let since = now(&bob).await;
    let listening = Listening::start(&server);
    let mut bobs = AllTransports::open(&listening, &bob, Some(&since)).await;
    let message = ann.say_at(&group, "hello").await;
    let mut hears = async |expected: &[&str]| {
        for event_type in expected {
            let event = bobs.next_logged().await;
            assert_eq!((&event["type"], &event["data"]["id"]), (&json!(event_type), &json!(id_in(&message))));
        }
    };
    hears(&["message.created"]).await;
    for (text, told) in [
        ("hello @bob", Some("mention.created")),
        ("hello @bob and @eve", None),
        ("hello @eve", Some("mention.removed")),
        ("hello @bob", Some("mention.created")),
    ] {
        ann.patch(&message, json!({"text": text})).await.ok();
        hears(&["message.updated"]).await;
        hears(told.as_slice()).await;
    }
    ann.delete(&message).await.no_content();
    hears(&["message.deleted", "mention.removed"]).await;
    assert_eq!((unread(&bob, &group).await, unread(&eve, &group).await), (json!(0), json!(0)));
    assert_eq!(bob.get(&message).await.ok()["mentions"], Value::Null);
    listening.stop().await;
}

#[actix_web::test]
async fn who_has_blocked_the_author_hears_nothing_and_the_author_sees_no_difference() {
    let server = Server::start().await;
    let ([ann, bob, eve], group) = room(&server).await;
    ann.add(&group, &eve, "admin").await;
    let usual = eve.say(&group, "@bob @all").await;
    bob.put_empty(&format!("/api/users/{}/block", eve.id())).await.ok();
    let unheard = eve.say(&group, "@bob @all").await;
    assert_eq!(usual["mentions"], unheard["mentions"]);
    // Nor do those of before count as long as the block lasts, by name or of all.
    assert_eq!(unread(&bob, &group).await, 0);
    assert_eq!(bob.list("/api/mentions", "/id").await, [] as [Value; 0]);
    assert_eq!(unread(&ann, &group).await, 2);
    bob.delete(&format!("/api/users/{}/block", eve.id())).await.no_content();
    assert!(bob.list("/api/mentions", "/id").await.contains(&usual["id"]));
}

#[actix_web::test]
async fn what_mentions_somebody_counts_only_for_who_may_read_it() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    for text in ["@bob", "@all"] {
        ann.say(&group, text).await;
    }
    assert_eq!(unread(&bob, &group).await, 2);
    let role = json!({"name": "Deaf", "rank": 5, "permissions": ["view"]});
    ann.post(&format!("{group}/roles"), role).await.created();
    ann.patch(&format!("{group}/members/{}", bob.id()), json!({"role": "Deaf"})).await.ok();
    assert_eq!(unread(&bob, &group).await, 0);
    let read = bob.put(&format!("{group}/read"), json!({"seq": 0})).await.ok();
    assert_eq!(read["unread_mentions"], 0);
    ann.patch(&format!("{group}/members/{}", bob.id()), json!({"role": "member"})).await.ok();
    assert_eq!(unread(&bob, &group).await, 2);
}

/// All that tells how far somebody has read says the same of their mentions.
#[actix_web::test]
async fn read_states_say_how_many_mentions_are_unread() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    let root = ann.say_at(&group, "@bob 1").await;
    for text in ["2", "@all 3", "@bob 4"] {
        ann.say(&group, text).await;
    }
    for text in ["@bob 1", "@bob 2"] {
        ann.reply_to(&root, text).await;
    }
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &bob, "").await;
    let path = format!("{group}/read");
    for (body, expected) in [
        (json!({"seq": 1}), 2),
        (json!({"seq": 3}), 1),
        (json!({"seq": 1, "unread": true}), 3),
        (json!({"seq": 1, "unread": true}), 3),
    ] {
        let read = bob.put(&path, body.clone()).await.ok();
        assert_eq!(read["unread_mentions"], expected, "{body}");
        assert_eq!(unread(&bob, &group).await, expected);
    }
    for expected in [2, 1, 3] {
        assert_eq!(socket.wait_for("read.updated").await["data"]["unread_mentions"], expected);
    }
    let read = bob.put(&format!("{root}/read"), json!({"seq": 1})).await.ok();
    assert_eq!((&read["unread"], &read["unread_mentions"]), (&json!(1), &json!(1)));
    assert_eq!(socket.wait_for("read.updated").await["data"]["unread_mentions"], 1);
    assert_eq!(bob.get(&root).await.ok()["thread"]["unread_mentions"], 1);
    bob.post_empty("/api/read-all").await.no_content();
    assert_eq!(socket.wait_for("read.all").await["data"]["items"][0]["unread_mentions"], 0);
    listening.stop().await;
}

#[actix_web::test]
async fn a_read_version_never_goes_back_for_who_comes_in_again() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    ann.say(&group, "1").await;
    let path = format!("{group}/read");
    let marked = bob.put(&path, json!({"seq": 1, "unread": true})).await.ok();
    let marked = bob.put(&path, json!({"seq": 1})).await.ok()["read_version"]
        .as_i64()
        .max(marked["read_version"].as_i64());
    let again = bob.put(&path, json!({"seq": 1, "unread": true})).await.ok()["read_version"].as_i64();
    assert!(again > marked && again > Some(1));
    bob.delete(&format!("{group}/members/me")).await.no_content();
    ann.add(&group, &bob, "member").await;
    let shown = bob.get(&group).await.ok();
    assert!(shown["read_version"].as_i64() >= again, "{shown}");
    assert_eq!(shown["unread"], 0);
}

#[actix_web::test]
async fn mentions_of_groups_that_one_has_left_are_not_listed() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let draft = json!({"name": "Team", "visibility": "public", "history": "joined"});
    let group = format!("/api/groups/{}", ann.post("/api/groups", draft).await.created()["id"]);
    ann.add(&group, &bob, "member").await;
    let message = ann.say_at(&group, "@bob 1").await;
    let root = ann.say_at(&group, "well?").await;
    assert_eq!(listed(&bob, "").await.len(), 1);
    bob.delete(&format!("{group}/members/me")).await.no_content();
    assert_eq!(listed(&bob, "").await, [] as [Value; 0]);
    ann.add(&group, &bob, "member").await;
    // What was before is not in the history of who has come in again, and they can't be mentioned there.
    assert_eq!(listed(&bob, "").await, [] as [Value; 0]);
    assert_eq!(unread(&bob, &group).await, 0);
    let reply = ann.reply_to(&root, "@bob").await;
    assert_eq!(mentions(&reply), json!([[], false, false, [bob.id()]]));
    ann.say(&group, "@bob 2").await;
    assert_eq!(listed(&bob, "").await.len(), 1);
    ann.patch(&message, json!({"text": "still @bob"})).await.ok();
    assert_eq!(listed(&bob, "").await.len(), 1);
}

#[actix_web::test]
async fn the_list_of_mentions_goes_on_from_page_to_page() {
    let server = Server::start().await;
    let ([ann, bob, _], group) = room(&server).await;
    for text in ["@bob 1", "@all 2", "3", "@bob 4", "@bob @all 5"] {
        ann.say(&group, text).await;
    }
    let pages = bob.walk("/api/mentions", "limit=2", "", "/seq").await;
    assert_eq!(pages, [vec![json!(5), json!(4)], vec![json!(2), json!(1)]]);
    let html = bob.list("/api/mentions?format=html&limit=1", "/html").await;
    assert!(html[0].as_str().expect("HTML").contains("<span class=\"mention\">@all</span>"), "{html:?}");
}

#[actix_web::test]
async fn a_message_mentions_a_bounded_number_of_users() {
    let server = Server::start().await;
    let ([ann, ..], group) = room(&server).await;
    let names: Vec<_> = (0..51).map(|nth| (format!("user{nth}"), false)).collect();
    let mut words = String::new();
    for (nth, client) in server.users(&names).await.iter().enumerate() {
        ann.add(&group, client, "member").await;
        words.push_str(&format!("@user{nth} "));
    }
    let messages = format!("{group}/messages");
    ann.post(&messages, json!({"text": words})).await.refused(400, "too_many_mentions");
    let batch = json!({"messages": [{"text": "fine"}, {"text": words}]});
    ann.post(&format!("{messages}/batch"), batch).await.refused(400, "too_many_mentions");
    let fewer = words.trim_end().rsplit_once(' ').expect("several").0;
    let path = ann.say_at(&group, fewer).await;
    ann.patch(&path, json!({"text": words})).await.refused(400, "too_many_mentions");
    // A list of what are no users' names is a text like any other.
    let decorators: String = (0..300).map(|nth| format!("@type{nth} ")).collect();
    assert_eq!(ann.say(&group, &decorators).await["mentions"], Value::Null);
}
