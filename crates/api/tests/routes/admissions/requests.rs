//! Requests to join.

use actix_web::http::Method;
use groupchat_domain::groups::Quotas;
use serde_json::json;

use super::Club;
use crate::harness::{Answer, Client, Server};

impl Club {
    async fn ask(&self) -> Answer {
        let answer = self.guest.post(&format!("{}/join", self.group), json!({"message": "Let me in"})).await;
        assert_eq!(answer.status(), 202, "{answer}");
        answer
    }

    fn requests(&self) -> String {
        format!("{}/join-requests", self.group)
    }

    /// The guest's request.
    fn request(&self) -> String {
        format!("{}/{}", self.requests(), self.guest.id())
    }

    async fn approve(&self, by: &Client) -> Answer {
        by.post_empty(&format!("{}/approve", self.request())).await
    }

    /// Whether the guest asks to join.
    async fn is_asking(&self) -> bool {
        self.owner.list(&self.requests(), "/user/id").await.contains(&json!(self.guest.id()))
    }
}

#[actix_web::test]
async fn who_asks_is_listed_and_comes_in_when_somebody_approves() {
    let server = Server::start().await;
    let club = Club::seen_as(&server, "closed").await;
    let asked = club.ask().await.json();
    assert_eq!((&asked["status"], &asked["message"]), (&json!("requested"), &json!("Let me in")));
    let page = club.admin.get(&club.requests()).await.ok();
    let listed = json!([{
        "user": {"id": club.guest.id(), "username": "guest", "display_name": null},
        "message": "Let me in",
        "created_at": asked["created_at"],
    }]);
    assert_eq!(page["items"], listed);
    let approved = club.approve(&club.admin).await;
    let location = format!("{}/members/{}", club.group, club.guest.id());
    assert_eq!(approved.header("location"), Some(location.as_str()));
    assert_eq!(approved.created()["role"], "member");
    assert!(!club.is_asking().await);
    club.approve(&club.owner).await.refused(404, "join_request_not_found");
    club.guest.post_empty(&format!("{}/join", club.group)).await.ok();
}

#[actix_web::test]
async fn asking_again_changes_nothing_and_a_message_may_be_left_out() {
    let server = Server::start().await;
    let club = Club::seen_as(&server, "closed").await;
    let join = format!("{}/join", club.group);
    let first = club.guest.post_empty(&join).await;
    assert_eq!((first.status(), &first.json()["message"]), (202, &json!(null)));
    assert_eq!(club.ask().await.json(), first.json());
    let long = json!({"message": "x".repeat(501)});
    club.guest.post(&join, long).await.refused(400, "validation_failed");
    let declared = actix_web::test::TestRequest::default().method(Method::POST).uri(&join);
    club.guest.send(declared.set_payload("hello")).await.refused(415, "unsupported_media_type");
}

#[actix_web::test]
async fn only_who_may_approve_sees_and_decides() {
    let server = Server::start().await;
    let club = Club::seen_as(&server, "closed").await;
    club.ask().await;
    for (client, code) in [(&club.member, "role_too_low"), (&club.guest, "members_only")] {
        client.get(&club.requests()).await.refused(403, code);
        club.approve(client).await.refused(403, code);
    }
    club.member.delete(&club.request()).await.refused(403, "role_too_low");
    let permissions = json!(["view", "read_history", "approve_requests"]);
    let role = json!({"name": "Doorkeeper", "rank": 20, "permissions": permissions});
    club.owner.post(&format!("{}/roles", club.group), role).await.created();
    let member = format!("{}/members/{}", club.group, club.member.id());
    club.owner.patch(&member, json!({"role": "Doorkeeper"})).await.ok();
    assert_eq!(club.member.list(&club.requests(), "/user/username").await, ["guest"]);
    // Nobody lets somebody in with more rights than their own.
    club.approve(&club.member).await.refused(403, "role_too_low");
    club.member.delete(&club.request()).await.no_content();
    club.ask().await;
    let root = server.admin("root").await;
    assert_eq!(root.list(&club.requests(), "/user/username").await, ["guest"]);
    club.approve(&root).await.created();
}

#[actix_web::test]
async fn a_request_is_refused_or_withdrawn() {
    let server = Server::start().await;
    let club = Club::seen_as(&server, "closed").await;
    club.ask().await;
    club.admin.delete(&club.request()).await.no_content();
    club.admin.delete(&club.request()).await.refused(404, "join_request_not_found");
    club.approve(&club.owner).await.refused(404, "join_request_not_found");
    let own = format!("{}/me", club.requests());
    club.guest.delete(&own).await.refused(404, "join_request_not_found");
    club.ask().await;
    club.owner.put_empty(&format!("{}/archive", club.group)).await.ok();
    club.approve(&club.owner).await.refused(403, "archived");
    assert!(club.is_asking().await, "an archived group can be read");
    club.guest.delete(&own).await.no_content();
    club.guest.post_empty(&format!("{}/join", club.group)).await.refused(403, "archived");
}

