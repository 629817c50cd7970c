//! A client: it catches up by its cursor and goes on live, as a connection of the server does.

use std::future::poll_fn;

use groupchat_domain::accounts::Actor;
use groupchat_domain::events::{Delivery, LiveEvents, LoggedEvent, Viewer, replay};
use groupchat_domain::ids::Position;
use groupchat_testing::Dice;

use crate::world::{LAST, READ, Server};

/// Whether a connection goes on.
#[derive(Debug, PartialEq, Eq)]
enum Goes {
    On,
    Down,
}

/// Somebody who is to see everything from the beginning of the log.
pub(crate) struct Client {
    actor: Actor,
    /// The servers it connects to, now to one and now to another.
    servers: Vec<Server>,
    dice: Dice,
    /// Of how many deliveries one makes it hang up; `None` for a client that stays.
    restlessness: Option<usize>,
    cursor: Position,
    events: Vec<LoggedEvent>,
}

impl Client {
    pub(crate) const fn new(actor: Actor, servers: Vec<Server>, dice: Dice) -> Self {
        Self { actor, servers, dice, restlessness: None, cursor: Position::ZERO, events: Vec::new() }
    }

    /// One that hangs up after about so many deliveries, and comes back.
    pub(crate) fn restless(actor: Actor, servers: Vec<Server>, dice: Dice) -> Self {
        Self { restlessness: Some(20), ..Self::new(actor, servers, dice) }
    }

    /// All that it gets until the last event, in the order in which it gets it.
    pub(crate) async fn listen(mut self) -> Vec<LoggedEvent> {
        while self.events.last().is_none_or(|event| event.event != LAST) {
            let server = self.servers[self.dice.below(self.servers.len())].clone();
            self.connect(&server).await;
        }
        self.events
    }

    async fn connect(&mut self, server: &Server) {
        let mut feed = server.hub.subscribe();
        let Some(viewer) = self.catch_up(server).await else { return };
        let since = feed.since().expect("the hub has begun").position;
        assert!(self.cursor >= since, "the log was read after the subscription");
        feed.authorize(viewer);
        while self.take(poll_fn(|context| feed.poll_next(context)).await) == Goes::On {
            if self.restlessness.is_some_and(|about| self.dice.below(about) == 0) {
                return;
            }
        }
    }

    /// Reads the log page by page; `None` once it has read the last event.
    async fn catch_up(&mut self, server: &Server) -> Option<Viewer> {
        loop {
            let (actor, after) = (self.actor.clone(), self.cursor);
            let read = server.storage.run(READ, move |tx| replay(tx, &actor, after)).await;
            let page = read.expect("the log can be read");
            self.cursor = page.position;
            self.events.extend(page.events);
            if self.events.last().is_some_and(|event| event.event == LAST) {
                return None;
            }
            if !page.more {
                return Some(page.viewer);
            }
        }
    }

    fn take(&mut self, delivery: Option<Delivery>) -> Goes {
        match delivery {
            Some(Delivery::Logged(event)) => {
                let event = &event.event;
                // What was replayed comes once more.
                if event.position > self.cursor {
                    self.cursor = event.position;
                    self.events.push(event.clone());
                }
                if event.event == LAST { Goes::Down } else { Goes::On }
            }
            Some(Delivery::Advanced(position)) => {
                self.cursor = self.cursor.max(position);
                Goes::On
            }
            Some(Delivery::CheckSession | Delivery::Ephemeral(_)) => Goes::On,
            Some(Delivery::TooSlow) => Goes::Down,
            Some(Delivery::Stopping) | None => panic!("nobody stops the hub"),
        }
    }
}

/// Where the events are in the log.
pub(crate) fn positions(events: &[LoggedEvent]) -> Vec<Position> {
    events.iter().map(|event| event.position).collect()
}
