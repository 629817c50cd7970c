//! Ways into groups: invitations, invite links, and requests to join.

mod links;
mod requests;

use groupchat_domain::groups::Quotas;
use serde_json::{Value, json};

use crate::events::all_transports::{now_after, told_since};
use crate::harness::{Client, Server};

/// A group with an owner, an admin and a member, and somebody outside.
struct Club {
    group: String,
    owner: Client,
    admin: Client,
    member: Client,
    guest: Client,
}

impl Club {
    /// A private group.
    async fn new(server: &Server) -> Self {
        Self::seen_as(server, "private").await
    }

    async fn seen_as(server: &Server, visibility: &str) -> Self {
        let names = ["owner", "admin", "member", "guest"].map(|name| (name.to_owned(), false));
        let users = server.users(&names).await;
        let [owner, admin, member, guest] = users.try_into().ok().expect("four users");
        let draft = json!({"name": "Board", "visibility": visibility});
        let group = owner.post("/api/groups", draft).await.created();
        let group = format!("/api/groups/{}", group["id"]);
        owner.add(&group, &admin, "admin").await;
        owner.add(&group, &member, "member").await;
        Self { group, owner, admin, member, guest }
    }

    fn invitations(&self) -> String {
        format!("{}/invitations", self.group)
    }

    /// Invites the guest.
    async fn invite(&self, by: &Client, more: Value) -> Value {
        let mut draft = json!({"user_id": self.guest.id()});
        draft.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        by.post(&self.invitations(), draft).await.created()
    }

    async fn is_invited(&self) -> bool {
        !self.guest.list("/api/invitations", "/id").await.is_empty()
    }

    async fn accept(&self, invitation: &Value) -> crate::harness::Answer {
        self.guest.post_empty(&format!("/api/invitations/{}/accept", invitation["id"])).await
    }
}

#[actix_web::test]
async fn a_block_keeps_invitations_away_and_is_not_told() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let block = format!("/api/users/{}/block", club.owner.id());
    let sight = |club: &Club| format!("/api/groups/{}/invitations", club.group);
    club.guest.put_empty(&block).await.ok();
    let cursor = now_after(&club.guest, "blocks.updated").await;
    let made = club.invite(&club.owner, json!({"note": "Let us talk"})).await;
    assert_eq!(made["valid"], json!(true));
    assert!(!club.is_invited().await);
    for answer in ["accept", "decline"] {
        let path = format!("/api/invitations/{}/{answer}", made["id"]);
        club.guest.post_empty(&path).await.refused(404, "invitation_not_found");
    }
    let listed = club.owner.get(&club.invitations()).await.ok();
    assert_eq!(listed["items"][0]["valid"], json!(true), "{}", sight(&club));
    assert_eq!(told_since(&club.guest, &cursor, 0).await, Vec::<Value>::new());

    // Somebody else's arrives, and with the end of the block so does the owner's.
    club.guest.delete(&block).await.no_content();
    assert!(club.is_invited().await);
    club.guest.put_empty(&block).await.ok();
    assert!(!club.is_invited().await);
    let draft = json!({"user_id": club.guest.id()});
    club.admin.post(&club.invitations(), draft).await.ok();
    assert!(club.is_invited().await);
    club.accept(&made).await.created();
}

#[actix_web::test]
async fn nobody_is_added_by_whom_they_have_blocked_but_by_others() {
    let server = Server::start().await;
    let (club, root) = (Club::new(&server).await, server.admin("root").await);
    for blocked in [&club.owner, &root] {
        club.guest.put_empty(&format!("/api/users/{}/block", blocked.id())).await.ok();
    }
    let members = format!("{}/members", club.group);
    let draft = || json!({"user_id": club.guest.id()});
    // As if the account were gone.
    club.owner.post(&members, draft()).await.refused(404, "user_not_found");
    club.member.post(&members, draft()).await.refused(403, "role_too_low");
    for able in [&club.admin, &root] {
        able.post(&members, draft()).await.created();
        club.guest.delete(&format!("{members}/me")).await.no_content();
    }
}

#[actix_web::test]
async fn who_is_invited_sees_name_size_and_inviter_and_comes_in_by_accepting() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let more = json!({"note": "Tea at five", "expires_at": "2126-01-01T00:00:00+01:00"});
    let made = club.invite(&club.admin, more).await;
    assert_eq!((&made["role"], &made["valid"]), (&json!("member"), &json!(true)));
    assert_eq!(made["user"]["username"], "guest");
    let page = club.guest.get("/api/invitations").await.ok();
    let mut shown = page["items"][0].clone();
    shown.as_object_mut().expect("an object").remove("created_at");
    let expected = json!({
        "id": made["id"],
        "group": {"id": null, "name": "Board", "member_count": 3},
        "invited_by": {"id": club.admin.id(), "username": "admin", "display_name": null},
        "note": "Tea at five",
        "expires_at": "2125-12-31T23:00:00.000000Z",
    });
    assert_eq!(shown, expected);
    club.guest.get(&club.group).await.refused(404, "group_not_found");
    let accepted = club.accept(&made).await;
    let location = format!("{}/members/{}", club.group, club.guest.id());
    assert_eq!(accepted.header("location"), Some(location.as_str()));
    assert_eq!(accepted.created()["role"], "member");
    assert_eq!(club.guest.get(&club.group).await.ok()["member_count"], 4);
    assert!(!club.is_invited().await);
    club.accept(&made).await.refused(404, "invitation_not_found");
    let again = json!({"user_id": club.guest.id()});
    club.owner.post(&club.invitations(), again).await.refused(409, "already_member");
}

