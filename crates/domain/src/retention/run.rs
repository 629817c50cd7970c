//! Removing old messages of all groups.

use std::future::Future;

use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::ids::GroupId;
use crate::retention::due::due;
use crate::retention::step::trim;
use crate::retention::terms::RetentionTerms;
use crate::storage::{Access, Caller, Mode, Storage, Tx};
use crate::time::Timestamp;

/// How many groups one command looks at.
const GROUPS_AT_ONCE: i64 = 200;

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };
const WRITE: Access = Access { mode: Mode::Write, caller: Caller::System };

/// What a run has removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetentionRun {
    /// How many messages and replies.
    pub messages: i64,
    /// In how many groups.
    pub groups: i64,
}

/// Who runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionBy {
    /// The server by itself.
    Server,
    /// The operator.
    Operator,
}

/// Removes all messages that are too old now, in small steps with pauses between them, in which others get a turn. Several
/// servers may do so at once, and what one has begun another one goes on with. The terms, and whether the clock is believed, are
/// asked in every step; nothing begins while it isn't. A run that removed something is in the audit log.
///
/// # Errors
/// A fault: the first one, after all groups were tried. What was removed before stays removed.
pub async fn run_retention<P: Future<Output = ()>>(
    storage: &dyn Storage,
    terms: impl Fn() -> RetentionTerms + Clone + Send + 'static,
    by: RetentionBy,
    believes: impl Fn(Timestamp) -> bool + Clone + Send + 'static,
    pause: impl Fn() -> P,
) -> Result<RetentionRun, Error> {
    let (mut run, mut after) = (RetentionRun::default(), GroupId::new(0));
    let mut failed = None;
    'groups: loop {
        let present = terms();
        let (due, next) = storage.run(READ, move |tx| due(tx, after, GROUPS_AT_ONCE, &present)).await?;
        for group in due {
            let (removed, ended) = trim_group(storage, group, &terms, &believes, &pause).await;
            run.messages += removed;
            run.groups += i64::from(removed > 0);
            match ended {
                Ok(true) => {}
                Ok(false) => break 'groups,
                // It may be damage in this group.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match next {
            Some(next) => after = next,
            None => break,
        }
    }
    if run.messages > 0 {
        storage.run(WRITE, move |tx| record(tx, by, run)).await?;
    }
    failed.map_or(Ok(run), Err)
}

/// Removes the old messages of one group, step by step. Returns how many, and whether the clock was believed to the end, or what
/// went wrong after these.
async fn trim_group<P: Future<Output = ()>>(
    storage: &dyn Storage,
    group: GroupId,
    terms: &(impl Fn() -> RetentionTerms + Clone + Send + 'static),
    believes: &(impl Fn(Timestamp) -> bool + Clone + Send + 'static),
    pause: &impl Fn() -> P,
) -> (i64, Result<bool, Error>) {
    let mut removed = 0;
    loop {
        let (terms, believes) = (terms.clone(), believes.clone());
        let step = move |tx: &mut dyn Tx| {
            let now = tx.now();
            believes(now).then(|| trim(tx, group, &terms())).transpose()
        };
        match storage.run(WRITE, step).await {
            Ok(Some(step)) => {
                removed += step.messages;
                if !step.goes_on {
                    return (removed, Ok(true));
                }
            }
            Ok(None) => return (removed, Ok(false)),
            Err(error) => return (removed, Err(error)),
        }
        pause().await;
    }
}

fn record(tx: &mut dyn Tx, by: RetentionBy, run: RetentionRun) -> Result<(), Error> {
    let entry = match by {
        RetentionBy::Server => AuditEntry::by_server(AuditAction::MessagesTrimmed),
        RetentionBy::Operator => AuditEntry::by_operator(AuditAction::MessagesTrimmed),
    };
    tx.record(entry.about(run.messages));
    Ok(())
}
