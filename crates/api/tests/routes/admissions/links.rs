//! Invite links.

use std::time::Duration;

use groupchat_domain::permissions::ServerRole;
use groupchat_infra::accounts::attempts::BucketSize;
use serde_json::{Value, json};

use super::Club;
use crate::harness::{Answer, Client, Server};

impl Club {
    fn links(&self) -> String {
        format!("{}/invite-links", self.group)
    }

    /// A new link: its code, and what is shown of it.
    async fn link(&self, by: &Client, draft: Value) -> (String, Value) {
        let made = by.post(&self.links(), draft).await.created();
        (made["code"].as_str().expect("a code").to_owned(), made["link"].clone())
    }

    /// What is listed of the only link.
    async fn listed(&self) -> Value {
        let page = self.owner.get(&self.links()).await.ok();
        assert_eq!(page["items"].as_array().map(Vec::len), Some(1), "{page}");
        page["items"][0].clone()
    }
}

async fn accept(by: &Client, code: &str) -> Answer {
    by.post_empty(&format!("/api/invite-links/{code}/accept")).await
}

async fn show(by: &Client, code: &str) -> Answer {
    by.get(&format!("/api/invite-links/{code}")).await
}

#[actix_web::test]
async fn a_link_shows_name_and_size_and_lets_in_who_knows_its_code() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let (code, link) = club.link(&club.admin, json!({"note": "For the fair", "max_uses": 20})).await;
    assert_eq!(show(&club.guest, &code).await.ok(), json!({"id": null, "name": "Board", "member_count": 3}));
    club.guest.get(&club.group).await.refused(404, "group_not_found");
    let accepted = accept(&club.guest, &code).await;
    let location = format!("{}/members/{}", club.group, club.guest.id());
    assert_eq!(accepted.header("location"), Some(location.as_str()));
    assert_eq!(accepted.created()["role"], "member");
    assert_eq!(club.guest.get(&club.group).await.ok()["member_count"], 4);
    let mut expected = link;
    (expected["uses"], expected["valid"]) = (json!(1), json!(true));
    assert_eq!(club.listed().await, expected);
    assert_eq!(expected["created_by"]["username"], "admin");
}

#[actix_web::test]
async fn a_code_is_shown_once_and_read_however_it_is_written() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let (code, _) = club.link(&club.owner, json!({})).await;
    assert_eq!(code.len(), 23, "twenty symbols of five bits in groups of five: {code}");
    let page = club.owner.get(&club.links()).await;
    assert!(!page.text().contains(&code) && !page.text().contains(&code.replace('-', "")), "{page}");
    let spoken = code.to_lowercase().replace('0', "o").replace('1', "l").replace('-', "%20");
    for written in [code.clone(), code.replace('-', ""), spoken] {
        show(&club.guest, &written).await.ok();
    }
    for bad in ["short", "UUUUU-UUUUU-UUUUU-UUUUU"] {
        show(&club.guest, bad).await.refused(400, "validation_failed");
    }
    accept(&club.guest, "00000-00000-00000-00000").await.refused(404, "invite_link_not_found");
}

#[actix_web::test]
async fn a_link_lets_in_as_many_as_it_says_and_members_spend_no_use() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let (code, _) = club.link(&club.owner, json!({"max_uses": 1})).await;
    assert_eq!(accept(&club.member, &code).await.ok()["role"], "member");
    assert_eq!(club.listed().await["uses"], 0);
    accept(&club.guest, &code).await.created();
    accept(&club.guest, &code).await.ok();
    let listed = club.listed().await;
    assert_eq!((&listed["uses"], &listed["valid"]), (&json!(1), &json!(false)));
    let late = server.user("late").await;
    accept(&late, &code).await.refused(404, "invite_link_not_found");
    show(&late, &code).await.refused(404, "invite_link_not_found");
}

#[actix_web::test]
async fn using_a_link_ends_no_other_and_leaving_gives_no_use_back() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let (first, _) = club.link(&club.owner, json!({"max_uses": 1})).await;
    let (second, _) = club.link(&club.owner, json!({"max_uses": 2})).await;
    accept(&club.guest, &first).await.created();
    assert_eq!(club.owner.list(&club.links(), "/uses").await, [json!(0), json!(1)]);
    club.guest.delete(&format!("{}/members/me", club.group)).await.no_content();
    accept(&club.guest, &first).await.refused(404, "invite_link_not_found");
    accept(&club.guest, &second).await.created();
    assert_eq!(club.owner.list(&club.links(), "/uses").await, [json!(1), json!(1)]);
}

#[actix_web::test]
async fn a_link_ends_after_seven_days_unless_it_says_otherwise_and_always_within_a_year() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let (code, link) = club.link(&club.owner, json!({})).await;
    assert_ne!(link["expires_at"], Value::Null);
    for bad in ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
        let answer = club.owner.post(&club.links(), json!({"expires_at": bad})).await;
        assert_eq!(answer.refused(400, "validation_failed")["errors"][0]["field"], "expires_at");
    }
    server.advance_clock(Duration::from_secs(7 * 24 * 3600 - 60));
    show(&club.guest, &code).await.ok();
    server.advance_clock(Duration::from_secs(61));
    accept(&club.guest, &code).await.refused(404, "invite_link_not_found");
    assert_eq!(club.listed().await["valid"], false);
}