#[actix_web::test]
async fn the_id_of_a_listed_group_is_shown() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    club.owner.patch(&club.group, json!({"visibility": "closed"})).await.ok();
    club.invite(&club.owner, json!({})).await;
    let id = club.guest.list("/api/invitations", "/group/id").await;
    assert_eq!(format!("/api/groups/{}", id[0]), club.group);
}

#[actix_web::test]
async fn inviting_again_changes_the_invitation_in_its_place() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let first = club.invite(&club.admin, json!({"note": "Come"})).await;
    let draft = json!({"username": "GUEST", "note": "Come"});
    let same = club.admin.post(&club.invitations(), draft).await.ok();
    assert_eq!(same, first);
    let draft = json!({"user_id": club.guest.id(), "role": "admin"});
    let second = club.owner.post(&club.invitations(), draft).await.ok();
    assert_eq!(
        (&second["id"], &second["role"], &second["note"]),
        (&first["id"], &json!("admin"), &json!(null))
    );
    assert_eq!(second["invited_by"]["username"], "owner");
    assert_eq!(club.owner.list(&club.invitations(), "/id").await, [first["id"].clone()]);
    assert_eq!(club.accept(&first).await.created()["role"], "admin");
}

#[actix_web::test]
async fn who_may_not_invite_or_give_the_role_is_refused() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let draft = |role: &str| json!({"user_id": club.guest.id(), "role": role});
    for (client, role, status, code) in [
        (&club.member, "member", 403, "role_too_low"),
        (&club.admin, "admin", 403, "role_too_low"),
        (&club.guest, "member", 404, "group_not_found"),
        (&club.owner, "Herald", 400, "validation_failed"),
    ] {
        client.post(&club.invitations(), draft(role)).await.refused(status, code);
    }
    let past = json!({"user_id": club.guest.id(), "expires_at": "2020-01-01T00:00:00Z"});
    let answer = club.owner.post(&club.invitations(), past).await;
    let problem = answer.refused(400, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "expires_at");
    club.owner.post(&club.invitations(), json!({"username": "nobody"})).await.refused(404, "user_not_found");
    let permissions = json!(["view", "read_history", "send", "invite"]);
    club.owner.patch(&format!("{}/roles/member", club.group), json!({"permissions": permissions})).await.ok();
    club.invite(&club.member, json!({})).await;
}

#[actix_web::test]
async fn an_invitation_dies_with_the_rights_of_its_maker_and_comes_back_with_them() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let made = club.invite(&club.admin, json!({})).await;
    let admin = format!("{}/members/{}", club.group, club.admin.id());
    club.owner.patch(&admin, json!({"role": "member"})).await.ok();
    assert!(!club.is_invited().await);
    assert_eq!(club.owner.list(&club.invitations(), "/valid").await, [json!(false)]);
    club.accept(&made).await.refused(404, "invitation_not_found");
    club.owner.patch(&admin, json!({"role": "admin"})).await.ok();
    assert!(club.is_invited().await);
    club.owner.put_empty(&format!("{}/archive", club.group)).await.ok();
    assert!(!club.is_invited().await, "nobody comes into an archived group");
    assert_eq!(club.owner.list(&club.invitations(), "/valid").await, [json!(false)]);
    club.owner.delete(&format!("{}/archive", club.group)).await.ok();
    club.admin.delete(&format!("{}/members/me", club.group)).await.no_content();
    assert!(!club.is_invited().await);
    club.accept(&made).await.refused(404, "invitation_not_found");
}

#[actix_web::test]
async fn an_invitation_that_gives_more_than_its_maker_still_may_give_is_dead() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let admin = format!("{}/members/{}", club.group, club.admin.id());
    club.owner.patch(&admin, json!({"role": "owner"})).await.ok();
    let made = club.invite(&club.admin, json!({"role": "admin"})).await;
    club.owner.patch(&admin, json!({"role": "admin"})).await.ok();
    club.accept(&made).await.refused(404, "invitation_not_found");
}

#[actix_web::test]
async fn a_server_admin_invites_without_being_a_member() {
    let server = Server::start().await;
    let (club, root) = (Club::new(&server).await, server.admin("root").await);
    let made = club.invite(&root, json!({"role": "owner"})).await;
    assert!(club.is_invited().await);
    assert_eq!(club.accept(&made).await.created()["role"], "owner");
}

