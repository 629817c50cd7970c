//! What a client shows first: against what single calls say, and what has changed against all of it.

use std::collections::BTreeMap;

use groupchat_testing::Dice;
use serde_json::{Value, json};

use crate::events::deadlines::soon;
use crate::harness::{Client, EventStream, Listening, Server, id_in, time};

async fn sync(client: &Client) -> Value {
    client.get("/api/sync").await.ok()
}

async fn since(client: &Client, cursor: &Value) -> Value {
    client.get(&format!("/api/sync?cursor={}", cursor.as_str().expect("a cursor"))).await.ok()
}

fn ids(answer: &Value) -> Vec<i64> {
    let groups = answer["groups"].as_array().expect("groups");
    groups.iter().map(|of| of["group"]["id"].as_i64().expect("an id")).collect()
}

fn of_group<'a>(answer: &'a Value, group: &str) -> &'a Value {
    let groups = answer["groups"].as_array().expect("groups");
    groups.iter().find(|of| of["group"]["id"] == id_in(group)).expect("the group")
}

#[actix_web::test]
async fn a_snapshot_says_what_single_calls_say() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let first = ann.new_group("Team").await;
    ann.add(&first, &bob, "member").await;
    let root = bob.say_at(&first, "what do you think, @ann?").await;
    bob.reply_to(&root, "nobody?").await;
    ann.put_empty(&format!("{root}/follow")).await.ok();
    let second = ann.new_group("Silent").await;
    let talk = format!(
        "/api/groups/{}",
        ann.post("/api/direct", json!({"user_ids": [bob.id()]})).await.created()["id"]
    );
    let last = bob.say(&talk, &"x".repeat(300)).await;
    let theirs = bob.new_group("Theirs").await;
    bob.post(&format!("{theirs}/invitations"), json!({"user_id": ann.id()})).await.created();

    ann.put(&format!("{talk}/draft"), json!({"text": "y".repeat(300)})).await.ok();

    let all = sync(&ann).await;
    assert_eq!(
        (&all["gap"], &all["more_groups"], &all["left_groups"]),
        (&json!(false), &json!(false), &json!([]))
    );
    assert_eq!(all["settings"], json!({"edit_seconds": null, "delete_seconds": null}));
    assert_eq!(all["me"], ann.get("/api/users/me").await.ok());
    assert_eq!(all["invitations"], ann.get("/api/invitations").await.ok()["items"]);
    assert_eq!(ids(&all), [&talk, &second, &first].map(|group| id_in(group)).to_vec());
    for group in [&first, &second, &talk] {
        let mut single = ann.get(group).await.ok();
        let newest = single["last_message"].take();
        let of = of_group(&all, group);
        assert_eq!(of["group"], single);
        assert_eq!(of["latest"]["created_at"], newest["created_at"]);
        assert_eq!(of["latest"]["message"]["id"], newest["id"]);
        let active_at = if newest.is_null() { &single["created_at"] } else { &newest["created_at"] };
        assert_eq!(time(&of["active_at"]), *active_at);
    }
    assert_eq!(of_group(&all, &first)["unread_threads"], 1);
    assert_eq!(of_group(&all, &first)["latest"]["message"]["excerpt"], "what do you think, @ann?");
    assert_eq!(of_group(&all, &first)["group"]["unread_mentions"], 1);
    assert_eq!(of_group(&all, &talk)["people"], json!([last["author"]]));
    assert_eq!(of_group(&all, &talk)["latest"]["message"]["excerpt"], "x".repeat(200));
    assert_eq!(of_group(&all, &second)["people"], json!([]));
    assert_eq!(of_group(&all, &talk)["drafts"][0]["excerpt"], "y".repeat(200));
    assert_eq!(of_group(&all, &second)["drafts"], json!([]));
}

#[actix_web::test]
async fn a_cursor_of_elsewhere_gets_all_and_no_cursor_is_refused() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.new_group("Team").await;
    let all = sync(&ann).await;
    for other in ["elsewhere-0".to_owned(), format!("{}999", all["cursor"].as_str().expect("a cursor"))] {
        let answer = since(&ann, &json!(other)).await;
        assert_eq!((&answer["gap"], &answer["groups"]), (&json!(true), &all["groups"]), "{other}");
    }
    ann.get("/api/sync?cursor=7").await.invalid(&[("cursor", "invalid_format")]);
}

#[actix_web::test]
async fn nothing_is_repeated_once_nothing_changes() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let team = ann.new_group("Team").await;
    ann.say(&team, "hello").await;
    let settled = soon(async {
        let mut cursor = sync(&ann).await["cursor"].clone();
        loop {
            let answer = since(&ann, &cursor).await;
            if answer["groups"] == json!([]) && answer["me"].is_null() {
                return answer;
            }
            cursor = answer["cursor"].clone();
        }
    })
    .await;
    assert_eq!((&settled["gap"], &settled["invitations"]), (&json!(false), &Value::Null));
}

