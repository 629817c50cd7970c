//! Sends: none is lost, none is there twice, none that failed is there, and their numbers fit their times.

use std::collections::HashMap;

use super::{Facts, Violation};
use crate::history::{Call, Message, Operation, Outcome};

/// What is known of the attempts to send a `client_id`.
#[derive(Default)]
struct Attempts<'h> {
    /// The message of each that succeeded.
    acknowledged: Vec<&'h Message>,
    /// Whether the outcome of any is unknown.
    is_any_unknown: bool,
}

/// Compares the attempts of each `client_id` with what is stored.
pub(super) fn check_sends(facts: &Facts<'_>) -> Vec<Violation> {
    let mut attempts: HashMap<&str, Attempts<'_>> = HashMap::new();
    for operation in &facts.history.operations {
        if let Call::Send { client_id, .. } = &operation.call {
            attempts.entry(client_id).or_default().add(operation);
        }
    }
    let mut stored: HashMap<&str, Vec<&Message>> = HashMap::new();
    for message in &facts.view.messages {
        stored.entry(&message.client_id).or_default().push(message);
    }
    let mut violations = Vec::new();
    for (client_id, messages) in &stored {
        if messages.len() > 1 {
            violations.push(Violation::Doubled { client_id: (*client_id).to_owned() });
        }
        match attempts.get(client_id) {
            None => violations.push(Violation::NeverSent { client_id: (*client_id).to_owned() }),
            Some(attempts) if attempts.have_failed() => {
                violations.push(Violation::FailedButStored { client_id: (*client_id).to_owned() });
            }
            Some(_) => {}
        }
    }
    for (client_id, attempts) in &attempts {
        let is_there = |message: &Message| {
            let found = stored.get(client_id).into_iter().flatten();
            found.copied().any(|stored| (stored.id, stored.group) == (message.id, message.group))
        };
        let lost = attempts.acknowledged.iter().find(|message| !is_there(message));
        violations.extend(lost.map(|message| Violation::Lost((*message).clone())));
    }
    violations
}

/// The numbers of each group are 1, 2, 3, … in an order that the times allow: who was known to be stored before another
/// was first requested has the lower number.
pub(super) fn check_order(facts: &Facts<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for &group in &facts.history.setup.groups {
        let messages: Vec<_> = facts.view.messages.iter().filter(|message| message.group == group).collect();
        let gap = messages.iter().zip(1..).find(|(message, expected)| message.seq != *expected);
        violations.extend(gap.map(|(message, expected)| Violation::NumberGap {
            group,
            expected,
            found: message.seq,
        }));
        let inversions = facts.inversions(&messages).into_iter();
        violations.extend(
            inversions.map(|(first, second)| Violation::NumberOrder {
                first: first.clone(),
                second: second.clone(),
            }),
        );
    }
    violations
}

impl<'h> Attempts<'h> {
    fn add(&mut self, operation: &'h Operation) {
        self.acknowledged.extend(operation.outcome.messages());
        self.is_any_unknown |= matches!(operation.outcome, Outcome::Unknown(_));
    }

    const fn have_failed(&self) -> bool {
        self.acknowledged.is_empty() && !self.is_any_unknown
    }
}
