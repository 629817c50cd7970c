//! The receiving side of a subscription.

use std::sync::Arc;
use std::task::{Context, Poll};

use groupchat_domain::Error;
use groupchat_domain::events::{Cursor, Delivery, EphemeralEvent, Feed, Viewer};
use groupchat_domain::ids::{Position, UserId};
use groupchat_domain::presence::Activity;

use super::core::Hub;
use super::listener::Listener;
use super::trackers::ConnectedDevice;

/// A subscription to the hub.
pub(super) struct LocalFeed {
    hub: Arc<Hub>,
    listener: Arc<Listener>,
    since: Option<Cursor>,
    /// Everything up to this position was delivered, and the subscriber has been informed of it.
    known: Position,
    /// The device as which this subscription counts in presence, once it has joined.
    device: Option<ConnectedDevice>,
}

impl LocalFeed {
    /// Subscribes to the hub.
    pub(super) fn subscribe(hub: &Arc<Hub>) -> Self {
        let (listener, since) = hub.subscribe();
        let known = since.as_ref().map_or(Position::ZERO, |since| since.position);
        Self { hub: Arc::clone(hub), listener, since, known, device: None }
    }
}

impl Feed for LocalFeed {
    fn since(&self) -> Option<&Cursor> {
        self.since.as_ref()
    }

    fn identify(&mut self, user: UserId) {
        self.listener.identify(user);
    }

    fn authorize(&mut self, viewer: Viewer) {
        self.hub.authorize(&self.listener, viewer);
    }

    fn join(&mut self) -> Vec<EphemeralEvent> {
        let Some((device, snapshot)) = self.hub.join(&self.listener) else { return Vec::new() };
        if let Some(before) = self.device.replace(device) {
            self.hub.leave(before);
        }
        snapshot
    }

    fn act(&mut self, activity: Activity) -> Result<(), Error> {
        self.hub.act(&self.listener, self.device, activity)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        // Read this before the queue: if the queue is empty afterwards, everything up to this position has passed
        // through it.
        let delivered = self.hub.delivered();
        let polled = self.listener.poll_next(self.known, delivered, context);
        match &polled {
            Poll::Ready(Some(Delivery::Logged(event))) => self.known = event.event.position,
            Poll::Ready(Some(Delivery::Advanced(position))) => self.known = *position,
            _ => {}
        }
        polled
    }
}

impl Drop for LocalFeed {
    fn drop(&mut self) {
        self.hub.unsubscribe(&self.listener);
        if let Some(device) = self.device {
            self.hub.leave(device);
        }
    }
}
