//! What the hub's clones and feeds share.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use groupchat_domain::events::{
    Cursor, Delivery, EphemeralAudience, EphemeralEvent, LogState, LoggedEvent, Viewer,
};
use groupchat_domain::ids::Position;
use groupchat_domain::presence::PresenceChange;
use groupchat_domain::time::Clock;
use tokio::sync::Notify;

use super::inbox::{Inbox, Item};
use super::listener::Listener;
use super::options::HubOptions;
use super::registry::{HubPhase, Registry};
use super::shared::SharedLogged;
use super::trackers::Trackers;
use super::wakers::Wakers;
use crate::executor::sync::locked;

/// Whether all that was published could be broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Continuity {
    /// It was.
    Complete,
    /// There are events before it that only the log has.
    Gap,
}

/// The hub.
pub(super) struct Hub {
    pub(super) options: HubOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) inbox: Inbox,
    /// Events are missing that only the log has.
    pub(super) missing: Notify,
    pub(super) registry: Mutex<Registry>,
    pub(super) trackers: Mutex<Trackers>,
    /// How many listeners the registry has, to be looked at without a lock. Changed under its lock.
    listeners: AtomicUsize,
    /// The greatest position that was published to the hub.
    published: AtomicI64,
    /// The registry's position, to be looked at without a lock: what is up to here is in the listeners' queues.
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
        // In this order, with `subscribe` in the other: either this sees the new listener, or that sees this event.
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

    pub(super) fn has_listeners(&self) -> bool {
        self.listeners.load(Ordering::SeqCst) > 0
    }

    /// Everything up to this position has been broadcast.
    pub(super) fn delivered(&self) -> Position {
        Position::new(self.delivered.load(Ordering::Acquire))
    }

    /// Adds a listener, who gets all events after the position that is returned with it; without a position if there is
    /// no log to listen to.
    pub(super) fn subscribe(&self) -> (Arc<Listener>, Option<Cursor>) {
        let mut registry = locked(&self.registry);
        let listener = match registry.phase {
            HubPhase::NotStarted => Arc::new(Listener::ended(Delivery::TooSlow)),
            HubPhase::Stopped => Arc::new(Listener::ended(Delivery::Stopping)),
            HubPhase::Serving => {
                let listener = registry.add();
                self.note_listeners(&registry);
                if registry.listeners() == 1 {
                    // Nothing that was committed while nobody listened was broadcast.
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

    pub(super) fn broadcast(&self, item: &Item, wakers: &mut Wakers) {
        let mut registry = locked(&self.registry);
        match item {
            Item::Logged(event) => self.broadcast_logged(&mut registry, event, wakers),
            Item::Ephemeral(to, event) => registry.broadcast_ephemeral(*to, event, &self.options, wakers),
            Item::Presence(change) => registry.broadcast_presence(change.clone(), &self.options, wakers),
        }
    }

    /// Broadcasts the event that is next. One that was broadcast before is skipped, and one that does not follow is
    /// left to the log.
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

    /// Moves on past events that nobody listened to.
    pub(super) fn skip(&self, registry: &mut Registry, position: Position) {
        if position > registry.position {
            // They may have changed who is in which group, and who hides.
            locked(&self.trackers).forget_all();
            self.move_to(registry, position);
        }
    }

    /// Begins again with another log. Those who listened to the one before learn by their cursors that it is another.
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

    /// Moves the position on, never back.
    pub(super) fn move_to(&self, registry: &mut Registry, position: Position) {
        registry.position = registry.position.max(position);
        self.delivered.store(registry.position.get(), Ordering::Release);
    }

    fn note_listeners(&self, registry: &Registry) {
        self.listeners.store(registry.listeners(), Ordering::SeqCst);
    }

    /// Disconnects all subscribers.
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
