//! The commands of one transaction of the writer, until they can be answered.

use groupchat_domain::ids::EventId;
use groupchat_domain::storage::StorageFault;

use super::command::{Command, Outcome};
use super::event_log::EventBuffer;

/// The transaction can't be saved: nothing that its commands did is stored.
#[derive(Debug)]
pub(super) struct BatchLost {
    /// Why, for the log and for the fault of each command.
    pub(super) reason: String,
}

impl From<diesel::result::Error> for BatchLost {
    fn from(error: diesel::result::Error) -> Self {
        Self { reason: error.to_string() }
    }
}

/// Commands that have run and wait for the COMMIT, with what they emitted.
pub(super) struct Batch {
    pub(super) events: EventBuffer,
    settled: Vec<(Command, Outcome)>,
    kept: usize,
}

impl Batch {
    pub(super) const fn new(head: EventId) -> Self {
        Self { events: EventBuffer::new(head), settled: Vec::new(), kept: 0 }
    }

    /// Adds a command whose work stays in the transaction.
    pub(super) fn keep(&mut self, command: Command) {
        self.settled.push((command, Ok(())));
        self.kept += 1;
    }

    /// Adds a command whose work is undone, with what its caller will learn.
    pub(super) fn undo(&mut self, command: Command, outcome: Outcome) {
        self.settled.push((command, outcome));
    }

    /// How many commands have run.
    pub(super) fn len(&self) -> usize {
        self.settled.len()
    }

    /// How many commands the COMMIT will make durable.
    pub(super) const fn kept(&self) -> usize {
        self.kept
    }

    /// Tells each caller how its command ended. Only after the COMMIT.
    pub(super) fn answer(&mut self) {
        for (command, outcome) in self.settled.drain(..) {
            command.answer(outcome);
        }
    }

    /// Tells each caller that nothing was stored.
    pub(super) fn answer_lost(self, lost: &BatchLost) {
        for (command, _) in self.settled {
            command.answer(Err(StorageFault::Unavailable { reason: lost.reason.clone() }));
        }
    }
}
