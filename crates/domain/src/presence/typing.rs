//! Who is typing in which group.

use std::collections::HashMap;
use std::time::Duration;

use crate::accounts::UserRef;
use crate::error::Error;
use crate::events::{DirectPartner, EphemeralEvent, Event, LoggedEvent, RemovedGroup, RemovedMember, Viewer};
use crate::groups::GroupRefusal;
use crate::ids::{GroupId, UserId};
use crate::time::Timestamp;

/// How long a typing indicator lasts after a request. It then expires without an event.
pub const TYPING_TIMEOUT: Duration = Duration::from_secs(6);

/// The interval at which others are notified again of a user who continues to type.
pub const TYPING_REPEAT_INTERVAL: Duration = Duration::from_secs(2);

/// The users who are typing, and when others were notified. Don't report users who hide their presence.
#[derive(Debug, Default)]
pub struct TypingTracker {
    announced: HashMap<(GroupId, UserId), Announced>,
}

/// What others were notified of.
#[derive(Debug, Clone, Copy)]
struct Announced {
    /// When others were notified that the user is typing.
    at: Timestamp,
    /// Whether others were notified since that the user has stopped.
    has_stopped: bool,
}

impl TypingTracker {
    /// A user types in a group, or continues to, at a time of the steady clock and of the wall clock. Returns the event for
    /// the other members, if any.
    ///
    /// # Errors
    /// As [`Viewer::require_to_write`]: nobody is shown to type what they may not send.
    pub fn start(
        &mut self,
        viewer: &Viewer,
        who: UserRef,
        group: GroupId,
        now: Timestamp,
        wall: Timestamp,
    ) -> Result<Option<EphemeralEvent>, Error> {
        viewer.require_to_write(group, wall)?;
        let key = (group, viewer.user);
        // The clock may have been set back, which must not suppress announcements.
        // Also after a stop: a client that keeps starting and stopping must not keep a whole group busy.
        let lately =
            |announced: &Announced| (announced.at..announced.at.plus(TYPING_REPEAT_INTERVAL)).contains(&now);
        if self.announced.get(&key).is_some_and(lately) {
            return Ok(None);
        }
        self.announced.insert(key, Announced { at: now, has_stopped: false });
        Ok(Some(EphemeralEvent::Typing { group, user: who, until: Some(now.plus(TYPING_TIMEOUT)) }))
    }

    /// A user has stopped. Returns the event for the other members, if they were notified of the typing.
    ///
    /// # Errors
    /// [`GroupRefusal::NotFound`] if the user is not a member, whether or not the group exists.
    pub fn stop(
        &mut self,
        viewer: &Viewer,
        who: UserRef,
        group: GroupId,
        now: Timestamp,
    ) -> Result<Option<EphemeralEvent>, Error> {
        require_member(viewer, group)?;
        let Some(announced) = self.announced.get_mut(&(group, viewer.user)) else { return Ok(None) };
        let is_shown = !announced.has_stopped && now < announced.at.plus(TYPING_TIMEOUT);
        announced.has_stopped = true;
        Ok(is_shown.then_some(EphemeralEvent::Typing { group, user: who, until: None }))
    }

    /// Applies an event of the log: a user who has sent a message or left the group is no longer typing. Others see
    /// that from the event itself, so no further event is needed.
    pub fn apply(&mut self, logged: &LoggedEvent) {
        match &logged.event {
            // Of an imported message, its author is not the one who has sent it.
            Event::MessageCreated(message) if !message.is_imported() => {
                self.announced.remove(&(message.group_id, message.author.id));
            }
            Event::MemberRemoved(RemovedMember { group, user }) => {
                self.announced.remove(&(*group, *user));
            }
            Event::GroupDeleted(RemovedGroup { id, .. })
            | Event::DirectClosed(DirectPartner { group: id, .. }) => {
                self.announced.retain(|(group, _), _| group != id);
            }
            Event::UserDeleted(gone) => self.announced.retain(|(_, user), _| user != gone),
            _ => {}
        }
    }

    /// Removes expired indicators. Call it periodically.
    pub fn tick(&mut self, now: Timestamp) {
        self.announced.retain(|_, announced| now < announced.at.plus(TYPING_TIMEOUT));
    }
}

fn require_member(viewer: &Viewer, group: GroupId) -> Result<(), Error> {
    if viewer.is_in(group) { Ok(()) } else { Err(GroupRefusal::NotFound.into()) }
}

#[cfg(test)]
mod tests;
