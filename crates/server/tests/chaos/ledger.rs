//! What a writer was told that is its own: nobody else can change it, so it has to stay as it was told.

use std::collections::HashMap;

use serde_json::Value;

use crate::world::Message;

/// A message of a writer, as it was last acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnMessage {
    /// With ids in the place of names; nothing of a deleted one.
    pub text: Option<String>,
    /// The message that it replies to.
    pub thread: Option<i64>,
    /// The message that it quotes.
    pub quoted: Option<i64>,
    /// Whether it was forwarded.
    pub is_forwarded: bool,
}

/// All of a writer's own.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub messages: HashMap<Message, OwnMessage>,
    /// Whether the writer has given this reaction to a message.
    pub reactions: HashMap<(Message, &'static str), bool>,
    /// The read cursor in each group.
    pub read: HashMap<i64, i64>,
    /// The read cursor in the thread under each message.
    pub read_in_threads: HashMap<Message, i64>,
}

impl Ledger {
    /// Notes a message that was sent. It has moved the read cursor of its author to itself.
    pub(crate) fn sent(&mut self, answer: &Value) -> Message {
        let number = |value: &Value| value.as_i64().unwrap();
        let group = number(&answer["group_id"]);
        let message = Message { group, id: number(&answer["id"]) };
        let own = OwnMessage::read(answer);
        match own.thread {
            Some(root) => {
                self.read_in_threads.insert(Message { group, id: root }, number(&answer["seq"]));
            }
            None => {
                self.read.insert(group, number(&answer["seq"]));
            }
        }
        self.messages.insert(message, own);
        message
    }

    /// Notes that a message was deleted: of those who have reacted to it nothing is left, either.
    pub(crate) fn deleted(&mut self, message: Message) {
        if let Some(own) = self.messages.get_mut(&message) {
            own.text = None;
            own.quoted = None;
            own.is_forwarded = false;
        }
    }
}

impl OwnMessage {
    /// What an answer says of a message.
    pub(crate) fn read(answer: &Value) -> Self {
        Self {
            text: answer["text"].as_str().map(str::to_owned),
            thread: answer["thread_id"].as_i64(),
            quoted: answer["reply_to"]["id"].as_i64(),
            is_forwarded: answer["forwarded"].as_bool().unwrap(),
        }
    }
}
