//! Members: adding, joining, listing, roles, removing and leaving.

use serde_json::{Value, json};

use super::team::Team;
use crate::events::all_transports::{now, told_since};
use crate::events::deadlines::soon;
use crate::harness::{Client, PASSWORD, time};

impl Team {
    fn members(&self) -> String {
        format!("{}/members", self.path)
    }

    fn of(&self, user: &Client) -> String {
        format!("{}/members/{}", self.path, user.id())
    }
}

#[actix_web::test]
async fn an_added_member_is_shown_whole() {
    let team = Team::start().await;
    team.stranger.patch("/api/users/me", json!({"display_name": "S", "email": "s@x.y"})).await.ok();
    let draft = json!({"username": "STRANGER", "role": null});
    let answer = team.member.post(&team.members(), draft).await;
    assert_eq!(answer.header("location"), Some(team.of(&team.stranger).as_str()));
    let member = answer.created();
    let mut expected = json!({
        "user": {"id": team.stranger.id(), "username": "stranger", "display_name": "S"},
        "role": "member", "joined_at": time(&member["joined_at"]), "as_admin": false, "settings": null,
        "muted_until": null, "mute_reason": null, "read_seq": null,
    });
    assert_eq!(member, expected);
    expected["read_seq"] = json!(0);
    let listed = team.owner.get(&format!("{}?q=stranger", team.members())).await.ok();
    assert_eq!(listed, json!({"items": [expected], "next": null}));
    let group = team.stranger.get(&team.path).await.ok();
    assert_eq!((&group["member_count"], &group["my_role"]), (&json!(4), &json!("member")));
}

#[actix_web::test]
async fn members_may_call_themselves_me() {
    let team = Team::start().await;
    let me = format!("{}/me", team.members());
    team.member.patch(&me, json!({"role": "owner"})).await.refused(403, "role_too_low");
    team.owner.patch(&team.of(&team.admin), json!({"role": "owner"})).await.ok();
    let stepped_down = team.owner.put(&me, json!({"role": "admin"})).await.ok();
    assert_eq!(json!([stepped_down["user"]["id"], stepped_down["role"]]), json!([team.owner.id(), "admin"]));
    team.member.delete(&me).await.no_content();
    team.stranger.delete(&me).await.refused(404, "member_not_found");
    team.stranger.delete(&format!("{}/you", team.members())).await.invalid(&[("user_id", "invalid_type")]);
    assert_eq!(team.owner.list(&team.members(), "/user/id").await, [team.admin.id(), team.owner.id()]);
}

#[actix_web::test]
async fn a_member_is_named_in_exactly_one_way() {
    let team = Team::start().await;
    let add = async |draft: Value| team.owner.post(&team.members(), draft).await;
    add(json!({})).await.invalid(&[("user_id", "required")]);
    add(json!({"user_id": 1, "username": "x"})).await.invalid(&[("username", "exclusive")]);
    for id in [0, -1, 1_i64 << 53] {
        add(json!({"user_id": id})).await.invalid(&[("user_id", "out_of_range")]);
    }
    add(json!({"user_id": "1"})).await.invalid(&[("user_id", "invalid_type")]);
    add(json!({"user_id": 1e30})).await.invalid(&[("user_id", "invalid_type")]);
    add(json!({"user_id": 1, "role": "king"})).await.invalid(&[("role", "invalid_format")]);
    for unknown in [json!({"user_id": 999}), json!({"username": "nobody"}), json!({"username": "a\0"})] {
        add(unknown).await.refused(404, "user_not_found");
    }
    add(json!({"username": "Member"})).await.refused(409, "already_member");
}

#[actix_web::test]
async fn only_owners_and_server_admins_give_a_role() {
    let team = Team::start().await;
    let draft = |role: &str| json!({"user_id": team.stranger.id(), "role": role});
    for (client, code) in
        [(&team.member, "role_too_low"), (&team.admin, "role_too_low"), (&team.stranger, "members_only")]
    {
        for role in ["admin", "owner"] {
            client.post(&team.members(), draft(role)).await.refused(403, code);
        }
    }
    for (client, role) in [
        (&team.member, "member"),
        (&team.admin, "member"),
        (&team.owner, "admin"),
        (&team.owner, "owner"),
        (&team.root, "owner"),
    ] {
        assert_eq!(client.post(&team.members(), draft(role)).await.created()["role"], role);
        team.owner.delete(&team.of(&team.stranger)).await.no_content();
    }
    team.stranger.post(&team.members(), draft("member")).await.refused(403, "members_only");
}

