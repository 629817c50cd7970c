//! What clients were shown, and whether it fits together.

use std::collections::HashMap;

use super::{Facts, Violation};
use crate::history::{Content, History, Message};

/// A message that a client was shown.
#[derive(Clone, Copy)]
pub(super) struct Observation<'h> {
    /// When the client had it.
    pub(super) at: u64,
    pub(super) message: &'h Message,
}

/// All that clients were shown, in the order of the times.
pub(super) fn of(history: &History) -> Vec<Observation<'_>> {
    let responses = history.operations.iter().flat_map(|operation| {
        let at = operation.completed;
        operation.outcome.messages().iter().map(move |message| Observation { at, message })
    });
    let arrivals = history.visits.iter().flat_map(|visit| &visit.arrivals);
    let events = arrivals.filter_map(|arrival| match &arrival.content {
        Content::Event(_, message) => Some(Observation { at: arrival.at, message }),
        Content::Cursor | Content::Gap => None,
    });
    let mut all: Vec<_> = responses.chain(events).collect();
    all.sort_by_key(|observation| observation.at);
    all
}

/// Everything that was shown is there at the end, in that state or a newer one, and a version is one state.
pub(super) fn check_states(facts: &Facts<'_>) -> Vec<Violation> {
    let mut states: HashMap<(i64, i64), &Message> =
        facts.view.messages.iter().map(|message| ((message.id, message.version), message)).collect();
    let mut violations = Vec::new();
    for Observation { message, .. } in &facts.observations {
        match facts.stored.get(&message.id) {
            Some(last) if !is_same(last, message) => violations.push(Violation::Lost((*message).clone())),
            Some(last) if last.version < message.version => {
                violations.push(Violation::Undone { seen: (*message).clone(), last: (*last).clone() });
            }
            Some(_) => {}
            None => violations.push(Violation::Lost((*message).clone())),
        }
        let one = *states.entry((message.id, message.version)).or_insert(message);
        if one != *message {
            violations.push(Violation::TwoStates { one: one.clone(), other: (*message).clone() });
        }
    }
    violations.dedup();
    violations
}

/// Whether what never changes in a message is the same.
fn is_same(one: &Message, other: &Message) -> bool {
    let fixed = |message: &Message| (message.group, message.seq, message.client_id.clone());
    fixed(one) == fixed(other)
}
