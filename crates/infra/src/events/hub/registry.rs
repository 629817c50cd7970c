//! The listeners, and the indexes that find them.

use std::sync::Arc;

use groupchat_domain::events::{Delivery, Epoch, Viewer};
use groupchat_domain::ids::{GroupId, Position, UserId};

use super::index::{Index, Listeners};
use super::listener::{Followed, Listener};
use super::wakers::Wakers;

/// Whether the hub accepts subscriptions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum HubPhase {
    /// The log has not been read yet.
    #[default]
    NotStarted,
    /// Subscriptions are accepted.
    Serving,
    /// The hub is stopped and accepts no more subscriptions.
    Stopped,
}

/// All listeners, indexed by user and group.
#[derive(Debug)]
pub(super) struct Registry {
    pub(super) phase: HubPhase,
    /// The epoch of the log, once it has been read.
    pub(super) epoch: Option<Epoch>,
    /// The position of the last event that was broadcast.
    pub(super) position: Position,
    pub(super) everybody: Listeners,
    /// Listeners that are not authorized yet. They keep all logged events, and ephemeral ones for their user's devices.
    pub(super) unauthorized: Listeners,
    pub(super) of_user: Index<UserId>,
    pub(super) in_group: Index<GroupId>,
    /// Listeners who are to be told of the end of a private group that has been deleted, and of nothing else in it.
    pub(super) awaiting_end: Index<GroupId>,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            phase: HubPhase::default(),
            epoch: None,
            position: Position::ZERO,
            everybody: Listeners::default(),
            unauthorized: Listeners::default(),
            of_user: Index::default(),
            in_group: Index::default(),
            awaiting_end: Index::default(),
        }
    }
}

impl Registry {
    /// The number of listeners.
    pub(super) fn listeners(&self) -> usize {
        self.everybody.len()
    }

    /// Whether the user has a listener.
    pub(super) fn is_listening(&self, user: UserId) -> bool {
        !self.of_user.get(user).is_empty()
    }

    /// Adds a listener. It keeps all events that are broadcast from now on until it is authorized.
    pub(super) fn add(&mut self) -> Arc<Listener> {
        let listener = Arc::new(Listener::new());
        self.everybody.add(&listener);
        self.unauthorized.add(&listener);
        listener
    }

    /// Authorizes a listener. Does nothing if it was authorized before or has ended.
    pub(super) fn authorize(&mut self, listener: &Arc<Listener>, viewer: Viewer, wakers: &mut Wakers) {
        let user = viewer.user;
        let Some(Followed { groups, ended }) = listener.authorize(viewer, wakers) else { return };
        self.unauthorized.remove(listener);
        self.of_user.add(user, listener);
        for group in groups {
            self.in_group.add(group, listener);
        }
        for group in ended {
            self.awaiting_end.add(group, listener);
        }
    }

    /// Removes a listener. Does nothing if it was removed before.
    pub(super) fn remove(&mut self, listener: &Arc<Listener>) {
        if !self.everybody.remove(listener) {
            return;
        }
        let Some((user, Followed { groups, ended })) = listener.followed() else {
            self.unauthorized.remove(listener);
            return;
        };
        self.of_user.remove(user, listener);
        for group in groups {
            self.in_group.remove(group, listener);
        }
        for group in ended {
            self.awaiting_end.remove(group, listener);
        }
    }

    /// Removes all listeners, each with a last delivery.
    pub(super) fn end_all(&mut self, last: &Delivery, wakers: &mut Wakers) {
        for listener in self.everybody.iter() {
            listener.end(last.clone(), wakers);
        }
        self.everybody = Listeners::default();
        self.unauthorized = Listeners::default();
        self.of_user = Index::default();
        self.in_group = Index::default();
        self.awaiting_end = Index::default();
    }
}
