//! Who writes, and holds on until each call is answered.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use groupchat_testing::Dice;
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::RetryingClient;
use crate::ledger::{Ledger, OwnMessage};
use crate::world::{Message, World};

/// The longest rest between two deeds, in milliseconds.
const REST: usize = 20;

/// How many of the last messages of all are reacted to, quoted, replied to and forwarded.
const RECENT: usize = 50;

/// How many messages a batch has.
const BATCH: usize = 3;

/// The reactions: a like, 🎉 and ❤️, as they are written in a path.
const REACTIONS: [(&str, &str); 3] =
    [("👍", "%F0%9F%91%8D"), ("🎉", "%F0%9F%8E%89"), ("❤️", "%E2%9D%A4%EF%B8%8F")];

/// A writer.
pub(crate) struct Writer<'w> {
    world: &'w World,
    number: usize,
    caller: RetryingClient,
    dice: Dice,
    /// Those that are not deleted.
    own: Vec<Message>,
    /// All that were acknowledged.
    sent: Vec<Message>,
}

impl<'w> Writer<'w> {
    /// The writer with this number.
    pub(crate) fn new(world: &'w World, number: usize, urls: &[String], mut dice: Dice) -> Self {
        let caller = RetryingClient::new(urls, &world.writers[number].key, dice.split());
        Self { world, number, caller, dice, own: Vec::new(), sent: Vec::new() }
    }

    /// Writes until it is over; the messages that were acknowledged.
    pub(crate) async fn write(mut self) -> Vec<Message> {
        for nth in 0.. {
            if self.world.is_over.load(Ordering::Relaxed) {
                break;
            }
            let deed = self.world.pause.read().await;
            match self.dice.below(32) {
                0..9 => self.send(nth).await,
                9..13 => self.reply(nth).await,
                13 => self.quote(nth).await,
                14 => self.forward(nth).await,
                15 => self.send_batch(nth).await,
                16..19 => self.edit(nth).await,
                19 => self.delete().await,
                20..25 => self.react(Method::PUT).await,
                25..28 => self.react(Method::DELETE).await,
                28..30 => self.mark_read().await,
                _ => self.mark_thread_read().await,
            }
            drop(deed);
            self.world.deeds.fetch_add(1, Ordering::Relaxed);
            self.caller.rest(REST).await;
        }
        self.sent
    }

    async fn send(&mut self, nth: usize) {
        let group = self.world.any_group(&mut self.dice);
        let text = self.text(nth);
        self.post(group, nth, json!({"text": text})).await;
    }

    async fn reply(&mut self, nth: usize) {
        let Some(root) = self.recent(true) else { return };
        let text = self.text(nth);
        self.post(root.group, nth, json!({"text": text, "thread_id": root.id})).await;
    }

    async fn quote(&mut self, nth: usize) {
        let Some(quoted) = self.recent(false) else { return };
        let text = self.text(nth);
        self.post(quoted.group, nth, json!({"text": text, "reply_to": quoted.id})).await;
    }

    /// Sends a message to a group: twice, it is stored once.
    async fn post(&mut self, group: i64, nth: usize, mut body: Value) {
        body["client_id"] = self.client_id(nth, 0).into();
        let path = format!("/groups/{group}/messages");
        if let Some(message) = self.caller.insist(Method::POST, &path, Some(body.clone())).await {
            assert_eq!(message["client_id"], body["client_id"]);
            assert_eq!(message["thread_id"], body["thread_id"]);
            assert_eq!(message["reply_to"]["id"], body["reply_to"]);
            self.acknowledged(&message);
        }
    }

    async fn forward(&mut self, nth: usize) {
        let Some(message) = self.recent(false) else { return };
        let body =
            json!({"group_id": self.world.any_group(&mut self.dice), "client_id": self.client_id(nth, 0)});
        let path = format!("{}/forward", message.path());
        if let Some(forwarded) = self.caller.insist(Method::POST, &path, Some(body)).await {
            assert_eq!(forwarded["forwarded"], true);
            self.acknowledged(&forwarded);
        }
    }

    async fn send_batch(&mut self, nth: usize) {
        let group = self.world.any_group(&mut self.dice);
        let messages: Vec<_> = (0..BATCH)
            .map(|number| json!({"text": self.text(nth), "client_id": self.client_id(nth, number)}))
            .collect();
        let path = format!("/groups/{group}/messages/batch");
        let body = json!({"messages": messages});
        if let Some(answer) = self.caller.insist(Method::POST, &path, Some(body)).await {
            let items = answer["items"].as_array().unwrap();
            assert_eq!(items.len(), BATCH, "{answer}");
            items.iter().for_each(|message| self.acknowledged(message));
        }
    }

