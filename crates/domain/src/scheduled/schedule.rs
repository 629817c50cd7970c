//! Scheduling messages, and looking after those that wait.

use crate::accounts::{Actor, LockStrength, SessionKind};
use crate::error::Error;
use crate::events::{Event, OwnSchedule};
use crate::groups::{lock_visible, reached};
use crate::ids::{GroupId, SessionId};
use crate::messages::{MessageDraft, require_references};
use crate::paging::{Limit, Page};
use crate::scheduled::error::ScheduledRefusal;
use crate::scheduled::model::{MAX_SCHEDULED, NewScheduled, Scheduled, ScheduledChanges, ScheduledId};
use crate::scheduled::repository::ScheduledQuery;
use crate::storage::Tx;
use crate::time::Timestamp;
use crate::validation::within_a_year;

/// What became of a message that somebody wanted to schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The scheduled message, as it is now.
    pub scheduled: Scheduled,
    /// Whether it was there already, from an earlier request with the same client id.
    pub repeated: bool,
}

/// Schedules a message to a group, as a member of it. What it refers to must be there for the actor now; whether the actor may
/// send it is asked when it is sent. With a client id under which a message of the actor to the group waits, that one comes
/// back instead. Only the actor's devices are told.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), for a reply or a quote `NotFound`,
/// `NotRoot` of [`MessageRefusal`](crate::messages::MessageRefusal), [`ScheduledRefusal::TooMany`], an invalid `send_at` that is
/// not in the future, or more than a year away, or after its poll would close, or a fault.
pub fn schedule(
    tx: &mut dyn Tx,
    actor: &Actor,
    draft: &MessageDraft,
    send_at: Timestamp,
) -> Result<Accepted, Error> {
    let membership = lock_visible(tx, actor, draft.group)?.into_membership()?;
    let user = actor.id();
    tx.accounts().lock(&[user], LockStrength::Exclusive)?;
    if let Some(client_id) = &draft.client_id
        && let Some(scheduled) = tx.scheduled().find_by_client_id(user, draft.group, client_id)?
    {
        return Ok(Accepted { scheduled, repeated: true });
    }
    require_references(tx, actor, &membership, draft)?;
    let created_at = tx.now();
    within_a_year(send_at, created_at).map_err(|violation| violation.in_field("send_at"))?;
    require_poll_to_outlast(draft, send_at)?;
    if tx.scheduled().count(user)? >= MAX_SCHEDULED {
        return Err(ScheduledRefusal::TooMany.into());
    }
    let new = NewScheduled { user, token: token_of(actor), draft: draft.clone(), send_at, created_at };
    let id = tx.scheduled().insert(&new)?;
    tell(tx, actor, draft.group);
    Ok(Accepted { scheduled: Scheduled { id, new, failed: None }, repeated: false })
}

/// Rejects a poll that would close before it is sent.
fn require_poll_to_outlast(draft: &MessageDraft, send_at: Timestamp) -> Result<(), Error> {
    Ok(draft.poll.as_ref().map_or(Ok(()), |poll| poll.require_to_close_in_time(send_at))?)
}

/// A page of the actor's scheduled messages to a group, those among them that were refused: the latest scheduled first. Also to a
/// group that the actor doesn't see any more.
///
/// # Errors
/// A fault.
pub fn list_scheduled(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    before: Option<ScheduledId>,
    limit: Limit,
) -> Result<Page<Scheduled>, Error> {
    let query = ScheduledQuery { user: actor.id(), group: reached(actor, group), before, limit };
    Ok(Page::from_lookahead(tx.scheduled().list(&query)?, limit))
}

/// Changes a scheduled message of the actor. One that was refused is tried again if it gets a time.
///
/// # Errors
/// [`ScheduledRefusal::NotFound`], an invalid `send_at` that is not in the future, or more than a year away, or a fault.
pub fn edit_scheduled(
    tx: &mut dyn Tx,
    actor: &Actor,
    (group, id): (GroupId, ScheduledId),
    changes: &ScheduledChanges,
) -> Result<Scheduled, Error> {
    let mut scheduled = lock(tx, actor, group, id)?;
    let ScheduledChanges { text, send_at } = changes;
    if let Some(send_at) = *send_at {
        within_a_year(send_at, tx.now()).map_err(|violation| violation.in_field("send_at"))?;
        require_poll_to_outlast(&scheduled.new.draft, send_at)?;
        (scheduled.new.send_at, scheduled.failed) = (send_at, None);
    }
    if let Some(text) = text {
        scheduled.new.draft.text = text.clone();
    }
    if *changes == ScheduledChanges::default() {
        return Ok(scheduled);
    }
    scheduled.new.token = token_of(actor);
    if !tx.scheduled().update(&scheduled)? {
        return Err(ScheduledRefusal::NotFound.into());
    }
    tell(tx, actor, group);
    Ok(scheduled)
}

/// Drops a scheduled message of the actor.
///
/// # Errors
/// [`ScheduledRefusal::NotFound`], or a fault.
pub fn drop_scheduled(
    tx: &mut dyn Tx,
    actor: &Actor,
    (group, id): (GroupId, ScheduledId),
) -> Result<(), Error> {
    let scheduled = lock(tx, actor, group, id)?;
    if !tx.scheduled().remove(scheduled.id)? {
        return Err(ScheduledRefusal::NotFound.into());
    }
    tell(tx, actor, group);
    Ok(())
}

/// A scheduled message of the actor to this group, while no other request of theirs changes it. It may still be sent meanwhile.
fn lock(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: ScheduledId) -> Result<Scheduled, Error> {
    tx.accounts().lock(&[actor.id()], LockStrength::Exclusive)?;
    let found = tx.scheduled().find(actor.id(), id)?;
    let group = reached(actor, group);
    Ok(found.filter(|found| found.new.draft.group == group).ok_or(ScheduledRefusal::NotFound)?)
}

fn tell(tx: &mut dyn Tx, actor: &Actor, group: GroupId) {
    tx.emit(Some(actor.id()), Event::ScheduledUpdated(OwnSchedule { user: actor.id(), group }));
}

/// The token that the actor shows: whoever takes it back ends what it was to send.
const fn token_of(actor: &Actor) -> Option<SessionId> {
    match actor.session_kind {
        SessionKind::Token(_) => Some(actor.session),
        SessionKind::Login | SessionKind::Provisioned => None,
    }
}

#[cfg(test)]
mod tests;
