//! Voting, and taking a vote back.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::Event;
use crate::ids::{GroupId, MessageId};
use crate::permissions::GroupPermission;
use crate::polls::error::PollRefusal;
use crate::polls::load::{LoadedPoll, lock};
use crate::polls::options::{Choices, OptionId};
use crate::polls::view::{Ballot, BallotId, PollView};
use crate::storage::Tx;

/// How many ballots a vote looks at to show others.
const LOOKED_AT: i64 = 100;

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
    let voter = match ballot.id {
        BallotId::Open(user) => Some(user),
        BallotId::Secret(_) => None,
    };
    let lacking = loaded.view.poll.count(voter, ballot.choices, choices);
    if !lacking.is_empty() {
        show_others(tx, &mut loaded, &lacking)?;
    }
    let was_untold = loaded.view.poll.is_untold;
    let is_told = loaded.view.poll.tell(tx.now());
    if loaded.view.poll.is_untold && !was_untold {
        tx.polls().wake()?;
    }
    loaded.view.ballot = Some(Ballot { choices, ..ballot });
    loaded.store(tx, is_told.then_some((None, Event::PollVoted)))?;
    Ok(loaded.view)
}

/// Shows others who vote for these options in the place of one who doesn't any more, as far as some of them are soon found.
fn show_others(tx: &mut dyn Tx, loaded: &mut LoadedPoll, options: &[OptionId]) -> Result<(), Error> {
    let others = tx.polls().some_ballots(loaded.place.message, LOOKED_AT)?;
    for option in options {
        for (user, _) in others.iter().filter(|(_, choices)| choices.contain(*option)) {
            loaded.view.poll.show_voter(*option, *user);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
