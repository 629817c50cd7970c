//! Reaching the database server at the start, or not.

use std::fs::File;

use super::cluster::{Cluster, PASSWORD};
use crate::commands::{complaint, printed, run};
use crate::harness::{Data, Database, Server, serve, until};

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

#[tokio::test]
async fn a_start_waits_for_the_database_server_and_its_log_tells_no_password() {
    let cluster = Cluster::create().await;
    let data = Data::on(&cluster.url("postgres"));
    let log = data.path().join("log");
    let mut command = serve(&data);
    command.env("GROUPCHAT_LOG_FILTER", "trace").stderr(File::create(&log).unwrap());
    let (server, ()) = tokio::join!(Server::spawn(command), async {
        let told = || std::fs::read_to_string(&log).unwrap();
        until("the start waits", || told().contains("waiting for the database server")).await;
        cluster.start().await;
    });
    server.admin().await.create_group("Lobby").await;
    server.stop().await;
    let told = std::fs::read_to_string(&log).unwrap();
    assert!(told.contains("127.0.0.1") && !told.contains(PASSWORD), "{told}");
}

#[tokio::test]
async fn a_start_gives_up_after_the_set_time() {
    let cluster = Cluster::create().await;
    let data = Data::on(&cluster.url("chat"));
    let words = complaint(&run(&data, &[&SERVE[..], &["--storage-start-timeout", "1"]].concat()).await);
    for expected in ["waiting for the database server", "can't connect to the database", "127.0.0.1", "chat"]
    {
        assert!(words.contains(expected), "{words}");
    }
    assert!(!words.contains(PASSWORD), "{words}");
}

#[tokio::test]
async fn a_wrong_password_or_database_is_told_without_the_password() {
    let cluster = Cluster::create().await;
    cluster.start().await;
    let wrong = cluster.url("postgres").replace(PASSWORD, "hunter3");
    for (url, reason) in [
        (wrong, "password authentication failed for user \"postgres\""),
        (cluster.url("nowhere"), "database \"nowhere\" does not exist"),
    ] {
        let data = Data::on(&url);
        let start = [&SERVE[..], &["--storage-start-timeout", "1"]].concat();
        for arguments in [&start[..], &["user", "list"]] {
            let words = complaint(&run(&data, arguments).await);
            assert!(words.contains(reason), "{words}");
            assert!(!words.contains("hunter"), "{words}");
        }
    }
}

#[tokio::test]
async fn an_ordinary_role_that_owns_its_database_is_enough() {
    let cluster = Cluster::create().await;
    cluster.start().await;
    // As docs/OPERATIONS.md has it.
    let mut database = Database::at(&cluster.url("postgres"));
    database.execute("CREATE ROLE groupchat LOGIN PASSWORD 'a-long-one'");
    database.execute("CREATE DATABASE groupchat OWNER groupchat ENCODING 'UTF8' TEMPLATE template0");
    let url = cluster.url("groupchat").replace(&format!("postgres:{PASSWORD}"), "groupchat:a-long-one");
    let server = Server::start(&Data::on(&url)).await;
    server.admin().await.create_group("Lobby").await;
    printed(&run(&Data::on(&url), &["user", "list"]).await);
    server.stop().await;
}
