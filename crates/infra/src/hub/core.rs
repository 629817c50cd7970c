//! What the hub's clones and feeds share.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use groupchat_domain::events::{Cursor, Delivery, LogState, LoggedEvent, Passing, PassingTo, Viewer};
use groupchat_domain::ids::Position;
use groupchat_domain::presence::PresenceChange;
use groupchat_domain::time::Clock;
use tokio::sync::Notify;

use super::inbox::{Inbox, Item};
use super::listener::Listener;
use super::options::HubOptions;
use super::registry::{Phase, Registry};
use super::shared::LoggedOnce;
use super::trackers::Company;
use super::wakes::Wakes;
use crate::executor::sync::locked;

/// Whether all that was told could be handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sequence {
    /// It was.
    Kept,
    /// There are events before it that only the log has.
    Broken,
}

/// The hub.
pub(super) struct Hub {
    pub(super) options: HubOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) inbox: Inbox,
    /// Events are missing that only the log has.
    pub(super) missing: Notify,
    pub(super) registry: Mutex<Registry>,
    pub(super) company: Mutex<Company>,
    /// How many listeners the registry has, to be looked at without a lock. Changed under its lock.
    listeners: AtomicUsize,
    /// The greatest position that the hub was told of.
    committed: AtomicI64,
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
            company: Mutex::default(),
            listeners: AtomicUsize::new(0),
            committed: AtomicI64::new(Position::ZERO.get()),
            delivered: AtomicI64::new(Position::ZERO.get()),
        }
    }

    /// Takes events that were committed, to hand them out later.
    pub(super) fn committed(&self, events: &[LoggedEvent]) {
        let Some(last) = events.last() else { return };
        // In this order, with `subscribe` in the other: either this sees the new listener, or that sees this event.
        self.committed.fetch_max(last.position.get(), Ordering::SeqCst);
        if self.is_listened_to() {
            self.inbox.put_logged(events);
        }
    }

    /// Queues an ephemeral event for delivery.
    pub(super) fn pass(&self, to: PassingTo, event: Passing) {
        if self.is_listened_to() {
            self.inbox.put_passing(to, event);
        }
    }

    /// Takes how a user is there now, to tell others later.
    pub(super) fn pass_presence(&self, change: PresenceChange) {
        if self.is_listened_to() {
            self.inbox.put_presence(change);
        }
    }

    pub(super) fn is_listened_to(&self) -> bool {
        self.listeners.load(Ordering::SeqCst) > 0
    }

    /// Everything up to here has been handed out.
    pub(super) fn delivered(&self) -> Position {
        Position::new(self.delivered.load(Ordering::Acquire))
    }

    /// Adds a listener, who gets all events after the place that is returned with it; without a place if there is no
    /// log to listen to.
    pub(super) fn subscribe(&self) -> (Arc<Listener>, Option<Cursor>) {
        let mut registry = locked(&self.registry);
        let listener = match registry.phase {
            Phase::NotBegun => Arc::new(Listener::ended(Delivery::TooSlow)),
            Phase::Stopped => Arc::new(Listener::ended(Delivery::Stopping)),
            Phase::Serving => {
                let listener = registry.add();
                self.note_listeners(&registry);
                if registry.listeners() == 1 {
                    // Of what was committed while nobody listened, nothing was handed out.
                    let committed = Position::new(self.committed.load(Ordering::SeqCst));
                    self.skip(&mut registry, committed);
                }
                listener
            }
        };
        let since = registry.epoch.clone().map(|epoch| Cursor { epoch, position: registry.position });
        (listener, since)
    }

    pub(super) fn admit(&self, listener: &Arc<Listener>, viewer: Viewer) {
        let mut wakes = Wakes::default();
        locked(&self.registry).admit(listener, viewer, &mut wakes);
        wakes.wake();
    }

    pub(super) fn unsubscribe(&self, listener: &Arc<Listener>) {
        let mut registry = locked(&self.registry);
        registry.remove(listener);
        self.note_listeners(&registry);
    }

    pub(super) fn hand_out(&self, item: &Item, wakes: &mut Wakes) {
        let mut registry = locked(&self.registry);
        match item {
            Item::Logged(event) => self.hand_out_logged(&mut registry, event, wakes),
            Item::Passing(to, event) => registry.pass(*to, event, &self.options, wakes),
            Item::Presence(change) => registry.pass_presence(change.clone(), &self.options, wakes),
        }
    }

    /// Hands out the event that is next. One that was handed out before is not again, and one that does not follow is
    /// left to the log.
    fn hand_out_logged(&self, registry: &mut Registry, event: &LoggedOnce, wakes: &mut Wakes) {
        let position = event.event.position;
        if position != registry.position.next() {
            return;
        }
        registry.log(event, &self.options, wakes);
        self.note_listeners(registry);
        self.take_in(&event.event, registry, wakes);
        self.move_to(registry, position);
    }

    /// Moves on past events that nobody listened to.
    pub(super) fn skip(&self, registry: &mut Registry, position: Position) {
        if position > registry.position {
            // They may have changed who is in which group, and who hides.
            locked(&self.company).forget_all();
            self.move_to(registry, position);
        }
    }

    /// Begins again with another log. Those who listened to the one before learn by their cursors that it is another.
    pub(super) fn begin_anew(&self, state: LogState, wakes: &mut Wakes) {
        let mut registry = locked(&self.registry);
        self.end_all(&mut registry, &Delivery::Stopping, wakes);
        locked(&self.company).forget_all();
        self.inbox.clear();
        self.committed.store(state.head.get(), Ordering::SeqCst);
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

    /// Lets all listeners go.
    pub(super) fn end_all(&self, registry: &mut Registry, last: &Delivery, wakes: &mut Wakes) {
        registry.end_all(last, wakes);
        self.note_listeners(registry);
    }

    pub(super) fn stop(&self) {
        let mut wakes = Wakes::default();
        let mut registry = locked(&self.registry);
        registry.phase = Phase::Stopped;
        self.end_all(&mut registry, &Delivery::Stopping, &mut wakes);
        drop(registry);
        wakes.wake();
        self.inbox.wake();
    }
}
