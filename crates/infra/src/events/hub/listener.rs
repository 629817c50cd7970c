//! A listener: its user, what it may see, and its queue.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use groupchat_domain::events::{Delivery, Event, Viewer};
use groupchat_domain::ids::{GroupId, Position, UserId};
use groupchat_domain::text::TextBytes;

use super::options::HubOptions;
use super::shared::{SharedEphemeral, SharedLogged};
use super::wakers::Wakers;
use crate::executor::sync::{Mutex, locked};

/// If an emptied queue has more capacity than this, its memory is freed.
const KEPT_CAPACITY: usize = 32;

/// The listener's queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooSlow;

/// The groups by which the events for a listener are found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Followed {
    /// The groups that the viewer is in.
    pub(super) groups: Vec<GroupId>,
    /// The private groups that have been deleted, and whose end the viewer is still to be told of.
    pub(super) ended: Vec<GroupId>,
}

impl Followed {
    fn by(viewer: &Viewer) -> Self {
        Self { groups: viewer.groups().collect(), ended: viewer.ended_groups().collect() }
    }
}

/// A subscription, shared by the hub, which fills it, and the feed, which empties it.
#[derive(Debug)]
pub(super) struct Listener(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    authorization: Authorization,
    queue: VecDeque<Delivery>,
    /// How many of the first entries in the queue were there at the authorization. They don't count as slowness.
    backlog: usize,
    /// The bytes of text of the later entries. Before the authorization: those of the deliveries that are kept for it.
    bytes: usize,
    /// The last logged event that was offered, so that none is delivered twice when several indexes lead to the
    /// listener.
    offered: Position,
    /// No further delivery is added.
    ended: bool,
    waker: Option<Waker>,
}

#[derive(Debug)]
enum Authorization {
    /// Not authorized yet. Meanwhile all logged events are kept, and ephemeral ones for the devices of the user, once it
    /// is known who that is.
    Pending {
        user: Option<UserId>,
        kept: Vec<Delivery>,
    },
    Granted(Viewer),
}

