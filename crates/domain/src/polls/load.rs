//! Finds the poll that something is to be done with.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Event, PollUpdate};
use crate::groups::{Membership, lock_visible};
use crate::ids::{GroupId, MessageId};
use crate::messages::MessageRefusal;
use crate::polls::error::PollRefusal;
use crate::polls::view::{FoundPoll, PollPlace, PollView};
use crate::storage::Tx;

/// A poll that a member may read.
pub(super) struct LoadedPoll {
    pub(super) place: PollPlace,
    pub(super) view: PollView,
}

impl LoadedPoll {
    /// What events tell of it now.
    pub(super) fn update(&self) -> PollUpdate {
        PollUpdate {
            group: self.place.group,
            message: self.place.message,
            history_seq: self.place.history_seq,
            poll: self.view.poll.clone(),
        }
    }

    /// Stores the counts and times, and tells of it.
    pub(super) fn store(&self, tx: &mut dyn Tx, tells: Option<Tells<'_>>) -> Result<(), Error> {
        tx.polls().update(self.place.message, &self.view.poll)?;
        if let Some((actor, event)) = tells {
            tx.emit(actor.map(Actor::id), event(self.update()));
        }
        Ok(())
    }
}

/// Who caused an event about a poll, unless it was the server, and which event it is.
type Tells<'a> = (Option<&'a Actor>, fn(PollUpdate) -> Event);

/// The poll in a group, which is locked, and the actor's membership there. The message is looked at before rights are, as
/// for reactions.
///
/// # Errors
/// `NotFound`, `MembersOnly` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound` of [`MessageRefusal`], or a fault.
pub(super) fn lock(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
) -> Result<(FoundPoll, Membership), Error> {
    let membership = lock_visible(tx, actor, group)?.into_membership()?;
    let found = find(tx, actor, &membership, id)?;
    Ok((found, membership))
}

/// The message, if this member of its group may read it.
pub(super) fn find(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    id: MessageId,
) -> Result<FoundPoll, Error> {
    let found = tx.polls().find(membership.group.id, id, actor.id())?;
    let readable = found.filter(|found| membership.has_in_history(found.place.history_seq));
    Ok(readable.ok_or(MessageRefusal::NotFound)?)
}

impl FoundPoll {
    /// The poll that it is.
    ///
    /// # Errors
    /// [`MessageRefusal::Deleted`], [`PollRefusal::NoPoll`].
    pub(super) fn into_poll(self) -> Result<LoadedPoll, Error> {
        if self.is_deleted {
            return Err(MessageRefusal::Deleted.into());
        }
        let view = self.view.ok_or(PollRefusal::NoPoll)?;
        Ok(LoadedPoll { place: self.place, view })
    }
}
