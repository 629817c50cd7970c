//! Whether enough of what a run is for has happened in it.

use std::collections::BTreeSet;

use crate::history::{Call, History, Operation, Outcome};

/// How often each has to happen at least. In the 12 seconds of a usual run it is some ten times as often.
const LEAST: usize = 3;

/// Of a run, how many sends have to be acknowledged at least: fewer can't tell much.
const SENDS: usize = 21;

/// What there was too little of, if anything: sends, lost responses, lost answers to COMMITs, or clients that found out
/// what had become of a send whose outcome they hadn't been told.
pub(crate) fn shortage(history: &History, has_sessions: bool) -> Option<String> {
    let count = |is_it: fn(&str) -> bool| unknown(history).filter(|reason| is_it(reason)).count();
    let commits = count(|reason| reason == "outcome_unknown");
    let responses = count(|reason| reason != "outcome_unknown" && reason != "timeout");
    let sends = sends(history, |operation| operation.outcome.is_ok());
    let unknown = self::sends(history, |operation| matches!(operation.outcome, Outcome::Unknown(_)));
    let found_out = unknown.intersection(&sends).count();
    // The embedded database has no sessions that could be lost.
    let is_enough = sends.len() >= SENDS
        && responses >= LEAST
        && found_out >= LEAST
        && (commits >= LEAST || !has_sessions);
    let told = format!(
        "{} sends were acknowledged, {found_out} of them after an unknown outcome; {responses} responses and \
         {commits} answers to COMMITs were lost",
        sends.len()
    );
    (!is_enough).then_some(told)
}

/// Why the outcomes of requests are unknown.
fn unknown(history: &History) -> impl Iterator<Item = &str> {
    history.operations.iter().filter_map(|operation| match &operation.outcome {
        Outcome::Unknown(reason) => Some(reason.as_str()),
        Outcome::Ok(_) | Outcome::Failed { .. } => None,
    })
}

/// The messages that clients have sent by such a request.
fn sends(history: &History, is_it: impl Fn(&Operation) -> bool) -> BTreeSet<&str> {
    let operations = history.operations.iter().filter(|operation| is_it(operation));
    operations.filter_map(|operation| operation.call.client_id()).collect()
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
