//! What was read from the log and is still to be delivered.

use std::collections::VecDeque;

use crate::events::live::EphemeralEvent;
use crate::events::model::LoggedEvent;
use crate::ids::Position;

/// One entry of the backlog.
#[derive(Debug)]
pub(super) enum BacklogEntry {
    /// An event, and the position up to which the log has been read once it is delivered.
    Logged(Box<LoggedEvent>, Position),
    /// Earlier events are no longer available.
    Gap,
    /// The current state that an ephemeral event conveys.
    Ephemeral(EphemeralEvent),
}

/// What is still to be delivered, in order.
#[derive(Debug, Default)]
pub(super) struct Backlog(VecDeque<BacklogEntry>);

impl Backlog {
    /// A backlog with only a gap.
    pub(super) fn gap() -> Self {
        Self([BacklogEntry::Gap].into())
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a gap is next. A gap is always first: it is added only when everything before it has been delivered.
    pub(super) fn is_gap_next(&self) -> bool {
        matches!(self.0.front(), Some(BacklogEntry::Gap))
    }

    /// Removes and returns the next entry.
    pub(super) fn take(&mut self) -> Option<BacklogEntry> {
        let entry = self.0.pop_front()?;
        if self.0.is_empty() {
            // Frees the memory, because most connections live on for long, and there may be thousands.
            self.0 = VecDeque::new();
        }
        Some(entry)
    }

    /// Adds a gap.
    pub(super) fn add_gap(&mut self) {
        self.0.push_back(BacklogEntry::Gap);
    }

    /// Adds events. When the last one is delivered, the log counts as read up to `seen`. Returns whether there was one.
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

    /// Adds current states, as ephemeral events.
    pub(super) fn add_ephemeral(&mut self, ephemeral: impl IntoIterator<Item = EphemeralEvent>) {
        self.0.extend(ephemeral.into_iter().map(BacklogEntry::Ephemeral));
    }
}
