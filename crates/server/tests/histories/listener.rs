//! A client that listens for events, and comes and goes with its cursor.

use std::sync::Arc;
use std::time::Duration;

use groupchat_testing::Dice;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use crate::client::Client;
use crate::connection::{self, Connection, Door, Transport};
use crate::history::{Arrival, Content, Message, Visit};
use crate::reader::reload;
use crate::world::World;

/// How long clients may take to catch up when all is over.
const CATCH_UP: Duration = Duration::from_secs(30);

/// The longest visit and the longest absence, in milliseconds.
const STAY: usize = 3_000;
const ABSENCE: usize = 500;

/// A listener.
pub(crate) struct Listener {
    world: Arc<World>,
    nth: usize,
    client: Client,
    dice: Dice,
    cursor: Option<String>,
}

impl Listener {
    /// The listener with this number. Every other one mixes the transports.
    pub(crate) fn new(world: &Arc<World>, nth: usize, dice: Dice) -> Self {
        let client = Client::new(world, &world.listeners[nth]);
        Self { world: Arc::clone(world), nth, client, dice, cursor: None }
    }

    /// Listens until the end of the log, or until time is up after the end of the run.
    pub(crate) async fn listen(mut self) {
        let mut deadline = None;
        while !self.is_done() {
            if self.world.end.get().is_some() {
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + CATCH_UP);
                if Instant::now() > deadline {
                    // The checker reports it.
                    return;
                }
            }
            self.visit().await;
            let absence = if self.world.is_over() { 50 } else { ABSENCE };
            sleep(self.millis(absence)).await;
        }
    }

    fn is_done(&self) -> bool {
        let at = self.cursor.as_deref().map(position);
        self.world.end.get().is_some_and(|end| at.is_some_and(|at| at >= *end))
    }

    /// Connects, takes what arrives, and records it.
    async fn visit(&mut self) {
        let world = Arc::clone(&self.world);
        let person = &world.listeners[self.nth];
        let server = self.dice.below(self.client.servers());
        let own = Transport::ALL[self.nth / 2 % Transport::ALL.len()];
        let mixed = Transport::ALL[self.dice.below(Transport::ALL.len())];
        let transport = if self.nth.is_multiple_of(2) { own } else { mixed };
        let breaks = !world.is_over() && self.dice.below(3) == 0;
        let bytes = if breaks { self.dice.below(30_000) } else { usize::MAX };
        let end = Instant::now() + self.millis(STAY);

        let (invoked, before) = (world.recorder.now(), self.cursor.clone());
        let door = Door { url: &world.urls[server], key: &person.key, cursor: before.as_deref(), bytes };
        let opened = timeout_at(end, Connection::open(transport, door)).await;
        let Some(mut connection) = opened.ok().flatten() else { return };
        let mut arrivals = Vec::new();
        while Instant::now() < end
            && !self.is_done()
            && let Ok(Some(arrival)) = timeout_at(end, connection.next()).await
        {
            let gap = self.take(arrival, &mut arrivals);
            if gap {
                reload(&self.client, &person.groups, &mut self.dice).await;
            }
        }
        world.recorder.visit(Visit {
            client: person.client,
            server,
            transport: format!("{transport:?}"),
            cursor: before.as_deref().map(position),
            invoked,
            completed: world.recorder.now(),
            arrivals,
        });
        if self.dice.below(2) == 0 {
            connection.close().await;
        }
    }

    /// Adds what has a cursor to the arrivals, and moves to it. Returns whether it is a gap.
    fn take(&mut self, arrival: connection::Arrival, arrivals: &mut Vec<Arrival>) -> bool {
        let (at, content) = (self.world.recorder.now(), Content::of(&arrival.event));
        let is_gap = content == Content::Gap;
        let own = arrival.event["cursor"].as_str();
        arrivals.extend(own.map(|cursor| Arrival { at, position: position(cursor), content }));
        // On a stream, the client resumes from another one if events follow that it may not see.
        let other = arrival.cursor.filter(|cursor| own != Some(cursor));
        arrivals.extend(other.iter().map(|cursor| {
            let position = position(cursor);
            Arrival { at, position, content: Content::Cursor }
        }));
        self.cursor = other.or(own.map(str::to_owned)).or(self.cursor.take());
        is_gap
    }

    fn millis(&mut self, most: usize) -> Duration {
        Duration::from_millis(u64::try_from(self.dice.below(most)).unwrap())
    }
}

impl Content {
    fn of(event: &Value) -> Self {
        match event["type"].as_str().unwrap() {
            "gap" => Self::Gap,
            word if word.starts_with("message.") => Self::Event(word.to_owned(), Message::of(&event["data"])),
            _ => Self::Cursor,
        }
    }
}

/// The position in a cursor, which is opaque to clients but not to this test.
pub(crate) fn position(cursor: &str) -> i64 {
    cursor.rsplit_once('-').unwrap().1.parse().unwrap()
}
