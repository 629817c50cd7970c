//! A listener: its user, what it may see, and its queue.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use groupchat_domain::events::{Delivery, Event, Viewer};
use groupchat_domain::ids::{GroupId, Position, UserId};
use groupchat_domain::text::TextBytes;

use super::options::HubOptions;
use super::shared::{LoggedOnce, PassingOnce};
use super::wakes::Wakes;
use crate::executor::sync::locked;

/// A queue that grew larger is given back once it is empty.
const KEPT_CAPACITY: usize = 32;

/// The listener has more to take than it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooSlow;

/// A subscription, shared by the hub, which fills it, and the feed, which empties it.
#[derive(Debug)]
pub(super) struct Listener(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    who: Who,
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
enum Who {
    /// Nobody said so yet; meanwhile all events are kept.
    Unknown(Vec<LoggedOnce>),
    Known(Viewer),
}

impl Listener {
    /// One who gets what is offered.
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Inner {
            who: Who::Unknown(Vec::new()),
            queue: VecDeque::new(),
            backlog: 0,
            bytes: 0,
            offered: Position::ZERO,
            ended: false,
            waker: None,
        }))
    }

    /// One who gets nothing but this.
    pub(super) fn ended(last: Delivery) -> Self {
        let listener = Self::new();
        listener.end(last, &mut Wakes::default());
        listener
    }

    /// Says who listens, and delivers of the events so far what they may see. Returns the groups that they are in
    /// after that; `None` for one that was admitted before, or has ended.
    pub(super) fn admit(&self, mut viewer: Viewer, wakes: &mut Wakes) -> Option<Vec<GroupId>> {
        let mut inner = locked(&self.0);
        let events = match &mut inner.who {
            Who::Unknown(events) => std::mem::take(events),
            Who::Known(_) => return None,
        };
        if inner.ended {
            return None;
        }
        for event in events {
            if viewer.show(&event.event) {
                inner.queue.push_back(Delivery::Logged(Arc::clone(&event)));
            }
            if ends_sessions(&event.event.event) == Some(viewer.user) && !inner.asks_already() {
                inner.queue.push_back(Delivery::CheckSession);
            }
        }
        (inner.backlog, inner.bytes) = (inner.queue.len(), 0);
        if inner.backlog > 0 {
            wakes.add(inner.waker.take());
        }
        let groups = viewer.groups().collect();
        inner.who = Who::Known(viewer);
        Some(groups)
    }

    /// Who listens and the groups that they are in; `None` if that is not known.
    pub(super) fn place(&self) -> Option<(UserId, Vec<GroupId>)> {
        match &locked(&self.0).who {
            Who::Known(viewer) => Some((viewer.user, viewer.groups().collect())),
            Who::Unknown(_) => None,
        }
    }

    /// Whether the viewer is in the group.
    pub(super) fn is_in(&self, group: GroupId) -> bool {
        match &locked(&self.0).who {
            Who::Known(viewer) => viewer.is_in(group),
            Who::Unknown(_) => false,
        }
    }

    /// Does something with who listens, as they are now; `None` for one who is not admitted, or has ended.
    pub(super) fn with_viewer<T>(&self, look: impl FnOnce(&Viewer) -> T) -> Option<T> {
        let inner = locked(&self.0);
        match &inner.who {
            Who::Known(viewer) if !inner.ended => Some(look(viewer)),
            _ => None,
        }
    }

    /// Who listens, as they are now; `None` for one who is not admitted, or has ended.
    pub(super) fn viewer(&self) -> Option<Viewer> {
        self.with_viewer(Viewer::clone)
    }

    /// Takes in what the event changes, and adds it if the viewer may see it.
    pub(super) fn log(
        &self,
        event: &LoggedOnce,
        options: &HubOptions,
        wakes: &mut Wakes,
    ) -> Result<(), TooSlow> {
        let mut guard = locked(&self.0);
        let inner = &mut *guard;
        if event.event.position <= inner.offered {
            return Ok(());
        }
        inner.offered = event.event.position;
        match &mut inner.who {
            Who::Unknown(events)
                if events.len() < options.before_admission
                    && inner.bytes < options.before_admission_bytes =>
            {
                events.push(Arc::clone(event));
                inner.bytes += event.event.event.text_bytes();
                Ok(())
            }
            Who::Unknown(_) => Err(inner.give_up(wakes)),
            Who::Known(viewer) => {
                if viewer.show(&event.event) {
                    inner.push(Delivery::Logged(Arc::clone(event)), options, wakes)?;
                }
                Ok(())
            }
        }
    }

    /// Asks for a new proof of identity, once for any number of reasons that wait.
    pub(super) fn check_session(&self, options: &HubOptions, wakes: &mut Wakes) -> Result<(), TooSlow> {
        let mut inner = locked(&self.0);
        if inner.asks_already() {
            return Ok(());
        }
        inner.push(Delivery::CheckSession, options, wakes)
    }

    /// Adds ephemeral events, if the listener has room to spare and is not the one whom it is not for.
    pub(super) fn pass(
        &self,
        event: &PassingOnce,
        except: Option<UserId>,
        options: &HubOptions,
        wakes: &mut Wakes,
    ) {
        let mut inner = locked(&self.0);
        let Who::Known(viewer) = &inner.who else { return };
        if Some(viewer.user) != except && inner.waiting() < options.queue / 4 * 3 {
            // There is room, so it is not too slow.
            let _ = inner.push(Delivery::Passing(Arc::clone(event)), options, wakes);
        }
    }

    /// Adds the last delivery, after what waits.
    pub(super) fn end(&self, last: Delivery, wakes: &mut Wakes) {
        locked(&self.0).end(last, wakes);
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
        if delivered > known && matches!(inner.who, Who::Known(_)) {
            return Poll::Ready(Some(Delivery::Passed(delivered)));
        }
        let before = inner.waker.replace(context.waker().clone());
        // A waker may run anything when it is dropped, so not under the lock.
        drop(inner);
        drop(before);
        Poll::Pending
    }
}

impl Inner {
    /// Whether a new proof of identity is what comes last.
    fn asks_already(&self) -> bool {
        matches!(self.queue.back(), Some(Delivery::CheckSession))
    }

    /// How many deliveries wait that came since the admission.
    fn waiting(&self) -> usize {
        self.queue.len() - self.backlog
    }

    fn push(&mut self, delivery: Delivery, options: &HubOptions, wakes: &mut Wakes) -> Result<(), TooSlow> {
        if self.waiting() >= options.queue || self.bytes >= options.queue_bytes {
            return Err(self.give_up(wakes));
        }
        self.bytes += text_bytes(&delivery);
        self.queue.push_back(delivery);
        wakes.add(self.waker.take());
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

    fn give_up(&mut self, wakes: &mut Wakes) -> TooSlow {
        self.end(Delivery::TooSlow, wakes);
        TooSlow
    }

    fn end(&mut self, last: Delivery, wakes: &mut Wakes) {
        if self.ended {
            return;
        }
        self.ended = true;
        if let Who::Unknown(events) = &mut self.who {
            *events = Vec::new();
        }
        self.queue.push_back(last);
        wakes.add(self.waker.take());
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