#[actix_web::test]
async fn a_request_ends_with_every_other_way_in() {
    let server = Server::start().await;
    let club = Club::seen_as(&server, "closed").await;
    let leave = format!("{}/members/me", club.group);

    club.ask().await;
    club.owner.add(&club.group, &club.guest, "member").await;
    assert!(!club.is_asking().await);
    club.guest.delete(&leave).await.no_content();

    let draft = json!({"user_id": club.guest.id()});
    let invitation = club.owner.post(&format!("{}/invitations", club.group), draft).await.created();
    club.ask().await;
    club.guest.post_empty(&format!("/api/invitations/{}/accept", invitation["id"])).await.created();
    assert!(!club.is_asking().await);
    club.guest.delete(&leave).await.no_content();

    club.ask().await;
    club.owner.patch(&club.group, json!({"visibility": "public"})).await.ok();
    assert!(club.is_asking().await, "nobody comes in without joining");
    club.guest.post_empty(&format!("{}/join", club.group)).await.created();
    assert!(!club.is_asking().await);
}

#[actix_web::test]
async fn a_ban_ends_a_request_and_whoever_is_banned_does_not_ask() {
    let server = Server::start().await;
    let club = Club::seen_as(&server, "closed").await;
    club.ask().await;
    let ban = format!("{}/bans/{}", club.group, club.guest.id());
    club.owner.put(&ban, json!({})).await.ok();
    assert!(!club.is_asking().await);
    let join = format!("{}/join", club.group);
    club.guest.post_empty(&join).await.refused(403, "banned");
    club.owner.delete(&ban).await.no_content();
    assert!(!club.is_asking().await, "the request has ended");
    club.ask().await;
}

#[actix_web::test]
async fn a_group_that_becomes_private_has_no_requests() {
    let server = Server::start().await;
    let club = Club::seen_as(&server, "closed").await;
    club.ask().await;
    club.owner.patch(&club.group, json!({"visibility": "private"})).await.ok();
    assert!(!club.is_asking().await);
    club.approve(&club.owner).await.refused(404, "join_request_not_found");
    club.guest.delete(&format!("{}/me", club.requests())).await.refused(404, "group_not_found");
    club.guest.post_empty(&format!("{}/join", club.group)).await.refused(404, "group_not_found");
    club.owner.patch(&club.group, json!({"visibility": "closed"})).await.ok();
    assert!(!club.is_asking().await, "what was asked of another group than this is over");
}

#[actix_web::test]
async fn the_requests_of_deleted_users_and_groups_end() {
    let server = Server::start().await;
    let (club, root) = (Club::seen_as(&server, "closed").await, server.admin("root").await);
    club.ask().await;
    root.delete(&format!("/api/users/{}", club.guest.id())).await.no_content();
    assert!(!club.is_asking().await);
    club.approve(&club.owner).await.refused(404, "join_request_not_found");
    server.work_off_jobs().await;
    let other = server.user("other").await;
    let join = format!("{}/join", club.group);
    assert_eq!(other.post_empty(&join).await.status(), 202);
    club.owner.delete(&club.group).await.no_content();
    other.post_empty(&join).await.refused(404, "group_not_found");
    server.work_off_jobs().await;
}

#[actix_web::test]
async fn quotas_hold_for_those_who_are_let_in() {
    let server = Server::start().await;
    let club = Club::seen_as(&server, "closed").await;
    club.ask().await;
    let quotas = Quotas { members: 3, ..Quotas::default() };
    let strict = server.with_options(groupchat_api::ServerOptions { quotas, ..Default::default() }).await;
    let admin = strict.with_key(club.admin.key().to_owned());
    let answer = admin.post_empty(&format!("{}/approve", club.request())).await;
    assert_eq!(answer.refused(409, "quota_exceeded")["quota"], json!({"name": "members", "limit": 3}));
    assert!(club.is_asking().await, "a refused approval changes nothing");
}

#[actix_web::test]
async fn a_user_asks_a_hundred_groups_at_once() {
    let server = Server::start().await;
    let club = Club::seen_as(&server, "closed").await;
    for number in 0..100 {
        let draft = json!({"name": format!("Board {number}"), "visibility": "closed"});
        let group = club.owner.post("/api/groups", draft).await.created();
        let join = format!("/api/groups/{}/join", group["id"]);
        assert_eq!(club.guest.post_empty(&join).await.status(), 202);
    }
    let join = format!("{}/join", club.group);
    let refused = club.guest.post_empty(&join).await.refused(409, "quota_exceeded");
    assert_eq!(refused["quota"], json!({"name": "sent_join_requests", "limit": 100}));
}
