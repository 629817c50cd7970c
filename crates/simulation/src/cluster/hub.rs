//! The hub of a simulated server: it follows the log by itself, and each listener has a bounded queue.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use groupchat_domain::Error;
use groupchat_domain::events::{
    Cursor, Delivery, EphemeralAudience, EphemeralEvent, Epoch, Event, Feed, LiveEvents, LogState,
    LoggedEvent, SharedEvent, Viewer,
};
use groupchat_domain::ids::{EventId, Position, UserId};
use groupchat_domain::presence::Activity;

use crate::cluster::mutation::Mutation;

/// Deliveries that wait for one listener.
const QUEUE: usize = 8;
/// Events that are kept for one that is not authorized yet.
const UNAUTHORIZED_QUEUE: usize = 12;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Shared = Arc<SharedEvent<LoggedEvent>>;

/// Who listens.
enum Authorization {
    /// May see nothing yet; meanwhile events are kept, and what is for the devices of this user.
    Pending(Option<UserId>, Vec<Delivery>),
    /// This viewer.
    Granted(Viewer),
}

struct Listener {
    authorization: Authorization,
    queue: VecDeque<Delivery>,
    is_ended: bool,
}

impl Listener {
    fn push(&mut self, delivery: Delivery) {
        if self.is_ended {
            return;
        }
        if self.queue.len() >= QUEUE {
            return self.end(Delivery::TooSlow);
        }
        self.queue.push_back(delivery);
    }

    fn end(&mut self, last: Delivery) {
        if !self.is_ended {
            self.queue.push_back(last);
            self.is_ended = true;
        }
    }

    fn offer(&mut self, event: &Shared, mutation: Mutation) {
        match &mut self.authorization {
            Authorization::Pending(_, kept) if kept.len() < UNAUTHORIZED_QUEUE => {
                kept.push(Delivery::Logged(Arc::clone(event)));
            }
            Authorization::Pending(..) => self.end(Delivery::TooSlow),
            Authorization::Granted(viewer) => {
                let is_removal = matches!(event.event.event, Event::MemberRemoved(_));
                let may_see = if mutation == Mutation::ViewerIgnoresRemoval && is_removal {
                    viewer.may_see(&event.event)
                } else if mutation == Mutation::HubTakesPositionsForIds {
                    let id = EventId::new(event.event.position.get());
                    viewer.apply_and_check(&LoggedEvent { id, ..event.event.clone() })
                } else {
                    viewer.apply_and_check(&event.event)
                };
                let is_theirs = ends_sessions(&event.event.event) == Some(viewer.user);
                if may_see {
                    self.push(Delivery::Logged(Arc::clone(event)));
                }
                if is_theirs && mutation != Mutation::SessionOutlivesItsEnd {
                    self.push(Delivery::CheckSession);
                }
            }
        }
    }
}

const fn ends_sessions(event: &Event) -> Option<UserId> {
    match event {
        Event::SessionsEnded(user) | Event::UserDeleted(user) => Some(*user),
        _ => None,
    }
}

struct Inner {
    log: LogState,
    mutation: Mutation,
    listeners: Vec<Arc<Mutex<Listener>>>,
}

/// A hub. Clones are the same hub.
#[derive(Clone)]
pub(super) struct ServerHub(Arc<Mutex<Inner>>);

impl ServerHub {
    /// A hub that begins at the head of the log.
    pub(super) fn new(log: LogState, mutation: Mutation) -> Self {
        Self(Arc::new(Mutex::new(Inner { log, mutation, listeners: Vec::new() })))
    }

    /// The last event that was broadcast.
    pub(super) fn position(&self) -> Position {
        locked(&self.0).log.head
    }

    /// Whether it follows the log of this epoch.
    pub(super) fn follows(&self, epoch: &Epoch) -> bool {
        locked(&self.0).log.epoch == *epoch
    }

    /// Broadcasts the event that follows.
    pub(super) fn broadcast(&self, event: &Shared) {
        let mut inner = locked(&self.0);
        inner.log.head = event.event.position;
        let mutation = inner.mutation;
        if mutation == Mutation::HubSkipsOne && event.event.position.get() % 31 == 0 {
            return;
        }
        inner.listeners.retain(|listener| Arc::strong_count(listener) > 1);
        for listener in &inner.listeners {
            locked(listener).offer(event, mutation);
        }
    }

    /// Begins again with another log, or where this one goes on after a gap.
    pub(super) fn begin_anew(&self, log: LogState) {
        self.stop();
        locked(&self.0).log = log;
    }
}

