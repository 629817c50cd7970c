//! A listener: its user, what it may see, and its queue.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use groupchat_domain::events::{Delivery, Event, Viewer};
use groupchat_domain::ids::{GroupId, Position, UserId};
use groupchat_domain::text::TextBytes;

use super::options::HubOptions;
use super::shared::{SharedEphemeral, SharedLogged};
use super::wakers::Wakers;
use crate::executor::sync::locked;

/// A queue that grew larger is given back once it is empty.
const KEPT_CAPACITY: usize = 32;

/// The subscriber's queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooSlow;

/// A subscription, shared by the hub, which fills it, and the feed, which empties it.
#[derive(Debug)]
pub(super) struct Listener(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    authorization: Authorization,
    queue: VecDeque<Delivery>,
    /// How many of the queue's first were there at the admission: they don't count as slowness.
    backlog: usize,
    /// The bytes of text of those that came since; until the admission, of the events that are kept for it.
    bytes: usize,
    /// The last event of the log that was offered, so that none is offered twice, whichever index leads here.
    offered: Position,
    /// Nothing is added any more.
    ended: bool,
    waker: Option<Waker>,
}

#[derive(Debug)]
enum Authorization {
    /// Not authorized yet; meanwhile all events are kept.
    Pending(Vec<SharedLogged>),
    Granted(Viewer),
}

impl Listener {
    /// A subscriber that gets what is broadcast.
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Inner {
            authorization: Authorization::Pending(Vec::new()),
            queue: VecDeque::new(),
            backlog: 0,
            bytes: 0,
            offered: Position::ZERO,
            ended: false,
            waker: None,
        }))
    }

    /// A subscriber that gets nothing but this.
    pub(super) fn ended(last: Delivery) -> Self {
        let listener = Self::new();
        listener.end(last, &mut Wakers::default());
        listener
    }

    /// Says who listens, and delivers of the events so far what they may see. Returns the groups that they are in
    /// after that; `None` for one that was admitted before, or has ended.
    pub(super) fn authorize(&self, mut viewer: Viewer, wakers: &mut Wakers) -> Option<Vec<GroupId>> {
        let mut inner = locked(&self.0);
        let events = match &mut inner.authorization {
            Authorization::Pending(events) => std::mem::take(events),
            Authorization::Granted(_) => return None,
        };
        if inner.ended {
            return None;
        }
        for event in events {
            if viewer.apply_and_check(&event.event) {
                inner.queue.push_back(Delivery::Logged(Arc::clone(&event)));
            }
            if ends_sessions(&event.event.event) == Some(viewer.user) && !inner.has_pending_check() {
                inner.queue.push_back(Delivery::CheckSession);
            }
        }
        (inner.backlog, inner.bytes) = (inner.queue.len(), 0);
        if inner.backlog > 0 {
            wakers.add(inner.waker.take());
        }
        let groups = viewer.groups().collect();
        inner.authorization = Authorization::Granted(viewer);
        Some(groups)
    }

    /// Who listens and the groups that they are in; `None` if that is not known.
    pub(super) fn memberships(&self) -> Option<(UserId, Vec<GroupId>)> {
        match &locked(&self.0).authorization {
            Authorization::Granted(viewer) => Some((viewer.user, viewer.groups().collect())),
            Authorization::Pending(_) => None,
        }
    }

    /// Whether the viewer is in the group.
    pub(super) fn is_in(&self, group: GroupId) -> bool {
        match &locked(&self.0).authorization {
            Authorization::Granted(viewer) => viewer.is_in(group),
            Authorization::Pending(_) => false,
        }
    }

    /// Does something with who listens, as they are now; `None` for one who is not admitted, or has ended.
    pub(super) fn with_viewer<T>(&self, look: impl FnOnce(&Viewer) -> T) -> Option<T> {
        let inner = locked(&self.0);
        match &inner.authorization {
            Authorization::Granted(viewer) if !inner.ended => Some(look(viewer)),
            _ => None,
        }
    }

    /// Who listens, as they are now; `None` for one who is not admitted, or has ended.
    pub(super) fn viewer(&self) -> Option<Viewer> {
        self.with_viewer(Viewer::clone)
    }

    /// Applies the event to the viewer, and queues it if the viewer may see it.
    pub(super) fn deliver(
        &self,
        event: &SharedLogged,
        options: &HubOptions,
        wakers: &mut Wakers,
    ) -> Result<(), TooSlow> {
        let mut guard = locked(&self.0);
        let inner = &mut *guard;
        if event.event.position <= inner.offered {
            return Ok(());
        }
        inner.offered = event.event.position;
        match &mut inner.authorization {
            Authorization::Pending(events)
                if events.len() < options.unauthorized_queue
                    && inner.bytes < options.unauthorized_queue_bytes =>
            {
                events.push(Arc::clone(event));
                inner.bytes += event.event.event.text_bytes();
                Ok(())
            }
            Authorization::Pending(_) => Err(inner.end_too_slow(wakers)),
            Authorization::Granted(viewer) => {
                if viewer.apply_and_check(&event.event) {
                    inner.push(Delivery::Logged(Arc::clone(event)), options, wakers)?;
                }
                Ok(())
            }
        }
    }

    /// Asks for authentication again, once for any number of reasons that are queued.
    pub(super) fn check_session(&self, options: &HubOptions, wakers: &mut Wakers) -> Result<(), TooSlow> {
        let mut inner = locked(&self.0);
        if inner.has_pending_check() {
            return Ok(());
        }
        inner.push(Delivery::CheckSession, options, wakers)
    }

    /// Adds ephemeral events, if the listener has room to spare and is not the one whom it is not for.
    pub(super) fn deliver_ephemeral(
        &self,
        event: &SharedEphemeral,
        except: Option<UserId>,
        options: &HubOptions,
        wakers: &mut Wakers,
    ) {
        let mut inner = locked(&self.0);
        let Authorization::Granted(viewer) = &inner.authorization else { return };
        if Some(viewer.user) != except && inner.waiting() < options.queue / 4 * 3 {
            // There is room, so it is not too slow.
            let _ = inner.push(Delivery::Ephemeral(Arc::clone(event)), options, wakers);
        }
    }

    /// Adds the last delivery, after what waits.
    pub(super) fn end(&self, last: Delivery, wakers: &mut Wakers) {
        locked(&self.0).end(last, wakers);
    }

    /// The next delivery. When none waits: that all is delivered up to `delivered`, unless the listener knows.
    /// `delivered` MUST have been read before this is called.
    pub(super) fn poll_next(
        &self,
        known: Position,
        delivered: Position,
        context: &mut Context<'_>,
    ) -> Poll<Option<Delivery>> {
        let mut inner = locked(&self.0);
        if let Some(delivery) = inner.pop() {
            return Poll::Ready(Some(delivery));
        }
        if inner.ended {
            return Poll::Ready(None);
        }
        if delivered > known && matches!(inner.authorization, Authorization::Granted(_)) {
            return Poll::Ready(Some(Delivery::Advanced(delivered)));
        }
        let before = inner.waker.replace(context.waker().clone());
        // A waker may run anything when it is dropped, so not under the lock.
        drop(inner);
        drop(before);
        Poll::Pending
    }
}

