//! Bans: who bans whom, and what is left to the banned.

use std::time::Duration;

use groupchat_domain::time::Timestamp;
use serde_json::{Value, json};

use super::team::Team;
use crate::harness::{Client, Server, time};

impl Team {
    fn ban_of(&self, user: &Client) -> String {
        format!("{}/bans/{}", self.path, user.id())
    }

    fn bans(&self) -> String {
        format!("{}/bans", self.path)
    }
}

#[actix_web::test]
async fn a_banned_member_is_out_and_stays_out_until_the_ban_is_lifted() {
    let team = Team::start().await;
    let (member, path) = (&team.member, &team.path);
    let banned = team.admin.put(&team.ban_of(member), json!({"reason": " Spam "})).await.ok();
    let expected = json!({
        "user": {"id": member.id(), "username": "member", "display_name": null},
        "reason": "Spam", "until": null, "banned_by": team.admin.id(), "created_at": time(&banned["created_at"]),
    });
    assert_eq!(banned, expected);
    assert_eq!(team.owner.get(&team.bans()).await.ok(), json!({"items": [expected], "next": null}));

    assert_eq!(member.get(path).await.ok()["my_role"], Value::Null, "outsiders see a public group");
    member.get(&format!("{path}/messages")).await.refused(403, "members_only");
    let refused = member.post_empty(&format!("{path}/join")).await.refused(403, "banned");
    assert_eq!(refused.get("until"), None, "it lasts");
    for inside in [&team.admin, &team.owner, &team.root] {
        let draft = json!({"user_id": member.id()});
        inside.post(&format!("{path}/members"), draft).await.refused(403, "banned");
    }
    let reason = member.get(&format!("{path}/permissions")).await.ok();
    assert_eq!(reason["items"][2]["permission"], "send");
    assert_eq!(
        reason["items"][2]["reason"],
        json!({"code": "banned", "detail": "the user is banned from the group", "until": null})
    );
    assert_eq!(reason["items"][0]["reason"]["code"], "open");

    for _ in 0..2 {
        team.admin.delete(&team.ban_of(member)).await.no_content();
    }
    assert_eq!(team.owner.list(&team.bans(), "/user/id").await, [0; 0]);
    member.post_empty(&format!("{path}/join")).await.created();
}

#[actix_web::test]
async fn a_ban_with_an_end_is_over_then() {
    let begin = Timestamp::from_micros(1_800_000_000_000_000);
    let team = Team::on(Server::standing_at(begin).await).await;
    let until = "2027-01-15T08:01:00.000000Z";
    team.owner.put(&team.ban_of(&team.stranger), json!({"until": until})).await.ok();
    let join = format!("{}/join", team.path);
    assert_eq!(team.stranger.post_empty(&join).await.refused(403, "banned")["until"], until);
    team.server.advance_clock(Duration::from_secs(59));
    team.stranger.post_empty(&join).await.refused(403, "banned");
    team.server.advance_clock(Duration::from_secs(1));
    assert_eq!(team.owner.list(&team.bans(), "/user/id").await, [0; 0]);
    team.stranger.post_empty(&join).await.created();
}

#[actix_web::test]
async fn a_ban_is_given_another_end_and_keeps_its_beginning() {
    let team = Team::start().await;
    let path = team.ban_of(&team.stranger);
    let first = team.admin.put(&path, json!({"until": "2999-01-01T00:00:00Z"})).await.ok();
    let draft = json!({"until": "2999-01-01T02:00:00+02:00", "reason": "spam"});
    let second = team.owner.put(&path, draft).await.ok();
    let mut expected = first.clone();
    expected["reason"] = json!("spam");
    assert_eq!(second, expected);
    assert_eq!(team.owner.put(&path, json!({})).await.ok()["until"], Value::Null);
}

#[actix_web::test]
async fn what_is_wrong_with_a_ban_is_said() {
    let team = Team::start().await;
    let path = team.ban_of(&team.stranger);
    for (draft, field, code) in [
        (json!({"until": "2001-01-01T00:00:00Z"}), "until", "out_of_range"),
        (json!({"until": "soon"}), "until", "invalid_format"),
        (json!({"until": 5}), "until", "invalid_type"),
        (json!({"reason": " "}), "reason", "required"),
        (json!({"reason": "x".repeat(251)}), "reason", "too_long"),
    ] {
        team.owner.put(&path, draft).await.invalid(&[(field, code)]);
    }
    team.owner.put(&format!("{}/999999", team.bans()), json!({})).await.refused(404, "user_not_found");
    team.owner.put("/api/groups/999999/bans/1", json!({})).await.refused(404, "group_not_found");
}

