//! `groupchat migrate-database`: the same users, keys and messages on another database.

mod killed;

use std::path::Path;
use std::process::Output;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::commands::{complaint, json as parsed, printed};
use crate::harness::{Api, Server, folder, program};
#[cfg(feature = "postgres")]
use crate::harness::{data, serve};

/// How the embedded database of a folder is named.
fn embedded(folder: &Path) -> String {
    format!("sqlite:{}", folder.display())
}

/// Starts a server on the embedded database of a folder.
async fn serve_embedded(folder: &Path) -> Server {
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder);
    Server::spawn(command).await
}

async fn migrate(from: &str, to: &str) -> Output {
    program().args(["migrate-database", "--from", from, "--to", to, "--json"]).output().await.unwrap()
}

/// Who talks, and where.
struct Room {
    group: i64,
    admin_key: String,
    member_key: String,
}

impl Room {
    /// Users, a group and some messages on a new server.
    async fn furnish(server: &Server) -> Self {
        let admin = server.admin().await;
        let group = admin.create_group("Küche 🍳").await;
        let member = admin.create_user("ada").await;
        member.post_nothing(&format!("/groups/{group}/join")).await.expect(StatusCode::CREATED);
        let room = Self { group, admin_key: admin.key().to_owned(), member_key: member.key().to_owned() };
        for number in 0..7 {
            let message = room.send(&member, &format!("message {number}")).await;
            let path = format!("/groups/{group}/messages/{}", message["id"]);
            match number {
                1 => drop(admin.put_nothing(&format!("{path}/like")).await.expect(StatusCode::OK)),
                2 => drop(member.delete(&path).await.expect(StatusCode::NO_CONTENT)),
                _ => {}
            }
        }
        admin.create_user("bob").await.post_nothing("/logout").await.expect(StatusCode::NO_CONTENT);
        room
    }

    async fn send(&self, sender: &Api, text: &str) -> Value {
        let path = format!("/groups/{}/messages", self.group);
        sender.post(&path, json!({"text": text})).await.expect(StatusCode::CREATED)
    }

    fn admin(&self, server: &Server) -> Api {
        server.anonymous().with_key(&self.admin_key)
    }

    fn member(&self, server: &Server) -> Api {
        server.anonymous().with_key(&self.member_key)
    }

    /// Everything that the users can see: the messages, the groups, the users, by the keys that they have had.
    async fn seen(&self, server: &Server) -> Value {
        let (admin, member) = (self.admin(server), self.member(server));
        json!([
            admin.all_messages(self.group).await,
            member.all_messages(self.group).await,
            admin.get("/groups").await.expect(StatusCode::OK),
            member.get("/groups").await.expect(StatusCode::OK),
            admin.get("/users").await.expect(StatusCode::OK),
            admin.get(&format!("/groups/{}/members", self.group)).await.expect(StatusCode::OK),
        ])
    }

    /// Fails unless everything goes on from where it was: numbers without a gap, and ids that nobody has had.
    async fn go_on(&self, server: &Server, name: &str) {
        let (admin, member) = (self.admin(server), self.member(server));
        let before = admin.all_messages(self.group).await;
        let last = before.last().unwrap();
        for (number, sender) in [&admin, &member, &admin].into_iter().enumerate() {
            let sent = self.send(sender, &format!("{name} {number}")).await;
            let seq = last["seq"].as_i64().unwrap() + 1 + i64::try_from(number).unwrap();
            assert_eq!(sent["seq"], seq);
            assert!(sent["id"].as_i64() > last["id"].as_i64(), "{sent}");
        }
        let groups = admin.get("/groups").await.expect(StatusCode::OK);
        let newest = groups["items"].as_array().unwrap().iter().map(|group| group["id"].as_i64()).max();
        assert!(Some(admin.create_group(name).await) > newest.unwrap());
        admin.create_user(&format!("user-{name}")).await;
    }
}

