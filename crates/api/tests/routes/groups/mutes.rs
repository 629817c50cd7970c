//! Mutes: what they take, whom they are told, and when they end.

use std::time::Duration;

use groupchat_domain::time::Timestamp;
use serde_json::{Value, json};

use crate::harness::{Client, Server};

/// A group with an owner, an admin and a member; a server admin who is not in it; and a message of the owner.
struct Team {
    server: Server,
    path: String,
    message: String,
    owner: Client,
    admin: Client,
    member: Client,
    root: Client,
}

impl Team {
    async fn start() -> Self {
        // 2027-01-15T08:00:00Z.
        let server = Server::standing_at(Timestamp::from_micros(1_800_000_000_000_000)).await;
        let owner = server.user("owner").await;
        let (admin, member) = (server.user("admin").await, server.user("member").await);
        let root = server.admin("root").await;
        let path = owner.new_group("Team").await;
        owner.add(&path, &admin, "admin").await;
        owner.add(&path, &member, "member").await;
        let message = owner.say_at(&path, "hi").await;
        Self { server, path, message, owner, admin, member, root }
    }

    fn mute_of(&self, user: &Client) -> String {
        format!("{}/members/{}/mute", self.path, user.id())
    }

    /// A member as somebody sees them in the list.
    async fn seen_by(&self, viewer: &Client, user: &Client) -> Value {
        let page = viewer.get(&format!("{}/members", self.path)).await.ok();
        let items = page["items"].as_array().expect("items");
        items.iter().find(|member| member["user"]["id"] == user.id()).expect("a member").clone()
    }
}

const UNTIL: &str = "2027-01-15T08:01:00.000000Z";
const FOREVER: &str = "9999-01-01T00:00:00.000000Z";

#[actix_web::test]
async fn who_is_muted_reads_and_does_not_write_until_the_mute_ends() {
    let team = Team::start().await;
    let (member, messages) = (&team.member, format!("{}/messages", team.path));
    let earlier = json!({"text": "before", "client_id": "c-1"});
    let own = member.post(&messages, earlier.clone()).await.created();
    let muted = team.admin.put(&team.mute_of(member), json!({"until": UNTIL, "reason": "Noise"})).await.ok();
    assert_eq!(json!([muted["muted_until"], muted["mute_reason"]]), json!([UNTIL, "Noise"]));

    for answer in [
        member.post(&messages, json!({"text": "again"})).await,
        member.put_empty(&format!("{}/like", team.message)).await,
        member.delete(&format!("{}/like", team.message)).await,
    ] {
        assert_eq!(answer.refused(403, "muted")["until"], UNTIL);
    }
    // What was sent before is told again, and what a mute doesn't take is left.
    member.post(&messages, earlier).await.expect(200);
    member.patch(&format!("{messages}/{}", own["id"]), json!({"text": "edited"})).await.ok();
    assert_eq!(member.list(&messages, "/text").await, ["edited", "hi"]);

    let allowed = member.get(&team.path).await.ok()["my_permissions"].clone();
    for permission in ["send", "react", "reply", "create_polls"] {
        assert!(!allowed.as_array().unwrap().contains(&json!(permission)), "{allowed}");
    }
    for (viewer, query) in [(member, String::new()), (&team.owner, format!("?user_id={}", member.id()))] {
        let explained = viewer.get(&format!("{}/permissions{query}", team.path)).await.ok();
        let reason =
            json!({"code": "muted_until", "detail": "the user is muted in the group", "until": UNTIL});
        assert_eq!(explained["items"][2]["reason"], reason);
        assert_eq!(explained["items"][1]["allowed"], true);
    }

    team.server.advance_clock(Duration::from_secs(60));
    member.say(&team.path, "at last").await;
    assert_eq!(team.seen_by(&team.owner, member).await["muted_until"], Value::Null);
}

#[actix_web::test]
async fn a_mute_stays_with_who_leaves_and_comes_again() {
    let team = Team::start().await;
    team.owner.put(&team.mute_of(&team.member), json!({})).await.ok();
    team.member.delete(&format!("{}/members/me", team.path)).await.no_content();
    let back = team.member.post_empty(&format!("{}/join", team.path)).await.created();
    assert_eq!(back["muted_until"], FOREVER);
    let send = json!({"text": "hello"});
    team.member.post(&format!("{}/messages", team.path), send).await.refused(403, "muted");
    for _ in 0..2 {
        team.admin.delete(&team.mute_of(&team.member)).await.no_content();
    }
    team.member.say(&team.path, "hello").await;
}

#[actix_web::test]
async fn the_reason_is_for_the_muted_and_for_those_who_may_mute() {
    let team = Team::start().await;
    let peer = team.server.user("peer").await;
    team.owner.add(&team.path, &peer, "member").await;
    team.owner.put(&team.mute_of(&team.member), json!({"reason": "Noise"})).await.ok();
    for (viewer, reason) in [
        (&team.member, json!("Noise")),
        (&team.admin, json!("Noise")),
        (&team.owner, json!("Noise")),
        (&team.root, json!("Noise")),
        (&peer, Value::Null),
    ] {
        let seen = team.seen_by(viewer, &team.member).await;
        assert_eq!((&seen["mute_reason"], &seen["muted_until"]), (&reason, &json!(FOREVER)));
    }
}

#[actix_web::test]
async fn who_mutes_whom() {
    let team = Team::start().await;
    let draft = || json!({});
    for (client, target) in [(&team.member, &team.admin), (&team.admin, &team.owner)] {
        client.put(&team.mute_of(target), draft()).await.refused(403, "role_too_low");
        client.delete(&team.mute_of(target)).await.refused(403, "role_too_low");
    }
    let me = format!("{}/members/me/mute", team.path);
    for client in [&team.member, &team.admin, &team.owner] {
        client.put(&me, draft()).await.refused(403, "role_too_low");
        client.delete(&me).await.refused(403, "role_too_low");
    }
    team.root.put(&team.mute_of(&team.owner), draft()).await.refused(403, "role_too_low");
    team.owner.put(&team.mute_of(&team.root), draft()).await.refused(404, "member_not_found");
    team.owner.put(&team.mute_of(&team.member), json!({"until": UNTIL})).await.ok();
    let past = json!({"until": "2027-01-15T08:00:00Z"});
    team.owner.put(&team.mute_of(&team.member), past).await.invalid(&[("until", "out_of_range")]);
    team.owner.delete(&team.mute_of(&team.root)).await.refused(404, "member_not_found");
}
