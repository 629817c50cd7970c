//! What a subscriber and its transport exchange.

use std::sync::Arc;

use crate::events::end::EndReason;
use crate::events::live::{EphemeralEvent, SharedEvent};
use crate::events::model::LoggedEvent;

/// How a subscriber listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriberKind {
    /// Over a connection. It counts as a device of its user, and also gets ephemeral events.
    Connection,
    /// By separate requests.
    Poll,
}

/// Delays reading the log until the client has received what was read.
pub trait Backpressure {
    /// What an event of a page holds until the client has received it.
    type Hold;

    /// Waits for room for the next page, but not for long. Returns whether there is room. Cancel-safe.
    ///
    /// # Errors
    /// [`EndReason::TooSlow`] for a client that has received nothing for too long.
    fn make_room(&mut self) -> impl Future<Output = Result<bool, EndReason>>;

    /// A page was read, with this many events and this many bytes of text.
    fn page_read(&mut self, events: usize, text: usize);

    /// The hold for an event of the page that is being delivered.
    fn hold(&self) -> Option<Self::Hold>;

    /// The whole page has been delivered.
    fn page_delivered(&mut self);
}

/// What a subscriber gets.
#[derive(Debug)]
pub enum Item {
    /// An event that was read back from the log.
    Replayed(Box<LoggedEvent>),
    /// An event as it happens, shared with all other subscribers.
    Live(Arc<SharedEvent<LoggedEvent>>),
    /// Events before the [cursor](super::Subscriber::cursor) are no longer available.
    Gap,
    /// A current state, after the backlog.
    Snapshot(EphemeralEvent),
    /// An ephemeral event as it happens.
    Ephemeral(Arc<SharedEvent<EphemeralEvent>>),
}

/// An [`Item`], with what it holds until the client has received it.
#[derive(Debug)]
pub struct Delivered<H> {
    /// What is delivered.
    pub item: Item,
    /// Set for events of the backlog.
    pub hold: Option<H>,
}

impl<H> From<Item> for Delivered<H> {
    fn from(item: Item) -> Self {
        Self { item, hold: None }
    }
}
