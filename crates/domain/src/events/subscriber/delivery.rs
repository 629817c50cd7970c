//! What passes between a subscriber and its transport.

use std::sync::Arc;

use crate::events::end::EndReason;
use crate::events::live::{EphemeralEvent, SharedEvent};
use crate::events::model::LoggedEvent;

/// How a subscriber listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriberKind {
    /// On a connection that stays: a device that its user is at, and that also gets what is in no log.
    Connection,
    /// By one request after the other.
    Poll,
}

/// Holds the log back until the client has taken what was read of it.
pub trait Backpressure {
    /// What an event of a page holds until the client has taken it.
    type Hold;

    /// Waits for room for the next page, but not for long; whether there is. May be dropped and called again.
    ///
    /// # Errors
    /// [`EndReason::TooSlow`] for a client that has taken nothing for too long.
    fn make_room(&mut self) -> impl Future<Output = Result<bool, EndReason>>;

    /// The page was read, with so many events that have so many bytes of text.
    fn page_read(&mut self, events: usize, text: usize);

    /// What an event of the page that is being delivered holds.
    fn hold(&self) -> Option<Self::Hold>;

    /// All of the page has been delivered.
    fn page_delivered(&mut self);
}

/// What a subscriber gets.
#[derive(Debug)]
pub enum Item {
    /// An event that was read back from the log.
    Replayed(Box<LoggedEvent>),
    /// An event as it happens, shared with all other subscribers.
    Live(Arc<SharedEvent<LoggedEvent>>),
    /// Events before the [cursor](super::Subscriber::cursor) can't be had any more.
    Gap,
    /// What is in no log, as it is now.
    Snapshot(EphemeralEvent),
    /// What is in no log, as it happens.
    Ephemeral(Arc<SharedEvent<EphemeralEvent>>),
}

/// An [`Item`], and what it holds until the client has taken it.
#[derive(Debug)]
pub struct Delivered<H> {
    /// What is delivered.
    pub item: Item,
    /// For the log's backlog.
    pub hold: Option<H>,
}

impl<H> From<Item> for Delivered<H> {
    fn from(item: Item) -> Self {
        Self { item, hold: None }
    }
}
