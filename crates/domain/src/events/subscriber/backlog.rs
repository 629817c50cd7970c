//! What was read of the log and is still to be delivered.

use std::collections::VecDeque;

use crate::events::live::EphemeralEvent;
use crate::events::model::LoggedEvent;
use crate::ids::Position;

/// One thing of the backlog.
#[derive(Debug)]
pub(super) enum BacklogEntry {
    /// An event, and up to where the log has been looked at once it is delivered.
    Logged(Box<LoggedEvent>, Position),
    /// What is before here can't be had any more.
    Gap,
    /// What is in no log, as it is now.
    Ephemeral(EphemeralEvent),
}

/// What is still to be delivered, in order.
#[derive(Debug, Default)]
pub(super) struct Backlog(VecDeque<BacklogEntry>);

impl Backlog {
    /// That something is missing.
    pub(super) fn gap() -> Self {
        Self([BacklogEntry::Gap].into())
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a gap is next. Nothing is before a gap: it is read when all that was read before has been delivered.
    pub(super) fn is_gap_next(&self) -> bool {
        matches!(self.0.front(), Some(BacklogEntry::Gap))
    }

    /// Takes the next one out.
    pub(super) fn take(&mut self) -> Option<BacklogEntry> {
        let entry = self.0.pop_front()?;
        if self.0.is_empty() {
            // Most connections live long after that, and some thousands of them at a time.
            self.0 = VecDeque::new();
        }
        Some(entry)
    }

    /// Adds that something is missing here.
    pub(super) fn add_gap(&mut self) {
        self.0.push_back(BacklogEntry::Gap);
    }

    /// Adds events, the last of which is delivered once the log has been looked at up to `seen`. Whether there was one.
    pub(super) fn add_events(&mut self, mut events: Vec<LoggedEvent>, seen: Position) -> bool {
        let Some(last) = events.pop() else { return false };
        let earlier = events.into_iter().map(|event| {
            let position = event.position;
            BacklogEntry::Logged(Box::new(event), position)
        });
        self.0.extend(earlier);
        self.0.push_back(BacklogEntry::Logged(Box::new(last), seen));
        true
    }

    /// Adds what is in no log.
    pub(super) fn add_ephemeral(&mut self, ephemeral: impl IntoIterator<Item = EphemeralEvent>) {
        self.0.extend(ephemeral.into_iter().map(BacklogEntry::Ephemeral));
    }
}
