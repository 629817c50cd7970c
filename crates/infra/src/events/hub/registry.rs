//! The listeners, and the indexes to find them.

use std::sync::Arc;

use groupchat_domain::events::{Delivery, Epoch, Viewer};
use groupchat_domain::ids::{GroupId, Position, UserId};

use super::index::{Index, Listeners};
use super::listener::Listener;
use super::wakers::Wakers;

/// Whether there is anything to listen to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum HubPhase {
    /// The log has not been looked at.
    #[default]
    NotStarted,
    /// There is.
    Serving,
    /// Not any more.
    Stopped,
}

/// All listeners, by what leads to them.
#[derive(Debug)]
pub(super) struct Registry {
    pub(super) phase: HubPhase,
    /// Which log it is, once it has been looked at.
    pub(super) epoch: Option<Epoch>,
    /// The last event that was broadcast.
    pub(super) position: Position,
    pub(super) everybody: Listeners,
    /// Those not authorized yet; they keep everything.
    pub(super) unauthorized: Listeners,
    pub(super) of_user: Index<UserId>,
    pub(super) in_group: Index<GroupId>,
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
        }
    }
}

impl Registry {
    /// How many listen.
    pub(super) fn listeners(&self) -> usize {
        self.everybody.len()
    }

    /// Whether this user does, at any device.
    pub(super) fn is_listening(&self, user: UserId) -> bool {
        !self.of_user.get(user).is_empty()
    }

    /// Adds a subscriber that gets what is broadcast from now on, once authorized.
    pub(super) fn add(&mut self) -> Arc<Listener> {
        let listener = Arc::new(Listener::new());
        self.everybody.add(&listener);
        self.unauthorized.add(&listener);
        listener
    }

    /// Authorizes a subscriber. Does nothing if that was done before, or if it has ended.
    pub(super) fn authorize(&mut self, listener: &Arc<Listener>, viewer: Viewer, wakers: &mut Wakers) {
        let user = viewer.user;
        let Some(groups) = listener.authorize(viewer, wakers) else { return };
        self.unauthorized.remove(listener);
        self.of_user.add(user, listener);
        for group in groups {
            self.in_group.add(group, listener);
        }
    }

    /// Removes a listener, who may have been removed before.
    pub(super) fn remove(&mut self, listener: &Arc<Listener>) {
        if !self.everybody.remove(listener) {
            return;
        }
        let Some((user, groups)) = listener.memberships() else {
            self.unauthorized.remove(listener);
            return;
        };
        self.of_user.remove(user, listener);
        for group in groups {
            self.in_group.remove(group, listener);
        }
    }

    /// Removes everybody, each with a last delivery.
    pub(super) fn end_all(&mut self, last: &Delivery, wakers: &mut Wakers) {
        for listener in self.everybody.iter() {
            listener.end(last.clone(), wakers);
        }
        self.everybody = Listeners::default();
        self.unauthorized = Listeners::default();
        self.of_user = Index::default();
        self.in_group = Index::default();
    }
}
