//! Backups of a server at work, and what becomes of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::commands::{complaint, json, printed, run};
use crate::harness::{Api, Data, Database, Server, data, folder, micros_since_2024, serve};
use crate::secrets::Person;

const WRITERS: usize = 8;
const EPOCH: &str = "SELECT epoch AS text FROM log_state";

/// Writers that send until they are told to stop; what was acknowledged, by client id.
struct Writers {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicI64>,
    tasks: Vec<tokio::task::JoinHandle<HashMap<String, i64>>>,
}

impl Writers {
    fn start(api: &Api, group: i64) -> Self {
        let (stop, acknowledged) = (Arc::<AtomicBool>::default(), Arc::<AtomicI64>::default());
        let tasks = (0..WRITERS)
            .map(|writer| {
                let (api, stop, acknowledged) = (api.clone(), stop.clone(), acknowledged.clone());
                tokio::spawn(async move {
                    let mut sent = HashMap::new();
                    for n in 0.. {
                        let client_id = format!("{writer}-{n}");
                        let body = json!({"text": format!("message {n}"), "client_id": client_id});
                        let path = format!("/groups/{group}/messages");
                        let message = api.post(&path, body).await.expect(StatusCode::CREATED);
                        let seq = message["seq"].as_i64().unwrap();
                        acknowledged.fetch_max(seq, Ordering::SeqCst);
                        sent.insert(client_id, seq);
                        if stop.load(Ordering::SeqCst) {
                            break;
                        }
                    }
                    sent
                })
            })
            .collect();
        Self { stop, acknowledged, tasks }
    }

    /// The highest number that was acknowledged by now. The lower ones are stored by then too.
    fn acknowledged(&self) -> i64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    async fn until_acknowledged(&self, seq: i64) {
        while self.acknowledged() < seq {
            tokio::task::yield_now().await;
        }
    }

    async fn stop(self) -> HashMap<String, i64> {
        self.stop.store(true, Ordering::SeqCst);
        let mut sent = HashMap::new();
        for task in self.tasks {
            sent.extend(task.await.unwrap());
        }
        sent
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_amid_writes_has_all_that_was_acknowledged_before_and_nothing_half() {
    let (origin, other) = (data(), folder());
    let server = Server::start(&origin).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let writers = Writers::start(&admin, group);
    writers.until_acknowledged(200).await;

    let before = writers.acknowledged();
    let file = other.path().join("backup.db");
    let backup = json(&run(&origin, &["backup", file.to_str().unwrap(), "--json"]).await);
    let sent = writers.stop().await;
    let key = admin.key().to_owned();
    server.stop().await;
    let stored = backup["rows"]["messages"].as_i64().unwrap();
    assert!(stored >= before, "{before} were acknowledged, {stored} are in it");

    let data = Data::at(other.path().join("data"));
    let restored = json(&run(&data, &["restore", file.to_str().unwrap(), "--json"]).await);
    assert_eq!(restored["rows"], backup["rows"]);
    assert_eq!(restored["kept"], serde_json::Value::Null);
    let server = Server::start(&data).await;
    assert_eq!(server.password, None, "no new admin");
    let messages = server.anonymous().with_key(&key).all_messages(group).await;
    let seqs: Vec<_> = messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=stored).collect::<Vec<_>>(), "no gap, nothing twice");
    for message in &messages {
        let client_id = message["client_id"].as_str().unwrap();
        assert_eq!(sent.get(client_id), message["seq"].as_i64().as_ref(), "{client_id}");
    }
    server.stop().await;
    let (mut old, mut new) = (Database::open(&origin), Database::open(&data));
    new.check_integrity();
    assert_ne!(old.words(EPOCH), new.words(EPOCH), "positions of the log are worth nothing here");
}

#[tokio::test]
async fn a_restore_goes_back_in_time_and_keeps_what_it_replaces() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let file = data.path().join("backup.db");
    let words = printed(&run(&data, &["backup", file.to_str().unwrap()]).await);
    assert!(words.contains("1 user, 0 groups and 0 messages"), "{words}");
    let group = admin.create_group("Afterwards").await;
    let key = admin.key().to_owned();
    server.stop().await;

    let restored = json(&run(&data, &["restore", file.to_str().unwrap(), "--json"]).await);
    let server = Server::start(&data).await;
    let admin = server.anonymous().with_key(&key);
    admin.get(&format!("/groups/{group}")).await.expect(StatusCode::NOT_FOUND);
    let told = admin.get("/audit?action=database.restored").await.expect(StatusCode::OK);
    assert_eq!(told["items"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["items"][0]["party"], "operator");
    server.stop().await;
    printed(&run(&data, &["audit", "verify"]).await);
    let kept = std::path::PathBuf::from(restored["kept"].as_str().unwrap());
    std::fs::rename(kept, data.path().join("groupchat.db")).unwrap();
    assert_eq!(Database::open(&data).count("SELECT count(*) AS count FROM groups"), 1);
}

