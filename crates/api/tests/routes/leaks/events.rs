//! The hunt in events: live and replayed, on every transport.

use serde_json::{Value, json};

use super::{MARKER, NOTHING};
use crate::events::all_transports::{AllTransports, now};
use crate::harness::{Client, Listening, Server, WebSocket, id_in};

/// Everything that can happen in a private group, up to its end. In the middle of it, the former member goes; what
/// happens afterwards has another mark.
async fn live_through(owner: &Client, peer: &Client, former: &Client) -> String {
    let draft = json!({"name": format!("{MARKER} before"), "visibility": "private"});
    let group = owner.post("/api/groups", draft).await.created();
    let group = format!("/api/groups/{}", group["id"]);
    owner.add(&group, peer, "member").await;
    owner.add(&group, former, "member").await;
    owner.say(&group, &format!("{MARKER} before")).await;
    owner.delete(&format!("{group}/members/{}", former.id())).await.no_content();
    let after = format!("{MARKER} after");
    owner.patch(&group, json!({"name": after, "history": "joined"})).await.ok();
    let message = owner.say_at(&group, &after).await;
    owner.patch(&message, json!({"text": format!("{after}, edited")})).await.ok();
    for mark in ["like", "reactions/%F0%9F%8E%89", "pin"] {
        owner.put_empty(&format!("{message}/{mark}")).await.ok();
        owner.delete(&format!("{message}/{mark}")).await.ok();
    }
    owner.patch(&format!("{group}/members/{}", peer.id()), json!({"role": "admin"})).await.ok();
    peer.say(&group, &after).await;
    owner.delete(&message).await.no_content();
    owner.delete(&format!("{group}/members/{}", peer.id())).await.no_content();
    owner.delete(&group).await.no_content();
    group
}

/// What everybody is told of in the end.
const MARK: &str = "The end";

/// All that each transport tells up to the mark.
async fn told_until_marked(all: &mut AllTransports) -> [Vec<Value>; 3] {
    let mut told = [Vec::new(), Vec::new(), Vec::new()];
    for (transport, told) in told.iter_mut().enumerate() {
        loop {
            let event = match transport {
                0 => all.socket.next().await,
                1 => all.stream.next().await,
                _ => all.poll().await,
            };
            if event["data"]["display_name"] == MARK {
                break;
            }
            told.push(event);
        }
    }
    told
}

#[actix_web::test]
async fn a_private_group_leaves_no_trace_in_events() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let [owner, peer, outsider, former] =
        ["owner", "peer", "outsider", "former"].map(|name| server.user(name));
    let (owner, peer, outsider, former) = (owner.await, peer.await, outsider.await, former.await);
    let admin = server.admin("admin").await;
    let begin = now(&owner).await;
    let mut live = Vec::new();
    for hunter in [&outsider, &admin, &former] {
        live.push(AllTransports::open(&listening, hunter, Some(&begin)).await);
    }
    let group = live_through(&owner, &peer, &former).await;
    server.work_off_jobs().await;
    owner.patch("/api/users/me", json!({"display_name": MARK})).await.ok();
    for (hunter, live) in [&outsider, &admin, &former].into_iter().zip(&mut live) {
        let mut later = AllTransports::open(&listening, hunter, Some(&begin)).await;
        let (live, replayed) = (told_until_marked(live).await, told_until_marked(&mut later).await);
        assert!(!json!(replayed).to_string().contains(MARKER), "{replayed:?}");
        for told in live.iter().chain(&replayed) {
            let text = json!(told).to_string();
            if hunter.id() == former.id() {
                assert!(!text.contains(&format!("{MARKER} after")), "{text}");
                let last = told.last().expect("they are told that they are out");
                assert_eq!(
                    (&last["type"], &last["group_id"]),
                    (&json!("member.removed"), &json!(id_in(&group)))
                );
            } else {
                assert_eq!(text, "[]");
            }
        }
    }
    listening.stop().await;
}

/// What happens to a ban after the user was told of it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Afterwards {
    Nothing,
    Edited,
    Renewed,
}

/// What a member of a private group, who is banned and whose ban is changed then, is told later.
async fn told_the_banned(afterwards: Afterwards) -> [Vec<Value>; 3] {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let (owner, banned) = (server.user("owner").await, server.user("banned").await);
    let begin = now(&owner).await;
    let draft = json!({"name": format!("{MARKER} group"), "visibility": "private"});
    let group = format!("/api/groups/{}", owner.post("/api/groups", draft).await.created()["id"]);
    owner.add(&group, &banned, "member").await;
    let ban = format!("{group}/bans/{}", banned.id());
    owner.put(&ban, json!({"reason": "told to you"})).await.ok();
    if afterwards == Afterwards::Renewed {
        owner.delete(&ban).await.no_content();
    }
    if afterwards != Afterwards::Nothing {
        let terms = json!({"reason": format!("{MARKER} after"), "until": "2999-01-01T00:00:00Z"});
        owner.put(&ban, terms).await.ok();
    }
    owner.patch("/api/users/me", json!({"display_name": MARK})).await.ok();
    let mut later = AllTransports::open(&listening, &banned, Some(&begin)).await;
    let told = told_until_marked(&mut later).await;
    listening.stop().await;
    told
}