#[actix_web::test]
async fn the_people_in_direct_conversations_are_shown_as_present() {
    let server = Server::start().await;
    let people = [server.user("ann").await, server.user("bob").await, server.user("cleo").await];
    let [ann, bob, cleo] = &people;
    let team = ann.new_group("Team").await;
    ann.add(&team, cleo, "member").await;
    ann.post("/api/direct", json!({"user_ids": [bob.id()]})).await.created();
    let listening = Listening::start(&server);
    let (_bobs, _) = EventStream::open(&listening, bob, "").await;
    let (_cleos, _) = EventStream::open(&listening, cleo, "").await;
    let present = soon(async {
        loop {
            let shown = sync(ann).await["presence"].clone();
            if shown != json!([]) {
                return shown;
            }
        }
    })
    .await;
    assert_eq!(present, json!([{"user_id": bob.id(), "presence": "online", "last_seen_at": null}]));
    listening.stop().await;
}

#[actix_web::test]
async fn a_group_token_gets_its_groups() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (team, other) = (ann.new_group("Team").await, ann.new_group("Other").await);
    ann.post("/api/direct", json!({"user_ids": [bob.id()]})).await.created();
    let draft = json!({"name": "a bot", "scopes": ["read"], "group_ids": [id_in(&team)]});
    let made = ann.post("/api/tokens", draft).await.created();
    let bot = server.with_key(made["key"].as_str().expect("a key").to_owned());
    let answer = sync(&bot).await;
    assert_eq!((ids(&answer), &answer["invitations"]), (vec![id_in(&team)], &Value::Null));
    ann.say(&other, "psst").await;
    assert_eq!(ids(&since(&bot, &answer["cursor"]).await).iter().find(|id| **id == id_in(&other)), None);
}

/// Takes over the names of a user wherever they are.
fn rename(shown: &mut Value, user: &Value) {
    let is_the_user = |of: &Value| {
        of["id"] == user["id"] && of.as_object().is_some_and(|fields| fields.contains_key("username"))
    };
    if is_the_user(shown) {
        shown.clone_from(user);
    }
    match shown {
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, user)),
        Value::Object(fields) => fields.values_mut().for_each(|field| rename(field, user)),
        _ => {}
    }
}

/// What a client shows, that takes over what has changed.
struct Shown {
    cursor: Value,
    me: Value,
    invitations: Value,
    groups: BTreeMap<i64, Value>,
}

impl Shown {
    fn of(all: &Value) -> Self {
        let mut shown =
            Self { cursor: Value::Null, me: Value::Null, invitations: Value::Null, groups: BTreeMap::new() };
        shown.take_over(all);
        shown
    }

    fn take_over(&mut self, answer: &Value) {
        if answer["gap"] == true {
            self.groups.clear();
        }
        self.cursor = answer["cursor"].clone();
        for (part, new) in [(&mut self.me, &answer["me"]), (&mut self.invitations, &answer["invitations"])] {
            if !new.is_null() {
                part.clone_from(new);
            }
        }
        for group in answer["left_groups"].as_array().expect("groups") {
            self.groups.remove(&group["id"].as_i64().expect("an id"));
        }
        for group in answer["groups"].as_array().expect("groups") {
            self.groups.insert(group["group"]["id"].as_i64().expect("an id"), group.clone());
        }
        for user in answer["users"].as_array().expect("users") {
            self.groups.values_mut().for_each(|shown| rename(shown, user));
            rename(&mut self.invitations, user);
        }
    }

    /// The same without the moment.
    fn shows(&self) -> (&Value, &Value, &BTreeMap<i64, Value>) {
        (&self.me, &self.invitations, &self.groups)
    }
}

/// People, groups and messages of a test by chance.
struct World {
    people: Vec<Client>,
    groups: Vec<String>,
    messages: Vec<String>,
}