#[tokio::test]
async fn an_existing_file_is_kept_unless_force_says_otherwise() {
    let data = data();
    run(&data, &["user", "create", "--username", "ada"]).await;
    let file = data.path().join("backup.db");
    std::fs::write(&file, "precious").unwrap();
    let file = file.to_str().unwrap();
    let words = complaint(&run(&data, &["backup", file]).await);
    assert!(words.contains("already exists"), "{words}");
    assert_eq!(std::fs::read(file).unwrap(), b"precious");
    printed(&run(&data, &["backup", file, "--force"]).await);
    printed(&run(&data, &["restore", file]).await);
}

#[tokio::test]
async fn a_running_server_is_never_replaced() {
    let data = data();
    let server = Server::start(&data).await;
    let file = data.path().join("backup.db");
    printed(&run(&data, &["backup", file.to_str().unwrap()]).await);
    let words = complaint(&run(&data, &["restore", file.to_str().unwrap()]).await);
    assert!(words.contains("another groupchat server"), "{words}");
    server.stop().await;
}

#[tokio::test]
async fn a_newer_schema_and_garbage_are_refused_and_change_nothing() {
    let data = data();
    run(&data, &["user", "create", "--username", "ada"]).await;
    let (newer, garbage) = (data.path().join("newer.db"), data.path().join("garbage.db"));
    printed(&run(&data, &["backup", newer.to_str().unwrap()]).await);
    Database::open_file(&newer)
        .execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')");
    std::fs::write(&garbage, "this is not a database, ".repeat(1_000)).unwrap();

    let words = complaint(&run(&data, &["restore", newer.to_str().unwrap()]).await);
    assert!(words.contains("newer groupchat") && words.contains("newer.db"), "{words}");
    let words = complaint(&run(&data, &["restore", garbage.to_str().unwrap()]).await);
    assert!(words.contains("garbage.db is not a groupchat database"), "{words}");
    let listed = json(&run(&data, &["user", "list", "--json"]).await);
    assert_eq!(listed[0]["username"], "ada");
    let left = std::fs::read_dir(data.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.contains("unfinished") || name.contains("before")), "{left:?}");
}

#[tokio::test]
async fn a_restore_gives_no_id_out_again() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let lobby = admin.create_group("Lobby").await;
    let send = async |api: &Api, group: i64| {
        let sent = api.post(&format!("/groups/{group}/messages"), json!({"text": "hello"})).await;
        let sent = sent.expect(StatusCode::CREATED);
        (sent["id"].as_i64().unwrap(), sent["seq"].as_i64().unwrap())
    };
    assert_eq!(send(&admin, lobby).await, (1, 1));
    let file = data.path().join("backup.db");
    printed(&run(&data, &["backup", file.to_str().unwrap()]).await);
    send(&admin, lobby).await;
    let (key, lost) = (admin.key().to_owned(), admin.create_group("Lost").await);
    server.stop().await;

    for _ in 1..=2 {
        let begins = micros_since_2024();
        printed(&run(&data, &["restore", file.to_str().unwrap()]).await);
        let server = Server::start(&data).await;
        let admin = server.anonymous().with_key(&key);
        admin.get(&format!("/groups/{lost}")).await.expect(StatusCode::NOT_FOUND);
        let (id, seq) = send(&admin, lobby).await;
        assert_eq!(seq, 2, "numbers in a group have no gap");
        for id in [id, admin.create_group("New").await] {
            assert!(begins < id && id < micros_since_2024(), "{id}");
        }
        server.stop().await;
    }
    let begins = micros_since_2024();
    printed(&run(&data, &["advance-ids"]).await);
    printed(&run(&data, &["check"]).await);
    let server = Server::start(&data).await;
    assert!(server.anonymous().with_key(&key).create_group("Newer").await > begins);
    let words = complaint(&run(&data, &["advance-ids"]).await);
    assert!(words.contains("another groupchat server"), "{words}");
    server.stop().await;
}

#[tokio::test]
async fn a_backup_with_a_trigger_in_it_is_refused_and_so_is_a_start() {
    let data = data();
    run(&data, &["user", "create", "--username", "ada"]).await;
    let file = data.path().join("backup.db");
    printed(&run(&data, &["backup", file.to_str().unwrap()]).await);
    let trigger = "CREATE TRIGGER rise AFTER UPDATE ON sessions BEGIN UPDATE users SET is_admin = 1; END";
    Database::open_file(&file).execute(trigger);
    let words = complaint(&run(&data, &["restore", file.to_str().unwrap()]).await);
    assert!(words.contains("the trigger rise is not groupchat's"), "{words}");
    printed(&run(&data, &["check"]).await);

    Database::open(&data).execute(trigger);
    let report = run(&data, &["check", "--json", "--quick"]).await;
    let report = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(crate::check::outcome_of(&report, "schema"), "failed");
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["user", "list"]] {
        let words = complaint(&run(&data, arguments).await);
        assert!(words.contains("the trigger rise is not groupchat's"), "{words}");
    }
}

