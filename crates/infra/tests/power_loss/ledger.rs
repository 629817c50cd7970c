//! What clients were promised, and when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use groupchat_domain::events::{Cursor, LoggedEvent};
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId};
use groupchat_domain::storage::EventSink;
use groupchat_power_loss::Volume;

/// What a client may rely on once it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Promise {
    /// The message that it named so is stored, once, with this id and number.
    Stored { client_id: String, id: MessageId, seq: Seq },
    /// This message is stored, with this number.
    Sent { id: MessageId, seq: Seq },
    /// The message that it named so is not stored.
    Refused { client_id: String },
    /// It may continue from this cursor, or will be told that there is a gap.
    Cursor(Cursor),
    /// A read cursor is here or further.
    Read { group: GroupId, user: UserId, seq: Seq },
    /// Everything that was done until now is durable.
    Durable,
    /// There is a copy of this name of everything until now.
    Copied(String),
    /// Everything is about to be replaced by what was stored when the copy was made.
    Restoring,
    /// That was done.
    Restored,
    /// The log has another epoch, as after a restore: cursors that were handed out before get a gap.
    Renewed,
}

/// All promises, in the order in which they were made. Each is marked in the record of the volume.
#[derive(Clone)]
pub(crate) struct Ledger {
    volume: Arc<Volume>,
    promises: Arc<Mutex<Vec<Promise>>>,
}

impl Ledger {
    pub(crate) fn new(volume: Arc<Volume>) -> Self {
        Self { volume, promises: Arc::default() }
    }

    fn promises(&self) -> MutexGuard<'_, Vec<Promise>> {
        self.promises.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a promise that is made now.
    pub(crate) fn note(&self, promise: Promise) {
        let mut promises = self.promises();
        self.volume.mark(promises.len());
        promises.push(promise);
    }

    /// All promises; the marks in the record are their places.
    pub(crate) fn read(&self) -> Vec<Promise> {
        self.promises().clone()
    }
}

impl Promise {
    /// Whether the state that there is now must not be lost.
    pub(crate) const fn is_durable(&self) -> bool {
        matches!(self, Self::Durable | Self::Restored | Self::Renewed)
    }
}

/// The writer publishes after a commit, before it begins with the next batch.
impl EventSink for Ledger {
    fn publish(&self, events: &[LoggedEvent]) {
        if !events.is_empty() {
            self.note(Promise::Durable);
        }
    }
}

/// The promises up to some moment, as what must be found then.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owed {
    /// Stored messages by their client ids.
    pub(crate) stored: BTreeMap<String, (MessageId, Seq)>,
    /// Stored messages by their ids.
    pub(crate) sent: BTreeMap<MessageId, Seq>,
    /// Client ids of messages that were refused.
    pub(crate) refused: Vec<String>,
    /// Cursors.
    pub(crate) cursors: Vec<Cursor>,
    /// Read cursors.
    pub(crate) read: BTreeMap<(GroupId, UserId), Seq>,
    /// Cursors of a log that was replaced.
    pub(crate) void_cursors: Vec<Cursor>,
    /// Copies of the database.
    pub(crate) copies: Vec<String>,
    /// What was promised when the newest copy was made.
    copied: Option<Box<Self>>,
    /// That this may have taken the place of everything, because a restore is under way.
    pub(crate) instead: Option<Box<Self>>,
}

impl Owed {
    pub(crate) fn add(&mut self, promise: &Promise) {
        match promise.clone() {
            Promise::Stored { client_id, id, seq } => {
                self.stored.insert(client_id, (id, seq));
            }
            Promise::Sent { id, seq } => {
                self.sent.insert(id, seq);
            }
            Promise::Refused { client_id } => self.refused.push(client_id),
            Promise::Cursor(cursor) => self.cursors.push(cursor),
            Promise::Read { group, user, seq } => {
                self.read.insert((group, user), seq);
            }
            Promise::Durable => {}
            Promise::Copied(name) => {
                self.copies.push(name);
                self.copied = Some(Box::new(self.clone()));
            }
            Promise::Restoring => {
                let mut copied = self.copied.clone().expect("a copy");
                copied.void_cursors = std::mem::take(&mut copied.cursors);
                copied.void_cursors.extend(self.cursors.iter().cloned());
                self.instead = Some(copied);
            }
            Promise::Renewed => self.void_cursors.append(&mut self.cursors),
            Promise::Restored => *self = *self.instead.take().expect("a restore has begun"),
        }
    }
}
