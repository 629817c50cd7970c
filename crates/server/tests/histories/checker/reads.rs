//! Reads: what a client could know when it asked is in the response, whichever server it asked.

use std::collections::HashMap;

use super::{Facts, Violation};
use crate::history::{Call, Message, Operation};

/// What was known at a moment, by anyone: clients could have told each other.
#[derive(Default)]
struct Known {
    /// The newest version of each message.
    versions: HashMap<i64, i64>,
    /// The newest message of each group: its number and id.
    newest: HashMap<i64, (i64, i64)>,
}

/// Every response shows at least what any client had been shown before the request began.
pub(super) fn check_reads(facts: &Facts<'_>) -> Vec<Violation> {
    let mut operations: Vec<_> = facts.history.operations.iter().collect();
    operations.sort_by_key(|operation| operation.invoked);
    let mut observations = facts.observations.iter().peekable();
    let mut known = Known::default();
    let deletions = deletions(facts);
    let mut violations = Vec::new();
    for operation in operations {
        while let Some(observation) = observations.next_if(|shown| shown.at < operation.invoked) {
            known.add(observation.message);
        }
        if !operation.outcome.is_ok() {
            continue;
        }
        let messages = operation.outcome.messages();
        violations.extend(messages.iter().filter_map(|message| known.is_newer_than(operation, message)));
        let undeleted = |message: &&Message| {
            message.text.is_some() && deletions.get(&message.id).is_some_and(|at| *at < operation.invoked)
        };
        violations.extend(messages.iter().filter(undeleted).map(|message| {
            // The tombstone is a version that nobody need have been shown.
            stale(operation, message.id, message.version + 1, Some(message.version))
        }));
        if let Call::Page { group, .. } = operation.call {
            violations.extend(known.missing_from(operation, group));
            violations.extend(page_gap(operation, group));
        }
    }
    violations
}

/// When each deletion was first acknowledged.
fn deletions(facts: &Facts<'_>) -> HashMap<i64, u64> {
    let mut deletions = HashMap::new();
    for operation in facts.history.operations.iter().filter(|operation| operation.outcome.is_ok()) {
        if let Call::Delete { message } = operation.call {
            let first = deletions.entry(message).or_insert(operation.completed);
            *first = operation.completed.min(*first);
        }
    }
    deletions
}

impl Known {
    fn add(&mut self, message: &Message) {
        let version = self.versions.entry(message.id).or_insert(0);
        *version = message.version.max(*version);
        let newest = self.newest.entry(message.group).or_insert((0, 0));
        *newest = (message.seq, message.id).max(*newest);
    }

    fn is_newer_than(&self, operation: &Operation, shown: &Message) -> Option<Violation> {
        let known = *self.versions.get(&shown.id)?;
        (shown.version < known).then(|| stale(operation, shown.id, known, Some(shown.version)))
    }

    /// The newest message that was known, if the page ends before it.
    fn missing_from(&self, operation: &Operation, group: i64) -> Option<Violation> {
        let (seq, id) = *self.newest.get(&group)?;
        let last = operation.outcome.messages().first().map_or(0, |message| message.seq);
        (last < seq).then(|| stale(operation, id, self.versions[&id], None))
    }
}

/// A page has consecutive numbers, from the newest down to 1 or to its limit.
fn page_gap(operation: &Operation, group: i64) -> Option<Violation> {
    let messages = operation.outcome.messages();
    let (client, invoked) = (operation.client, operation.invoked);
    let gap = messages.windows(2).find(|pair| pair[1].seq != pair[0].seq - 1);
    let gap = gap.map(|pair| (pair[0].seq, pair[1].seq));
    let is_short = |limit| messages.len() < limit && messages.last().is_some_and(|message| message.seq != 1);
    let end = match operation.call {
        Call::Page { limit, .. } if is_short(limit) => messages.last().map(|message| (message.seq, 0)),
        _ => None,
    };
    gap.or(end).map(|(after, found)| Violation::PageGap { client, invoked, group, after, found })
}

fn stale(operation: &Operation, message: i64, known: i64, shown: Option<i64>) -> Violation {
    let Operation { client, server, invoked, .. } = *operation;
    Violation::Stale { client, server, invoked, message, known, shown }
}