#[actix_web::test]
async fn anybody_joins_a_public_group_and_stays_what_they_are() {
    let team = Team::start().await;
    let path = format!("{}/join", team.path);
    let answer = team.stranger.post_empty(&path).await;
    assert_eq!(answer.header("location"), Some(team.of(&team.stranger).as_str()));
    let joined = answer.created();
    let expected = json!({
        "user": {"id": team.stranger.id(), "username": "stranger", "display_name": null},
        "role": "member", "joined_at": time(&joined["joined_at"]), "as_admin": false,
        "settings": {"notify": "all", "pinned": false, "hidden": false},
        "muted_until": null, "mute_reason": null, "read_seq": null,
    });
    assert_eq!(joined, expected);
    let again = team.stranger.post_empty(&path).await;
    assert_eq!(again.header("location"), None);
    assert_eq!(again.ok(), expected);
    assert_eq!(team.owner.post_empty(&path).await.ok()["role"], "owner");
    assert_eq!(team.owner.get(&team.path).await.ok()["member_count"], 4);
}

#[actix_web::test]
async fn members_are_listed_by_name_and_found_by_either() {
    let team = Team::start().await;
    let listed = async |query: &str| {
        team.stranger.list(&format!("{}?{query}", team.members()), "/user/username").await
    };
    assert_eq!(listed("").await, ["admin", "member", "owner"], "whoever sees the group sees its members");
    team.member.patch("/api/users/me", json!({"display_name": "Ümit 100%"})).await.ok();
    for (q, found) in [
        ("OWN", vec!["owner"]),
        ("%C3%BCMIT", vec!["member"]),
        ("%25", vec!["member"]),
        ("_", vec![]),
        ("stranger", vec![]),
        ("m", vec!["admin", "member"]),
    ] {
        assert_eq!(listed(&format!("q={q}")).await, found, "{q}");
    }
    team.owner.get("/api/groups/999/members").await.refused(404, "group_not_found");
}

#[actix_web::test]
async fn a_role_is_changed_by_owners_and_server_admins() {
    let team = Team::start().await;
    let path = team.of(&team.member);
    let role = |role: &str| json!({"role": role, "unknown": 1});
    let changed = team.owner.patch(&path, role("admin")).await.ok();
    let expected = json!({
        "user": {"id": team.member.id(), "username": "member", "display_name": null},
        "role": "admin", "joined_at": time(&changed["joined_at"]), "as_admin": false, "settings": null,
        "muted_until": null, "mute_reason": null, "read_seq": null,
    });
    assert_eq!(changed, expected);
    assert_eq!(team.root.put(&path, role("member")).await.ok()["role"], "member");
    for client in [&team.admin, &team.member] {
        client.patch(&path, role("admin")).await.refused(403, "role_too_low");
        client.put(&path, role("member")).await.refused(403, "role_too_low");
    }
    team.stranger.patch(&path, role("admin")).await.refused(403, "members_only");
    team.owner.patch(&team.of(&team.stranger), role("admin")).await.refused(404, "member_not_found");
    team.owner
        .patch(&format!("{}/999", team.members()), role("admin"))
        .await
        .refused(404, "member_not_found");
}

#[actix_web::test]
async fn a_role_that_is_left_out_stays_and_null_is_none() {
    let team = Team::start().await;
    let path = team.of(&team.admin);
    for answer in [team.owner.patch(&path, json!({})).await, team.owner.put(&path, json!({})).await] {
        assert_eq!(answer.ok()["role"], "admin");
    }
    // A body that asks for nothing that is known is a slip; beside what is known, others are ignored.
    team.owner.put(&path, json!({"x": 1})).await.invalid(&[("x", "unknown")]);
    assert_eq!(team.owner.put(&path, json!({"x": 1, "role": "admin"})).await.ok()["role"], "admin");
    team.member.patch(&path, json!({})).await.refused(403, "role_too_low");
    for answer in [
        team.owner.patch(&path, json!({"role": null})).await,
        team.owner.put(&path, json!({"role": null})).await,
    ] {
        answer.invalid(&[("role", "not_nullable")]);
    }
    team.owner.patch(&path, json!({"role": "Admin"})).await.invalid(&[("role", "invalid_format")]);
    team.owner.patch(&path, json!({"role": "admin\0"})).await.invalid(&[("role", "invalid_characters")]);
}