#[actix_web::test]
async fn who_bans_whom() {
    let team = Team::start().await;
    let path = |user: &Client| team.ban_of(user);
    team.member.put(&path(&team.stranger), json!({})).await.refused(403, "role_too_low");
    team.stranger.put(&path(&team.member), json!({})).await.refused(403, "members_only");
    for outsider in [&team.member, &team.stranger] {
        outsider.get(&team.bans()).await.expect(403);
        outsider.delete(&path(&team.admin)).await.expect(403);
    }
    team.admin.put(&path(&team.owner), json!({})).await.refused(403, "role_too_low");
    for client in [&team.admin, &team.owner, &team.root] {
        client.put(&format!("{}/me", team.bans()), json!({})).await.refused(403, "role_too_low");
    }
    team.root.put(&path(&team.owner), json!({})).await.refused(409, "last_owner");
    // A server admin who is banned comes in as little as others, but can lift the ban.
    team.owner.put(&path(&team.root), json!({})).await.ok();
    team.root.post_empty(&format!("{}/join", team.path)).await.refused(403, "banned");
    team.root.delete(&path(&team.root)).await.no_content();
    team.root.post_empty(&format!("{}/join", team.path)).await.created();
}

#[actix_web::test]
async fn a_closed_group_tells_the_banned_that_they_are() {
    let team = Team::start().await;
    team.owner.put(&team.ban_of(&team.stranger), json!({})).await.ok();
    team.owner.patch(&team.path, json!({"visibility": "closed"})).await.ok();
    let join = format!("{}/join", team.path);
    team.stranger.post_empty(&join).await.refused(403, "banned");
    team.owner.patch(&team.path, json!({"visibility": "private"})).await.ok();
    team.stranger.post_empty(&join).await.refused(404, "group_not_found");
}

#[actix_web::test]
async fn an_archived_group_keeps_its_bans() {
    let team = Team::start().await;
    team.owner.put(&team.ban_of(&team.stranger), json!({})).await.ok();
    team.owner.put_empty(&format!("{}/archive", team.path)).await.ok();
    assert_eq!(team.admin.list(&team.bans(), "/user/id").await, [team.stranger.id()]);
    team.admin.put(&team.ban_of(&team.member), json!({})).await.refused(403, "archived");
    team.admin.delete(&team.ban_of(&team.stranger)).await.refused(403, "archived");
}

#[actix_web::test]
async fn the_bans_of_a_deleted_user_are_gone() {
    let team = Team::start().await;
    team.owner.put(&team.ban_of(&team.stranger), json!({})).await.ok();
    team.root.delete(&format!("/api/users/{}", team.stranger.id())).await.no_content();
    assert_eq!(team.owner.list(&team.bans(), "/user/id").await, [0; 0]);
    team.server.work_off_jobs().await;
    assert_eq!(team.owner.list(&team.bans(), "/user/id").await, [0; 0]);
}

#[actix_web::test]
async fn an_end_beyond_the_last_time_names_that_time() {
    let team = Team::start().await;
    let path = team.ban_of(&team.stranger);
    let last = "9999-12-01T00:00:00.000000Z";
    assert_eq!(team.owner.put(&path, json!({"until": last})).await.ok()["until"], last);
    for beyond in ["9999-12-01T00:00:00.000001Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-05:00"] {
        let answer = team.owner.put(&path, json!({"until": beyond})).await;
        assert!(answer.text().contains("must be at most 9999-12-01T00:00:00Z"), "{answer}");
        answer.invalid(&[("until", "out_of_range")]);
    }
    for malformed in ["10000-01-01T00:00:00Z", "9999-12-31", "9999-13-31T00:00:00Z", "forever", ""] {
        team.owner.put(&path, json!({"until": malformed})).await.invalid(&[("until", "invalid_format")]);
    }
}
