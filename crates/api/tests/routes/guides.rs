//! The guides of docs/API.md, followed word by word.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::handbook::page;
use crate::harness::{Client, Server};

/// The people of the guides: `ada` follows them, and nobody adds `tim`.
struct People {
    ada: Client,
    grace: Client,
    linus: Client,
    tim: Client,
}

impl People {
    async fn start() -> Self {
        let server = Server::start().await;
        let [ada, grace, linus, tim] = ["ada", "grace", "linus", "tim"].map(|name| server.user(name));
        Self { ada: ada.await, grace: grace.await, linus: linus.await, tim: tim.await }
    }

    /// Sends the requests of a guide. The path of its group.
    async fn follow(&self, name: &str) -> String {
        let (page, mut group) = (page("API.md"), Value::Null);
        let begin = format!("<!-- guide: {name} -->\n```text\n");
        let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no guide {name}"));
        let (requests, _) = rest.split_once("```").expect("an end");
        for request in requests.lines() {
            let (method, rest) = request.split_once(' ').expect("a method");
            let (path, body) = rest.trim().split_once(' ').expect("a path and a body");
            let path = path
                .replace("{group_id}", &group.to_string())
                .replace("{user_id}", &self.grace.id().to_string());
            let (method, body): (Method, Value) =
                (method.parse().expect("a method"), serde_json::from_str(body.trim()).expect("JSON"));
            let answer = self.ada.call(method, &path, Some(&body)).await;
            assert!(answer.status() < 300, "{answer}");
            if path == "/api/groups" {
                group = answer.json()["id"].clone();
            }
        }
        format!("/api/groups/{group}")
    }
}

async fn say(client: &Client, group: &str) -> u16 {
    client.post(&format!("{group}/messages"), json!({"text": "hello"})).await.status()
}

#[actix_web::test]
async fn in_an_announcement_group_admins_write_and_members_react() {
    let people = People::start().await;
    let group = people.follow("announcements").await;
    assert_eq!([say(&people.ada, &group).await, say(&people.linus, &group).await], [201, 201]);
    assert_eq!(say(&people.grace, &group).await, 403);
    let news = people.grace.get(&format!("{group}/messages")).await.ok()["items"][0]["id"].clone();
    people.grace.put_empty(&format!("{group}/messages/{news}/like")).await.ok();
    people.linus.add(&group, &people.tim, "member").await;
}

#[actix_web::test]
async fn a_private_group_is_there_for_those_whom_it_let_in() {
    let people = People::start().await;
    let group = people.follow("private").await;
    assert_eq!(say(&people.grace, &group).await, 201);
    for outsider in [&people.linus, &people.tim] {
        outsider.get(&group).await.refused(404, "group_not_found");
    }
    let invitation = people.linus.get("/api/invitations").await.ok()["items"][0].clone();
    assert_eq!(invitation["note"], "Welcome to the board");
    people.linus.post_empty(&format!("/api/invitations/{}/accept", invitation["id"])).await.created();
    assert_eq!(people.linus.list(&format!("{group}/messages"), "/text").await, [0; 0]);
    assert_eq!(say(&people.linus, &group).await, 201);
    let tim = json!({"user_id": people.tim.id()});
    people.grace.post(&format!("{group}/members"), tim).await.refused(403, "role_too_low");
}

#[actix_web::test]
async fn a_teacher_keeps_order_in_a_class_and_no_more() {
    let people = People::start().await;
    let group = people.follow("class").await;
    let (teacher, pupil) = (&people.grace, &people.linus);
    let noise = pupil.say_at(&group, "noise").await;
    teacher.put_empty(&format!("{noise}/pin")).await.ok();
    teacher.delete(&noise).await.no_content();
    let lesson = teacher.say_at(&group, "lesson").await;
    pupil.delete(&lesson).await.refused(403, "role_too_low");
    teacher.patch(&group, json!({"name": "Break"})).await.refused(403, "role_too_low");
    let ada = format!("{group}/members/{}", people.ada.id());
    teacher.delete(&ada).await.refused(403, "role_too_low");
    teacher.delete(&format!("{group}/members/{}", pupil.id())).await.no_content();
}
