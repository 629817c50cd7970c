//! The people and the groups they are in.

use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Mutex, OnceLock};

use groupchat_testing::Dice;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::RwLock;

use crate::harness::{Api, Server};
use crate::ledger::Ledger;

/// Who write at the same time.
const WRITERS: usize = 8;
/// Who listen and stay where they are, and as many who don't: one on each transport, and as many who mix them.
const LISTENERS: usize = 6;
/// Groups that stay.
const STEADY: usize = 2;
/// Groups at the beginning that come and go.
const ROOMS: usize = 4;

/// The password of those who sign in.
pub(crate) const PASSWORD: &str = "correct horse";

/// A user with a key.
pub(crate) struct Person {
    pub id: i64,
    pub username: String,
    pub key: String,
}

/// A message that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    pub group: i64,
    pub id: i64,
}

/// Who is there, and what they know of each other.
pub(crate) struct World {
    /// The owner of all groups.
    pub host: Person,
    pub writers: Vec<Person>,
    /// Those whose memberships never change.
    pub settled: Vec<Person>,
    /// Those whose memberships do.
    pub restless: Vec<Person>,
    /// Groups that are never deleted. The settled are in them.
    pub steady: Vec<i64>,
    /// Groups that may be.
    pub rooms: Mutex<Vec<i64>>,
    /// What was sent so far, for others to react to.
    pub sent: Mutex<Vec<Message>>,
    /// Of that, what is no reply.
    pub roots: Mutex<Vec<Message>>,
    /// What each of the writers was told that is its own.
    pub ledgers: Vec<Mutex<Ledger>>,
    /// Held while somebody writes, and for a census by whom nobody may disturb.
    pub pause: RwLock<()>,
    /// How many calls of writers have been answered.
    pub deeds: AtomicUsize,
    /// Whether writers and clients are to calm down.
    pub is_over: AtomicBool,
    /// The user who was created when all was over: nothing comes after the event of that.
    pub last_user: OnceLock<i64>,
}

impl World {
    /// Makes it, as the first admin.
    pub(crate) async fn create(server: &Server, admin: &Api, dice: &mut Dice) -> Self {
        let host = Person::create(server, admin, "host").await;
        let writers = Person::crowd(server, admin, "writer", WRITERS).await;
        let settled = Person::crowd(server, admin, "settled", LISTENERS).await;
        let restless = Person::crowd(server, admin, "restless", LISTENERS).await;
        let mut world = Self {
            host,
            writers,
            settled,
            restless,
            steady: Vec::new(),
            rooms: Mutex::default(),
            sent: Mutex::default(),
            roots: Mutex::default(),
            ledgers: (0..WRITERS).map(|_| Mutex::default()).collect(),
            pause: RwLock::default(),
            deeds: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            last_user: OnceLock::new(),
        };
        let owner = server.anonymous().with_key(&world.host.key);
        for nth in 0..STEADY + ROOMS {
            let group = world.create_group(&owner, nth, dice).await;
            let groups = if nth < STEADY { &mut world.steady } else { world.rooms.get_mut().unwrap() };
            groups.push(group);
        }
        world
    }

    /// Makes the group with this number. The settled are in the steady ones, each in one of them at least.
    async fn create_group(&self, owner: &Api, nth: usize, dice: &mut Dice) -> i64 {
        let group = owner.create_group(&format!("Group {nth}")).await;
        let mut members: Vec<_> = self.writers.iter().collect();
        for (number, person) in self.settled.iter().enumerate() {
            if nth < STEADY && (number % STEADY == nth || dice.below(2) == 0) {
                members.push(person);
            }
        }
        members.extend(self.restless.iter().filter(|_| dice.below(3) > 0));
        for person in members {
            let path = format!("/groups/{group}/members");
            owner.post(&path, self.membership(person)).await.expect(StatusCode::CREATED);
        }
        group
    }

    /// With what somebody is added to a group. The first writer may mention all members.
    pub(crate) fn membership(&self, person: &Person) -> Value {
        let role = if person.id == self.writers[0].id { "admin" } else { "member" };
        json!({"user_id": person.id, "role": role})
    }

    /// Somebody who may be in a group.
    pub(crate) fn anybody(&self, dice: &mut Dice) -> &Person {
        let people: Vec<_> = self.writers.iter().chain(&self.settled).chain(&self.restless).collect();
        people[dice.below(people.len())]
    }

    /// All groups that are there, while nobody writes.
    pub(crate) fn groups(&self) -> Vec<i64> {
        [&self.steady[..], &self.rooms.lock().unwrap()].concat()
    }

    /// A group that is there, or was a moment ago.
    pub(crate) fn any_group(&self, dice: &mut Dice) -> i64 {
        let rooms = self.rooms.lock().unwrap();
        let groups = if dice.below(2) == 0 { &self.steady } else { &*rooms };
        groups[dice.below(groups.len())]
    }
}

impl Message {
    /// Where it is.
    pub(crate) fn path(self) -> String {
        format!("/groups/{}/messages/{}", self.group, self.id)
    }
}

impl Person {
    async fn create(server: &Server, admin: &Api, username: &str) -> Self {
        let body = json!({"username": username, "password": PASSWORD});
        let user = admin.post("/users", body).await.expect(StatusCode::CREATED);
        // The key that comes with a new user ends with their first login.
        let key = server.login(username, PASSWORD).await.key().to_owned();
        Self { id: user["id"].as_i64().unwrap(), username: username.to_owned(), key }
    }

    async fn crowd(server: &Server, admin: &Api, name: &str, count: usize) -> Vec<Self> {
        let mut people = Vec::new();
        for nth in 0..count {
            people.push(Self::create(server, admin, &format!("{name}-{nth}")).await);
        }
        people
    }
}