impl World {
    /// Somebody does something, which may be refused.
    async fn act(&mut self, dice: &mut Dice) {
        let (who, other) = (dice.below(self.people.len()), dice.below(self.people.len()));
        let (who, other) = (&self.people[who], &self.people[other]);
        let group = self.groups[dice.below(self.groups.len())].clone();
        let message = self.messages[dice.below(self.messages.len())].clone();
        let id = other.id();
        match dice.below(37) {
            0..=7 => {
                let text = format!("hello @{}", ["ann", "bob", "cleo", "all"][dice.below(4)]);
                let sent = who.post(&format!("{group}/messages"), json!({"text": text})).await;
                if sent.status() == 201 {
                    self.messages.push(format!("{group}/messages/{}", sent.json()["id"]));
                }
            }
            8..=10 => {
                let (messages, root) = message.rsplit_once('/').expect("a path");
                let root: i64 = root.parse().expect("an id");
                who.post(messages, json!({"text": "a reply", "thread_id": root})).await;
            }
            11 => drop(who.patch(&message, json!({"text": "changed"})).await),
            12 => drop(who.delete(&message).await),
            13 => drop(who.put_empty(&format!("{message}/follow")).await),
            14 => drop(who.delete(&format!("{message}/follow")).await),
            15 => drop(who.put(&format!("{message}/read"), json!({"seq": 1})).await),
            16 => drop(who.put(&format!("{group}/read"), json!({"seq": 1 + dice.below(5)})).await),
            17 => drop(who.put(&format!("{group}/read"), json!({"seq": 1, "unread": true})).await),
            18 => drop(who.post_empty("/api/read-all").await),
            19 => drop(who.post_empty(&format!("{group}/join")).await),
            20 => drop(who.post(&format!("{group}/members"), json!({"user_id": id})).await),
            21 => drop(who.delete(&format!("{group}/members/{id}")).await),
            22 => drop(
                who.patch(
                    &format!("{group}/members/{id}"),
                    json!({"role": (["admin", "readonly"][dice.below(2)])}),
                )
                .await,
            ),
            23 => drop(who.put(&format!("{group}/bans/{id}"), json!({})).await),
            24 => drop(who.patch(&group, json!({"topic": format!("{}", dice.below(9))})).await),
            25 => {
                drop(who.patch(&group, json!({"visibility": (["public", "private"][dice.below(2)])})).await)
            }
            26 => {
                drop(who.patch("/api/users/me", json!({"display_name": format!("{}", dice.below(9))})).await)
            }
            27 => drop(who.put_empty(&format!("/api/users/{id}/block")).await),
            28 => drop(who.delete(&format!("/api/users/{id}/block")).await),
            29 => drop(who.post(&format!("{group}/invitations"), json!({"user_id": id})).await),
            30 => {
                let invited = who.get("/api/invitations").await.ok()["items"][0]["id"].clone();
                let answer = ["accept", "decline"][dice.below(2)];
                who.post_empty(&format!("/api/invitations/{invited}/{answer}")).await;
            }
            31 => {
                let started = who.post("/api/direct", json!({"user_ids": [id]})).await;
                if started.status() < 300 {
                    self.groups.push(format!("/api/groups/{}", started.json()["id"]));
                }
            }
            32 => {
                let made =
                    who.post("/api/groups", json!({"name": format!("Group {}", self.groups.len())})).await;
                self.groups.push(format!("/api/groups/{}", made.created()["id"]));
            }
            33 => {
                drop(who.put(&format!("{group}/draft"), json!({"text": format!("{}", dice.below(9))})).await)
            }
            34 => drop(who.delete(&format!("{group}/draft")).await),
            35 => drop(who.put(&format!("{message}/draft"), json!({"text": "in a thread"})).await),
            _ => drop(who.delete(&group).await),
        }
    }
}

#[actix_web::test]
async fn what_has_changed_makes_of_an_earlier_snapshot_the_present_one() {
    let mut dice = Dice::seeded();
    let server = Server::start().await;
    let people = vec![server.user("ann").await, server.user("bob").await, server.user("cleo").await];
    let mut groups = Vec::new();
    for (client, name) in people.iter().zip(["One", "Two", "Three"]) {
        groups.push(client.new_group(name).await);
    }
    let messages = vec![people[0].say_at(&groups[0], "hello").await];
    let mut world = World { people, groups, messages };
    let mut shown = Vec::new();
    for client in &world.people {
        shown.push(Shown::of(&sync(client).await));
    }
    for _ in 0..60 {
        for _ in 0..=dice.below(6) {
            world.act(&mut dice).await;
        }
        server.work_off_jobs().await;
        for (client, shown) in world.people.iter().zip(&mut shown) {
            let all = Shown::of(&sync(client).await);
            let start = shown.cursor.clone();
            // On PostgreSQL, the log has what was committed a little later.
            let caught_up = tokio::time::timeout(std::time::Duration::from_secs(20), async {
                while shown.shows() != all.shows() {
                    let next = since(client, &shown.cursor).await;
                    shown.take_over(&next);
                }
            });
            let caught_up = caught_up.await.is_ok();
            assert!(caught_up, "since {start}\n{}\ninstead of\n{}", json!(shown.shows()), json!(all.shows()));
        }
    }
}
