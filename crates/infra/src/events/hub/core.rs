//! The state that the hub's clones and feeds share.

use crate::executor::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::Arc;

use groupchat_domain::events::{
    Cursor, Delivery, EphemeralAudience, EphemeralEvent, LogState, LoggedEvent, Viewer,
};
use groupchat_domain::ids::Position;
use groupchat_domain::presence::{Parting, PresenceChange};
use groupchat_domain::time::Clock;

use super::inbox::{Broadcast, Inbox};
use super::listener::Listener;
use super::options::HubOptions;
use super::registry::{HubPhase, Registry};
use super::shared::SharedLogged;
use super::trackers::Trackers;
use super::wakers::Wakers;
use crate::executor::sync::{Mutex, Notify, locked};

/// Whether everything that was published could be broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Continuity {
    /// Everything was broadcast.
    Complete,
    /// Events are missing in between. They must be read from the log.
    Gap,
}

/// The hub.
pub(super) struct Hub {
    pub(super) options: HubOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) inbox: Inbox,
    /// Notified when events are missing that must be read from the log.
    pub(super) missing: Notify,
    pub(super) registry: Mutex<Registry>,
    pub(super) trackers: Mutex<Trackers>,
    /// The number of listeners in the registry, readable without its lock. Written only under that lock.
    listeners: AtomicUsize,
    /// The highest position that was published to the hub.
    published: AtomicI64,
    /// The registry's position, readable without its lock: everything up to it is in the listeners' queues.
    delivered: AtomicI64,
}

impl Hub {
    pub(super) fn new(options: HubOptions, clock: Arc<dyn Clock>) -> Self {
        Self {
            options,
            clock,
            inbox: Inbox::new(options.inbox),
            missing: Notify::new(),
            registry: Mutex::default(),
            trackers: Mutex::default(),
            listeners: AtomicUsize::new(0),
            published: AtomicI64::new(Position::ZERO.get()),
            delivered: AtomicI64::new(Position::ZERO.get()),
        }
    }

    /// Queues committed events for broadcast.
    pub(super) fn publish(&self, events: &[LoggedEvent]) {
        let Some(last) = events.last() else { return };
        // This order and the opposite one in `subscribe` guarantee that either this code sees the new listener or
        // `subscribe` sees this event.
        self.published.fetch_max(last.position.get(), Ordering::SeqCst);
        if self.has_listeners() {
            self.inbox.push_logged(events);
        }
    }

    /// Queues an ephemeral event for delivery.
    pub(super) fn publish_ephemeral(&self, to: EphemeralAudience, event: EphemeralEvent) {
        if self.has_listeners() {
            self.inbox.push_ephemeral(to, event);
        }
    }

    /// Queues a change of a user's presence for broadcast.
    pub(super) fn publish_presence(&self, change: PresenceChange) {
        if self.has_listeners() {
            self.inbox.push_presence(change);
        }
    }

    /// Queues that somebody is offline to a user.
    pub(super) fn publish_parting(&self, parting: Parting) {
        if self.has_listeners() {
            self.inbox.push_parting(parting);
        }
    }

    pub(super) fn has_listeners(&self) -> bool {
        self.listeners.load(Ordering::SeqCst) > 0
    }

    /// Everything up to this position has been broadcast.
    pub(super) fn delivered(&self) -> Position {
        Position::new(self.delivered.load(Ordering::Acquire))
    }

    /// Adds a listener and returns the position after which it gets all events. There is no position if the hub has no
    /// log yet.
    pub(super) fn subscribe(&self) -> (Arc<Listener>, Option<Cursor>) {
        let mut registry = locked(&self.registry);
        let listener = match registry.phase {
            HubPhase::NotStarted => Arc::new(Listener::ended(Delivery::TooSlow)),
            HubPhase::Stopped => Arc::new(Listener::ended(Delivery::Stopping)),
            HubPhase::Serving => {
                let listener = registry.add();
                self.note_listeners(&registry);
                if registry.listeners() == 1 {
                    // Events that were committed while there were no listeners were not broadcast.
                    let published = Position::new(self.published.load(Ordering::SeqCst));
                    self.skip(&mut registry, published);
                }
                listener
            }
        };
        let since = registry.epoch.clone().map(|epoch| Cursor { epoch, position: registry.position });
        (listener, since)
    }

    pub(super) fn authorize(&self, listener: &Arc<Listener>, viewer: Viewer) {
        let mut wakers = Wakers::default();
        locked(&self.registry).authorize(listener, viewer, &mut wakers);
        wakers.wake();
    }

    pub(super) fn unsubscribe(&self, listener: &Arc<Listener>) {
        let mut registry = locked(&self.registry);
        registry.remove(listener);
        self.note_listeners(&registry);
    }

    pub(super) fn broadcast(&self, item: &Broadcast, wakers: &mut Wakers) {
        let mut registry = locked(&self.registry);
        match item {
            Broadcast::Logged(event) => self.broadcast_logged(&mut registry, event, wakers),
            Broadcast::Ephemeral(to, event) => {
                registry.broadcast_ephemeral(*to, event, &self.options, wakers)
            }
            Broadcast::Presence(change) => registry.broadcast_presence(change.clone(), &self.options, wakers),
        }
    }

    /// Broadcasts the event if it is the next one. Skips an event that was broadcast before, and one that leaves a gap,
    /// which is read from the log later.
    fn broadcast_logged(&self, registry: &mut Registry, event: &SharedLogged, wakers: &mut Wakers) {
        let position = event.event.position;
        if position != registry.position.next() {
            return;
        }
        registry.broadcast(event, &self.options, wakers);
        self.note_listeners(registry);
        self.apply(&event.event, registry, wakers);
        self.move_to(registry, position);
    }

    /// Advances past events that had no listeners.
    pub(super) fn skip(&self, registry: &mut Registry, position: Position) {
        if position > registry.position {
            // The skipped events may have changed memberships and presence settings.
            locked(&self.trackers).forget_all();
            self.move_to(registry, position);
        }
    }

    /// Starts over with a different log. Listeners of the previous log notice the change by their cursors.
    pub(super) fn begin_anew(&self, state: LogState, wakers: &mut Wakers) {
        let mut registry = locked(&self.registry);
        self.end_all(&mut registry, &Delivery::Stopping, wakers);
        locked(&self.trackers).forget_all();
        self.inbox.clear();
        self.published.store(state.head.get(), Ordering::SeqCst);
        self.delivered.store(state.head.get(), Ordering::Release);
        registry.position = state.head;
        registry.epoch = Some(state.epoch);
    }

    /// Advances the position. It never goes back.
    pub(super) fn move_to(&self, registry: &mut Registry, position: Position) {
        registry.position = registry.position.max(position);
        self.delivered.store(registry.position.get(), Ordering::Release);
    }

    fn note_listeners(&self, registry: &Registry) {
        self.listeners.store(registry.listeners(), Ordering::SeqCst);
    }

    /// Disconnects all listeners.
    pub(super) fn end_all(&self, registry: &mut Registry, last: &Delivery, wakers: &mut Wakers) {
        registry.end_all(last, wakers);
        self.note_listeners(registry);
    }

    pub(super) fn stop(&self) {
        let mut wakers = Wakers::default();
        let mut registry = locked(&self.registry);
        registry.phase = HubPhase::Stopped;
        self.end_all(&mut registry, &Delivery::Stopping, &mut wakers);
        drop(registry);
        wakers.wake();
        self.inbox.wake();
    }
}
