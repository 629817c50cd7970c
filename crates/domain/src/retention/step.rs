//! Removing old messages of one group, step by step.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::events::{Event, TrimmedHistory};
use crate::groups::{SeqSpan, Trimmed};
use crate::ids::{GroupId, Seq};
use crate::retention::choose::choose;
use crate::retention::repository::{AgedMessage, TrimState};
use crate::retention::terms::{Age, AgeLimit, RetentionTerms};
use crate::storage::{StorageFault, Tx};

/// How many messages of a group itself one command looks at, and removes at most.
const MESSAGES_AT_ONCE: i64 = 100;

/// How often it looks on for a message whose time has come.
const LOOKS_AHEAD: usize = 50;

/// Members are told about once for so many numbers, and of the last.
const TOLD_EVERY: i64 = 1_000;

/// About how many rows one command removes.
const ROWS_AT_ONCE: i64 = 100;

/// More than a group can have of messages that are below the edge: the pinned ones of two runs.
pub(super) const KEPT_AT_ONCE: i64 = 1_000;

/// What a step has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// How many messages and replies it has removed.
    pub messages: i64,
    /// Whether there may be more to do in the group.
    pub goes_on: bool,
}

/// Removes some of a group's old messages for good: what was begun before, else what is kept and no longer exempt, else the
/// oldest. From the first step on nobody reads what it begins to remove, however many steps that takes, so nobody sees a part
/// of a thread. Members are told.
///
/// # Errors
/// A fault.
pub fn trim(tx: &mut dyn Tx, group: GroupId, terms: &RetentionTerms) -> Result<Step, Error> {
    tx.groups().lock(group)?;
    let nothing = Step { messages: 0, goes_on: false };
    let Some(state) = tx.retention().find(group)? else { return Ok(nothing) };
    if let Some(span) = state.trimmed.hidden {
        return remove(tx, &state, span, true);
    }
    let now = tx.now();
    let Some(limit) = terms.limit(state.days, now) else { return Ok(nothing) };
    let exempt = exempt(tx, group, terms)?;
    if let Some(seq) = no_longer_kept(tx, &state, &exempt, limit)? {
        let kept = TrimState { kept: state.kept - 1, ..state };
        return begin(tx, &kept, SeqSpan::of_one(seq), true);
    }
    let above = SeqSpan { first: state.trimmed.upto.next(), last: Seq::new(i64::MAX) };
    let Look { first, next } = look(tx, group, above, MESSAGES_AT_ONCE, limit)?;
    let choice = choose(&first, &exempt, limit, next);
    let (passed, kept) = choice.passed.unwrap_or((state.trimmed.upto, 0));
    let state =
        TrimState { kept: state.kept + kept, trimmed: Trimmed { upto: passed, ..state.trimmed }, ..state };
    match choice.span {
        Some(span) => begin(tx, &state, span, choice.goes_on),
        None => {
            if choice.passed.is_some() {
                tx.retention().put(group, &state.trimmed, state.kept)?;
            }
            Ok(Step { messages: 0, goes_on: choice.goes_on })
        }
    }
}

/// Some messages of a group, and how old the one after them is.
pub(super) struct Look {
    pub(super) first: Vec<AgedMessage>,
    /// [`Age::Unknown`] if there is none.
    pub(super) next: Age,
}

/// The first messages with these numbers, so many at most. Where the ones after them are from a time that has not come yet, some
/// more are looked at.
pub(super) fn look(
    tx: &mut dyn Tx,
    group: GroupId,
    within: SeqSpan,
    count: i64,
    limit: AgeLimit,
) -> Result<Look, StorageFault> {
    let mut first = tx.retention().aged(group, within, count + 1)?;
    let is_all = i64::try_from(first.len()).is_ok_and(|found| found <= count);
    let mut next = if is_all { None } else { first.pop() };
    let mut age = next.map_or(Age::Unknown, |next| limit.age_of(next.at));
    for _ in 0..LOOKS_AHEAD {
        let Some(last) = next.filter(|_| age == Age::Unknown) else { break };
        let rest = SeqSpan { first: last.seq.next(), last: within.last };
        let more = tx.retention().aged(group, rest, count)?;
        let known = more.iter().map(|message| limit.age_of(message.at)).find(|age| *age != Age::Unknown);
        age = known.unwrap_or(Age::Unknown);
        next = more.last().copied();
    }
    Ok(Look { first, next: age })
}

/// The messages that stay because they, or replies to them, are pinned.
pub(super) fn exempt(
    tx: &mut dyn Tx,
    group: GroupId,
    terms: &RetentionTerms,
) -> Result<BTreeSet<Seq>, StorageFault> {
    if !terms.keeps_pinned {
        return Ok(BTreeSet::new());
    }
    Ok(tx.retention().pinned(group)?.into_iter().collect())
}

/// The first of the messages that were kept and are now to be removed.
fn no_longer_kept(
    tx: &mut dyn Tx,
    state: &TrimState,
    exempt: &BTreeSet<Seq>,
    limit: AgeLimit,
) -> Result<Option<Seq>, StorageFault> {
    if state.kept == 0 {
        return Ok(None);
    }
    let below = SeqSpan { first: Seq::new(1), last: state.trimmed.upto };
    let kept = tx.retention().aged(state.group, below, KEPT_AT_ONCE)?;
    let found = kept.iter().find(|message| !exempt.contains(&message.seq) && limit.is_old(message));
    Ok(found.map(|message| message.seq))
}

/// Begins to remove messages: from now on nobody reads them.
fn begin(tx: &mut dyn Tx, state: &TrimState, span: SeqSpan, goes_on: bool) -> Result<Step, Error> {
    let upto = state.trimmed.upto.max(span.last);
    let (trimmed, before) = (Trimmed { upto, hidden: Some(span) }, state.trimmed.upto);
    let state = TrimState { trimmed, ..*state };
    tx.retention().put(state.group, &trimmed, state.kept)?;
    let is_far = upto.get() / TOLD_EVERY != before.get() / TOLD_EVERY;
    if !goes_on || is_far || upto == before {
        tx.emit(None, Event::HistoryTrimmed(TrimmedHistory { group: state.group, upto }));
    }
    remove(tx, &state, span, goes_on)
}

fn remove(tx: &mut dyn Tx, state: &TrimState, span: SeqSpan, goes_on: bool) -> Result<Step, Error> {
    let purged = tx.retention().purge(state.group, span, ROWS_AT_ONCE)?;
    if purged.is_done {
        let trimmed = Trimmed { hidden: None, ..state.trimmed };
        tx.retention().put(state.group, &trimmed, state.kept)?;
    }
    Ok(Step { messages: purged.messages, goes_on: goes_on || !purged.is_done })
}

#[cfg(test)]
mod tests;
