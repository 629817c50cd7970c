//! Adding many members at once.

use groupchat_api::ServerOptions;
use groupchat_domain::groups::Quotas;
use serde_json::{Value, json};

use super::team::Team;
use crate::events::all_transports::{now, now_after, told_since};
use crate::harness::{Client, Server, id_in};

fn added(user: &Client) -> Value {
    json!({"user_id": user.id(), "added": true, "problem": null})
}

fn kept_out(user: i64, code: &str) -> (i64, Value, Value) {
    (user, json!(false), json!(code))
}

/// Who, whether added, and why not.
fn outcomes(answer: &Value) -> Vec<(i64, Value, Value)> {
    let items = answer["items"].as_array().expect("items");
    let outcome = |item: &Value| {
        (item["user_id"].as_i64().expect("an id"), item["added"].clone(), item["problem"]["code"].clone())
    };
    items.iter().map(outcome).collect()
}

#[actix_web::test]
async fn each_user_is_answered_for_and_those_who_can_be_added_are() {
    let team = Team::start().await;
    let batch = format!("{}/members/batch", team.path);
    let (newcomer, banned) = (team.server.user("newcomer").await, team.server.user("banned").await);
    let until = "2099-12-24T18:00:00.000000Z";
    let ban = format!("{}/bans/{}", team.path, banned.id());
    team.owner.put(&ban, json!({"reason": "spam", "until": until})).await.ok();
    let unknown = 4_000_000_000_i64;
    let users = [
        team.stranger.id(),
        banned.id(),
        team.member.id(),
        unknown,
        newcomer.id(),
        team.stranger.id(),
        team.admin.id(),
    ];
    let answer = team.member.post(&batch, json!({"user_ids": users})).await.ok();
    let yes = |user: &Client| (user.id(), json!(true), Value::Null);
    let expected = [
        yes(&team.stranger),
        kept_out(banned.id(), "banned"),
        kept_out(team.member.id(), "already_member"),
        kept_out(unknown, "user_not_found"),
        yes(&newcomer),
        kept_out(team.admin.id(), "already_member"),
    ];
    assert_eq!(outcomes(&answer), expected);
    assert_eq!(answer["items"][0], added(&team.stranger));
    assert_eq!(answer["items"][1]["problem"]["until"], until);
    let group = newcomer.get(&team.path).await.ok();
    assert_eq!((&group["member_count"], &group["my_role"]), (&json!(5), &json!("member")));
    // Asking again changes nothing.
    let again = team.member.post(&batch, json!({"user_ids": [newcomer.id()]})).await.ok();
    assert_eq!(outcomes(&again), [kept_out(newcomer.id(), "already_member")]);
    assert_eq!(newcomer.get(&team.path).await.ok()["member_count"], 5);
}

#[actix_web::test]
async fn a_batch_fills_a_group_up_to_its_limit() {
    let quotas = Quotas { members: 3, ..Quotas::default() };
    let server =
        Server::start().await.with_options(ServerOptions { quotas, ..ServerOptions::default() }).await;
    let ann = server.user("ann").await;
    let mut others = Vec::new();
    for name in ["bob", "cleo", "dan", "eve"] {
        others.push(server.user(name).await.id());
    }
    let path = ann.new_group("Small").await;
    let answer = ann.post(&format!("{path}/members/batch"), json!({"user_ids": others})).await.ok();
    let codes: Vec<_> = outcomes(&answer).into_iter().map(|(_, _, code)| code).collect();
    assert_eq!(json!(codes), json!([null, null, "quota_exceeded", "quota_exceeded"]));
    assert_eq!(ann.list(&format!("{path}/members"), "/user/username").await, ["ann", "bob", "cleo"]);
    assert_eq!(ann.get(&path).await.ok()["member_count"], 3);
}

#[actix_web::test]
async fn the_limit_of_one_user_keeps_only_that_user_out() {
    let quotas = Quotas { memberships: 1, ..Quotas::default() };
    let server =
        Server::start().await.with_options(ServerOptions { quotas, ..ServerOptions::default() }).await;
    let (ann, busy, free) = (server.user("ann").await, server.user("busy").await, server.user("free").await);
    busy.new_group("Elsewhere").await;
    let path = ann.new_group("Here").await;
    let body = json!({"user_ids": [busy.id(), free.id()]});
    let answer = ann.post(&format!("{path}/members/batch"), body).await.ok();
    assert_eq!(
        outcomes(&answer),
        [kept_out(busy.id(), "quota_exceeded"), (free.id(), json!(true), Value::Null)]
    );
    assert_eq!(busy.list("/api/groups?mine=true", "/name").await, ["Elsewhere"]);
    assert_eq!(ann.get(&path).await.ok()["member_count"], 2);
}