#[actix_web::test]
async fn the_last_owner_stays_one() {
    let team = Team::start().await;
    let path = team.of(&team.owner);
    for client in [&team.owner, &team.root] {
        client.patch(&path, json!({"role": "admin"})).await.refused(409, "last_owner");
        client.delete(&path).await.refused(409, "last_owner");
    }
    team.owner.patch(&path, json!({"role": "owner"})).await.ok();
    team.owner.patch(&team.of(&team.admin), json!({"role": "owner"})).await.ok();
    team.owner.delete(&path).await.no_content();
    team.admin.delete(&team.of(&team.admin)).await.refused(409, "last_owner");
    team.owner.get(&format!("{}/messages", team.path)).await.refused(403, "members_only");
}

#[actix_web::test]
async fn admins_remove_only_members_below_admin() {
    let team = Team::start().await;
    let peer = team.server.user("peer").await;
    for role in ["member", "admin", "owner"] {
        team.owner.add(&team.path, &peer, role).await;
        let path = team.of(&peer);
        team.member.delete(&path).await.refused(403, "role_too_low");
        team.stranger.delete(&path).await.refused(403, "members_only");
        if role == "member" {
            team.admin.delete(&path).await.no_content();
        } else {
            team.admin.delete(&path).await.refused(403, "role_too_low");
            team.root.delete(&path).await.no_content();
        }
        team.owner.delete(&path).await.refused(404, "member_not_found");
        peer.get(&format!("{}/messages", team.path)).await.refused(403, "members_only");
    }
}

#[actix_web::test]
async fn anybody_but_the_last_owner_leaves() {
    let team = Team::start().await;
    for client in [&team.member, &team.admin] {
        client.delete(&team.of(client)).await.no_content();
        client.delete(&team.of(client)).await.refused(404, "member_not_found");
        assert_eq!(client.get(&team.path).await.ok()["my_role"], Value::Null);
    }
    assert_eq!(team.owner.get(&team.path).await.ok()["member_count"], 1);
}

#[actix_web::test]
async fn a_deleted_user_answers_404_and_its_name_inherits_nothing() {
    let team = Team::start().await;
    let user = format!("/api/users/{}", team.member.id());
    team.owner.delete(&user).await.refused(403, "admin_only");
    team.root.delete(&user).await.no_content();
    team.member.get("/api/users/me").await.refused(401, "invalid_key");
    for answer in
        [team.root.get(&user).await, team.root.delete(&user).await, team.root.patch(&user, json!({})).await]
    {
        answer.refused(404, "user_not_found");
    }
    let login = json!({"username": "member", "password": PASSWORD});
    team.server.nobody().post("/api/login", login.clone()).await.refused(401, "invalid_credentials");
    assert_eq!(team.owner.list("/api/users?q=member", "/id").await, Vec::<Value>::new());
    team.owner.patch(&team.of(&team.member), json!({"role": "admin"})).await.refused(404, "member_not_found");
    let heir = team.server.user("member").await;
    assert_ne!(heir.id(), team.member.id());
    heir.get(&format!("{}/messages", team.path)).await.refused(403, "members_only");
    assert!(heir.list("/api/groups?mine=true", "/id").await.is_empty());
}

#[actix_web::test]
async fn the_memberships_of_a_deleted_user_end_and_a_group_is_passed_on() {
    let team = Team::start().await;
    let lonely = team.owner.new_group("Lonely").await;
    team.root.delete(&format!("/api/users/{}", team.owner.id())).await.no_content();
    let names = team.stranger.list(&team.members(), "/user/username").await;
    assert_eq!(names, ["admin", "member"], "gone from the list at once");
    team.server.work_off_jobs().await;
    let group = team.admin.get(&team.path).await.ok();
    assert_eq!((&group["member_count"], &group["my_role"]), (&json!(2), &json!("owner")));
    let orphan = team.root.get(&lonely).await.ok();
    assert_eq!((&orphan["member_count"], &orphan["my_role"]), (&json!(0), &Value::Null));
}

