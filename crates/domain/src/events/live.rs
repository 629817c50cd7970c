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
use crate::ids::{GroupId, Position, Seq, UserId};
use crate::presence::{Activity, Presence};
use crate::time::Timestamp;

/// An event on its way to its listeners, all of whom share it.
#[derive(Debug)]
pub struct Shared<E> {
    /// The event.
    pub event: E,
    written: OnceLock<Arc<str>>,
}

impl<E> Shared<E> {
    /// An event that nobody has written down yet.
    pub const fn new(event: E) -> Self {
        Self { event, written: OnceLock::new() }
    }

    /// The event as it is written for clients. It is written once, by whoever asks first; all must write alike.
    pub fn written(&self, write: impl FnOnce(&E) -> String) -> &Arc<str> {
        self.written.get_or_init(|| write(&self.event).into())
    }
}

/// What is in no log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passing {
    /// A user has read up to this number, on one of their devices. For all of their devices: which connection asked for
    /// it is not known, since it may have been an ordinary request. Two at once may be told in either order.
    ReadUpdated {
        /// In which group.
        group: GroupId,
        /// Messages up to this number are read.
        read_seq: Seq,
        /// The number of messages that are not read.
        unread: i64,
    },
    /// A user types, or has stopped. For the members of the group.
    Typing {
        /// Where.
        group: GroupId,
        /// Who.
        user: UserRef,
        /// Until when it may be shown; `None` once it should no longer be.
        until: Option<Timestamp>,
    },
    /// A user came, went, or turned away. For those who share a group with them.
    PresenceChanged {
        /// Who.
        user: UserId,
        /// How they are there now.
        presence: Presence,
        /// When they were last seen; `None` while they are there.
        last_seen_at: Option<Timestamp>,
    },
}

/// To whom something passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassingTo {
    /// A user's own devices.
    OwnDevices(UserId),
    /// The members of a group, but for one user.
    Members(GroupId, UserId),
}

/// What a listener gets.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// An event of the log that the listener may see.
    Logged(Arc<Shared<LoggedEvent>>),
    /// The log has moved on to here, with nothing for the listener.
    Passed(Position),
    /// Something that is in no log.
    Passing(Arc<Shared<Passing>>),
    /// Sessions of the listener's user have ended, perhaps theirs: they must prove again who they are.
    CheckSession,
    /// The end: the listener has not kept up, and catches up by their cursor.
    TooSlow,
    /// The end: the server stops, or has to begin again. Good to come back to in a moment, each at another time.
    Stopping,
}

/// What a listener takes deliveries from. Dropping it ends the subscription.
pub trait Feed: Send {
    /// The end of the log at the subscription: every later event of that log is delivered. `None` if there is no log to
    /// listen to. One who reads another log than this MUST subscribe again: the database has continued with another
    /// one, of which nothing is delivered yet.
    fn since(&self) -> Option<&Cursor>;

    /// Says who listens. Only then are events delivered, those since the subscription first. The memberships MUST
    /// have been read after the subscription.
    fn admit(&mut self, viewer: Viewer);

    /// Makes the listener, once admitted, a device that its user is at, for those to see who may. Returns how others
    /// are there, or when they last were, of those who share a group with the user; what changes from now on is
    /// delivered.
    fn attend(&mut self) -> Vec<Passing>;

    /// Says what the user does, for those to see who may. MUST NOT block.
    ///
    /// # Errors
    /// [`GroupRefusal::NotFound`](crate::groups::GroupRefusal::NotFound) for a group that the user is not in.
    fn act(&mut self, activity: Activity) -> Result<(), Error>;

    /// The next delivery; `None` after the end.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Delivery>>;
}

/// Takes what happens to those who listen.
#[cfg_attr(test, mockall::automock)]
pub trait LiveEvents: Send + Sync {
    /// Begins to keep events for a listener. What they do not take is bounded: a listener who does not keep up gets
    /// [`Delivery::TooSlow`], and the others don't notice.
    fn subscribe(&self) -> Box<dyn Feed>;

    /// Passes on ephemeral events. MUST NOT block.
    fn pass(&self, to: PassingTo, event: Passing);

    /// Tells all listeners that the server stops.
    fn stop(&self);
}
