//! Who is there and who types, for those who share a group.

use std::time::Duration;

use groupchat_infra::HubOptions;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::all_transports::{now, now_with};
use super::deadlines::soon;
use super::scripted::{Scripted, Step};
use crate::harness::{Client, EventStream, Listening, Server, WebSocket, id_in, time};

/// Ann and Bob, who share a group, and Cy, who is in none.
async fn people() -> (Server, Listening, [Client; 3], String) {
    let poll_interval = Duration::from_millis(20);
    let server = Server::with_hub(HubOptions { poll_interval, ..HubOptions::default() }).await;
    let people = [server.user("ann").await, server.user("bob").await, server.user("cy").await];
    let listening = Listening::start(&server);
    let group = people[0].new_group("Team").await;
    people[0].add(&group, &people[1], "member").await;
    now_with(&people[0], 3).await;
    (server, listening, people, group)
}

fn there(who: &Client, presence: &str) -> Value {
    let data = json!({"user_id": who.id(), "presence": presence, "last_seen_at": null});
    json!({"cursor": null, "type": "presence", "group_id": null, "actor_id": null, "at": null, "data": data})
}

#[actix_web::test]
async fn a_connection_learns_who_is_there_and_the_others_learn_of_it() {
    let (_server, listening, [ann, bob, cy], _) = people().await;
    let mut anns = arrived(&listening, &ann).await;
    let (mut cys, _) = WebSocket::open(&listening, &cy, "").await;
    // A stream is a device as a socket is.
    let (mut bobs, _) = EventStream::open(&listening, &bob, "").await;
    assert_eq!(bobs.any().await.unwrap(), there(&ann, "online"));
    assert_eq!(of(&mut anns, &bob).await, there(&bob, "online"));
    bob.patch("/api/users/me", json!({"display_name": "Bob"})).await.ok();
    let told = [cys.any().await, cys.any().await];
    assert!(told.iter().all(|event| event["type"] != "presence" || event["data"]["user_id"] == cy.id()));
    listening.stop().await;
}

#[actix_web::test]
async fn a_poll_is_no_device() {
    let (_server, listening, [ann, bob, _], group) = people().await;
    let (mut anns, _) = WebSocket::open(&listening, &ann, "").await;
    let cursor = now(&bob).await;
    bob.say(&group, "hi").await;
    bob.get(&format!("/api/events?cursor={cursor}&wait=1")).await.ok();
    let told = next_but_for_oneself(&mut anns, &ann).await;
    assert_eq!(told["type"], "message.created");
    listening.stop().await;
}

#[actix_web::test]
async fn who_turns_away_is_away_and_who_is_gone_for_a_while_is_offline() {
    let (server, listening, [ann, bob, _], _) = people().await;
    let mut anns = arrived(&listening, &ann).await;
    let (mut bobs, _) = WebSocket::open(&listening, &bob, "").await;
    assert_eq!(of(&mut anns, &bob).await, there(&bob, "online"));
    assert_eq!(bobs.ask(json!({"type": "presence", "state": "away"})).await["type"], "reply");
    // That he is online may come twice: when he arrives, and with those who are there when she does.
    let told = match of(&mut anns, &bob).await {
        told if told == there(&bob, "online") => of(&mut anns, &bob).await,
        told => told,
    };
    assert_eq!(told, there(&bob, "away"));
    assert_eq!(bobs.ask(json!({"type": "presence", "state": "online"})).await["type"], "reply");
    assert_eq!(of(&mut anns, &bob).await, there(&bob, "online"));
    drop(bobs);
    // Others are told only once the time in which he could come back is over.
    let offline = soon(async {
        loop {
            server.advance_clock(Duration::from_secs(31));
            if let Ok(told) = timeout(Duration::from_millis(200), of(&mut anns, &bob)).await {
                break told;
            }
        }
    })
    .await;
    assert_eq!(offline["data"]["presence"], "offline");
    time(&offline["data"]["last_seen_at"]);
    listening.stop().await;
}

/// The connection of somebody, who has been told that they are there themselves.
async fn arrived(listening: &Listening, who: &Client) -> WebSocket {
    let (mut socket, _) = WebSocket::open(listening, who, "").await;
    assert_eq!(of(&mut socket, who).await, there(who, "online"));
    socket
}

/// The next event but for presences, of which there are no other's.
async fn next_but_for_oneself(socket: &mut WebSocket, who: &Client) -> Value {
    loop {
        let told = socket.any().await;
        if told["type"] != "presence" {
            return told;
        }
        assert_eq!(told["data"]["user_id"], who.id());
    }
}

