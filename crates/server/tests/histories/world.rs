//! Who takes part, and what they share.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Api, Server};
use crate::history::Setup;
use crate::listener::position;
use crate::recorder::Recorder;

const WRITERS: usize = 5;
const READERS: usize = 2;
/// Two on each transport.
const LISTENERS: usize = 6;

/// The groups that writers and readers are in.
pub(crate) const OPEN: usize = 2;

/// The state of a run that its tasks share.
pub(crate) struct World {
    pub recorder: Recorder,
    /// Where the servers are.
    pub urls: Vec<String>,
    /// Where proxies in front of them are, which break the connections of some writers.
    pub proxies: Vec<String>,
    /// The groups: [`OPEN`] ones, and one that only the admin is in.
    pub groups: Vec<i64>,
    /// The admin's key and the cursor of the beginning of the log that is read at the end.
    pub admin: String,
    pub start: String,
    pub writers: Vec<Person>,
    pub readers: Vec<Person>,
    pub listeners: Vec<Person>,
    /// Messages that were acknowledged, with their groups.
    pub sent: Mutex<Vec<(i64, i64)>>,
    /// Whether the disturbances have ended and clients are to come to an end.
    pub is_over: AtomicBool,
    /// The last position in the log, once nothing more will be written.
    pub end: OnceLock<i64>,
}

/// A client.
pub(crate) struct Person {
    /// Its number in the history.
    pub client: usize,
    pub key: String,
    pub groups: Vec<i64>,
    /// Whether it reaches the servers through proxies.
    pub is_behind_proxies: bool,
}

impl World {
    /// Makes users and groups on the first server.
    pub(crate) async fn create(seed: u64, server: &Server, urls: Vec<String>, proxies: Vec<String>) -> Self {
        let admin = server.admin().await;
        let mut groups = Vec::new();
        for nth in 0..=OPEN {
            groups.push(admin.create_group(&format!("Group {nth}")).await);
        }
        let open = &groups[..OPEN];
        let mut people = Vec::new();
        for client in 0..WRITERS + READERS + LISTENERS {
            // Every other listener is in one group only.
            let nth_listener = client.checked_sub(WRITERS + READERS);
            let is_in_one = nth_listener.is_some_and(|nth| !nth.is_multiple_of(2));
            let groups = if is_in_one { vec![open[client % OPEN]] } else { open.to_vec() };
            people.push(Person::create(server, &admin, client, groups).await);
        }
        let listeners = people.split_off(WRITERS + READERS);
        let readers = people.split_off(WRITERS);
        // The others also meet servers that accept no connections.
        people.iter_mut().step_by(2).for_each(|writer| writer.is_behind_proxies = true);
        let start = admin.get("/events").await.expect(StatusCode::OK);
        let start = start["cursor"].as_str().unwrap().to_owned();
        let setup = Setup {
            seed,
            servers: urls.len(),
            groups: groups.clone(),
            listeners: listeners
                .iter()
                .map(|person| (person.client, person.groups.clone()))
                .collect::<BTreeMap<_, _>>(),
            start: position(&start),
        };
        Self {
            recorder: Recorder::new(setup),
            urls,
            proxies,
            groups,
            admin: admin.key().to_owned(),
            start,
            writers: people,
            readers,
            listeners,
            sent: Mutex::default(),
            is_over: AtomicBool::new(false),
            end: OnceLock::new(),
        }
    }

    /// Whether clients are to come to an end.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// The client that sends the last message.
    pub(crate) fn admin(&self) -> Person {
        let client = WRITERS + READERS + LISTENERS;
        Person { client, key: self.admin.clone(), groups: self.groups.clone(), is_behind_proxies: false }
    }
}

impl Person {
    async fn create(server: &Server, admin: &Api, client: usize, groups: Vec<i64>) -> Self {
        let name = format!("client-{client}");
        let body = json!({"username": name, "password": "correct horse"});
        let user = admin.post("/users", body).await.expect(StatusCode::CREATED);
        for group in &groups {
            let body = json!({"user_id": user["id"]});
            admin.post(&format!("/groups/{group}/members"), body).await.expect(StatusCode::CREATED);
        }
        // The key that comes with a new user is for an hour at most.
        let key = server.login(&name, "correct horse").await.key().to_owned();
        Self { client, key, groups, is_behind_proxies: false }
    }
}
