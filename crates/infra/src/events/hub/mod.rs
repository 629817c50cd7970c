//! Live events in this process, from the log to the listeners.
//!
//! The committing thread puts events into the `inbox` and continues. [`LocalHub::run`] takes them out (`follow`), reads
//! missing events from the log, and delivers each event to the listeners it is for (`fan_out`, with the indexes in
//! `registry`). Each listener has a bounded queue (`listener`), which its `feed` reads on any thread. Ephemeral events
//! take the same path; `trackers` keeps presence and typing.
//!
//! Invariants:
//! - Only the event at the last position + 1 is delivered, so nobody misses one or gets one twice.
//! - Nothing here waits for a listener. A slow listener is disconnected.
//! - A listener is in the index of a group if and only if its viewer is in the group, and in that of an ended group if
//!   and only if its viewer is still to be told of the end.
//! - Locks are taken in this order: registry, trackers, listener or inbox. No lock is held while a listener is woken.

mod core;
mod fan_out;
mod feed;
mod follow;
mod inbox;
mod index;
mod listener;
mod options;
mod registry;
#[cfg(all(test, feature = "shuttle"))]
mod schedules;
mod shared;
mod trackers;

use std::sync::Arc;

use groupchat_domain::Error;
use groupchat_domain::events::{EphemeralAudience, EphemeralEvent, Feed, LiveEvents, LoggedEvent};
use groupchat_domain::storage::{EventSink, Storage};
use groupchat_domain::time::Clock;

use self::core::Hub;
use self::feed::LocalFeed;

pub use options::HubOptions;

/// [`LiveEvents`] for the listeners of this process, and the storage's [`EventSink`]. Clones share one hub.
#[derive(Clone)]
pub struct LocalHub(Arc<Hub>);

impl LocalHub {
    /// A hub that has not read any log yet.
    pub fn new(options: HubOptions, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Hub::new(options, clock)))
    }

    /// Reads the log's epoch and head. Until then, subscriptions end at once with
    /// [`Delivery::TooSlow`](groupchat_domain::events::Delivery::TooSlow), so that clients reconnect. Does nothing if
    /// the hub has begun already.
    ///
    /// # Errors
    /// A fault.
    pub async fn begin(&self, storage: &dyn Storage) -> Result<(), Error> {
        self.0.begin(storage).await
    }

    /// Broadcasts events until the hub is stopped. Call it once, on a tokio runtime with timers. It doesn't yield while
    /// it fills the listeners' queues with a batch, so run it on a thread of its own if possible.
    pub async fn run(&self, storage: Arc<dyn Storage>) {
        self.0.begin_with_retries(storage.as_ref()).await;
        tokio::select! {
            () = self.0.serve() => {}
            never = self.0.poll_log(storage.as_ref()) => match never {},
            never = self.0.run_timers() => match never {},
        }
    }
}

impl EventSink for LocalHub {
    fn publish(&self, events: &[LoggedEvent]) {
        self.0.publish(events);
    }
}

impl LiveEvents for LocalHub {
    fn subscribe(&self) -> Box<dyn Feed> {
        Box::new(LocalFeed::subscribe(&self.0))
    }

    fn publish_ephemeral(&self, to: EphemeralAudience, event: EphemeralEvent) {
        self.0.publish_ephemeral(to, event);
    }

    fn online_in(&self, group: groupchat_domain::ids::GroupId) -> Vec<groupchat_domain::ids::UserId> {
        self.0.online_in(group)
    }

    fn presence_in(
        &self,
        groups: &[groupchat_domain::ids::GroupId],
        except: groupchat_domain::ids::UserId,
    ) -> Vec<EphemeralEvent> {
        self.0.presence_in(groups, except)
    }

    fn stop(&self) {
        self.0.stop();
    }
}

mod clock_reading;
mod presence;
#[cfg(test)]
mod tests;
mod wakers;
