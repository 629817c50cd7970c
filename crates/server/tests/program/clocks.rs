//! A clock that somebody sets while the server runs, forward and back: by libfaketime, which Debian has in the package
//! `faketime`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use reqwest::{Client, StatusCode};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::commands::{complaint, json as parsed};
use crate::events::Stream;
use crate::harness::{Api, Data, Database, Server, data, folder, program, serve, until};
use crate::secrets::Person;

/// Where Debian and others put the library, by the architecture.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The library; without it the test says that it tests nothing, which in CI is a failure.
fn library() -> Option<&'static str> {
    let found = LIBRARIES.into_iter().find(|path| Path::new(path).exists());
    if found.is_none() {
        assert_ne!(env::var("CI").as_deref(), Ok("true"), "there is no libfaketime");
        println!("SKIPPED: there is no libfaketime; install the package faketime");
    }
    found
}

/// The clock of the servers that are started with it.
struct FakedClock {
    library: &'static str,
    folder: TempDir,
}

impl FakedClock {
    /// A clock that is so many seconds ahead; `None` without the library.
    fn ahead(seconds: i64) -> Option<Self> {
        let clock = Self { library: library()?, folder: folder() };
        clock.set(seconds);
        Some(clock)
    }

    /// Sets it so many seconds ahead, or back.
    fn set(&self, seconds: i64) {
        // In one step: a server may look at any time.
        let draft = self.folder.path().join("draft");
        fs::write(&draft, format!("{seconds:+}\n")).unwrap();
        fs::rename(draft, self.file()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// Starts a server by this clock. How long things take is measured as ever.
    async fn start(&self, data: &Data) -> Server {
        self.start_with(data, &[]).await
    }

    /// Likewise, with further flags.
    async fn start_with(&self, data: &Data, flags: &[&str]) -> Server {
        let mut command = serve(data);
        self.fake(command.args(flags));
        Server::spawn(command).await
    }

    /// Runs a command by this clock.
    async fn run(&self, data: &Data, arguments: &[&str]) -> Output {
        let mut command = program();
        self.fake(command.args(arguments).args(data.arguments()).envs(data.key_file()));
        command.output().await.unwrap()
    }

    fn fake(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", self.library)
            .env("FAKETIME_TIMESTAMP_FILE", self.file())
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
}

async fn ticket(api: &Api) -> String {
    let ticket = api.post_nothing("/events/ticket").await.expect(StatusCode::CREATED);
    ticket["ticket"].as_str().unwrap().to_owned()
}

async fn listen_by(server: &Server, ticket: &str) -> StatusCode {
    Client::new().get(format!("{}/events/stream?ticket={ticket}", server.url)).send().await.unwrap().status()
}

#[tokio::test]
async fn a_ticket_does_not_outlive_a_clock_that_is_set() {
    let Some(clock) = FakedClock::ahead(0) else { return };
    let data = data();
    let server = clock.start(&data).await;
    let admin = server.admin().await;
    for ahead in [-HOUR, HOUR, -YEAR, 0] {
        let old = ticket(&admin).await;
        clock.set(ahead);
        assert_eq!(listen_by(&server, &old).await, StatusCode::UNAUTHORIZED, "set to {ahead} s");
        let new = ticket(&admin).await;
        assert_eq!(listen_by(&server, &new).await, StatusCode::OK, "set to {ahead} s");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_code_that_was_used_is_refused_wherever_the_clock_is_then() {
    let Some(clock) = FakedClock::ahead(0) else { return };
    let data = data();
    let server = clock.start(&data).await;
    let admin = server.admin().await;
    let mut ada = Person::create(&admin, &server, "ada").await;
    let code = ada.code();
    for (ahead, status) in [
        (0, StatusCode::OK),
        (-30, StatusCode::UNAUTHORIZED),
        (30, StatusCode::UNAUTHORIZED),
        (0, StatusCode::UNAUTHORIZED),
    ] {
        clock.set(ahead);
        let shown = json!({"ticket": ada.begin(&server).await, "code": code});
        server.anonymous().post("/login/mfa", shown).await.expect(status);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_job_of_a_clock_that_was_ahead_does_not_wait_for_it() {
    let Some(clock) = FakedClock::ahead(YEAR) else { return };
    let data = data();
    let server = clock.start(&data).await;
    let group = server.admin().await.create_group("Lobby").await;
    server.stop().await;
    let mut database = Database::open(&data);
    // The server died before it began.
    database.execute(&format!(
        "UPDATE groups SET deleted_at = created_at WHERE id = {group};
         INSERT INTO jobs (kind, subject_id, run_after, created_at)
         SELECT 'purge_group', id, created_at, created_at FROM groups WHERE id = {group}"
    ));
    clock.set(0);
    let server = clock.start(&data).await;
    until("the job is done", || database.count("SELECT count(*) AS count FROM jobs") == 0).await;
    assert_eq!(database.count("SELECT count(*) AS count FROM groups"), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_behind_for_a_while_signs_nobody_out() {
    let Some(clock) = FakedClock::ahead(0) else { return };
    let data = data();
    let server = clock.start(&data).await;
    let admin = server.admin().await;
    ticket(&admin).await;
    server.stop().await;

    clock.set(-YEAR);
    let server = clock.start(&data).await;
    let mut database = Database::open(&data);
    // Worth nothing by this clock, so that the maintenance has been there once it is gone.
    until("the ticket is gone", || database.count("SELECT count(*) AS count FROM tickets") == 0).await;
    let admin = server.anonymous().with_key(admin.key());
    admin.get("/users/me").await.expect(StatusCode::OK);
    server.stop().await;

    clock.set(0);
    let server = clock.start(&data).await;
    let admin = server.anonymous().with_key(admin.key());
    admin.get("/users/me").await.expect(StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_years_ahead_at_a_start_destroys_nothing() {
    let Some(clock) = FakedClock::ahead(0) else { return };
    let data = data();
    let server = clock.start(&data).await;
    let admin = server.admin().await;
    admin.create_group("Lobby").await;
    ticket(&admin).await;
    server.stop().await;
    let mut database = Database::open(&data);
    let count = |what: &str| format!("SELECT count(*) AS count FROM {what}");
    let events = database.count(&count("events"));

    // More than a year after the newest event, which is when a start doubts the clock.
    clock.set(2 * YEAR);
    let server = clock.start(&data).await;
    let admin = server.anonymous().with_key(admin.key());
    admin.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);
    until("the upkeep was there", || database.count(&count("tickets")) == 0).await;
    server.stop().await;

    clock.set(0);
    let server = clock.start(&data).await;
    let admin = server.anonymous().with_key(admin.key());
    admin.get("/users/me").await.expect(StatusCode::OK);
    assert_eq!(database.count(&count("events")), events);
    server.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_days_ahead_removes_no_messages_unless_it_is_trusted() {
    let Some(clock) = FakedClock::ahead(0) else { return };
    let data = data();
    let server = clock.start(&data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let sent = admin.post(&format!("/groups/{group}/messages"), json!({"text": "hello"})).await;
    sent.expect(StatusCode::CREATED);
    server.stop().await;

    let run = ["--retention-days", "30", "retention", "run", "--json"];
    clock.set(40 * DAY);
    let words = complaint(&clock.run(&data, &run).await);
    assert!(words.contains("--trust-clock"), "{words}");
    let mut database = Database::open(&data);
    let messages = "SELECT count(*) AS count FROM messages";
    assert_eq!(database.count(messages), 1);
    let trusted = parsed(&clock.run(&data, &[&run[..], &["--trust-clock"]].concat()).await);
    assert_eq!(trusted, json!({"messages": 1, "groups": 1}));
    assert_eq!(database.count(messages), 0);
}

#[tokio::test]
async fn a_session_ends_when_it_was_to_end_wherever_the_clock_was_meanwhile() {
    let Some(clock) = FakedClock::ahead(0) else { return };
    let data = data();
    let server = clock.start(&data).await;
    let admin = server.admin().await;
    for (ahead, status) in
        [(29 * DAY, StatusCode::OK), (-YEAR, StatusCode::OK), (31 * DAY, StatusCode::UNAUTHORIZED)]
    {
        clock.set(ahead);
        admin.get("/users/me").await.expect(status);
    }
    server.stop().await;
}

#[tokio::test]
async fn events_of_a_clock_that_was_ahead_are_removed_with_those_after_them() {
    let Some(clock) = FakedClock::ahead(YEAR) else { return };
    let data = data();
    let server = clock.start(&data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let cursor = admin.get("/events").await.expect(StatusCode::OK)["cursor"].as_str().unwrap().to_owned();
    let messages = format!("/groups/{group}/messages");
    let send = async || admin.post(&messages, json!({"text": "hello"})).await.expect(StatusCode::CREATED);
    send().await;
    clock.set(0);
    send().await;
    send().await;
    server.stop().await;

    clock.set(8 * DAY);
    let server = clock.start(&data).await;
    let mut database = Database::open(&data);
    until("one event is left", || database.count("SELECT count(*) AS count FROM events") == 1).await;
    let admin = server.anonymous().with_key(admin.key());
    let told = admin.get(&format!("/events?cursor={cursor}")).await.expect(StatusCode::OK);
    assert_eq!(told["items"][0]["type"], "gap");
    server.stop().await;
}

#[tokio::test]
async fn whoever_listens_sends_and_signs_in_notices_nothing_of_a_clock_that_is_set() {
    let Some(clock) = FakedClock::ahead(0) else { return };
    let data = data();
    let server = clock.start_with(&data, &["--events-heartbeat", "1"]).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let mut stream = Stream::open(&server, &admin).await;
    for ahead in [-YEAR, 20 * DAY, -HOUR, 0] {
        clock.set(ahead);
        let sent = admin.post(&format!("/groups/{group}/messages"), json!({"text": "hello"})).await;
        let sent = sent.expect(StatusCode::CREATED);
        let told = stream.wait_for("message.created").await;
        assert_eq!(told["data"]["id"], sent["id"], "set to {ahead} s");
        stream.wait_for("heartbeat").await;
    }
    let messages = admin.all_messages(group).await;
    let seqs: Vec<_> = messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [1, 2, 3, 4], "whatever their times");
    server.stop().await;
}

#[tokio::test]
async fn wrong_logins_are_counted_by_the_time_that_passes() {
    let Some(clock) = FakedClock::ahead(0) else { return };
    let data = data();
    let server = clock.start(&data).await;
    let admin = server.admin().await;
    let wrong = json!({"username": "ada", "password": "not the password"});
    let mut tries = 0;
    while server.anonymous().post("/login", wrong.clone()).await.status != StatusCode::TOO_MANY_REQUESTS {
        tries += 1;
        assert!(tries < 100, "nothing is limited");
    }
    for ahead in [YEAR, -YEAR] {
        clock.set(ahead);
        let mut refused = 0;
        // One try comes back in ten seconds, and each takes one.
        for _ in 0..5 {
            let answer = server.anonymous().post("/login", wrong.clone()).await;
            refused += i32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
        }
        assert!(refused > 0, "set to {ahead} s, and all tries are back");
    }
    clock.set(0);
    admin.get("/users/me").await.expect(StatusCode::OK);
    server.stop().await;
}
