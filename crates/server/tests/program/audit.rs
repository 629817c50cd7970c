//! The audit log, from the command line: beside a server, and after somebody tampered with it.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::commands::{complaint, json, printed, run};
use crate::harness::{Data, Database, Server, data, folder, serve, until};

/// A server with some entries: sign-ins, and users who were created, each with an entry of its own.
async fn filled() -> (Data, Server) {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    for name in ["ada", "bob", "cleo"] {
        admin.create_user(name).await;
    }
    (data, server)
}

async fn lines(data: &Data, options: &[&str]) -> Vec<Value> {
    let arguments = [&["audit", "export"], options].concat();
    let text = printed(&run(data, &arguments).await);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The newest number and hash.
async fn verified(data: &Data, options: &[&str]) -> (i64, String) {
    let arguments = [&["audit", "verify", "--json"], options].concat();
    let verified = json(&run(data, &arguments).await);
    (verified["newest"].as_i64().unwrap(), verified["hash"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_log_is_exported_in_lines_while_the_server_runs() {
    let (data, server) = filled().await;
    let all = lines(&data, &[]).await;
    let (newest, hash) = verified(&data, &[]).await;
    let last = all.last().unwrap();
    assert_eq!((&last["seq"], &last["hash"]), (&json!(newest), &json!(hash)));
    assert_eq!(all.len(), usize::try_from(newest).unwrap());
    assert_eq!((&last["action"], &last["party"]), (&json!("user.created"), &json!("user")));

    // The API tells the same.
    let admin = server.admin().await;
    let told = admin.get("/audit?action=user.created&limit=1").await.expect(StatusCode::OK);
    assert_eq!(&told["items"][0], last);

    let since = last["at"].as_str().unwrap();
    let later = lines(&data, &["--since", since]).await;
    assert_eq!(later[0], *last);
    assert_eq!(later.last().unwrap()["action"], "login", "that of the admin who asked");
    let group = admin.post("/groups", json!({"name": "club"})).await.expect(StatusCode::CREATED);
    admin.post("/groups", json!({"name": "another"})).await.expect(StatusCode::CREATED);
    let of_group = lines(&data, &["--group", &group["id"].to_string()]).await;
    let [created] = of_group.as_slice() else { panic!("{of_group:?}") };
    assert_eq!((&created["action"], &created["group_id"]), (&json!("group.created"), &group["id"]));
    let wrong = run(&data, &["audit", "export", "--since", "yesterday"]).await;
    assert_eq!(wrong.status.code(), Some(2));
    server.stop().await;
}

/// Changes the log as somebody does who knows of the triggers, and leaves no other trace.
fn tamper(database: &mut Database, sql: &str) {
    #[cfg(not(feature = "postgres"))]
    {
        let of_log = "FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit_log'";
        let made = database.words(&format!("SELECT sql AS text {of_log}"));
        let dropped = database.words(&format!("SELECT 'DROP TRIGGER ' || name AS text {of_log}"));
        assert_eq!(made.len(), 2);
        let all: Vec<_> = dropped.into_iter().chain([sql.to_owned()]).chain(made).collect();
        database.execute(&format!("BEGIN; {}; COMMIT", all.join(";")));
    }
    #[cfg(feature = "postgres")]
    database.execute(&format!(
        "ALTER TABLE audit_log DISABLE TRIGGER ALL; {sql}; ALTER TABLE audit_log ENABLE TRIGGER ALL"
    ));
}

#[tokio::test]
async fn whatever_is_changed_behind_its_back_shows() {
    let (data, server) = filled().await;
    server.stop().await;
    let (newest, hash) = verified(&data, &[]).await;
    let before_last = &lines(&data, &[]).await[usize::try_from(newest).unwrap() - 2]["hash"];
    let before_last = before_last.as_str().unwrap().to_owned();
    let columns = "at, action, outcome, party, actor_id, session_id, target_id, group_id, object_id, detail, address, \
                   user_agent, hash";
    let n = newest;
    let restored = format!(
        "DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM kept; \
         UPDATE audit_state SET newest = {n}, newest_hash = (SELECT hash FROM kept WHERE seq = {n})"
    );
    let mut database = Database::open(&data);
    database.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM audit_log");
    let shown = [
        ("UPDATE audit_log SET target_id = 99 WHERE seq = 2".to_owned(), "entry 2 "),
        ("UPDATE audit_log SET outcome = 'failed' WHERE seq = 1".to_owned(), "entry 1 "),
        ("DELETE FROM audit_log WHERE seq = 2".to_owned(), "entry 2 "),
        ("DELETE FROM audit_log WHERE seq = 1".to_owned(), "entry 1 "),
        // Two that change places.
        (
            "UPDATE audit_log SET seq = 99 WHERE seq = 2; UPDATE audit_log SET seq = 2 WHERE seq = 3; \
             UPDATE audit_log SET seq = 3 WHERE seq = 99"
                .to_owned(),
            "entry 2 ",
        ),
        // One more, before the last one.
        (
            format!(
                "UPDATE audit_log SET seq = {n} + 1 WHERE seq = {n}; \
                 INSERT INTO audit_log (seq, {columns}) SELECT {n}, {columns} FROM audit_log WHERE seq = 2; \
                 UPDATE audit_state SET newest = {n} + 1"
            ),
            "was changed or removed, or another inserted",
        ),
        (format!("DELETE FROM audit_log WHERE seq = {n}"), "is noted as the newest"),
    ];
    for (change, words) in &shown {
        tamper(&mut database, change);
        let told = complaint(&run(&data, &["audit", "verify"]).await);
        assert!(told.contains(words), "{change}: {told}");
        tamper(&mut database, &restored);
    }
    assert_eq!(verified(&data, &[]).await, (newest, hash.clone()));

    // Who also changes what is noted in the database is found out by what was noted elsewhere.
    tamper(
        &mut database,
        &format!(
            "DELETE FROM audit_log WHERE seq = {n}; UPDATE audit_state SET newest = {n} - 1, \
             newest_hash = (SELECT hash FROM audit_log WHERE seq = {n} - 1)"
        ),
    );
    assert_eq!(verified(&data, &["--expect", &before_last]).await, (newest - 1, before_last.clone()));
    let told = complaint(&run(&data, &["audit", "verify", "--expect", &hash]).await);
    assert!(told.contains(&hash), "{told}");
}

#[tokio::test]
async fn settings_that_a_start_or_a_reload_has_changed_are_named() {
    let (data, folder) = (data(), folder());
    let file = folder.path().join("groupchat.toml");
    let write = |workers: u32, password: &str, searches: &str| {
        let mail =
            format!("[mail]\nserver = \"smtp://chat:{password}@localhost:2525\"\nfrom = \"a@example.org\"\n");
        let rates = format!("[rates]\nsearch = \"{searches}\"\n");
        std::fs::write(&file, format!("workers = {workers}\n{mail}{rates}")).unwrap();
    };
    let start = async || {
        let mut command = serve(&data);
        command.arg("--config").arg(&file);
        Server::spawn(command).await
    };
    let known = || Database::open(&data).count("SELECT count(*) AS count FROM known_settings");
    let entries = "SELECT detail AS text FROM audit_log WHERE action = 'settings.changed' ORDER BY seq";
    let told = async |names: &[&str]| {
        until(&format!("{names:?} are told"), || Database::open(&data).words(entries) == names).await;
    };

    write(1, "hunter1", "9/s burst 9");
    let server = start().await;
    until("all settings are known", || known() > 50).await;
    server.stop().await;
    told(&[]).await;

    write(2, "hunter2", "9/s burst 9");
    let server = start().await;
    told(&["workers mail.server"]).await;
    // What needs a restart is not in use yet.
    write(3, "hunter2", "8/s burst 8");
    server.signal("HUP").await;
    told(&["workers mail.server", "rates.search"]).await;
    server.stop().await;

    let server = start().await;
    told(&["workers mail.server", "rates.search", "workers"]).await;
    server.stop().await;
    let all = lines(&data, &[]).await;
    assert!(all.iter().all(|entry| entry["action"] != "settings.changed" || entry["party"] == "operator"));
    let text = json!(all).to_string();
    assert!(!text.contains("hunter") && !text.contains("8/s"), "{text}");
}

#[tokio::test]
async fn ids_that_were_moved_on_are_told() {
    let (data, server) = filled().await;
    server.stop().await;
    printed(&run(&data, &["advance-ids"]).await);
    let last = lines(&data, &[]).await.pop().unwrap();
    assert_eq!((&last["action"], &last["party"]), (&json!("database.ids_advanced"), &json!("operator")));
    assert_eq!(verified(&data, &[]).await.0, last["seq"].as_i64().unwrap());
}
