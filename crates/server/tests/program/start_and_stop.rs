//! Starting, stopping, and the words with which starting fails.

use std::net::TcpListener;
use std::process::Stdio;

use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::commands::{complaint, printed, run, run_with_input};
use crate::harness::{Data, Database, Server, data, serve, serve_somewhere, started_by};

#[tokio::test]
async fn the_first_start_creates_an_admin_and_later_ones_keep_everything() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let password = server.password.clone().unwrap();
    let group = admin.create_group("Lobby").await;
    let path = format!("/groups/{group}/messages");
    let sent = admin.post(&path, json!({"text": "first"})).await.expect(StatusCode::CREATED);
    server.stop().await;

    let server = Server::start(&data).await;
    assert_eq!(server.password, None, "the password is shown once");
    let admin = server.login("admin", &password).await;
    assert_eq!(admin.get(&format!("/groups/{group}")).await.expect(StatusCode::OK)["name"], "Lobby");
    assert_eq!(admin.all_messages(group).await, [sent]);
    let next = admin.post(&path, json!({"text": "second"})).await.expect(StatusCode::CREATED);
    assert_eq!(next["seq"], 2);
    server.stop().await;
}

#[tokio::test]
async fn a_key_outlives_a_restart_and_ends_with_the_logout() {
    let data = data();
    let server = Server::start(&data).await;
    let body = json!({"username": "admin", "password": server.password.clone().unwrap()});
    let login = server.anonymous().post("/login", body).await.expect(StatusCode::OK);
    let key = login["api_key"].as_str().unwrap().to_owned();
    server.stop().await;

    let server = Server::start(&data).await;
    let admin = server.anonymous().with_key(&key);
    assert_eq!(admin.get("/users/me").await.expect(StatusCode::OK)["username"], "admin");
    admin.post_nothing("/logout").await.expect(StatusCode::NO_CONTENT);
    admin.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);
    server.stop().await;
}

#[tokio::test]
async fn ctrl_c_stops_in_good_order_too() {
    let data = data();
    let server = Server::start(&data).await;
    server.signal("INT").await;
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_request_in_flight_is_finished_before_the_server_stops() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let address = server.address().to_owned();
    let (key, body) = (admin.key().to_owned(), r#"{"text": "just in time"}"#);
    let mut connection = BufReader::new(TcpStream::connect(&address).await.unwrap());
    let head = format!(
        "POST /api/groups/{group}/messages HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body: the request is under way (RFC 9110, section 10.1.1).
    let mut interim = String::new();
    while !interim.ends_with("\r\n\r\n") {
        assert_ne!(connection.read_line(&mut interim).await.unwrap(), 0, "{interim}");
    }
    assert!(interim.starts_with("HTTP/1.1 100 "), "{interim}");

    server.signal("TERM").await;
    while TcpStream::connect(&address).await.is_ok() {}
    connection.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn what_was_acknowledged_while_the_server_stopped_is_there_afterwards() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let password = server.password.clone().unwrap();
    let group = admin.create_group("Lobby").await;
    let path = format!("/groups/{group}/messages");
    let senders: Vec<_> = (0..16)
        .map(|_| {
            let (admin, path) = (admin.clone(), path.clone());
            tokio::spawn(async move {
                let mut stored = Vec::new();
                loop {
                    let body = json!({"text": "hello"});
                    match admin.try_send(reqwest::Method::POST, &path, Some(body)).await {
                        Ok(answer) if answer.status == StatusCode::CREATED => stored.push(answer.body),
                        Ok(answer) => assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE),
                        // The server takes no new connections any more.
                        Err(_) => break stored,
                    }
                }
            })
        })
        .collect();
    while admin.all_messages(group).await.len() < 100 {}
    server.stop().await;

    let restarted = Server::start(&data).await;
    let found = restarted.login("admin", &password).await.all_messages(group).await;
    for sender in senders {
        for message in sender.await.unwrap() {
            assert!(found.contains(&message), "{message} was acknowledged");
        }
    }
    restarted.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_told_in_clear_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = data();
    let words = complaint(&run(&data, &["serve", "--listen", &address]).await);
    assert!(words.contains(&format!("can't listen on {address}")), "{words}");
    assert!(words.contains("in use"), "{words}");
}

#[tokio::test]
async fn a_user_made_on_the_command_line_can_sign_in_at_once() {
    let data = data();
    let server = Server::start(&data).await;
    let create = |name, password| {
        let arguments = ["user", "create", "--admin", "--password-stdin", "--username", name];
        let (data, password) = (&data, format!("{password}\n"));
        async move { run_with_input(data, &arguments, &password).await }
    };
    printed(&create("Root", "correct horse").await);
    let root = server.login("root", "correct horse").await;
    assert_eq!(root.get("/users/me").await.expect(StatusCode::OK)["is_admin"], true);
    // The server goes on numbering events after those of the other process.
    root.create_group("Lobby").await;

    let taken = complaint(&create("ROOT", "correct horse").await);
    assert!(taken.contains("taken"), "{taken}");
    let short = complaint(&create("other", "short").await);
    assert!(short.contains("at least 8 characters"), "{short}");
    server.stop().await;
}

/// What a start prints, from a program that logs as it does when nobody says otherwise.
async fn printed_by_a_start(data: &Data) -> (String, String) {
    let mut command = serve(data);
    command.env_remove("GROUPCHAT_LOG_FILTER").stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut told = String::new();
    while !told.contains("Database: ") || !output.buffer().is_empty() {
        assert_ne!(output.read_line(&mut told).await.unwrap(), 0, "{told}");
    }
    // Lines of the log wait for a fifth of a second: the stop writes what there was.
    let stop = ["-s", "TERM", &child.id().unwrap().to_string()].map(str::to_owned);
    assert!(Command::new("kill").args(stop).status().await.unwrap().success());
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.stdout, b"");
    (told, String::from_utf8(ended.stderr).unwrap())
}

