//! `groupchat check`: checks the data of a server.

use clap::Args;
use groupchat_domain::time::Clock;
use groupchat_infra::check::{CheckOutcome, Depth, Finding};
use groupchat_infra::clock::SystemClock;
use serde::Serialize;

use crate::config::Config;
use crate::error::ProgramError;
use crate::{console, default_groups, secrets, storage};

/// How to check.
#[derive(Debug, Clone, Args)]
pub(crate) struct CheckOptions {
    /// Skip comparing indexes with their tables, which takes the longest.
    #[arg(long)]
    pub quick: bool,
    /// Print JSON, for scripts. The names of the checks don't change; later versions may add checks.
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    checks: Vec<ShownFinding>,
}

#[derive(Serialize)]
struct ShownFinding {
    check: &'static str,
    outcome: &'static str,
    detail: String,
}

impl From<Finding> for ShownFinding {
    fn from(finding: Finding) -> Self {
        let outcome = match finding.outcome {
            CheckOutcome::Passed => "ok",
            CheckOutcome::Warning => "warning",
            CheckOutcome::Failed => "failed",
        };
        Self { check: finding.check, outcome, detail: finding.detail }
    }
}

/// Checks everything and prints what was found. With a configuration that is wrong it does not get here.
pub(crate) fn run(config: &Config, options: &CheckOptions) -> Result<(), ProgramError> {
    let depth = if options.quick { Depth::Quick } else { Depth::Full };
    let detail = format!("all settings are valid; the database is {}", storage::describe(config));
    let mut findings = vec![Finding { check: "configuration", outcome: CheckOutcome::Passed, detail }];
    findings.extend(storage::check(config, depth, SystemClock.now()));
    if findings.iter().any(Finding::is_current_schema) && !findings.iter().any(Finding::is_failure) {
        findings.extend(default_groups::check(config)?);
        findings.push(secrets::check(config)?);
    }
    let (failed, made) = (findings.iter().filter(|finding| finding.is_failure()).count(), findings.len());
    let checks: Vec<_> = findings.into_iter().map(ShownFinding::from).collect();
    if options.json {
        console::print_json(&Report { ok: failed == 0, checks });
    } else {
        let row = |shown: ShownFinding| vec![shown.outcome.to_owned(), shown.check.to_owned(), shown.detail];
        console::print_table(&checks.into_iter().map(row).collect::<Vec<_>>());
    }
    if failed == 0 { Ok(()) } else { Err(ProgramError::Unhealthy { failed, made }) }
}