#[tokio::test]
async fn what_a_killed_backup_left_is_swept_by_the_next() {
    let (data, backups) = (data(), folder());
    run(&data, &["user", "create", "--username", "ada"]).await;
    let left = backups.path().join("yesterday.db.unfinished-4711");
    std::fs::write(&left, "").unwrap();
    printed(&run(&data, &["backup", backups.path().join("today.db").to_str().unwrap()]).await);
    let names: Vec<_> =
        std::fs::read_dir(backups.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["today.db"]);
}

/// The commands of docs/OPERATIONS.md for a damaged database.
#[tokio::test]
async fn what_is_intact_in_a_damaged_database_is_recovered() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let send = async |text: &str| {
        let sent = admin.post(&format!("/groups/{group}/messages"), json!({"text": text})).await;
        sent.expect(StatusCode::CREATED);
    };
    send("before").await;
    let file = data.path().join("backup.db");
    let file = file.to_str().unwrap();
    printed(&run(&data, &["backup", file]).await);
    for text in ["one", "two", "three"] {
        send(text).await;
    }
    let key = admin.key().to_owned();
    server.stop().await;
    Database::open(&data).execute("UPDATE messages SET text = 'twu' WHERE text = 'two'");
    let report = run(&data, &["check", "--json"]).await;
    let report = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(crate::check::outcome_of(&report, "checksums"), "failed");

    let database = data.path().join("groupchat.db");
    let arguments = ["restore", file, "--salvage", database.to_str().unwrap(), "--json"];
    let restored = json(&run(&data, &arguments).await);
    assert_eq!(restored["salvaged"]["messages"], 2, "{restored}");
    assert_eq!(restored["salvaged"]["lost"], json!([{"group": group, "first": 3, "last": 3}]), "{restored}");
    printed(&run(&data, &["check"]).await);
    let server = Server::start(&data).await;
    let messages = server.anonymous().with_key(&key).all_messages(group).await;
    let messages: Vec<_> = messages.iter().map(|message| (&message["seq"], &message["text"])).collect();
    assert_eq!(json!(messages), json!([[1, "before"], [2, "one"], [3, "three"]]));
    server.stop().await;

    let kept = restored["kept"].as_str().unwrap();
    let words = printed(&run(&data, &["restore", file, "--salvage", kept]).await);
    assert!(words.contains("lost messages: 1\n  group 1, number 3"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_says_whether_it_needs_the_keys_for_secrets() {
    let says = async |data: &Data| {
        let file = data.path().join("keys.backup");
        let file = file.to_str().unwrap();
        let words = printed(&run(data, &["backup", file, "--force"]).await);
        let shown = json(&run(data, &["backup", "verify", file, "--json"]).await);
        assert_eq!(words.contains("needs the server's keys"), shown["needs_secrets_key"] == true, "{words}");
        shown["needs_secrets_key"] == true
    };
    let data = data();
    let mut command = serve(&data);
    command.args(["--password-cost", "10"]);
    let server = Server::spawn(command).await;
    let admin = server.admin().await;
    assert!(!says(&data).await);
    let group = admin.create_group("Team").await;
    let ask = async |poll: Value| {
        let body = json!({"text": "Lunch?", "poll": poll});
        admin.post(&format!("/groups/{group}/messages"), body).await.expect(StatusCode::CREATED);
    };
    ask(json!({"options": ["yes", "no"]})).await;
    assert!(!says(&data).await, "only the votes of anonymous polls are secret");
    ask(json!({"options": ["yes", "no"], "anonymous": true})).await;
    assert!(says(&data).await);
    server.stop().await;

    let data = crate::harness::data();
    let mut command = serve(&data);
    command.args(["--password-cost", "10"]);
    let server = Server::spawn(command).await;
    Person::create(&server.admin().await, &server, "ada").await;
    assert!(says(&data).await);
    server.stop().await;
}

#[tokio::test]
async fn a_backup_can_be_verified_at_any_time() {
    let data = data();
    run(&data, &["user", "create", "--username", "ada"]).await;
    let file = data.path().join("verify");
    let file = file.to_str().unwrap();
    let made = json(&run(&data, &["backup", file, "--json"]).await);
    let words = printed(&run(&data, &["backup", "verify", file]).await);
    assert!(words.contains("is intact and contains 1 user, 0 groups and 0 messages"), "{words}");
    assert_eq!(json(&run(&data, &["backup", "verify", file, "--json"]).await), made);

    Database::open_file(file.as_ref()).execute("UPDATE events SET at = at + 1");
    let words = complaint(&run(&data, &["backup", "verify", file]).await);
    assert!(words.contains("the backup failed its check") && words.contains("event 1"), "{words}");
    let words =
        complaint(&run(&data, &["backup", "verify", data.path().join("none").to_str().unwrap()]).await);
    assert!(words.contains("can't read"), "{words}");
    for incomplete in [&["backup"][..], &["backup", "verify"], &["backup", file, "verify", file]] {
        assert_eq!(run(&data, incomplete).await.status.code(), Some(2), "{incomplete:?}");
    }
}
