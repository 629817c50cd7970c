//! Which messages go next: the oldest by their numbers.

use std::collections::BTreeSet;

use crate::groups::SeqSpan;
use crate::ids::Seq;
use crate::retention::repository::AgedMessage;
use crate::retention::terms::{Age, AgeLimit};

/// What is to be done with the first messages of a group that are still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    /// The last message that is old and exempt, before all that goes; and how many there are.
    pub(super) passed: Option<(Seq, i64)>,
    /// What goes: all of these are there, and none is exempt.
    pub(super) span: Option<SeqSpan>,
    /// Whether the messages after these have to be looked at.
    pub(super) goes_on: bool,
}

/// Chooses among the first messages of a group, in the order of their numbers. `next` is the age of the message after them:
/// [`Age::Unknown`] if there is none. A message goes once it and all before it are old, unless it is exempt.
pub(super) fn choose(first: &[AgedMessage], exempt: &BTreeSet<Seq>, limit: AgeLimit, next: Age) -> Choice {
    let mut choice = Choice { passed: None, span: None, goes_on: next == Age::Old };
    for (message, age) in first.iter().zip(ages(first, limit, next)) {
        let is_exempt = exempt.contains(&message.seq);
        match age {
            Age::Young | Age::Unknown => {
                choice.goes_on = false;
                break;
            }
            // It comes first next time.
            Age::Old if is_exempt && choice.span.is_some() => {
                choice.goes_on = true;
                break;
            }
            Age::Old if is_exempt => {
                let count = choice.passed.map_or(0, |(_, count)| count);
                choice.passed = Some((message.seq, count + 1));
            }
            Age::Old => {
                let first = choice.span.map_or(message.seq, |span| span.first);
                choice.span = Some(SeqSpan { first, last: message.seq });
            }
        }
    }
    choice
}

/// How old messages are. One from a time that has not come yet is as old as the one after it.
fn ages(messages: &[AgedMessage], limit: AgeLimit, next: Age) -> Vec<Age> {
    let mut after = next;
    let mut ages: Vec<_> = messages
        .iter()
        .rev()
        .map(|message| {
            after = match limit.age_of(message.at) {
                Age::Unknown => after,
                known => known,
            };
            after
        })
        .collect();
    ages.reverse();
    ages
}

#[cfg(test)]
mod tests;