#[actix_web::test]
async fn a_group_that_nobody_is_left_in_is_owned_by_the_next_to_come() {
    let team = Team::start().await;
    let joined = team.owner.new_group("Joined").await;
    let (given, deleted) = (team.owner.new_group("Given").await, team.owner.new_group("Deleted").await);
    const OWNERLESS: &str = "/api/groups?ownerless=true";
    assert!(team.root.list(OWNERLESS, "/name").await.is_empty());
    team.root.delete(&format!("/api/users/{}", team.owner.id())).await.no_content();
    team.server.work_off_jobs().await;
    assert_eq!(team.root.list(OWNERLESS, "/name").await, ["Deleted", "Given", "Joined"]);
    team.stranger.get(OWNERLESS).await.refused(403, "admin_only");
    let group = team.stranger.get(&joined).await.ok();
    assert_eq!((&group["member_count"], &group["my_role"]), (&json!(0), &Value::Null));

    let owner = team.stranger.post_empty(&format!("{joined}/join")).await.created();
    assert_eq!(owner["role"], "owner");
    let second = team.member.post_empty(&format!("{joined}/join")).await.created();
    assert_eq!(second["role"], "member");
    let draft = json!({"user_id": team.member.id()});
    let appointed = team.root.post(&format!("{given}/members"), draft).await.created();
    assert_eq!(appointed["role"], "owner");
    team.root.delete(&deleted).await.no_content();
    assert!(team.root.list(OWNERLESS, "/name").await.is_empty());
}

/// How somebody came into a group, as its other members see it.
async fn came_as_admin(team: &Team, path: &str, user: i64) -> Value {
    let members = team.owner.get(&format!("{path}/members")).await.ok();
    let members = members["items"].as_array().expect("items");
    let found = members.iter().find(|member| member["user"]["id"] == user);
    found.expect("they are in the group")["as_admin"].clone()
}

#[actix_web::test]
async fn a_server_admin_who_lets_themselves_in_is_shown_as_one_whatever_the_way() {
    let team = Team::start().await;
    let root = team.root.id();
    for (number, way) in ["join", "add", "batch", "invitation", "link"].into_iter().enumerate() {
        let draft = json!({"name": format!("Private {number}"), "visibility": "private"});
        let group = team.owner.post("/api/groups", draft).await.created();
        let path = format!("/api/groups/{}", group["id"]);
        let before = now(&team.owner).await;
        match way {
            "join" => drop(team.root.post_empty(&format!("{path}/join")).await.created()),
            "add" => {
                team.root.post(&format!("{path}/members"), json!({"user_id": root})).await.created();
            }
            "batch" => {
                let users = json!({"user_ids": [team.stranger.id(), root]});
                team.root.post(&format!("{path}/members/batch"), users).await.ok();
                assert_eq!(came_as_admin(&team, &path, team.stranger.id()).await, false);
            }
            "invitation" => {
                let draft = json!({"user_id": root});
                let invitation = team.root.post(&format!("{path}/invitations"), draft).await.created();
                let accept = format!("/api/invitations/{}/accept", invitation["id"]);
                team.root.post_empty(&accept).await.created();
            }
            _ => {
                let link = team.root.post(&format!("{path}/invite-links"), json!({})).await.created();
                let code = link["code"].as_str().expect("a code");
                team.root.post_empty(&format!("/api/invite-links/{code}/accept")).await.created();
            }
        }
        assert_eq!(came_as_admin(&team, &path, root).await, true, "{way}");
        let is_it = |event: &&Value| event["type"] == "member.added" && event["data"]["user"]["id"] == root;
        let added = soon(async {
            loop {
                let told = told_since(&team.owner, &before, 0).await;
                if let Some(added) = told.iter().find(is_it) {
                    return added["data"]["as_admin"].clone();
                }
            }
        });
        assert_eq!(added.await, true, "{way}");
    }
}

#[actix_web::test]
async fn a_server_admin_whom_somebody_lets_in_or_whom_anybody_could_is_a_member_like_others() {
    let team = Team::start().await;
    team.root.post_empty(&format!("{}/join", team.path)).await.created();
    assert_eq!(came_as_admin(&team, &team.path, team.root.id()).await, false, "anybody joins a public group");
    let draft = json!({"name": "Private", "visibility": "private"});
    let private = team.owner.post("/api/groups", draft).await.created();
    let private = format!("/api/groups/{}", private["id"]);
    team.owner.add(&private, &team.root, "member").await;
    assert_eq!(came_as_admin(&team, &private, team.root.id()).await, false, "the owner has let them in");
    let own = team.root.post("/api/groups", json!({"name": "Own", "visibility": "private"})).await.created();
    let own = format!("/api/groups/{}/members", own["id"]);
    assert_eq!(team.root.get(&own).await.ok()["items"][0]["as_admin"], false, "they have created it");
}