#[tokio::test]
async fn a_first_start_prints_what_the_readme_says_and_a_later_one_the_first_lines_of_it() {
    let data = data();
    let (told, log) = printed_by_a_start(&data).await;
    let lines: Vec<_> = told.lines().collect();
    let [listens, page, database, "", first, command, "    username: admin", password] = lines[..] else {
        panic!("{told}")
    };
    assert!(listens.starts_with("groupchat 0.1.0 listens on http://127.0.0.1:"), "{told}");
    assert!(page.starts_with("Swagger page: http://127.0.0.1:") && page.ends_with("/api/docs/"), "{told}");
    assert!(database.starts_with("Database: "), "{told}");
    assert!(
        first.starts_with("This is the first start:") && password.starts_with("    password: "),
        "{told}"
    );
    let news = |log: &str| -> Vec<String> {
        log.lines().filter(|line| !line.contains(" stop")).map(str::to_owned).collect()
    };
    assert_eq!(news(&log), [""; 0], "nothing is logged");

    // The command that is told works as it is, in a shell.
    let (_, command) = command.split_once(": ").unwrap();
    let mut shell = started_by("sh");
    shell.args(["-c", command]).envs(data.variables());
    let output = shell.output().await.unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("    password: "));

    let (told, log) = printed_by_a_start(&data).await;
    assert_eq!(told.lines().count(), 3, "{told}");
    assert_eq!(news(&log), [""; 0], "nothing is logged");
}

#[tokio::test]
async fn the_port_can_be_given_alone() {
    let data = data();
    let both = run(&data, &["serve", "--port", "0", "--listen", "127.0.0.1:0"]).await;
    let words = String::from_utf8(both.stderr).unwrap();
    assert!(both.status.code() == Some(2) && words.contains("can't be used together"), "{words}");
    let mut command = serve_somewhere(&data);
    command.args(["--port", "0"]);
    let server = Server::spawn(command).await;
    assert!(server.address().starts_with("127.0.0.1:") && !server.address().ends_with(":5000"));
    server.stop().await;
}

#[tokio::test]
async fn a_clock_far_from_what_is_stored_warns() {
    let data = data();
    let server = Server::start(&data).await;
    server.admin().await.create_group("Lobby").await;
    server.stop().await;
    let (_, log) = printed_by_a_start(&data).await;
    assert!(!log.contains("WARN"), "{log}");
    // As if the clock had been right then, and were wrong now.
    for (shift, words) in [(800, "799 days behind"), (-1600, "800 days ahead of")] {
        let micros = shift * 24 * 3600 * 1_000_000_i64;
        Database::open(&data).execute(&format!("UPDATE events SET at = at + ({micros})"));
        let (_, log) = printed_by_a_start(&data).await;
        assert!(
            log.contains("WARN") && log.contains(&format!("the clock is {words} the newest event")),
            "{log}"
        );
    }
}
