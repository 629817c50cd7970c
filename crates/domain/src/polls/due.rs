//! What is to be done with polls by itself: those whose time is over are closed, and votes are told that were not told at
//! once.

use std::time::Duration;

use crate::error::Error;
use crate::events::Event;
use crate::polls::load::LoadedPoll;
use crate::polls::view::{PollPlace, PollView};
use crate::storage::{Access, Caller, Mode, Storage, Tx};
use crate::time::Timestamp;

/// How many polls one command goes through. Each takes a few statements and an event.
const BATCH: i64 = 50;

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };
const WRITE: Access = Access { mode: Mode::Write, caller: Caller::System };

/// Does what is to be done with polls now, and returns how long it is until there is more to do; `None` where nothing is
/// foreseen. Several servers may do so at once.
///
/// # Errors
/// A fault.
pub async fn settle_all(storage: &dyn Storage) -> Result<Option<Duration>, Error> {
    loop {
        match storage.run(READ, next_due).await? {
            Some(Duration::ZERO) => storage.run(WRITE, settle_due).await?,
            later => return Ok(later),
        }
    }
}

/// How long it is until there is something to do; `None` where nothing is foreseen.
fn next_due(tx: &mut dyn Tx) -> Result<Option<Duration>, Error> {
    let now = tx.now();
    Ok(tx.polls().next_due(now)?.map(|at| at.saturating_duration_since(now)))
}

/// Closes some polls whose time is over, and tells what votes there are in some others. What is told last of a closed one is
/// its end, with all its votes.
///
/// # Errors
/// A fault.
pub fn settle_due(tx: &mut dyn Tx) -> Result<(), Error> {
    let now = tx.now();
    let mut due = tx.polls().due(now, BATCH)?;
    // Groups are locked in the order of their ids.
    due.sort_by_key(|place| (place.group, place.message));
    for place in &due {
        tx.groups().lock(place.group)?;
    }
    let groups: Vec<_> = due.iter().map(|place| place.group).collect();
    let living = tx.groups().find_many(&groups)?;
    for place in due {
        let group = living.iter().find(|group| group.id == place.group);
        let is_told = group.is_some_and(|group| !group.trimmed.hides(place.history_seq));
        settle(tx, place, now, is_told)?;
    }
    Ok(())
}

/// Nobody is told of what is in a deleted group, or about to be removed.
fn settle(tx: &mut dyn Tx, place: PollPlace, now: Timestamp, is_told: bool) -> Result<(), Error> {
    // Another server may have been faster, or somebody has deleted it.
    let found = tx.polls().find_many(&[place.message])?;
    let due = found.into_iter().find(|(_, poll)| poll.is_due_at(now));
    let Some((_, mut poll)) = due else { return Ok(()) };
    let event = if poll.is_closed_at(now) {
        poll.close(now);
        Event::PollClosed
    } else {
        poll.is_untold = false;
        poll.told_at = Some(now);
        Event::PollVoted
    };
    let loaded = LoadedPoll { place, view: PollView { poll, ballot: None } };
    loaded.store(tx, is_told.then_some((None, event)))
}

#[cfg(test)]
mod tests;
