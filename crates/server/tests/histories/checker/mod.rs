//! Whether a history is one that the documentation allows.
//!
//! A pure function. What it demands is what docs/API.md, docs/EVENTS.md, docs/OPERATIONS.md ("Each sees at once what
//! the others have stored") and ADR 8 promise, and no more.

mod changes;
mod events;
mod log;
mod observations;
mod reads;
mod sends;
mod violation;

pub(crate) use violation::Violation;

use std::collections::HashMap;

use crate::history::{Call, History, Message, View};
use observations::Observation;

/// What several checks need.
struct Facts<'h> {
    history: &'h History,
    /// The state at the end. All servers show the same, or that is a violation.
    view: &'h View,
    /// The messages at the end, by id.
    stored: HashMap<i64, &'h Message>,
    /// Every message that a client was shown, in the order of the times.
    observations: Vec<Observation<'h>>,
    /// When the first attempt to send each `client_id` began.
    first_invoked: HashMap<&'h str, u64>,
}

/// All violations, each kind in the order in which they were found; none in a sound history.
///
/// # Panics
/// The history has no view of the final state.
pub(crate) fn check(history: &History) -> Vec<Violation> {
    let facts = Facts::of(history);
    let checks = [
        log::check_views,
        sends::check_sends,
        sends::check_order,
        observations::check_states,
        changes::check_changes,
        changes::check_likes,
        log::check_log,
        reads::check_reads,
        events::check_visits,
    ];
    checks.iter().flat_map(|check| check(&facts)).collect()
}

impl<'h> Facts<'h> {
    fn of(history: &'h History) -> Self {
        let view = history.views.first().expect("the state at the end");
        let mut first_invoked = HashMap::new();
        for operation in &history.operations {
            if let Call::Send { client_id, .. } = &operation.call {
                let first = first_invoked.entry(client_id.as_str()).or_insert(operation.invoked);
                *first = operation.invoked.min(*first);
            }
        }
        Self {
            history,
            view,
            stored: view.messages.iter().map(|message| (message.id, message)).collect(),
            observations: observations::of(history),
            first_invoked,
        }
    }

    /// When each message was known to be stored: the earliest time at which a client had been shown it.
    fn known_since(&self) -> HashMap<i64, u64> {
        let mut known = HashMap::new();
        for observation in &self.observations {
            known.entry(observation.message.id).or_insert(observation.at);
        }
        known
    }

    /// Pairs of messages, given in the order in which they took effect, of which a later one was known before the
    /// first request for the earlier one began.
    fn inversions(&self, order: &[&'h Message]) -> Vec<(&'h Message, &'h Message)> {
        let known = self.known_since();
        let mut inversions = Vec::new();
        let mut earliest: Option<(u64, &Message)> = None;
        for &message in order.iter().rev() {
            let invoked = self.first_invoked.get(message.client_id.as_str()).copied();
            if let (Some((at, later)), Some(invoked)) = (earliest, invoked)
                && at < invoked
            {
                inversions.push((message, later));
            }
            if let Some(&at) = known.get(&message.id)
                && earliest.is_none_or(|(before, _)| at < before)
            {
                earliest = Some((at, message));
            }
        }
        inversions
    }
}

#[cfg(test)]
mod tests;
