//! The report: as tables for people, and as JSON for programs.

use std::fmt::{self, Write};

use serde::Serialize;

use super::bystander::{Action, ActionSample, ActionSamples};
use super::outcome::Outcome;
use crate::report::{CHECKS_HEADER, Check, write_check};

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct AbuseReport {
    /// The machine and how it was measured.
    pub conditions: Conditions,
    /// Each scenario.
    pub scenarios: Vec<Outcome>,
    /// What counts of all of them, with the bars.
    pub checks: Vec<Check>,
}

/// The machine and how it was measured.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Conditions {
    /// Processor cores, shared by the server, the hostile clients and the others.
    pub cores: usize,
    /// Seconds of each attack.
    pub seconds: u64,
}

impl Conditions {
    /// Those of this machine.
    pub(super) fn new(seconds: u64) -> Self {
        Self { cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get), seconds }
    }
}

impl AbuseReport {
    /// Nothing is known yet.
    pub(super) const fn new(conditions: Conditions) -> Self {
        Self { conditions, scenarios: Vec::new(), checks: Vec::new() }
    }

    /// Adds a scenario.
    pub(super) fn add(&mut self, outcome: Outcome) {
        self.checks.extend(outcome.checks());
        self.scenarios.push(outcome);
    }

    /// How many bars were missed.
    pub(super) fn missed(&self) -> usize {
        self.checks.iter().filter(|check| check.reached == Some(false)).count()
    }
}

/// Writes the report as tables.
pub(super) fn render(report: &AbuseReport) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write_tables(&mut text, report);
    text
}

fn write_tables(text: &mut String, report: &AbuseReport) -> fmt::Result {
    writeln!(
        text,
        "SQLite; {} cores, shared with all clients; attacks of {} s\n",
        report.conditions.cores, report.conditions.seconds
    )?;
    writeln!(
        text,
        "{:<24}{:>9}{:>9}{:>9}  {:<18}{:>10}{:>10}{:>10}{:>10}{:>8}",
        "scenario",
        "idle MB",
        "peak MB",
        "after MB",
        "others",
        "p50 alone",
        "p99 alone",
        "p50 ms",
        "p99 ms",
        "failed"
    )?;
    report.scenarios.iter().try_for_each(|outcome| write_outcome(text, outcome))?;
    writeln!(text, "\n{CHECKS_HEADER}")?;
    report.checks.iter().try_for_each(|check| write_check(text, check))
}

fn write_outcome(text: &mut String, outcome: &Outcome) -> fmt::Result {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let memory = outcome.memory;
    write!(
        text,
        "{:<24}{:>9.1}{:>9.1}{:>9.1}",
        outcome.scenario.to_string(),
        megabytes(memory.before),
        megabytes(memory.peak),
        megabytes(memory.after)
    )?;
    for (number, (action, under)) in outcome.under.iter().enumerate() {
        if number > 0 {
            write!(text, "{:51}", "")?;
        }
        write_action(text, *action, &outcome.alone, under)?;
    }
    let tally = outcome.tally.line();
    let ended = if outcome.lived { "" } else { "THE SERVER ENDED; " };
    writeln!(text, "    {ended}{tally}")
}

fn write_action(
    text: &mut String,
    action: Action,
    alone: &ActionSamples,
    under: &ActionSample,
) -> fmt::Result {
    let before = |part| alone.get(&action).map_or(0.0, |sample| sample.quantile_millis(part));
    writeln!(
        text,
        "  {:<18}{:>10.1}{:>10.1}{:>10.1}{:>10.1}{:>8}",
        action.name(),
        before(0.5),
        before(0.99),
        under.quantile_millis(0.5),
        under.quantile_millis(0.99),
        under.failed()
    )?;
    for (why, count) in &under.failures {
        writeln!(text, "{:53}{count} x {why}", "")?;
    }
    Ok(())
}
