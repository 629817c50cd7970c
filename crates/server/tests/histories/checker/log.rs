//! The log: one for all servers, in order, and in agreement with the state.

use std::collections::HashMap;

use super::{Facts, Violation};
use crate::history::Message;

/// The type of the event that a message is sent by.
pub(super) const CREATED: &str = "message.created";

/// All servers show the same.
pub(super) fn check_views(facts: &Facts<'_>) -> Vec<Violation> {
    let others = facts.history.views.iter().skip(1);
    let differ =
        others.filter(|other| (&other.messages, &other.log) != (&facts.view.messages, &facts.view.log));
    differ.map(|other| Violation::ViewsDiffer { server: other.server }).collect()
}

/// The log is in order, has an event for each version of each message, and the messages of a group in the order of
/// their numbers. Messages of different groups are in an order that their times allow (ADR 8).
pub(super) fn check_log(facts: &Facts<'_>) -> Vec<Violation> {
    let log = &facts.view.log;
    let mut violations = Vec::new();
    let mut before = facts.history.setup.start;
    for entry in log {
        if entry.position <= before {
            violations.push(Violation::LogOrder { before, position: entry.position });
        }
        before = entry.position;
    }
    violations.extend(disagreements(facts));
    let created: Vec<&Message> = log
        .iter()
        .filter(|entry| entry.event_type == CREATED)
        .filter_map(|entry| facts.stored.get(&entry.message).copied())
        .collect();
    for &group in &facts.history.setup.groups {
        let numbers = created.iter().filter(|message| message.group == group).map(|message| message.seq);
        let wrong = numbers.zip(1..).find(|(found, expected)| found != expected);
        violations.extend(wrong.map(|(found, expected)| Violation::LogNumberOrder {
            group,
            expected,
            found,
        }));
    }
    let inversions = facts.inversions(&created).into_iter();
    violations.extend(
        inversions
            .map(|(first, second)| Violation::LogTimeOrder { first: first.clone(), second: second.clone() }),
    );
    violations
}

/// Messages with more or fewer events than versions, and events about messages that are not there.
fn disagreements(facts: &Facts<'_>) -> Vec<Violation> {
    let mut events: HashMap<i64, i64> = HashMap::new();
    for entry in &facts.view.log {
        *events.entry(entry.message).or_default() += 1;
    }
    let mut violations = Vec::new();
    for message in &facts.view.messages {
        let (id, versions, events) = (message.id, message.version, events.remove(&message.id).unwrap_or(0));
        if events != versions {
            violations.push(Violation::LogDisagrees { message: id, versions, events });
        }
    }
    let of_nothing = events.into_iter();
    violations.extend(of_nothing.map(|(message, events)| Violation::LogDisagrees {
        message,
        versions: 0,
        events,
    }));
    violations
}
