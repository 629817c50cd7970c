//! The model: a group as naive lists, and what may be done to it.

use std::collections::BTreeSet;

use proptest::prelude::*;

/// How many users take part. The first one owns the group and never leaves.
pub(crate) const USERS: usize = 3;

/// Something a user does. `nth` picks a message among those there are, the oldest first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Send { client_id: Option<u8> },
    Edit { nth: usize },
    Delete { nth: usize },
    Like { nth: usize },
    Unlike { nth: usize },
    Read { nth: usize },
    Join,
    Leave,
}

/// Sends are the most frequent; few client ids, so that they repeat.
pub(crate) fn step() -> impl Strategy<Value = (usize, Step)> {
    let nth = 0..12_usize;
    let step = prop_oneof![
        8 => prop::option::of(0..4_u8).prop_map(|client_id| Step::Send { client_id }),
        1 => nth.clone().prop_map(|nth| Step::Edit { nth }),
        2 => nth.clone().prop_map(|nth| Step::Delete { nth }),
        3 => nth.clone().prop_map(|nth| Step::Like { nth }),
        1 => nth.clone().prop_map(|nth| Step::Unlike { nth }),
        3 => nth.prop_map(|nth| Step::Read { nth }),
        2 => Just(Step::Join),
        1 => Just(Step::Leave),
    ];
    (0..USERS, step)
}

/// A message; its number is its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelMessage {
    pub author: usize,
    pub client_id: Option<u8>,
    pub text: Option<String>,
    pub edited: bool,
    pub likes: BTreeSet<usize>,
    pub version: i64,
}

/// A group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub messages: Vec<ModelMessage>,
    /// How far each user has read, if a member.
    pub read: [Option<usize>; USERS],
}

impl Model {
    /// A group that the first user has just made.
    pub(crate) fn new() -> Self {
        Self { messages: Vec::new(), read: [Some(0), None, None] }
    }

    /// What follows when a user does something, `text` being what they write; `false` if it is rejected.
    pub(crate) fn apply(&mut self, user: usize, step: Step, text: &str) -> bool {
        let newest = self.messages.len();
        match (step, self.read[user]) {
            (Step::Join, _) => {
                self.read[user].get_or_insert(newest);
                true
            }
            (_, None) => false,
            (Step::Send { client_id }, _) => {
                self.send(user, client_id, text);
                true
            }
            (Step::Read { nth }, Some(read)) if nth <= newest => {
                self.read[user] = Some(read.max(nth));
                true
            }
            (Step::Leave, _) if user != 0 => {
                self.read[user] = None;
                true
            }
            (Step::Edit { nth }, _) => self.change(nth, |message| message.edit(user, text)),
            (Step::Delete { nth }, _) => self.change(nth, |message| message.delete(user)),
            (Step::Like { nth }, _) => self.change(nth, |message| message.like(user)),
            (Step::Unlike { nth }, _) => self.change(nth, |message| message.unlike(user)),
            (Step::Read { .. } | Step::Leave, _) => false,
        }
    }

    fn send(&mut self, author: usize, client_id: Option<u8>, text: &str) {
        let repeated = |message: &ModelMessage| message.author == author && message.client_id == client_id;
        if client_id.is_some() && self.messages.iter().any(repeated) {
            return;
        }
        let text = Some(text.to_owned());
        let (edited, likes, version) = (false, BTreeSet::new(), 1);
        self.messages.push(ModelMessage { author, client_id, text, edited, likes, version });
        self.read[author] = Some(self.messages.len());
    }

    fn change(&mut self, nth: usize, change: impl FnOnce(&mut ModelMessage) -> bool) -> bool {
        self.messages.get_mut(nth).is_some_and(change)
    }
}

impl ModelMessage {
    fn edit(&mut self, user: usize, text: &str) -> bool {
        if user != self.author || self.text.is_none() {
            return false;
        }
        self.text = Some(text.to_owned());
        self.edited = true;
        self.version += 1;
        true
    }

    /// Its author may, and the group's owner.
    fn delete(&mut self, user: usize) -> bool {
        if user != self.author && user != 0 {
            return false;
        }
        if self.text.take().is_some() {
            self.likes.clear();
            self.version += 1;
        }
        true
    }

    fn like(&mut self, user: usize) -> bool {
        if self.text.is_none() {
            return false;
        }
        self.version += i64::from(self.likes.insert(user));
        true
    }

    fn unlike(&mut self, user: usize) -> bool {
        self.version += i64::from(self.likes.remove(&user));
        true
    }
}
