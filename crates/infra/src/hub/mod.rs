//! Live events in this process: from the log to those who listen.
//!
//! Whoever commits hands events to the `inbox` and goes on. [`LocalHub::run`] takes them out (`follow`), reads from
//! the log what it wasn't told of, and hands each to the listeners that it is for (`fan_out`, by the indexes of
//! `registry`), each of whom has a bounded queue (`listener`) that its `feed` empties on whatever thread. What is in no
//! log takes the same way; who is there and who types is kept in `company`.
//!
//! What must stay true:
//! - Only the event at the last position + 1 is handed out; so nobody misses one or gets one twice.
//! - Nothing here waits for a listener. One that doesn't keep up is let go.
//! - A listener is in the index of a group if and only if its viewer is in the group.
//! - Locks are taken in this order: registry, company, listener or inbox. Nothing is locked while a listener is woken.

mod company;
mod core;
mod fan_out;
mod feed;
mod follow;
mod inbox;
mod index;
mod listener;
mod moment;
mod registry;
mod wakes;

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::events::{Feed, LiveEvents, LoggedEvent, Passing, PassingTo, Shared};
use groupchat_domain::storage::{EventSink, Storage};
use groupchat_domain::time::Clock;

use self::core::Hub;

/// An event of the log, as the listeners share it.
type LoggedOnce = Arc<Shared<LoggedEvent>>;

/// What is in no log, as the listeners share it.
type PassingOnce = Arc<Shared<Passing>>;

/// How much the hub keeps for those who are slower than it, and how often it looks by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubOptions {
    /// Deliveries that wait for one listener.
    pub queue: usize,
    /// Bytes of text of events that wait for one listener. Listeners share the events, of which there is one copy each:
    /// those of one group or user together keep hardly more than the one that is furthest behind. So this need not be
    /// smaller than what a burst of a hundred of the longest messages takes, and is no setting.
    pub queue_bytes: usize,
    /// Events of the log that are kept for a listener until it is said who listens.
    pub before_admission: usize,
    /// Bytes of their text.
    pub before_admission_bytes: usize,
    /// Events that wait to be handed out. What does not fit is read from the log.
    pub inbox: usize,
    /// How often the log is looked at for what nobody told, which is events of another process, and the clock for who
    /// is no longer there.
    pub look_every: Duration,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            queue: 512,
            queue_bytes: 4 << 20,
            before_admission: 4_096,
            before_admission_bytes: 4 << 20,
            inbox: 1_024,
            look_every: Duration::from_secs(1),
        }
    }
}

/// [`LiveEvents`] for the listeners of this process. It is the storage's [`EventSink`]. Clones are the same hub.
#[derive(Clone)]
pub struct LocalHub(Arc<Hub>);

impl LocalHub {
    /// A hub that knows no log yet.
    pub fn new(options: HubOptions, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Hub::new(options, clock)))
    }

    /// Looks where the log is. Until then there is nothing to listen to: subscriptions end at once, as those of
    /// listeners who don't keep up do. Does nothing the second time.
    ///
    /// # Errors
    /// A fault.
    pub async fn begin(&self, storage: &dyn Storage) -> Result<(), Error> {
        self.0.begin(storage).await
    }

    /// Hands events out, until the hub is stopped. To be polled once, by a runtime of tokio that has a clock;
    /// it is busy for as long as it takes to fill the listeners' queues, so preferably on a thread of its own.
    pub async fn run(&self, storage: Arc<dyn Storage>) {
        self.0.begin_in_the_end(storage.as_ref()).await;
        tokio::select! {
            () = self.0.serve() => {}
            never = self.0.look(storage.as_ref()) => match never {},
            never = self.0.keep_time() => match never {},
        }
    }
}

impl EventSink for LocalHub {
    fn committed(&self, events: &[LoggedEvent]) {
        self.0.committed(events);
    }
}

impl LiveEvents for LocalHub {
    fn subscribe(&self) -> Box<dyn Feed> {
        Box::new(self.0.subscribe())
    }

    fn pass(&self, to: PassingTo, event: Passing) {
        self.0.pass(to, event);
    }

    fn stop(&self) {
        self.0.stop();
    }
}

#[cfg(test)]
mod tests;
