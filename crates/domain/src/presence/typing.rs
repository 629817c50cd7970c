//! Who is typing in which group.

use std::collections::HashMap;
use std::time::Duration;

use crate::accounts::UserRef;
use crate::error::Error;
use crate::events::{Event, LoggedEvent, Passing, Viewer};
use crate::groups::GroupRefusal;
use crate::ids::{GroupId, UserId};
use crate::time::Timestamp;

/// How long somebody types after they said so. Then it is over, without a word.
pub const TYPING_LASTS: Duration = Duration::from_secs(6);

/// How long it takes until others are told again of one who goes on typing.
pub const TYPING_REPEATS: Duration = Duration::from_secs(2);

/// Those who type, and when others were told. Whoever hides hides this too: do not pass it on.
#[derive(Debug, Default)]
pub struct Typists {
    told: HashMap<(GroupId, UserId), Told>,
}

/// What others were told.
#[derive(Debug, Clone, Copy)]
struct Told {
    /// When somebody was said to type.
    at: Timestamp,
    /// Whether they were said to have stopped since.
    has_stopped: bool,
}

impl Typists {
    /// Somebody types in a group, or still does; what the other members are to be told, if anything.
    ///
    /// # Errors
    /// [`GroupRefusal::NotFound`] for others than members: whether there is such a group isn't known here.
    pub fn start(
        &mut self,
        viewer: &Viewer,
        who: UserRef,
        group: GroupId,
        now: Timestamp,
    ) -> Result<Option<Passing>, Error> {
        require_member(viewer, group)?;
        let key = (group, viewer.user);
        // A clock that was set back must not keep anybody silent.
        // After a stop too: a client that starts and stops is not to keep a whole group busy.
        let lately = |told: &Told| (told.at..told.at.plus(TYPING_REPEATS)).contains(&now);
        if self.told.get(&key).is_some_and(lately) {
            return Ok(None);
        }
        self.told.insert(key, Told { at: now, has_stopped: false });
        Ok(Some(Passing::Typing { group, user: who, until: Some(now.plus(TYPING_LASTS)) }))
    }

    /// Somebody has stopped; what the other members are to be told, if they were told that somebody types.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn stop(
        &mut self,
        viewer: &Viewer,
        who: UserRef,
        group: GroupId,
        now: Timestamp,
    ) -> Result<Option<Passing>, Error> {
        require_member(viewer, group)?;
        let Some(told) = self.told.get_mut(&(group, viewer.user)) else { return Ok(None) };
        let is_shown = !told.has_stopped && now < told.at.plus(TYPING_LASTS);
        told.has_stopped = true;
        Ok(is_shown.then_some(Passing::Typing { group, user: who, until: None }))
    }

    /// Takes in an event of the log: who has sent what they typed types no longer, nor do those who left. The event
    /// itself says so, and nobody is told besides.
    pub fn take_in(&mut self, logged: &LoggedEvent) {
        match &logged.event {
            Event::MessageCreated(message) => {
                self.told.remove(&(message.group_id, message.author.id));
            }
            Event::MemberRemoved(group, user) => {
                self.told.remove(&(*group, *user));
            }
            Event::GroupDeleted(gone) => self.told.retain(|(group, _), _| group != gone),
            Event::UserDeleted(gone) => self.told.retain(|(_, user), _| user != gone),
            _ => {}
        }
    }

    /// Forgets those who said nothing any more. To be called from time to time.
    pub fn tick(&mut self, now: Timestamp) {
        self.told.retain(|_, told| now < told.at.plus(TYPING_LASTS));
    }
}

fn require_member(viewer: &Viewer, group: GroupId) -> Result<(), Error> {
    if viewer.is_in(group) { Ok(()) } else { Err(GroupRefusal::NotFound.into()) }
}

#[cfg(test)]
mod tests;
