//! The commands of one transaction of the writer, until they get their replies.

use diesel::result::Error;
use groupchat_domain::ids::EventId;
use groupchat_domain::storage::StorageFault;

use crate::audit::Recorded;
use crate::events::log::EventBuffer;
use crate::executor::command::{Command, CommandOutcome};
use crate::fault::is_io_error;

/// The transaction could not be committed.
#[derive(Debug)]
pub(super) struct BatchLost {
    /// The reason, for the log and for each command's fault.
    pub(super) reason: String,
    /// Whether a crash may still turn out to have stored it.
    may_be_stored: bool,
}

impl BatchLost {
    /// The COMMIT failed. After an I/O error its commit mark may be on the disk all the same, because only the
    /// following sync failed. The mark would count if the machine crashed before the log is overwritten.
    pub(super) fn in_commit(error: &Error) -> Self {
        let reason = error.to_string();
        Self { may_be_stored: is_io_error(&reason), reason }
    }

    /// The fault that each command gets.
    pub(super) fn fault(&self) -> StorageFault {
        if self.may_be_stored {
            StorageFault::OutcomeUnknown
        } else {
            StorageFault::Unavailable { reason: self.reason.clone() }
        }
    }
}

/// A statement before the COMMIT failed. Nothing is stored.
impl From<Error> for BatchLost {
    fn from(error: Error) -> Self {
        Self { reason: error.to_string(), may_be_stored: false }
    }
}

/// Commands that have run and wait for the COMMIT, with the events that they emitted.
pub(super) struct Batch {
    pub(super) events: EventBuffer,
    /// What the commands have recorded for the audit log.
    pub(super) recorded: Vec<Recorded>,
    settled: Vec<(Command, CommandOutcome)>,
    kept: usize,
    has_enqueued: bool,
}

impl Batch {
    pub(super) const fn new(head: EventId) -> Self {
        Self {
            events: EventBuffer::new(head),
            recorded: Vec::new(),
            settled: Vec::new(),
            kept: 0,
            has_enqueued: false,
        }
    }

    /// Adds a command whose work stays in the transaction. `has_enqueued` says whether the work includes a job.
    pub(super) fn keep(&mut self, command: Command, has_enqueued: bool) {
        self.settled.push((command, Ok(())));
        self.kept += 1;
        self.has_enqueued |= has_enqueued;
    }

    /// Adds a command whose work was undone, with its outcome.
    pub(super) fn undo(&mut self, command: Command, outcome: CommandOutcome) {
        self.settled.push((command, outcome));
    }

    /// How many commands have run.
    pub(super) fn len(&self) -> usize {
        self.settled.len()
    }

    /// How many commands the COMMIT makes durable.
    pub(super) const fn kept(&self) -> usize {
        self.kept
    }

    /// Whether the COMMIT makes a job durable.
    pub(super) const fn has_enqueued(&self) -> bool {
        self.has_enqueued
    }

    /// Sends each command its outcome. Call it only after the COMMIT.
    pub(super) fn reply(&mut self) {
        for (command, outcome) in self.settled.drain(..) {
            command.reply(outcome);
        }
    }

    /// Tells each command that its work was lost, or that its outcome is unknown.
    pub(super) fn reply_lost(self, lost: &BatchLost) {
        for (command, _) in self.settled {
            command.reply(Err(lost.fault()));
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind;

    use super::*;

    fn failure(reason: &str) -> Error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(reason.to_owned()))
    }

    #[test]
    fn after_an_io_error_in_the_commit_the_outcome_is_unknown() {
        assert_eq!(BatchLost::in_commit(&failure("disk I/O error")).fault(), StorageFault::OutcomeUnknown);
    }

    #[test]
    fn after_other_errors_nothing_is_stored() {
        for lost in [
            BatchLost::from(failure("disk I/O error")),
            BatchLost::in_commit(&failure("database or disk is full")),
            BatchLost::in_commit(&failure("database is locked")),
        ] {
            assert_eq!(lost.fault(), StorageFault::Unavailable { reason: lost.reason.clone() });
        }
    }
}
