//! `groupchat audit export`: the audit log as lines of JSON.

use std::io::{BufWriter, Write};

use clap::Args;
use groupchat_domain::audit::AuditRecord;
use groupchat_domain::storage::{Access, Caller, Mode, Storage};
use groupchat_domain::time::Timestamp;
use serde::Serialize;

use crate::error::ProgramError;

/// Entries that are read at a time.
const PAGE: i64 = 500;

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };

/// What to export.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExportOptions {
    /// Leave out entries from before this time, such as 2026-09-10T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub since: Option<jiff::Timestamp>,
    /// Leave out what was not done in this group, by its id.
    #[arg(long, value_name = "ID")]
    pub group: Option<i64>,
}

/// An entry, with the names that the API gives its parts.
#[derive(Serialize)]
struct Line<'a> {
    seq: i64,
    at: String,
    action: &'a str,
    outcome: &'a str,
    party: &'a str,
    actor_id: Option<i64>,
    session_id: Option<i64>,
    target_id: Option<i64>,
    group_id: Option<i64>,
    object_id: Option<i64>,
    detail: Option<&'a str>,
    address: Option<&'a str>,
    user_agent: Option<&'a str>,
    hash: String,
}

impl<'a> From<&'a AuditRecord> for Line<'a> {
    fn from(record: &'a AuditRecord) -> Self {
        let at = jiff::Timestamp::from_microsecond(record.at.as_micros()).unwrap_or(jiff::Timestamp::MAX);
        Self {
            seq: record.seq,
            at: format!("{at:.6}"),
            action: &record.action,
            outcome: &record.outcome,
            party: &record.party,
            actor_id: record.actor.map(|id| id.get()),
            session_id: record.session.map(|id| id.get()),
            target_id: record.target.map(|id| id.get()),
            group_id: record.group.map(|id| id.get()),
            object_id: record.object,
            detail: record.detail.as_deref(),
            address: record.address.as_deref(),
            user_agent: record.user_agent.as_deref(),
            hash: record.hash.to_string(),
        }
    }
}

/// Prints the entries. A line that can't be written ends it: what is there is not all.
pub(super) async fn run(storage: &dyn Storage, options: &ExportOptions) -> Result<(), ProgramError> {
    let since = options
        .since
        .map_or(Timestamp::from_micros(i64::MIN), |since| Timestamp::from_micros(since.as_microsecond()));
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut after = 0;
    loop {
        let page = storage.run(READ, move |tx| Ok(tx.audit().walk(after, PAGE)?)).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        let in_group = |record: &&AuditRecord| {
            options.group.is_none_or(|group| record.group.is_some_and(|id| id.get() == group))
        };
        for record in page.iter().filter(|record| record.at >= since).filter(in_group) {
            let line = serde_json::to_string(&Line::from(record)).map_err(std::io::Error::from);
            line.and_then(|line| writeln!(out, "{line}")).map_err(ProgramError::WriteOutput)?;
        }
    }
    out.flush().map_err(ProgramError::WriteOutput)
}