#[tokio::test]
async fn a_moved_folder_serves_the_same_users_by_the_same_keys() {
    let (old, new) = (folder(), folder());
    let server = serve_embedded(old.path()).await;
    let room = Room::furnish(&server).await;
    let seen = room.seen(&server).await;
    server.stop().await;

    let file = new.path().join("groupchat.db");
    let output = migrate(&embedded(old.path()), &embedded(&file)).await;
    let report = parsed(&output);
    assert!(output.stderr.is_empty(), "no progress but on a terminal: {report}");
    assert_eq!(report["from"], embedded(&old.path().join("groupchat.db")));
    let rows = report["tables"].as_array().unwrap().iter().map(|table| table["rows"].as_i64().unwrap());
    assert_eq!(report["rows"], rows.sum::<i64>());
    let messages = report["tables"].as_array().unwrap().iter().find(|table| table["table"] == "messages");
    assert_eq!(messages.unwrap()["rows"], 7);
    assert_eq!(messages.unwrap()["sha256"].as_str().unwrap().len(), 64);

    let server = serve_embedded(new.path()).await;
    assert_eq!(server.password, None, "no new admin");
    assert_eq!(room.seen(&server).await, seen);
    let told = room.admin(&server).get("/audit?action=database.migrated").await.expect(StatusCode::OK);
    assert_eq!(told["items"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["items"][0]["party"], "operator");
    room.go_on(&server, "after").await;
    server.stop().await;
}

#[tokio::test]
async fn a_database_with_something_in_it_or_in_use_is_refused() {
    let (old, new) = (folder(), folder());
    let server = serve_embedded(old.path()).await;
    let words = complaint(&migrate(&embedded(old.path()), &embedded(new.path())).await);
    assert!(words.contains("a groupchat server or another copy is using the source"), "{words}");
    server.stop().await;
    let server = serve_embedded(new.path()).await;
    let words = complaint(&migrate(&embedded(old.path()), &embedded(new.path())).await);
    assert!(words.contains("a groupchat server or another copy is using the target"), "{words}");
    server.stop().await;
    let words = complaint(&migrate(&embedded(old.path()), &embedded(new.path())).await);
    assert!(words.contains("the target is not empty"), "{words}");
    let words = complaint(&migrate(&embedded(old.path()), &embedded(old.path())).await);
    assert!(words.contains("the same database"), "{words}");
}

#[tokio::test]
async fn what_names_no_database_is_told_without_its_password() {
    let output = migrate("sqlite:data", "postgres://ann:hun/ter2@localhost/chat").await;
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("--to must be") && !words.contains("ter2"), "{words}");
}

#[cfg(not(feature = "postgres"))]
#[tokio::test]
async fn a_program_without_postgresql_says_what_is_missing() {
    let old = folder();
    serve_embedded(old.path()).await.stop().await;
    let server = "postgres://ann@localhost/chat";
    let words = complaint(&migrate(&embedded(old.path()), server).await);
    assert!(words.contains("the target") && words.contains("built without PostgreSQL support"), "{words}");
    let words = complaint(&migrate(server, &embedded(old.path())).await);
    assert!(words.contains("the source") && words.contains("built without PostgreSQL support"), "{words}");
    printed(&program().args(["migrate-database", "--help"]).output().await.unwrap());
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn from_the_folder_to_the_server_and_back_everything_goes_on() {
    let (old, new, data) = (folder(), folder(), data());
    let server = serve_embedded(old.path()).await;
    let room = Room::furnish(&server).await;
    let seen = room.seen(&server).await;
    server.stop().await;

    let output = program()
        .args(["migrate-database", "--from", &embedded(old.path()), "--to", data.url()])
        .output()
        .await
        .unwrap();
    let words = printed(&output);
    assert!(words.contains("messages") && words.contains("and verified them"), "{words}");

    let server = Server::spawn(serve(&data)).await;
    assert_eq!(server.password, None, "no new admin");
    assert_eq!(room.seen(&server).await, seen);
    room.go_on(&server, "on-the-server").await;
    let words = complaint(&migrate(data.url(), &embedded(new.path())).await);
    assert!(words.contains("a groupchat server or another copy is using the source"), "{words}");
    let seen = room.seen(&server).await;
    server.stop().await;

    parsed(&migrate(data.url(), &embedded(new.path())).await);
    let server = serve_embedded(new.path()).await;
    assert_eq!(room.seen(&server).await, seen);
    room.go_on(&server, "back-home").await;
    server.stop().await;
    let check = program().args(["check", "--data-dir"]).arg(new.path()).output().await.unwrap();
    printed(&check);
}
