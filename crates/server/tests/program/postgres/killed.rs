//! The connections to the database, and then the database server itself, are killed during sends: what was
//! acknowledged is there, once, in order, and the server recovers by itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::cluster::Cluster;
use crate::harness::{Api, Database, Server, serve, until};

const SENDERS: usize = 8;
/// How often all connections are killed before the server is.
const KILLS: usize = 5;
/// What has to be acknowledged between two blows, so that each falls on a server at work.
const BETWEEN: usize = 200;
/// The codes of a 503 (docs/API.md): nothing was stored, or nobody knows.
const WAIT_CODES: [&str; 3] = ["unavailable", "overloaded", "outcome_unknown"];

/// Clients that send, and repeat what was not acknowledged, until they are told to stop.
struct Senders {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<HashMap<String, i64>>>,
}

impl Senders {
    fn start(api: &Api, group: i64) -> Self {
        let (stop, acknowledged) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let path = format!("/groups/{group}/messages");
        let task = |sender| {
            let (api, path) = (api.clone(), path.clone());
            let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
            tokio::spawn(async move {
                let mut sent = HashMap::new();
                for n in 0.. {
                    let client_id = format!("{sender}-{n}");
                    sent.insert(client_id.clone(), send(&api, &path, &client_id).await);
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                }
                sent
            })
        };
        let tasks = (0..SENDERS).map(task).collect();
        Self { stop, acknowledged, tasks }
    }

    /// Waits until some more have been acknowledged, which takes a server that has recovered.
    async fn until_more_acknowledged(&self) {
        let enough = self.acknowledged.load(Ordering::SeqCst) + BETWEEN;
        until("the server has recovered", || {
            assert!(!self.tasks.iter().any(JoinHandle::is_finished), "a sender has given up");
            self.acknowledged.load(Ordering::SeqCst) >= enough
        })
        .await;
    }

    /// Every client id that was acknowledged, with its number.
    async fn stop(self) -> HashMap<String, i64> {
        self.stop.store(true, Ordering::SeqCst);
        let mut sent = HashMap::new();
        for task in self.tasks {
            sent.extend(task.await.unwrap());
        }
        sent
    }
}

/// Sends one message until it is acknowledged; its number. Each answer but the last is one that asks to wait.
async fn send(api: &Api, path: &str, client_id: &str) -> i64 {
    loop {
        let body = json!({"text": "hello", "client_id": client_id});
        let answer = api.try_send(Method::POST, path, Some(body)).await.expect("the server always answers");
        // 200: an earlier try was stored, though its answer was that nobody knows.
        if [StatusCode::CREATED, StatusCode::OK].contains(&answer.status) {
            return answer.body["seq"].as_i64().unwrap();
        }
        let problem = answer.expect(StatusCode::SERVICE_UNAVAILABLE);
        assert!(WAIT_CODES.iter().any(|code| problem["code"] == *code), "{problem}");
        // As a client does that is told to come back, only sooner.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Kills all connections of the program; how many there were.
fn kill_connections(database: &mut Database) -> i64 {
    database.count(
        "SELECT count(pg_terminate_backend(pid)) AS count FROM pg_stat_activity \
         WHERE application_name LIKE 'groupchat%' AND pid <> pg_backend_pid()",
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_message_is_lost_and_the_server_recovers_by_itself() {
    let cluster = Cluster::create().await;
    cluster.start().await;
    let data = cluster.create_database("chat");
    let mut command = serve(&data);
    // It has a line for each of hundreds of answers that are a 503.
    command.env("GROUPCHAT_LOG_FILTER", "warn,groupchat_api::problem=off");
    let server = Server::spawn(command).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let senders = Senders::start(&admin, group);

    for _ in 0..KILLS {
        senders.until_more_acknowledged().await;
        let killed = kill_connections(&mut Database::open(&data));
        assert!(killed >= 3, "those that write, those that read and the log's; there were {killed}");
    }
    for mode in ["fast", "immediate"] {
        senders.until_more_acknowledged().await;
        cluster.restart(mode).await;
    }
    senders.until_more_acknowledged().await;
    let acknowledged = senders.stop().await;

    assert_stored_once(&acknowledged, &admin.all_messages(group).await);
    let mut database = Database::open(&data);
    assert_log_is_complete(&mut database, acknowledged.len()).await;
    server.anonymous().get("/health").await.expect(StatusCode::OK);
    // It is the process of the beginning, and exits cleanly.
    server.stop().await;
}

/// Each message was acknowledged with the number that it has, and the numbers have no gap.
fn assert_stored_once(acknowledged: &HashMap<String, i64>, messages: &[Value]) {
    let seqs: Vec<_> = messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=i64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>(), "no gap, nothing twice");
    assert_eq!(messages.len(), acknowledged.len(), "each client id made one message");
    for message in messages {
        let client_id = message["client_id"].as_str().unwrap();
        assert_eq!(acknowledged.get(client_id), message["seq"].as_i64().as_ref(), "{client_id}");
    }
}

/// Once all events are numbered, their positions have no gap, and each message has one.
async fn assert_log_is_complete(database: &mut Database, messages: usize) {
    let unnumbered = "SELECT count(*) AS count FROM events WHERE position IS NULL";
    until("all events are numbered", || database.count(unnumbered) == 0).await;
    assert_eq!(database.count("SELECT max(position) - count(*) AS count FROM events"), 0, "no gap");
    let created = "SELECT count(DISTINCT message_id) AS count FROM events WHERE type = 'message.created'";
    assert_eq!(usize::try_from(database.count(created)).unwrap(), messages);
    // In a group the log has the order of the numbers.
    let swapped = "SELECT count(*) AS count FROM ( \
                       SELECT m.seq - lag(m.seq) OVER (ORDER BY e.position) AS step \
                       FROM events e JOIN messages m ON m.id = e.message_id WHERE e.type = 'message.created' \
                   ) AS steps WHERE step <> 1";
    assert_eq!(database.count(swapped), 0);
}