#[actix_web::test]
async fn who_may_not_invite_or_give_the_role_makes_no_link() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    for (client, role, status, code) in [
        (&club.member, "member", 403, "role_too_low"),
        (&club.admin, "admin", 403, "role_too_low"),
        (&club.guest, "member", 404, "group_not_found"),
        (&club.owner, "Herald", 400, "validation_failed"),
    ] {
        client.post(&club.links(), json!({"role": role})).await.refused(status, code);
    }
    let (code, _) = club.link(&club.owner, json!({"role": "readonly"})).await;
    assert_eq!(accept(&club.guest, &code).await.created()["role"], "readonly");
    club.member.get(&club.links()).await.refused(403, "role_too_low");
    let answer = club.owner.post(&club.links(), json!({"max_uses": 0})).await;
    answer.invalid(&[("max_uses", "out_of_range")]);
}

#[actix_web::test]
async fn a_link_dies_with_the_rights_of_its_maker_by_revoking_and_with_the_group() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let gone = async |code: &str| {
        accept(&club.guest, code).await.refused(404, "invite_link_not_found");
    };
    let (code, link) = club.link(&club.admin, json!({})).await;
    let admin = format!("{}/members/{}", club.group, club.admin.id());
    club.owner.patch(&admin, json!({"role": "member"})).await.ok();
    gone(&code).await;
    assert_eq!(club.listed().await["valid"], false);
    club.owner.patch(&admin, json!({"role": "admin"})).await.ok();
    show(&club.guest, &code).await.ok();
    club.owner.put_empty(&format!("{}/archive", club.group)).await.ok();
    gone(&code).await;
    club.owner.delete(&format!("{}/archive", club.group)).await.ok();
    let path = format!("{}/{}", club.links(), link["id"]);
    club.owner.delete(&path).await.no_content();
    club.owner.delete(&path).await.refused(404, "invite_link_not_found");
    gone(&code).await;

    let (code, _) = club.link(&club.admin, json!({})).await;
    club.admin.delete(&format!("{}/members/me", club.group)).await.no_content();
    gone(&code).await;

    let (code, _) = club.link(&club.owner, json!({})).await;
    club.owner.delete(&club.group).await.no_content();
    gone(&code).await;
    server.work_off_jobs().await;
    gone(&code).await;
}

#[actix_web::test]
async fn the_links_of_a_deleted_user_end() {
    let server = Server::start().await;
    let (club, root) = (Club::new(&server).await, server.admin("root").await);
    let (code, _) = club.link(&club.admin, json!({})).await;
    root.delete(&format!("/api/users/{}", club.admin.id())).await.no_content();
    accept(&club.guest, &code).await.refused(404, "invite_link_not_found");
    server.work_off_jobs().await;
    assert_eq!(club.owner.list(&club.links(), "/id").await, [0; 0]);
}

#[actix_web::test]
async fn a_ban_wins_over_every_link() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    let (code, _) = club.link(&club.owner, json!({})).await;
    club.owner.put(&format!("{}/bans/{}", club.group, club.guest.id()), json!({})).await.ok();
    for answer in [accept(&club.guest, &code).await, show(&club.guest, &code).await] {
        answer.refused(404, "invite_link_not_found");
    }
    club.owner.patch(&club.group, json!({"visibility": "closed"})).await.ok();
    accept(&club.guest, &code).await.refused(403, "banned");
    assert_eq!(club.listed().await["uses"], 0);
}

#[actix_web::test]
async fn who_has_no_permission_on_the_server_comes_in_all_the_same() {
    let server = Server::start().await;
    let (club, root) = (Club::new(&server).await, server.admin("root").await);
    let (code, _) = club.link(&club.owner, json!({})).await;
    let member = format!("/api/roles/{}", ServerRole::MEMBER.get());
    root.patch(&member, json!({"permissions": []})).await.ok();
    accept(&club.guest, &code).await.created();
    accept(&server.nobody(), &code).await.refused(401, "missing_key");
}

#[actix_web::test]
async fn wrong_codes_are_limited_and_right_ones_are_not() {
    let few = BucketSize { capacity: 3, refill: Duration::from_secs(600) };
    let many = BucketSize { capacity: 5, refill: Duration::from_secs(600) };
    let server = Server::limited(many, few).await;
    let club = Club::new(&server).await;
    let (code, _) = club.link(&club.owner, json!({})).await;
    for _ in 0..10 {
        show(&club.guest, &code).await.ok();
    }
    let wrong = "00000-00000-00000-00000";
    for _ in 0..3 {
        show(&club.guest, wrong).await.refused(404, "invite_link_not_found");
    }
    for answer in [show(&club.guest, &code).await, accept(&club.guest, &code).await] {
        assert!(answer.header("retry-after").is_some(), "{answer}");
        answer.refused(429, "too_many_attempts");
    }
    // The network has two more.
    for _ in 0..2 {
        show(&club.member, wrong).await.refused(404, "invite_link_not_found");
    }
    show(&club.admin, &code).await.refused(429, "too_many_attempts");
}

#[actix_web::test]
async fn a_group_has_a_hundred_links() {
    let server = Server::start().await;
    let club = Club::new(&server).await;
    for _ in 0..100 {
        club.link(&club.owner, json!({})).await;
    }
    let refused = club.admin.post(&club.links(), json!({})).await.refused(409, "quota_exceeded");
    assert_eq!(refused["quota"], json!({"name": "invite_links", "limit": 100}));
}
