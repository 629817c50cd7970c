//! The port for live events.
//!
//! There are two kinds. *Logged* events have a position in the log and reach every listener of every server, in order
//! and durably. *Ephemeral* events (typing, presence, read cursors on other devices) are not in the log: a client that
//! is not connected misses them, and they reach only the listeners of this server.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use crate::accounts::UserRef;
use crate::error::Error;
use crate::events::cursor::Cursor;
use crate::events::model::LoggedEvent;
use crate::events::viewer::Viewer;
use crate::groups::ReadCursor;
use crate::ids::{GroupId, MessageId, Position, UserId};
use crate::messages::{ReadState, ThreadCursor};
use crate::presence::{Activity, Presence};
use crate::time::Timestamp;

/// An event that is shared by all listeners that receive it.
#[derive(Debug)]
pub struct SharedEvent<E> {
    /// The event.
    pub event: E,
    rendered: OnceLock<Arc<str>>,
}

impl<E> SharedEvent<E> {
    /// An event that is not rendered yet.
    pub const fn new(event: E) -> Self {
        Self { event, rendered: OnceLock::new() }
    }

    /// The event, rendered for clients. It is rendered once, by the first caller; all callers must render it alike.
    pub fn rendered(&self, write: impl FnOnce(&E) -> String) -> &Arc<str> {
        self.rendered.get_or_init(|| write(&self.event).into())
    }
}

/// Where a read cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadUpdate {
    /// The group.
    pub group: GroupId,
    /// The thread, by its root; `None` for the group itself.
    pub thread: Option<MessageId>,
    /// How far it is read.
    pub state: ReadState,
}

impl From<ReadCursor> for ReadUpdate {
    fn from(cursor: ReadCursor) -> Self {
        Self { group: cursor.group, thread: None, state: cursor.state }
    }
}

impl From<ThreadCursor> for ReadUpdate {
    fn from(cursor: ThreadCursor) -> Self {
        Self { group: cursor.thread.group, thread: Some(cursor.thread.root), state: cursor.state }
    }
}

/// An ephemeral event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EphemeralEvent {
    /// A user has marked messages as read or unread on one of their devices. Delivered to all of their devices, including
    /// the one that moved the cursor, because that may have been an ordinary request. Two concurrent ones can be
    /// delivered in either order.
    ReadUpdated(ReadUpdate),
    /// A user has marked everything as read: these cursors have moved.
    AllRead(Vec<ReadUpdate>),
    /// A user is typing, or has stopped. Delivered to the members of the group.
    Typing {
        /// The group.
        group: GroupId,
        /// The user.
        user: UserRef,
        /// Until when to show it; `None` to stop showing it.
        until: Option<Timestamp>,
    },
    /// The presence of a user has changed. Delivered to users who share a group with them.
    PresenceChanged {
        /// The user.
        user: UserId,
        /// Their presence now.
        presence: Presence,
        /// When they were last seen; `None` unless they are offline.
        last_seen_at: Option<Timestamp>,
    },
}

/// The audience of an ephemeral event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EphemeralAudience {
    /// A user's own devices.
    OwnDevices(UserId),
    /// The members of a group, except for one user.
    Members(GroupId, UserId),
}

/// What a listener receives.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// An event of the log that the listener may see.
    Logged(Arc<SharedEvent<LoggedEvent>>),
    /// The log has moved on to this position, with nothing for the listener.
    Advanced(Position),
    /// An ephemeral event.
    Ephemeral(Arc<SharedEvent<EphemeralEvent>>),
    /// Sessions of the listener's user have ended, possibly its own: it must authenticate again.
    CheckSession,
    /// The end: the listener was too slow. It catches up with its cursor.
    TooSlow,
    /// The end: the server stops or has to start over. Clients should reconnect soon, each after a different delay.
    Stopping,
}

/// A subscription, from which a listener receives deliveries. Dropping it ends the subscription.
pub trait Feed: Send {
    /// The end of the log at the subscription: every later event of that log is delivered. `None` if the hub has no log
    /// yet. A listener that then reads a different log MUST subscribe again: the database has switched to another log,
    /// from which nothing is delivered yet.
    fn since(&self) -> Option<&Cursor>;

    /// Names the user whose device listens. From then on, until the authorization, the feed also keeps what is published
    /// to the user's own devices.
    fn identify(&mut self, user: UserId);

    /// Sets the user who listens. Only then are events delivered, starting with those since the subscription. The
    /// memberships MUST have been read after the subscription.
    fn authorize(&mut self, viewer: Viewer);

    /// Makes the listener, once authorized, a device on which its user is present, visible to those who may see it.
    /// Returns a snapshot of the presence of users who share a group with the user. Later changes are delivered.
    fn join(&mut self) -> Vec<EphemeralEvent>;

    /// Reports what the user does, visible to those who may see it. MUST NOT block.
    ///
    /// # Errors
    /// [`GroupRefusal::NotFound`](crate::groups::GroupRefusal::NotFound) for a group that the user is not in.
    fn act(&mut self, activity: Activity) -> Result<(), Error>;

    /// The next delivery; `None` after the end.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Delivery>>;
}

/// Delivers live events to listeners.
#[cfg_attr(test, mockall::automock)]
pub trait LiveEvents: Send + Sync {
    /// Starts to queue events for a listener. The queue is bounded: a listener that is too slow gets
    /// [`Delivery::TooSlow`], and other listeners are not affected.
    fn subscribe(&self) -> Box<dyn Feed>;

    /// Broadcasts an ephemeral event. MUST NOT block.
    fn publish_ephemeral(&self, to: EphemeralAudience, event: EphemeralEvent);

    /// Who is online in a group, as far as its members are shown to each other: at most 100. MUST NOT block.
    fn online_in(&self, group: GroupId) -> Vec<UserId>;

    /// The presence of the people who are shown in these groups, but for one user, as far as it is known: at most 1,000.
    /// MUST NOT block.
    fn presence_in(&self, groups: &[GroupId], except: UserId) -> Vec<EphemeralEvent>;

    /// Notifies all listeners that the server stops.
    fn stop(&self);
}