/// The next that is told of somebody's presence.
async fn of(socket: &mut WebSocket, who: &Client) -> Value {
    soon(async {
        loop {
            let told = socket.wait_for("presence").await;
            if told["data"]["user_id"] == who.id() {
                return told;
            }
        }
    })
    .await
}

#[actix_web::test]
async fn who_hides_is_shown_to_nobody_and_sees_the_setting() {
    let (_server, listening, [ann, bob, _], group) = people().await;
    assert_eq!(bob.get("/api/users/me").await.ok()["presence"], "shown");
    let edited = bob.patch("/api/users/me", json!({"presence": "hidden"})).await.ok();
    assert_eq!(edited["presence"], "hidden");
    let path = format!("/api/users/{}", bob.id());
    assert_eq!(bob.get(&path).await.ok()["presence"], "hidden");
    assert_eq!(ann.get(&path).await.ok()["presence"], Value::Null);
    now_with(&ann, 4).await;
    let (mut anns, _) = WebSocket::open(&listening, &ann, "").await;
    let (mut bobs, _) = WebSocket::open(&listening, &bob, "").await;
    // Both are past their past, before which typing would be told to nobody anyway.
    ann.patch("/api/users/me", json!({"display_name": "Ann"})).await.ok();
    for socket in [&mut anns, &mut bobs] {
        socket.wait_for("user.updated").await;
    }
    let types = json!({"type": "typing", "group_id": id_in(&group), "active": true});
    assert_eq!(bobs.ask(types).await["type"], "reply");
    bob.say(&group, "here I am").await;
    let told = next_but_for_oneself(&mut anns, &ann).await;
    assert_eq!(told["type"], "message.created");
    listening.stop().await;
}

#[actix_web::test]
async fn others_are_told_who_types_and_who_has_stopped() {
    let (_server, listening, [ann, bob, cy], group) = people().await;
    let (mut anns, _) = WebSocket::open(&listening, &ann, "").await;
    let (mut bobs, _) = WebSocket::open(&listening, &bob, "").await;
    let (mut cys, _) = WebSocket::open(&listening, &cy, "").await;
    // All are past their past.
    cy.patch("/api/users/me", json!({"display_name": "Cy"})).await.ok();
    for socket in [&mut anns, &mut bobs, &mut cys] {
        socket.wait_for("user.updated").await;
    }
    let typing = |active: bool| json!({"type": "typing", "group_id": id_in(&group), "active": active});
    assert_eq!(bobs.ask(typing(true)).await["data"], json!({}));
    let told = anns.next().await;
    assert_eq!(
        json!([told["type"], told["cursor"], told["group_id"]]),
        json!(["typing", null, id_in(&group)])
    );
    assert_eq!(told["data"]["user"], json!({"id": bob.id(), "username": "bob", "display_name": null}));
    time(&told["data"]["until"]);
    bobs.ask(typing(false)).await;
    assert_eq!(anns.next().await["data"]["until"], Value::Null);
    // Who is not in the group may not even know of it.
    assert_eq!(cys.ask(typing(true)).await["error"]["code"], "group_not_found");
    ann.say(&group, "well?").await;
    assert_eq!(bobs.next().await["type"], "message.created");
    listening.stop().await;
}

#[actix_web::test]
async fn who_may_not_write_is_shown_to_nobody_while_they_type() {
    let (_server, listening, [ann, bob, cy], group) = people().await;
    let (mut anns, _) = WebSocket::open(&listening, &ann, "").await;
    let (mut bobs, _) = WebSocket::open(&listening, &bob, "").await;
    // Both are past their past.
    cy.patch("/api/users/me", json!({"display_name": "Cy"})).await.ok();
    for socket in [&mut anns, &mut bobs] {
        socket.wait_for("user.updated").await;
    }
    let types = json!({"type": "typing", "group_id": id_in(&group)});
    let member = format!("{group}/members/{}", bob.id());
    let tomorrow = json!({"until": "2999-01-01T00:00:00Z"});
    ann.put(&format!("{member}/mute"), tomorrow).await.ok();
    assert_eq!(refused(&mut bobs, "member.updated", &types).await, "muted");
    ann.delete(&format!("{member}/mute")).await.no_content();
    bobs.wait_for("member.updated").await;
    ann.patch(&member, json!({"role": "readonly"})).await.ok();
    assert_eq!(refused(&mut bobs, "member.updated", &types).await, "role_too_low");
    let may_send = json!({"permissions": ["view", "read_history", "send"]});
    ann.patch(&format!("{group}/roles/readonly"), may_send).await.ok();
    bobs.wait_for("group.updated").await;
    assert_eq!(bobs.ask(types.clone()).await["data"], json!({}), "the role sends now");
    assert_eq!(anns.wait_for("typing").await["data"]["user"]["id"], bob.id());
    ann.put(&format!("{group}/archive"), json!({})).await.ok();
    assert_eq!(refused(&mut bobs, "group.updated", &types).await, "archived");
    assert_eq!(refused(&mut anns, "group.updated", &types).await, "archived");
    listening.stop().await;
}

