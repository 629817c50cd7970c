//! A client that writes, by the documented protocol: it repeats a send with the same `client_id` until it is told what
//! became of it, or gives up.

use std::sync::Arc;
use std::time::Duration;

use groupchat_testing::Dice;
use tokio::time::sleep;

use crate::client::Client;
use crate::history::{Call, Outcome};
use crate::world::{OPEN, Person, World};

/// How many of the last messages of all are changed.
const RECENT: usize = 40;

/// A writer.
pub(crate) struct Writer {
    world: Arc<World>,
    client: Client,
    number: usize,
    dice: Dice,
    /// How many texts it has made up.
    texts: usize,
    /// Its own messages, with their groups.
    own: Vec<(i64, i64)>,
}

impl Writer {
    pub(crate) fn new(world: &Arc<World>, person: &Person, dice: Dice) -> Self {
        let client = Client::new(world, person);
        Self { world: Arc::clone(world), client, number: person.client, dice, texts: 0, own: Vec::new() }
    }

    /// Writes until it is over.
    pub(crate) async fn write(mut self) {
        while !self.world.is_over() {
            match self.dice.below(20) {
                0..10 => self.send().await,
                10 => self.send_at_once().await,
                11 => self.send_invalid().await,
                12..15 => self.change(false).await,
                15 => self.change(true).await,
                16..19 => self.like(true).await,
                _ => self.like(false).await,
            }
            self.rest(25).await;
        }
    }

    async fn send(&mut self) {
        let (group, call) = self.message();
        // A client that closes its window: nobody will ever know.
        let gives_up = self.dice.below(6) == 0;
        loop {
            let server = self.any_server();
            // An attempt may be repeated on another transport.
            let outcome = if self.dice.below(4) == 0 {
                self.client.send_on_socket(server, call.clone()).await
            } else {
                self.client.call(server, group, call.clone()).await
            };
            self.remember(&outcome);
            if !outcome.asks_for_retry() || gives_up || self.world.is_over() {
                return;
            }
            self.rest(100).await;
        }
    }

    /// Sends one message by two requests at the same time, to the same server or two.
    async fn send_at_once(&mut self) {
        let (group, call) = self.message();
        let (one, other) = (self.any_server(), self.any_server());
        let (first, second) = tokio::join!(
            self.client.call(one, group, call.clone()),
            self.client.call(other, group, call.clone())
        );
        self.remember(if first.is_ok() { &first } else { &second });
    }

    /// Sends a message that no server may store: a blank text, one that is too long, or to a group of others.
    async fn send_invalid(&mut self) {
        let (mut group, mut call) = self.message();
        if let Call::Send { group: into, text, .. } = &mut call {
            match self.dice.below(3) {
                0 => " ".clone_into(text),
                1 => *text = "x".repeat(10_001),
                _ => (group, *into) = (self.world.groups[OPEN], self.world.groups[OPEN]),
            }
        }
        let server = self.any_server();
        self.client.call(server, group, call).await;
    }

    /// Edits or deletes one of its own messages.
    async fn change(&mut self, deletes: bool) {
        let recent = self.own.len().saturating_sub(RECENT);
        let Some((group, message)) = any(&self.own[recent..], &mut self.dice) else { return };
        let call = if deletes { Call::Delete { message } } else { Call::Edit { message, text: self.text() } };
        let server = self.any_server();
        self.client.call(server, group, call).await;
    }

    /// Likes any message, or no longer.
    async fn like(&mut self, likes: bool) {
        let message = {
            let sent = self.world.sent.lock().unwrap();
            any(&sent[sent.len().saturating_sub(RECENT)..], &mut self.dice)
        };
        let Some((group, message)) = message else { return };
        let call = if likes { Call::Like { message } } else { Call::Unlike { message } };
        let server = self.any_server();
        self.client.call(server, group, call).await;
    }

    /// A new message to a group, and the request for it.
    fn message(&mut self) -> (i64, Call) {
        let group = self.world.groups[self.dice.below(OPEN)];
        let text = self.text();
        (group, Call::Send { group, client_id: text.clone(), text })
    }

    /// A text that nobody else uses.
    fn text(&mut self) -> String {
        self.texts += 1;
        format!("{}-{}", self.number, self.texts)
    }

    fn remember(&mut self, outcome: &Outcome) {
        for message in outcome.messages() {
            self.own.push((message.group, message.id));
            self.world.sent.lock().unwrap().push((message.group, message.id));
        }
    }

    fn any_server(&mut self) -> usize {
        self.dice.below(self.client.servers())
    }

    /// Rests for up to so many milliseconds.
    async fn rest(&mut self, most: usize) {
        sleep(Duration::from_millis(u64::try_from(self.dice.below(most)).unwrap())).await;
    }
}

fn any(messages: &[(i64, i64)], dice: &mut Dice) -> Option<(i64, i64)> {
    if messages.is_empty() { None } else { Some(messages[dice.below(messages.len())]) }
}