#[actix_web::test]
async fn a_ban_that_was_changed_or_renewed_in_a_private_group_tells_the_banned_nothing_new() {
    for afterwards in [Afterwards::Nothing, Afterwards::Edited, Afterwards::Renewed] {
        for told in told_the_banned(afterwards).await {
            let text = json!(told).to_string();
            assert!(!text.contains(MARKER) && !text.contains("2999"), "{afterwards:?}: {text}");
            let is_unchanged = afterwards == Afterwards::Nothing;
            assert_eq!(text.contains("told to you"), is_unchanged, "{afterwards:?}: {text}");
        }
    }
}

#[actix_web::test]
async fn requests_on_the_socket_tell_nothing_of_a_private_group() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let owner = server.user("owner").await;
    let group = owner.post("/api/groups", json!({"name": MARKER, "visibility": "private"})).await.created();
    let hidden = owner.say(&format!("/api/groups/{}", group["id"]), MARKER).await["id"].clone();
    for hunter in [server.user("outsider").await, server.admin("admin").await] {
        let (mut socket, _) = WebSocket::open(&listening, &hunter, "").await;
        // Past the backlog: before its end, typing gets a reply in any group and is shown to nobody.
        owner.patch("/api/users/me", json!({"display_name": format!("told {}", hunter.id())})).await.ok();
        socket.wait_for("user.updated").await;
        for request in [
            json!({"type": "send", "text": "hello"}),
            json!({"type": "read", "seq": 1}),
            json!({"type": "typing"}),
            json!({"type": "send", "text": "hello", "thread_id": hidden}),
            json!({"type": "send", "text": "hello", "reply_to": hidden}),
            json!({"type": "read", "seq": 1, "thread_id": hidden}),
            json!({"type": "react", "message_id": hidden, "emoji": "🎉"}),
            json!({"type": "react", "message_id": hidden, "emoji": "🎉", "remove": true}),
        ] {
            let mut answers = Vec::new();
            for id in [group["id"].clone(), json!(NOTHING)] {
                let mut request = request.clone();
                (request["id"], request["group_id"]) = (json!("same"), id);
                socket.send(&request.to_string()).await;
                let mut answer = socket.wait_for("error").await;
                if let Some(data) = answer["data"].as_object_mut() {
                    data.remove("request_id");
                }
                answers.push(answer);
            }
            assert_eq!(answers[0], answers[1], "{request}");
            assert!(!answers[0].to_string().contains(MARKER));
        }
    }
    listening.stop().await;
}

#[actix_web::test]
async fn who_is_invited_is_told_of_the_invitation_and_of_nothing_else() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let [owner, peer, former, invited] = ["owner", "peer", "former", "invited"].map(|name| server.user(name));
    let (owner, peer, former, invited) = (owner.await, peer.await, former.await, invited.await);
    let begin = now(&owner).await;
    let mut live = AllTransports::open(&listening, &invited, Some(&begin)).await;
    let draft = json!({"name": format!("{MARKER} name"), "visibility": "private"});
    let group = owner.post("/api/groups", draft).await.created();
    let invitations = format!("/api/groups/{}/invitations", group["id"]);
    let invitation = owner.post(&invitations, json!({"user_id": invited.id()})).await.created();
    // Nobody waits for the poll to catch up: what it tells of the invitation is how it is then.
    let [socket, stream] = [live.socket.next().await, live.stream.next().await];
    let polled = live.poll().await;
    for event in [&socket, &stream, &polled] {
        assert_eq!((&event["type"], &event["group_id"]), (&json!("invitation.created"), &Value::Null));
        assert_eq!(event["data"]["group"], json!({"id": null, "name": group["name"], "member_count": 1}));
    }
    live_through(&owner, &peer, &former).await;
    owner.delete(&format!("{invitations}/{}", invitation["id"])).await.no_content();
    owner.patch("/api/users/me", json!({"display_name": MARK})).await.ok();
    let ended = json!({"id": invitation["id"]});
    for told in told_until_marked(&mut live).await {
        let told: Vec<_> = told.iter().map(|event| (&event["type"], &event["data"])).collect();
        assert_eq!(told, [(&json!("invitation.withdrawn"), &ended)]);
    }
    let mut later = AllTransports::open(&listening, &invited, Some(&begin)).await;
    for told in told_until_marked(&mut later).await {
        assert!(!json!(told).to_string().contains(MARKER), "{told:?}");
        assert_eq!(told.len(), 1, "{told:?}");
    }
    listening.stop().await;
}
