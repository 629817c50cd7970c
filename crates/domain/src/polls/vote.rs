//! Voting, and taking a vote back.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::Event;
use crate::ids::{GroupId, MessageId};
use crate::permissions::GroupPermission;
use crate::polls::error::PollRefusal;
use crate::polls::load::{LoadedPoll, lock};
use crate::polls::options::Choices;
use crate::polls::view::{Ballot, PollView};
use crate::storage::Tx;

/// Votes for these options of a poll and no others, as a member who may read it and react to messages. The same vote again
/// changes nothing.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Muted`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`,
/// `Deleted` of [`MessageRefusal`](crate::messages::MessageRefusal), `NoPoll`, `Closed`, `UnknownOption`, `TooManyChoices`,
/// `NoKey` of [`PollRefusal`], or a fault.
pub fn vote(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
    choices: Choices,
) -> Result<PollView, Error> {
    let loaded = load_to_vote(tx, actor, group, id)?;
    loaded.view.poll.require_choosable(choices)?;
    put(tx, loaded, choices)
}

/// Takes the actor's vote back. Without one nothing changes.
///
/// # Errors
/// As [`vote`], but for what is about options.
pub fn unvote(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<PollView, Error> {
    let loaded = load_to_vote(tx, actor, group, id)?;
    put(tx, loaded, Choices::NONE)
}

/// The poll, if the actor may vote in it now. What its time says holds also if the clock has not come to it yet.
fn load_to_vote(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<LoadedPoll, Error> {
    let (found, membership) = lock(tx, actor, group, id)?;
    membership.require(GroupPermission::ReadHistory)?;
    membership.require(GroupPermission::React)?;
    let loaded = found.into_poll()?;
    loaded.view.poll.require_open(tx.now())?;
    Ok(loaded)
}

/// Replaces the actor's ballot. Who votes is told to nobody: an event without a user says what the counts are, or will soon.
fn put(tx: &mut dyn Tx, mut loaded: LoadedPoll, choices: Choices) -> Result<PollView, Error> {
    let ballot = loaded.view.ballot.ok_or(PollRefusal::NoKey)?;
    if ballot.choices == choices {
        return Ok(loaded.view);
    }
    tx.polls().put_ballot(loaded.place.message, ballot.id, choices)?;
    let poll = &mut loaded.view.poll;
    poll.count(ballot.choices, choices);
    let is_told = poll.tell(tx.now());
    loaded.view.ballot = Some(Ballot { choices, ..ballot });
    loaded.store(tx, is_told.then_some((None, Event::PollVoted)))?;
    Ok(loaded.view)
}

#[cfg(test)]
mod tests;
