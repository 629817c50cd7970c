//! Who writes: sends, edits, deletes, likes and reacts to messages, and holds on until each is answered.

use std::sync::atomic::Ordering;

use groupchat_testing::Dice;
use reqwest::Method;
use serde_json::json;

use crate::caller::RetryingClient;
use crate::world::{Message, World};

/// The longest rest between two deeds, in milliseconds.
const REST: usize = 20;

/// How many of the last messages of all are liked.
const RECENT: usize = 50;

/// A writer.
pub(crate) struct Writer<'w> {
    world: &'w World,
    name: &'w str,
    caller: RetryingClient,
    dice: Dice,
    sent: Vec<Message>,
}

impl<'w> Writer<'w> {
    /// The writer with this number.
    pub(crate) fn new(world: &'w World, nth: usize, urls: &[String], mut dice: Dice) -> Self {
        let person = &world.writers[nth];
        let caller = RetryingClient::new(urls, &person.key, dice.split());
        Self { world, name: &person.username, caller, dice, sent: Vec::new() }
    }

    /// Writes until it is over; the messages that were acknowledged.
    pub(crate) async fn write(mut self) -> Vec<Message> {
        for nth in 0.. {
            if self.world.is_over.load(Ordering::Relaxed) {
                break;
            }
            match self.dice.below(12) {
                0..6 => self.send(nth).await,
                6 => self.edit(nth).await,
                7 => self.delete().await,
                8 => self.mark(Method::PUT, "like").await,
                9 => self.mark(Method::DELETE, "like").await,
                // 🎉
                10 => self.mark(Method::PUT, "reactions/%F0%9F%8E%89").await,
                _ => self.mark(Method::DELETE, "reactions/%F0%9F%8E%89").await,
            }
            self.world.deeds.fetch_add(1, Ordering::Relaxed);
            self.caller.rest(REST).await;
        }
        self.sent
    }

    async fn send(&mut self, nth: usize) {
        let group = self.world.any_group(&mut self.dice);
        // Sent twice, it is stored once.
        let client_id = format!("{}-{nth}", self.name);
        let body = json!({"text": format!("Nº {nth} of {}", self.name), "client_id": client_id});
        let path = format!("/groups/{group}/messages");
        if let Some(message) = self.caller.insist(Method::POST, &path, Some(body)).await {
            assert_eq!(message["client_id"], client_id);
            let message = Message { group, id: message["id"].as_i64().unwrap() };
            self.sent.push(message);
            self.world.sent.lock().unwrap().push(message);
        }
    }

    async fn edit(&mut self, nth: usize) {
        if let Some(path) = self.own() {
            let body = json!({"text": format!("edited at {nth}")});
            self.caller.insist(Method::PATCH, &path, Some(body)).await;
        }
    }

    async fn delete(&mut self) {
        if let Some(path) = self.own() {
            self.caller.insist(Method::DELETE, &path, None).await;
        }
    }

    /// Likes a message, reacts to it, or takes that back.
    async fn mark(&mut self, method: Method, with: &str) {
        let message = {
            let sent = self.world.sent.lock().unwrap();
            let recent = &sent[sent.len().saturating_sub(RECENT)..];
            any(recent, &mut self.dice)
        };
        if let Some(message) = message {
            self.caller.insist(method, &format!("{}/{with}", message.path()), None).await;
        }
    }

    /// The path of a message of its own, if there is one.
    fn own(&mut self) -> Option<String> {
        any(&self.sent, &mut self.dice).map(Message::path)
    }
}

fn any(messages: &[Message], dice: &mut Dice) -> Option<Message> {
    if messages.is_empty() { None } else { Some(messages[dice.below(messages.len())]) }
}

impl Message {
    fn path(self) -> String {
        format!("/groups/{}/messages/{}", self.group, self.id)
    }
}