impl Listener {
    /// A listener that gets what is broadcast.
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Inner {
            authorization: Authorization::Pending { user: None, kept: Vec::new() },
            queue: VecDeque::new(),
            backlog: 0,
            bytes: 0,
            offered: Position::ZERO,
            ended: false,
            waker: None,
        }))
    }

    /// A listener that gets only this delivery.
    pub(super) fn ended(last: Delivery) -> Self {
        let listener = Self::new();
        listener.end(last, &mut Wakers::default());
        listener
    }

    /// Names the user whose device listens, before the authorization.
    pub(super) fn identify(&self, owner: UserId) {
        if let Authorization::Pending { user, .. } = &mut locked(&self.0).authorization {
            *user = Some(owner);
        }
    }

    /// Sets the viewer, and delivers those of the events so far that the viewer may see. Returns the groups that the
    /// viewer follows after these events, or `None` if the listener was authorized before or has ended.
    pub(super) fn authorize(&self, mut viewer: Viewer, wakers: &mut Wakers) -> Option<Followed> {
        let mut inner = locked(&self.0);
        let kept = match &mut inner.authorization {
            Authorization::Pending { kept, .. } => std::mem::take(kept),
            Authorization::Granted(_) => return None,
        };
        if inner.ended {
            return None;
        }
        for delivery in kept {
            let Delivery::Logged(event) = delivery else {
                inner.queue.push_back(delivery);
                continue;
            };
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
        let followed = Followed::by(&viewer);
        inner.authorization = Authorization::Granted(viewer);
        Some(followed)
    }

    /// The user and the groups that the user follows, or `None` if the listener is not authorized.
    pub(super) fn followed(&self) -> Option<(UserId, Followed)> {
        match &locked(&self.0).authorization {
            Authorization::Granted(viewer) => Some((viewer.user, Followed::by(viewer))),
            Authorization::Pending { .. } => None,
        }
    }

    /// Whether the viewer is in the group.
    pub(super) fn is_in(&self, group: GroupId) -> bool {
        match &locked(&self.0).authorization {
            Authorization::Granted(viewer) => viewer.is_in(group),
            Authorization::Pending { .. } => false,
        }
    }

    /// Whether the group has been deleted, and the viewer is still to be told of it.
    pub(super) fn awaits_end(&self, group: GroupId) -> bool {
        match &locked(&self.0).authorization {
            Authorization::Granted(viewer) => viewer.awaits_end(group),
            Authorization::Pending { .. } => false,
        }
    }

    /// Passes the current viewer to a function. Returns `None` if the listener is not authorized or has ended.
    pub(super) fn with_viewer<T>(&self, look: impl FnOnce(&Viewer) -> T) -> Option<T> {
        let inner = locked(&self.0);
        match &inner.authorization {
            Authorization::Granted(viewer) if !inner.ended => Some(look(viewer)),
            _ => None,
        }
    }

    /// A copy of the current viewer, or `None` if the listener is not authorized or has ended.
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
            Authorization::Pending { kept, .. }
                if kept.len() < options.unauthorized_queue
                    && inner.bytes < options.unauthorized_queue_bytes =>
            {
                kept.push(Delivery::Logged(Arc::clone(event)));
                inner.bytes += event.event.event.text_bytes();
                Ok(())
            }
            Authorization::Pending { .. } => Err(inner.end_too_slow(wakers)),
            Authorization::Granted(viewer) => {
                if viewer.apply_and_check(&event.event) {
                    inner.push(Delivery::Logged(Arc::clone(event)), options, wakers)?;
                }
                Ok(())
            }
        }
    }

    /// Asks the subscriber to authenticate again, unless such a request is already the last in the queue.
    pub(super) fn check_session(&self, options: &HubOptions, wakers: &mut Wakers) -> Result<(), TooSlow> {
        let mut inner = locked(&self.0);
        if inner.has_pending_check() {
            return Ok(());
        }
        inner.push(Delivery::CheckSession, options, wakers)
    }

    /// Adds an ephemeral event, unless it excludes this user or the queue is nearly full.
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
            // The queue has room, so this can't fail.
            let _ = inner.push(Delivery::Ephemeral(Arc::clone(event)), options, wakers);
        }
    }

    /// Before the authorization: keeps an ephemeral event for the devices of this user, if that is who listens and there
    /// is much room.
    pub(super) fn keep_for(&self, owner: UserId, event: &SharedEphemeral, options: &HubOptions) {
        if let Authorization::Pending { user: Some(user), kept } = &mut locked(&self.0).authorization
            && *user == owner
            && kept.len() < options.unauthorized_queue / 4 * 3
        {
            kept.push(Delivery::Ephemeral(Arc::clone(event)));
        }
    }

    /// Adds the last delivery, after everything that is queued.
    pub(super) fn end(&self, last: Delivery, wakers: &mut Wakers) {
        locked(&self.0).end(last, wakers);
    }

    /// The next delivery. If the queue is empty and `delivered` is greater than `known`, that everything up to
    /// `delivered` has been delivered. The caller MUST read `delivered` before the call.
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
        // Dropping a waker may run arbitrary code, so it is dropped without the lock.
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

    /// How many queued deliveries were added after the authorization.
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
        if let Authorization::Pending { kept, .. } = &mut self.authorization {
            *kept = Vec::new();
        }
        self.queue.push_back(last);
        wakers.add(self.waker.take());
    }
}

/// The bytes of text in a delivery. Other, small parts are not counted.
fn text_bytes(delivery: &Delivery) -> usize {
    match delivery {
        Delivery::Logged(shared) => shared.event.event.text_bytes(),
        _ => 0,
    }
}

/// The user whose sessions the event may have ended.
pub(super) const fn ends_sessions(event: &Event) -> Option<UserId> {
    match event {
        Event::SessionsEnded(user) | Event::UserDeleted(user) => Some(*user),
        _ => None,
    }
}
