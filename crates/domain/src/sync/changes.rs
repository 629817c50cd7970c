//! What may have changed since a moment, by the log.

use std::collections::BTreeSet;

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Audience, Cursor, EventRecord, EventType, LogState, Viewer, moved_since, viewer_at};
use crate::ids::{GroupId, UserId};
use crate::storage::Tx;

/// How many events of the log are looked at. After more, a whole snapshot is less work than to find out what it would lack.
pub const MAX_EVENTS: i64 = 2_000;

/// What may have changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Groups that the viewer is in.
    pub(super) groups: BTreeSet<GroupId>,
    /// Groups that the viewer is no longer in.
    pub(super) left: BTreeSet<GroupId>,
    /// Users, of whom others may see it.
    pub(super) users: BTreeSet<UserId>,
    /// Whether the viewer has changed.
    pub(super) me: bool,
    /// Whether the viewer's invitations may have changed.
    pub(super) invitations: bool,
}

impl Changes {
    /// What may have changed for the actor since the cursor; `None` if the log can't tell, or says too much.
    ///
    /// # Errors
    /// A fault.
    pub(super) fn since(
        tx: &mut dyn Tx,
        actor: &Actor,
        cursor: &Cursor,
        log: &LogState,
    ) -> Result<Option<Self>, Error> {
        if !log.serves(cursor) {
            return Ok(None);
        }
        let records = tx.events().after(cursor.position, MAX_EVENTS + 1)?;
        let has_gap = records.first().is_some_and(|record| record.position > cursor.position.next());
        if has_gap || records.len() > usize::try_from(MAX_EVENTS).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        let viewer = viewer_at(tx, actor, &records, false)?;
        let mut changes = Self::default();
        records.iter().for_each(|record| changes.add(&viewer, record));
        // Read cursors are not in the log.
        let moved = moved_since(cursor.position);
        let groups = tx.members().read_since(actor.id(), moved)?.into_iter().map(|cursor| cursor.group);
        let threads =
            tx.threads().read_since(actor.id(), moved)?.into_iter().map(|cursor| cursor.thread.group);
        changes.groups.extend(groups.chain(threads).filter(|group| viewer.is_in(*group)));
        Ok(Some(changes))
    }

    /// Adds what an event may have changed for the viewer. Which of it the viewer was told does not matter here: what is
    /// shown is read anew, and is what the viewer may see now.
    fn add(&mut self, viewer: &Viewer, record: &EventRecord) {
        let (about, of) = (record.subject, record.event_type);
        if let Some(group) = about.group {
            if viewer.is_in(group) {
                self.groups.insert(group);
            } else {
                if is_end(of, about.user == Some(viewer.user)) && viewer.may_see_record(record) {
                    self.left.insert(group);
                }
                // An invitation shows its group, and depends on what its maker may do there.
                self.invitations |= about.message.is_none();
            }
        }
        match of {
            EventType::UserUpdated | EventType::UserRolesUpdated | EventType::UserDeleted => {
                self.me |= about.user == Some(viewer.user);
                self.invitations = true;
                self.users.extend(about.user.filter(|_| !viewer.is_limited()));
            }
            EventType::RolesUpdated => (self.me, self.invitations) = (true, true),
            // Mentions by those whom one has blocked don't count.
            EventType::BlocksUpdated if record.audience == Audience::User(viewer.user) => {
                self.groups.extend(viewer.groups());
                self.invitations = true;
            }
            EventType::InvitationCreated
            | EventType::InvitationWithdrawn
            | EventType::InvitationAccepted
            | EventType::InvitationDeclined => {
                self.invitations |= record.audience == Audience::User(viewer.user);
            }
            _ => {}
        }
    }
}

/// Whether somebody is no longer in a group after this event, which may be about their membership.
fn is_end(of: EventType, is_own: bool) -> bool {
    of == EventType::GroupDeleted || (of == EventType::MemberRemoved && is_own)
}

#[cfg(test)]
mod tests;