impl LiveEvents for ServerHub {
    fn subscribe(&self) -> Box<dyn Feed> {
        let mut inner = locked(&self.0);
        let listener = Arc::new(Mutex::new(Listener {
            authorization: Authorization::Pending(None, Vec::new()),
            queue: VecDeque::new(),
            is_ended: false,
        }));
        inner.listeners.push(Arc::clone(&listener));
        let since = inner.log.now();
        drop(inner);
        Box::new(ServerFeed { hub: self.clone(), listener, known: since.position, since })
    }

    fn online_in(&self, _: groupchat_domain::ids::GroupId) -> Vec<groupchat_domain::ids::UserId> {
        Vec::new()
    }

    fn presence_in(
        &self,
        _: &[groupchat_domain::ids::GroupId],
        _: groupchat_domain::ids::UserId,
    ) -> Vec<EphemeralEvent> {
        Vec::new()
    }

    fn publish_ephemeral(&self, to: EphemeralAudience, event: EphemeralEvent) {
        let event = Arc::new(SharedEvent::new(event));
        for listener in &locked(&self.0).listeners {
            let mut listener = locked(listener);
            let viewer = match &mut listener.authorization {
                Authorization::Granted(viewer) => viewer,
                Authorization::Pending(user, kept) => {
                    let is_own = user.map(EphemeralAudience::OwnDevices) == Some(to);
                    if is_own && kept.len() < UNAUTHORIZED_QUEUE / 4 * 3 {
                        kept.push(Delivery::Ephemeral(Arc::clone(&event)));
                    }
                    continue;
                }
            };
            let is_meant = match to {
                EphemeralAudience::OwnDevices(user) => viewer.user == user,
                EphemeralAudience::Members(group, except) => viewer.user != except && viewer.is_in(group),
            };
            if is_meant && listener.queue.len() < QUEUE / 4 * 3 {
                listener.push(Delivery::Ephemeral(Arc::clone(&event)));
            }
        }
    }

    fn stop(&self) {
        for listener in locked(&self.0).listeners.drain(..) {
            locked(&listener).end(Delivery::Stopping);
        }
    }
}

struct ServerFeed {
    hub: ServerHub,
    listener: Arc<Mutex<Listener>>,
    since: Cursor,
    known: Position,
}

impl Feed for ServerFeed {
    fn since(&self) -> Option<&Cursor> {
        Some(&self.since)
    }

    fn identify(&mut self, user: UserId) {
        if let Authorization::Pending(owner, _) = &mut locked(&self.listener).authorization {
            *owner = Some(user);
        }
    }

    fn authorize(&mut self, mut viewer: Viewer) {
        let mutation = locked(&self.hub.0).mutation;
        let mut listener = locked(&self.listener);
        let Authorization::Pending(_, kept) = &mut listener.authorization else { return };
        let mut kept = std::mem::take(kept);
        if mutation == Mutation::SeamLosesEvents {
            kept.clear();
        }
        for kept in kept {
            let Delivery::Logged(event) = kept else {
                listener.queue.push_back(kept);
                continue;
            };
            let is_theirs = ends_sessions(&event.event.event) == Some(viewer.user);
            if viewer.apply_and_check(&event.event) {
                listener.queue.push_back(Delivery::Logged(event));
            }
            if is_theirs && mutation != Mutation::SessionOutlivesItsEnd {
                listener.queue.push_back(Delivery::CheckSession);
            }
        }
        listener.authorization = Authorization::Granted(viewer);
    }

    fn join(&mut self) -> Vec<EphemeralEvent> {
        Vec::new()
    }

    fn act(&mut self, _: Activity) -> Result<(), Error> {
        Ok(())
    }

    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let broadcast = self.hub.position();
        let mut listener = locked(&self.listener);
        let is_granted = matches!(listener.authorization, Authorization::Granted(_));
        let is_end = matches!(listener.queue.front(), Some(Delivery::Stopping | Delivery::TooSlow));
        if !is_granted && !is_end {
            return Poll::Pending;
        }
        match listener.queue.pop_front() {
            Some(Delivery::Logged(event)) => {
                self.known = event.event.position;
                Poll::Ready(Some(Delivery::Logged(event)))
            }
            Some(delivery) => Poll::Ready(Some(delivery)),
            None if listener.is_ended => Poll::Ready(None),
            None if broadcast > self.known => {
                self.known = broadcast;
                Poll::Ready(Some(Delivery::Advanced(broadcast)))
            }
            None => Poll::Pending,
        }
    }
}
