//! The events that are queued for broadcast.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use groupchat_domain::events::{EphemeralAudience, EphemeralEvent, LoggedEvent, SharedEvent};
use groupchat_domain::ids::{GroupId, Position, UserId};
use groupchat_domain::presence::{Parting, PresenceChange};

use super::shared::{SharedEphemeral, SharedLogged};
use crate::executor::sync::{Mutex, Notify, locked};

/// Something to broadcast.
#[derive(Debug)]
pub(super) enum Broadcast {
    /// An event of the log.
    Logged(SharedLogged),
    /// An ephemeral event.
    Ephemeral(EphemeralAudience, SharedEphemeral),
    /// A change of a user's presence.
    Presence(PresenceChange),
}

impl Broadcast {
    /// The position in the log, if the item is a logged event.
    fn position(&self) -> Option<Position> {
        match self {
            Self::Logged(event) => Some(event.event.position),
            Self::Ephemeral(..) | Self::Presence(_) => None,
        }
    }
}

/// A bounded queue that any thread fills and that a single task, the hub's, empties.
pub(super) struct Inbox {
    limit: usize,
    waiting: Mutex<InboxState>,
    changed: Notify,
}

struct InboxState {
    items: VecDeque<Broadcast>,
    /// The latest change of each user. It can't overflow, because there is at most one per user.
    presence: HashMap<UserId, PresenceChange>,
    /// Who is offline to whom, by both. An event of the log adds two at most.
    partings: HashMap<(UserId, UserId), Parting>,
    /// The position of the last event that was pushed, whether or not it fitted.
    last: Position,
}

impl InboxState {
    fn is_empty(&self) -> bool {
        self.items.is_empty() && self.presence.is_empty() && self.partings.is_empty()
    }

    fn take_partings(&mut self, most: usize) -> Vec<Broadcast> {
        let pairs: Vec<_> = self.partings.keys().take(most).copied().collect();
        let taken = pairs.iter().filter_map(|pair| self.partings.remove(pair));
        let broadcast = |parting: Parting| {
            let to = EphemeralAudience::OwnDevices(parting.to);
            Broadcast::Ephemeral(to, Arc::new(SharedEvent::new(parting.into())))
        };
        taken.map(broadcast).collect()
    }
}

impl Inbox {
    pub(super) fn new(limit: usize) -> Self {
        let waiting = InboxState {
            items: VecDeque::new(),
            presence: HashMap::new(),
            partings: HashMap::new(),
            last: Position::ZERO,
        };
        Self { limit, waiting: Mutex::new(waiting), changed: Notify::new() }
    }

    /// Adds logged events, as many as fit. The hub notices that the others are missing and reads them from the log.
    pub(super) fn push_logged(&self, events: &[LoggedEvent]) {
        let Some(last) = events.last() else { return };
        let copy = |event: &LoggedEvent| Broadcast::Logged(Arc::new(SharedEvent::new(event.clone())));
        // Copied before the lock is taken, to keep the time under the lock short.
        let items: Vec<_> = events.iter().map(copy).collect();
        let mut waiting = locked(&self.waiting);
        let room = self.limit.saturating_sub(waiting.items.len());
        waiting.items.extend(items.into_iter().take(room));
        waiting.last = waiting.last.max(last.position);
        drop(waiting);
        self.changed.notify_one();
    }

    /// Adds an ephemeral event, unless half of the queue is in use: the rest is reserved for logged events.
    pub(super) fn push_ephemeral(&self, to: EphemeralAudience, event: EphemeralEvent) {
        let mut waiting = locked(&self.waiting);
        if waiting.items.len() >= self.limit / 2 {
            return;
        }
        waiting.items.push_back(Broadcast::Ephemeral(to, Arc::new(SharedEvent::new(event))));
        drop(waiting);
        self.changed.notify_one();
    }

    /// Adds a presence change. It is merged with a change of the same user that is still queued.
    pub(super) fn push_presence(&self, change: PresenceChange) {
        let mut waiting = locked(&self.waiting);
        let merged = match waiting.presence.remove(&change.user) {
            Some(before) => change.instead_of(before),
            None => change,
        };
        waiting.presence.insert(merged.user, merged);
        drop(waiting);
        self.changed.notify_one();
    }

    /// Adds that somebody is offline to a user. It is delivered before the queued presence changes: those that the user
    /// still gets, as the others were [withdrawn](Self::withdraw_presence), were made later.
    pub(super) fn push_parting(&self, parting: Parting) {
        locked(&self.waiting).partings.insert((parting.to, parting.user), parting);
        self.changed.notify_one();
    }

    /// Removes a group from the audience of a user's queued presence change.
    pub(super) fn withdraw_presence(&self, user: UserId, group: GroupId) {
        if let Some(change) = locked(&self.waiting).presence.get_mut(&user) {
            change.groups.retain(|other| *other != group);
        }
    }

    /// Takes up to `most` items. Stops before a logged event that doesn't follow directly on `known` and the events
    /// taken: that event and all behind it stay queued until the log has been read. Partings and presence
    /// changes come first, so that they are delivered before a later logged event changes their audience.
    pub(super) fn pop_ready(&self, most: usize, known: Position) -> Vec<Broadcast> {
        let mut waiting = locked(&self.waiting);
        let mut taken = waiting.take_partings(most);
        let users: Vec<_> = waiting.presence.keys().take(most - taken.len()).copied().collect();
        let changes = users.iter().filter_map(|user| waiting.presence.remove(user));
        taken.extend(changes.map(Broadcast::Presence));
        let mut next = known.next();
        while taken.len() < most
            && let Some(item) = waiting.items.pop_front()
        {
            match item.position() {
                Some(position) if position > next => {
                    waiting.items.push_front(item);
                    break;
                }
                Some(position) if position == next => next = next.next(),
                _ => {}
            }
            taken.push(item);
        }
        taken
    }

    /// Discards all queued events and the position of the last one.
    pub(super) fn clear(&self) {
        let mut waiting = locked(&self.waiting);
        waiting.items.clear();
        waiting.last = Position::ZERO;
    }

    /// The position of the last event that was pushed, whether or not it fitted.
    pub(super) fn last(&self) -> Position {
        locked(&self.waiting).last
    }

    /// Resolves when the queue is not empty, or after [`wake`](Self::wake).
    pub(super) async fn changed(&self) {
        if locked(&self.waiting).is_empty() {
            self.changed.notified().await;
        }
    }

    /// Resolves when something was pushed since the last call, or after [`wake`](Self::wake).
    pub(super) async fn woken(&self) {
        self.changed.notified().await;
    }

    /// Wakes the task that waits for the queue to change.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }
}