impl Inner {
    /// Whether a request to authenticate again is the last in the queue.
    fn has_pending_check(&self) -> bool {
        matches!(self.queue.back(), Some(Delivery::CheckSession))
    }

    /// How many deliveries wait that came since the admission.
    fn waiting(&self) -> usize {
        self.queue.len() - self.backlog
    }

    fn push(&mut self, delivery: Delivery, options: &HubOptions, wakers: &mut Wakers) -> Result<(), TooSlow> {
        if self.waiting() >= options.queue || self.bytes >= options.queue_bytes {
            return Err(self.end_too_slow(wakers));
        }
        self.bytes += text_bytes(&delivery);
        self.queue.push_back(delivery);
        wakers.add(self.waker.take());
        Ok(())
    }

    fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.queue.pop_front()?;
        match self.backlog {
            0 => self.bytes = self.bytes.saturating_sub(text_bytes(&delivery)),
            _ => self.backlog -= 1,
        }
        if self.queue.is_empty() && self.queue.capacity() > KEPT_CAPACITY {
            self.queue = VecDeque::new();
        }
        Some(delivery)
    }

    fn end_too_slow(&mut self, wakers: &mut Wakers) -> TooSlow {
        self.end(Delivery::TooSlow, wakers);
        TooSlow
    }

    fn end(&mut self, last: Delivery, wakers: &mut Wakers) {
        if self.ended {
            return;
        }
        self.ended = true;
        if let Authorization::Pending(events) = &mut self.authorization {
            *events = Vec::new();
        }
        self.queue.push_back(last);
        wakers.add(self.waker.take());
    }
}

/// The bytes of text that wait with a delivery, but for what is small.
fn text_bytes(delivery: &Delivery) -> usize {
    match delivery {
        Delivery::Logged(shared) => shared.event.event.text_bytes(),
        _ => 0,
    }
}

/// Whose sessions may have ended with the event.
pub(super) const fn ends_sessions(event: &Event) -> Option<UserId> {
    match event {
        Event::SessionsEnded(user) | Event::UserDeleted(user) => Some(*user),
        _ => None,
    }
}
