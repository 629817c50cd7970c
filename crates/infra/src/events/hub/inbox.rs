//! The events that wait to be delivered.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use groupchat_domain::events::{EphemeralAudience, EphemeralEvent, LoggedEvent, SharedEvent};
use groupchat_domain::ids::{GroupId, Position, UserId};
use groupchat_domain::presence::PresenceChange;
use tokio::sync::Notify;

use super::shared::{SharedEphemeral, SharedLogged};
use crate::executor::sync::locked;

/// Something to broadcast.
#[derive(Debug)]
pub(super) enum Item {
    /// An event of the log.
    Logged(SharedLogged),
    /// Ephemeral events.
    Ephemeral(EphemeralAudience, SharedEphemeral),
    /// How a user is there now.
    Presence(PresenceChange),
}

impl Item {
    /// Where in the log it is.
    fn position(&self) -> Option<Position> {
        match self {
            Self::Logged(event) => Some(event.event.position),
            Self::Ephemeral(..) | Self::Presence(_) => None,
        }
    }
}

/// A bounded queue that any thread fills and the hub's one future empties.
pub(super) struct Inbox {
    limit: usize,
    waiting: Mutex<InboxState>,
    changed: Notify,
}

struct InboxState {
    items: VecDeque<Item>,
    /// The last of each user, so that none is lost for lack of room: there are no more than users.
    presence: HashMap<UserId, PresenceChange>,
    /// The position of the last event that was put in, or would have been had there been room.
    last: Position,
}

impl InboxState {
    fn is_empty(&self) -> bool {
        self.items.is_empty() && self.presence.is_empty()
    }
}

impl Inbox {
    pub(super) fn new(limit: usize) -> Self {
        let waiting = InboxState { items: VecDeque::new(), presence: HashMap::new(), last: Position::ZERO };
        Self { limit, waiting: Mutex::new(waiting), changed: Notify::new() }
    }

    /// Adds events of the log, as many as fit: the others are found missing, and read from the log.
    pub(super) fn push_logged(&self, events: &[LoggedEvent]) {
        let Some(last) = events.last() else { return };
        let copy = |event: &LoggedEvent| Item::Logged(Arc::new(SharedEvent::new(event.clone())));
        // Copied before the lock is taken, so that it is held for a moment only.
        let items: Vec<_> = events.iter().map(copy).collect();
        let mut waiting = locked(&self.waiting);
        let room = self.limit.saturating_sub(waiting.items.len());
        waiting.items.extend(items.into_iter().take(room));
        waiting.last = waiting.last.max(last.position);
        drop(waiting);
        self.changed.notify_one();
    }

    /// Adds ephemeral events, unless events of the log would soon lack the room.
    pub(super) fn push_ephemeral(&self, to: EphemeralAudience, event: EphemeralEvent) {
        let mut waiting = locked(&self.waiting);
        if waiting.items.len() >= self.limit / 2 {
            return;
        }
        waiting.items.push_back(Item::Ephemeral(to, Arc::new(SharedEvent::new(event))));
        drop(waiting);
        self.changed.notify_one();
    }

    /// Adds a change of presence, which replaces one of the same user that is still queued.
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

    /// How a user is there is no longer for this group.
    pub(super) fn withdraw_presence(&self, user: UserId, group: GroupId) {
        if let Some(change) = locked(&self.waiting).presence.get_mut(&user) {
            change.groups.retain(|there| *there != group);
        }
    }

    /// Takes up to `most` items out, until an event of the log that does not follow on those up to `known`: that one
    /// and what is behind it wait until the log has been read. Who is there comes first, so that it is told before what
    /// came later of the log changes whom it is for.
    pub(super) fn pop_ready(&self, most: usize, known: Position) -> Vec<Item> {
        let mut waiting = locked(&self.waiting);
        let users: Vec<_> = waiting.presence.keys().take(most).copied().collect();
        let changes = users.iter().filter_map(|user| waiting.presence.remove(user));
        let mut taken: Vec<_> = changes.map(Item::Presence).collect();
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

    /// Forgets what waits, and what was meant to come in.
    pub(super) fn clear(&self) {
        let mut waiting = locked(&self.waiting);
        waiting.items.clear();
        waiting.last = Position::ZERO;
    }

    /// The position of the last event that was meant to come in here.
    pub(super) fn last(&self) -> Position {
        locked(&self.waiting).last
    }

    /// Resolves when there is something, or after [`wake`](Self::wake).
    pub(super) async fn changed(&self) {
        if locked(&self.waiting).is_empty() {
            self.changed.notified().await;
        }
    }

    /// Resolves when something has come since the last time, or after [`wake`](Self::wake).
    pub(super) async fn woken(&self) {
        self.changed.notified().await;
    }

    /// Wakes who waits for something to come.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }
}