/// Why somebody can't be shown to type after such an event.
async fn refused(socket: &mut WebSocket, after: &str, request: &Value) -> Value {
    socket.wait_for(after).await;
    socket.ask(request.clone()).await["error"]["code"].take()
}

#[actix_web::test]
async fn a_block_hides_the_two_from_each_other_in_their_conversation() {
    let (_server, listening, [ann, bob, cy], _) = people().await;
    let mut anns = arrived(&listening, &ann).await;
    let mut cys = arrived(&listening, &cy).await;
    let conversation = ann.post("/api/direct", json!({"user_ids": [cy.id()]})).await.created();
    told(&mut anns, there(&cy, "online")).await;
    told(&mut cys, there(&ann, "online")).await;
    let types = json!({"type": "typing", "group_id": conversation["id"]});
    assert_eq!(cys.ask(types.clone()).await["data"], json!({}));
    anns.wait_for("typing").await;
    ann.put(&format!("/api/users/{}/block", cy.id()), json!({})).await.ok();
    told_offline(&mut anns, &cy).await;
    told_offline(&mut cys, &ann).await;
    for socket in [&mut anns, &mut cys] {
        assert_eq!(socket.ask(types.clone()).await["error"]["code"], "direct_closed");
    }
    // So it is for who connects now, and nothing is told of what happens.
    let (mut again, _) = WebSocket::open(&listening, &cy, "").await;
    bob.patch("/api/users/me", json!({"display_name": "Bob"})).await.ok();
    again.wait_for("user.updated").await;
    assert_eq!(again.ask(types.clone()).await["error"]["code"], "direct_closed");
    ann.delete(&format!("/api/users/{}/block", cy.id())).await.no_content();
    told(&mut cys, there(&ann, "online")).await;
    assert_eq!(cys.ask(types).await["data"], json!({}));
    anns.wait_for("typing").await;
    listening.stop().await;
}

/// Waits until a connection is told this. Who comes into a conversation may be told twice of who is there.
async fn told(socket: &mut WebSocket, event: Value) {
    soon(async { while socket.any().await != event {} }).await;
}

/// Waits until a connection is told that somebody is offline, as anybody is who leaves.
async fn told_offline(socket: &mut WebSocket, who: &Client) {
    soon(async {
        loop {
            let data = socket.wait_for("presence").await["data"].take();
            if data["user_id"] == who.id() && data["presence"] == "offline" {
                time(&data["last_seen_at"]);
                break;
            }
        }
    })
    .await;
}

/// Whoever has not read the backlog yet is not known to the hub, which knows who is in which group.
#[actix_web::test]
async fn typing_before_the_end_of_the_backlog_gets_the_same_reply_in_every_group() {
    let server = Server::start().await;
    let (ann, cy) = (server.user("ann").await, server.user("cy").await);
    let group = ann.new_group("Team").await;
    let (storage, server, cy) = Scripted::serve(&server, &cy).await;
    let listening = Listening::start(&server);
    // The first command opens the subscription, the second one reads the backlog.
    storage.then([Step::Run, Step::Hold]);
    let (mut socket, _) = WebSocket::open(&listening, &cy, "").await;
    for group in [id_in(&group), 4_711] {
        let answer = socket.ask(json!({"type": "typing", "group_id": group})).await;
        assert_eq!(answer["data"], json!({}), "{answer}");
    }
    storage.go_on();
    ann.patch("/api/users/me", json!({"display_name": "Ann"})).await.ok();
    socket.wait_for("user.updated").await;
    let answer = socket.ask(json!({"type": "typing", "group_id": id_in(&group)})).await;
    assert_eq!(answer["error"]["code"], "group_not_found", "{answer}");
    listening.stop().await;
}