#[actix_web::test]
async fn an_invitation_ends_by_withdrawing_declining_joining_and_the_end_of_the_group() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let made = club.invite(&club.admin, json!({})).await;
    club.owner.delete(&format!("{}/{}", club.invitations(), made["id"])).await.no_content();
    club.accept(&made).await.refused(404, "invitation_not_found");
    club.owner
        .delete(&format!("{}/{}", club.invitations(), made["id"]))
        .await
        .refused(404, "invitation_not_found");

    let made = club.invite(&club.admin, json!({})).await;
    let decline = format!("/api/invitations/{}/decline", made["id"]);
    club.member.post_empty(&decline).await.refused(404, "invitation_not_found");
    club.guest.post_empty(&decline).await.no_content();
    club.guest.post_empty(&decline).await.refused(404, "invitation_not_found");
    assert_eq!(club.owner.list(&club.invitations(), "/id").await, [0; 0]);

    let made = club.invite(&club.admin, json!({})).await;
    club.owner.add(&club.group, &club.guest, "member").await;
    assert!(!club.is_invited().await);
    club.guest.delete(&format!("{}/members/me", club.group)).await.no_content();
    club.accept(&made).await.refused(404, "invitation_not_found");

    let made = club.invite(&club.admin, json!({})).await;
    club.owner.delete(&club.group).await.no_content();
    assert!(!club.is_invited().await);
    club.accept(&made).await.refused(404, "invitation_not_found");
    server.work_off_jobs().await;
    club.accept(&made).await.refused(404, "invitation_not_found");
}

#[actix_web::test]
async fn a_ban_wins_over_every_invitation() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let made = club.invite(&club.admin, json!({})).await;
    let ban = format!("{}/bans/{}", club.group, club.guest.id());
    club.owner.put(&ban, json!({})).await.ok();
    assert!(!club.is_invited().await);
    club.accept(&made).await.refused(404, "invitation_not_found");
    let draft = json!({"user_id": club.guest.id()});
    club.owner.post(&club.invitations(), draft.clone()).await.refused(403, "banned");
    club.owner.delete(&ban).await.no_content();
    assert!(!club.is_invited().await, "the invitation has ended");
    club.owner.post(&club.invitations(), draft).await.created();
}

#[actix_web::test]
async fn the_invitations_of_deleted_users_end() {
    let server = Server::start().await;
    let (club, root) = (Club::new(&server).await, server.admin("root").await);
    let made = club.invite(&club.admin, json!({})).await;
    root.delete(&format!("/api/users/{}", club.admin.id())).await.no_content();
    club.accept(&made).await.refused(404, "invitation_not_found");
    server.work_off_jobs().await;
    assert_eq!(club.owner.list(&club.invitations(), "/id").await, [0; 0]);
    club.invite(&club.owner, json!({})).await;
    root.delete(&format!("/api/users/{}", club.guest.id())).await.no_content();
    server.work_off_jobs().await;
    assert_eq!(club.owner.list(&club.invitations(), "/id").await, [0; 0]);
}

#[actix_web::test]
async fn quotas_hold_for_those_who_accept() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let made = club.invite(&club.admin, json!({})).await;
    let quotas = Quotas { members: 3, ..Quotas::default() };
    let strict = server.with_options(groupchat_api::ServerOptions { quotas, ..Default::default() }).await;
    let guest = strict.with_key(club.guest.key().to_owned());
    let answer = guest.post_empty(&format!("/api/invitations/{}/accept", made["id"])).await;
    assert_eq!(answer.refused(409, "quota_exceeded")["quota"], json!({"name": "members", "limit": 3}));
    assert!(club.is_invited().await, "a refused acceptance changes nothing");
}

#[actix_web::test]
async fn a_group_has_a_thousand_invitations_and_an_inviter_has_five_hundred() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let names: Vec<_> = (0..1_001).map(|number| (format!("u{number}"), false)).collect();
    let users = server.users(&names).await;
    let invite =
        async |by: &Client, user: &Client| by.post(&club.invitations(), json!({"user_id": user.id()})).await;
    for (number, user) in users[..1_000].iter().enumerate() {
        let by = if number < 500 { &club.owner } else { &club.admin };
        invite(by, user).await.created();
    }
    let refused = invite(&club.owner, &users[1_000]).await.refused(409, "quota_exceeded");
    assert_eq!(refused["quota"], json!({"name": "invitations", "limit": 1_000}));
    let first = club.owner.get(&club.invitations()).await.ok()["items"][0]["id"].clone();
    club.owner.delete(&format!("{}/{first}", club.invitations())).await.no_content();
    let refused = invite(&club.owner, &users[1_000]).await.refused(409, "quota_exceeded");
    assert_eq!(refused["quota"], json!({"name": "sent_invitations", "limit": 500}));
    invite(&club.admin, &users[1_000]).await.created();
}