    /// Edits a message of its own, half of the time only if it is as it was seen before.
    async fn edit(&mut self, nth: usize) {
        let Some(message) = any(&self.own, &mut self.dice) else { return };
        let mut body = json!({"text": self.text(nth)});
        if self.dice.below(2) == 0 {
            let Some(seen) = self.caller.insist(Method::GET, &message.path(), None).await else { return };
            body["if_version"] = seen["version"].clone();
        }
        let edited = match self.caller.insist(Method::PATCH, &message.path(), Some(body)).await {
            Some(edited) => edited,
            // Somebody has reacted to it, or it was edited and the answer got lost.
            None => match self.caller.insist(Method::GET, &message.path(), None).await {
                Some(seen) => seen,
                None => return,
            },
        };
        let (mut ledger, edited) = (self.ledger(), OwnMessage::read(&edited));
        let before = ledger.messages.insert(message, edited.clone()).unwrap();
        let is_edited = edited.text.as_ref().is_some_and(|text| text.starts_with(&self.words(nth)));
        assert!(is_edited || edited == before, "{message:?} is {edited:?}, was {before:?}");
    }

    async fn delete(&mut self) {
        let Some(message) = any(&self.own, &mut self.dice) else { return };
        // Rejected only if the group is gone.
        self.caller.insist(Method::DELETE, &message.path(), None).await;
        self.own.retain(|own| *own != message);
        self.ledger().deleted(message);
    }

    /// Reacts to a message, or takes that back.
    async fn react(&mut self, method: Method) {
        let Some(message) = self.recent(false) else { return };
        let (emoji, in_path) = REACTIONS[self.dice.below(REACTIONS.len())];
        let path = if emoji == "👍" && self.dice.below(2) == 0 {
            format!("{}/like", message.path())
        } else {
            format!("{}/reactions/{in_path}", message.path())
        };
        let is_given = method == Method::PUT;
        if self.caller.insist(method, &path, None).await.is_some() {
            self.ledger().reactions.insert((message, emoji), is_given);
        }
    }

    /// Marks messages of a group as read, or as unread.
    async fn mark_read(&mut self) {
        let group = self.world.any_group(&mut self.dice);
        let path = format!("/groups/{group}");
        let Some(seen) = self.caller.insist(Method::GET, &path, None).await else { return };
        let Some(mark) = self.mark(&seen["last_seq"]) else { return };
        if let Some(state) = self.caller.insist(Method::PUT, &format!("{path}/read"), Some(mark)).await {
            self.ledger().read.insert(group, state["read_seq"].as_i64().unwrap());
        }
    }

    async fn mark_thread_read(&mut self) {
        let Some(root) = self.recent(true) else { return };
        let Some(seen) = self.caller.insist(Method::GET, &root.path(), None).await else { return };
        let Some(mark) = self.mark(&seen["thread"]["last_seq"]) else { return };
        let path = format!("{}/read", root.path());
        if let Some(state) = self.caller.insist(Method::PUT, &path, Some(mark)).await {
            self.ledger().read_in_threads.insert(root, state["read_seq"].as_i64().unwrap());
        }
    }

    /// Up to where something is to be marked as read, or from where on as unread; nothing where nothing was sent.
    fn mark(&mut self, last: &Value) -> Option<Value> {
        let last = usize::try_from(last.as_i64().unwrap_or(0)).unwrap();
        let seq = (last > 0).then(|| 1 + self.dice.below(last))?;
        Some(json!({"seq": seq, "unread": self.dice.below(3) == 0}))
    }

    fn client_id(&self, nth: usize, number: usize) -> String {
        format!("{}-{nth}-{number}", self.world.writers[self.number].username)
    }

    /// A new text, of which some mention somebody, or, where the writer may, everybody.
    fn text(&mut self, nth: usize) -> String {
        let words = self.words(nth);
        match self.dice.below(8) {
            0 => format!("{words} to @{}", self.world.anybody(&mut self.dice).username),
            1 => format!("{words} to @all"),
            _ => words,
        }
    }

    fn words(&self, nth: usize) -> String {
        format!("Nº {nth} of {}", self.world.writers[self.number].username)
    }

    /// One of the last messages of all, or of those that are no replies.
    fn recent(&mut self, is_root: bool) -> Option<Message> {
        let sent = if is_root { self.world.roots.lock() } else { self.world.sent.lock() }.unwrap();
        any(&sent[sent.len().saturating_sub(RECENT)..], &mut self.dice)
    }

    fn acknowledged(&mut self, answer: &Value) {
        let message = self.ledger().sent(answer);
        self.own.push(message);
        self.sent.push(message);
        self.world.sent.lock().unwrap().push(message);
        if answer["thread_id"].is_null() {
            self.world.roots.lock().unwrap().push(message);
        }
    }

    fn ledger(&self) -> MutexGuard<'w, Ledger> {
        self.world.ledgers[self.number].lock().unwrap()
    }
}

fn any(messages: &[Message], dice: &mut Dice) -> Option<Message> {
    if messages.is_empty() { None } else { Some(messages[dice.below(messages.len())]) }
}