#[actix_web::test]
async fn a_deleted_account_is_nobody_and_whoever_manages_groups_adds_themselves() {
    let team = Team::start().await;
    let batch = format!("{}/members/batch", team.path);
    team.root.delete(&format!("/api/users/{}", team.stranger.id())).await.no_content();
    let body = json!({"user_ids": [team.stranger.id(), team.root.id()]});
    let answer = team.root.post(&batch, body).await.ok();
    let expected =
        [kept_out(team.stranger.id(), "user_not_found"), (team.root.id(), json!(true), Value::Null)];
    assert_eq!(outcomes(&answer), expected);
    assert_eq!(team.root.get(&team.path).await.ok()["my_role"], "member");
}

#[actix_web::test]
async fn each_new_member_of_a_private_group_is_told_of_it_and_no_longer_invited() {
    let team = Team::start().await;
    team.owner.patch(&team.path, json!({"visibility": "private"})).await.ok();
    let newcomers = [team.stranger.clone(), team.server.user("newcomer").await];
    let invitation = json!({"user_id": newcomers[0].id()});
    team.owner.post(&format!("{}/invitations", team.path), invitation).await.created();
    let starts = [
        (&newcomers[0], now_after(&newcomers[0], "invitation.created").await),
        (&newcomers[1], now(&newcomers[1]).await),
        (&team.member, now_after(&team.member, "group.updated").await),
    ];
    let ids: Vec<_> = newcomers.iter().map(Client::id).collect();
    team.owner.post(&format!("{}/members/batch", team.path), json!({"user_ids": ids})).await.ok();
    let group = id_in(&team.path);
    let added = |user: &Client| json!(["member.added", group, user.id()]);
    let created = json!(["group.created", group, null]);
    let withdrawn = json!(["invitation.withdrawn", null, null]);
    // A member from now on is told from their own membership on, so the first also learns of the second.
    let expected = [
        json!([added(&newcomers[0]), created, withdrawn, added(&newcomers[1])]),
        json!([added(&newcomers[1]), created]),
        json!([added(&newcomers[0]), added(&newcomers[1])]),
    ];
    for ((client, since), expected) in starts.into_iter().zip(expected) {
        let count = expected.as_array().map_or(0, Vec::len);
        let told = told_since(client, &since, count).await;
        let told: Vec<_> = told.iter().map(kind).collect();
        assert_eq!(json!(told), expected, "to {}", client.id());
    }
    assert_eq!(newcomers[0].get("/api/invitations").await.ok()["items"], json!([]));
}

/// The type of an event, its group and whom it is about.
fn kind(event: &Value) -> Value {
    let data = &event["data"];
    json!([event["type"], event["group_id"], data["user"]["id"]])
}

#[actix_web::test]
async fn who_may_not_add_members_adds_none() {
    let team = Team::start().await;
    let batch = format!("{}/members/batch", team.path);
    let users = json!({"user_ids": [team.stranger.id()]});
    team.stranger.post(&batch, users.clone()).await.refused(403, "members_only");
    let direct = team.member.post("/api/direct", json!({"user_ids": [team.admin.id()]})).await.created();
    let direct = format!("/api/groups/{}/members/batch", direct["id"]);
    team.member.post(&direct, users.clone()).await.refused(403, "not_in_direct");
    team.owner.patch(&team.path, json!({"visibility": "private"})).await.ok();
    team.stranger.post(&batch, users.clone()).await.refused(404, "group_not_found");
    team.member.post(&batch, users.clone()).await.refused(403, "role_too_low");
    team.owner.put_empty(&format!("{}/archive", team.path)).await.ok();
    team.owner.post(&batch, users).await.refused(403, "archived");
    team.owner.post(&batch, json!({"user_ids": []})).await.invalid(&[("user_ids", "required")]);
    team.owner.post(&batch, json!({"user_ids": vec![1; 201]})).await.invalid(&[("user_ids", "out_of_range")]);
}
