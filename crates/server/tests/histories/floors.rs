//! Whether enough of what a run is for has happened in it.

use std::collections::BTreeSet;

use crate::history::{Call, History, Operation, Outcome};

/// How often each has to happen at least. In the 12 seconds of a usual run it is some ten times as often.
const LEAST: usize = 3;

/// Fails if too few responses, or answers to COMMITs, were lost, or too few clients found out what had become of a send
/// whose outcome they hadn't been told.
///
/// # Panics
/// Something has hardly happened.
pub(crate) fn assert_met(history: &History, has_sessions: bool) {
    let count = |is_it: fn(&str) -> bool| unknown(history).filter(|reason| is_it(reason)).count();
    let commits = count(|reason| reason == "outcome_unknown");
    let responses = count(|reason| reason != "outcome_unknown" && reason != "timeout");
    let found_out = found_out(history);
    let told = format!(
        "{responses} responses and {commits} answers to COMMITs were lost, and {found_out} sends found out"
    );
    assert!(responses >= LEAST && found_out >= LEAST, "{told}");
    // The embedded database has no sessions that could be lost.
    assert!(!has_sessions || commits >= LEAST, "{told}");
}

/// Why the outcomes of requests are unknown.
fn unknown(history: &History) -> impl Iterator<Item = &str> {
    history.operations.iter().filter_map(|operation| match &operation.outcome {
        Outcome::Unknown(reason) => Some(reason.as_str()),
        Outcome::Ok(_) | Outcome::Failed { .. } => None,
    })
}

/// How many sends were repeated because their outcome was unknown, and then acknowledged.
fn found_out(history: &History) -> usize {
    let sends = |is_it: fn(&Operation) -> bool| -> BTreeSet<&str> {
        let operations = history.operations.iter().filter(|operation| is_it(operation));
        operations.filter_map(|operation| operation.call.client_id()).collect()
    };
    let unknown = sends(|operation| matches!(operation.outcome, Outcome::Unknown(_)));
    unknown.intersection(&sends(|operation| operation.outcome.is_ok())).count()
}

impl Call {
    /// What the client names a message that it sends.
    fn client_id(&self) -> Option<&str> {
        match self {
            Self::Send { client_id, .. } => Some(client_id),
            _ => None,
        }
    }
}
