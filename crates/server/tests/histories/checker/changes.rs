//! Edits, deletions and likes: what was acknowledged is there, and what failed is not.

use std::collections::{HashMap, HashSet};

use super::{Facts, Violation};
use crate::history::{Call, Operation, Outcome};

/// Compares texts and deletions with the requests for them, and reports responses that no request gets.
///
/// That an acknowledged edit lasts follows from its version: nobody may be shown an older one afterwards.
pub(super) fn check_changes(facts: &Facts<'_>) -> Vec<Violation> {
    let (mut texts, mut deleted, mut maybe_deleted) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut violations = Vec::new();
    for operation in &facts.history.operations {
        violations.extend(wrong_response(operation));
        match &operation.call {
            // A retry has the text of the first attempt, so it doesn't matter which of them failed.
            Call::Send { client_id, text, .. } if operation.outcome.may_be_done() => {
                texts.insert((Subject::Sent(client_id), text.as_str()));
            }
            Call::Edit { message, text } if operation.outcome.may_be_done() => {
                texts.insert((Subject::Edited(*message), text.as_str()));
            }
            Call::Delete { message } if operation.outcome.may_be_done() => {
                maybe_deleted.insert(*message);
                if operation.outcome.is_ok() {
                    deleted.insert(*message);
                }
            }
            _ => {}
        }
    }
    for message in &facts.view.messages {
        let Some(text) = &message.text else {
            if !maybe_deleted.contains(&message.id) {
                violations.push(Violation::NeverDeleted { message: message.id });
            }
            continue;
        };
        if deleted.contains(&message.id) {
            violations.push(Violation::NotDeleted { message: message.id });
        }
        let subjects = [Subject::Sent(&message.client_id), Subject::Edited(message.id)];
        if !subjects.into_iter().any(|subject| texts.contains(&(subject, text.as_str()))) {
            violations.push(Violation::ForeignText(message.clone()));
        }
    }
    violations
}

/// To whom a text was given.
#[derive(PartialEq, Eq, Hash)]
enum Subject<'h> {
    Sent(&'h str),
    Edited(i64),
}

/// A 5xx other than 503 (docs/API.md).
fn wrong_response(operation: &Operation) -> Option<Violation> {
    let Outcome::Failed { status, code } = &operation.outcome else { return None };
    let is_wrong = *status >= 500 && *status != 503;
    let (client, invoked) = (operation.client, operation.invoked);
    is_wrong.then(|| Violation::WrongResponse { client, invoked, status: *status, code: code.clone() })
}

/// Whether a client likes a message.
#[derive(Default)]
struct Opinion {
    last_known: bool,
    /// The outcome of a request is unknown. It may take effect at any later time, after requests that the client made
    /// since.
    is_uncertain: bool,
}

/// Compares the count of likes with the requests.
pub(super) fn check_likes(facts: &Facts<'_>) -> Vec<Violation> {
    let mut operations: Vec<_> = facts.history.operations.iter().collect();
    operations.sort_by_key(|operation| operation.invoked);
    let mut opinions: HashMap<i64, HashMap<usize, Opinion>> = HashMap::new();
    for operation in operations {
        let (message, likes) = match operation.call {
            Call::Like { message } => (message, true),
            Call::Unlike { message } => (message, false),
            _ => continue,
        };
        let opinion = opinions.entry(message).or_default().entry(operation.client).or_default();
        match operation.outcome {
            Outcome::Ok(_) => opinion.last_known = likes,
            Outcome::Unknown(_) => opinion.is_uncertain = true,
            Outcome::Failed { .. } => {}
        }
    }
    let living = facts.view.messages.iter().filter(|message| message.text.is_some());
    let violations = living.filter_map(|message| {
        let opinions = || opinions.get(&message.id).into_iter().flat_map(HashMap::values);
        let count = |holds: fn(&Opinion) -> bool| opinions().filter(|opinion| holds(opinion)).count();
        let least = i64::try_from(count(|opinion| opinion.last_known && !opinion.is_uncertain)).unwrap();
        let most = i64::try_from(count(|opinion| opinion.last_known || opinion.is_uncertain)).unwrap();
        let (id, found) = (message.id, message.likes);
        (!(least..=most).contains(&found)).then_some(Violation::Likes { message: id, least, most, found })
    });
    violations.collect()
}
