//! The report as text.

use std::fmt::Write;

use crate::database::Engine;
use crate::report::bars::{Bar, Check};
use crate::report::{Report, Summary};

/// What stands above the lines of [`write_check`].
pub(crate) const CHECKS_HEADER: &str =
    "ratio or size                                       measured           bar";

/// Writes the report as two tables.
pub(crate) fn render(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write_tables(&mut text, report);
    text
}

fn write_tables(text: &mut String, report: &Report) -> std::fmt::Result {
    let of = &report.conditions;
    writeln!(
        text,
        "{}; {} messages in the database\n{} cores, shared with the load generator; {} rounds of {} s",
        of.database, of.messages, of.cores, of.rounds, of.seconds
    )?;
    let bytes = of.send_bytes;
    writeln!(
        text,
        "a send is {} bytes and its reply {} (echo: {}); a page of 50 is {}{} (static replies: the same)\n",
        bytes.request,
        bytes.reply,
        bytes.echo,
        of.page_bytes,
        of.rich_page_bytes.map(|bytes| format!(", a rich one {bytes}")).unwrap_or_default()
    )?;
    writeln!(
        text,
        "{:<24}{:>12}{:>12}{:>10}{:>10}{:>20}{:>18}",
        "scenario",
        "requests",
        "per second",
        "p50 ms",
        "p99 ms",
        "CPU per request µs",
        database_column(report)
    )?;
    report.scenarios.iter().try_for_each(|row| write_scenario(text, row))?;
    writeln!(text, "{}", processor_note(report))?;
    writeln!(text, "\n{CHECKS_HEADER}")?;
    report.checks.iter().try_for_each(|check| write_check(text, check))?;
    write_audit(text, report.audited_sends)
}

/// Writes what the comparison of acknowledged and stored messages found, if there were any.
pub(crate) fn write_audit(text: &mut String, sends: u64) -> std::fmt::Result {
    if sends == 0 {
        return Ok(());
    }
    writeln!(text, "\nall {sends} messages that the server acknowledged are stored, each once")
}

fn write_scenario(text: &mut String, row: &Summary) -> std::fmt::Result {
    let millis = |micros: u64| micros as f64 / 1000.0;
    let database = row.database_micros.map(|micros| format!("{micros:.1}")).unwrap_or_default();
    let line = format!(
        "{:<24}{:>12}{:>12.0}{:>10.2}{:>10.2}{:>20.1}{database:>18}",
        row.scenario.to_string(),
        row.requests,
        row.per_second,
        millis(row.p50_micros),
        millis(row.p99_micros),
        row.processor_micros,
    );
    writeln!(text, "{}", line.trim_end())
}

/// What the processes of the database took, if that is known of any scenario.
fn database_column(report: &Report) -> &'static str {
    let is_known = report.scenarios.iter().any(|row| row.database_micros.is_some());
    if is_known { "PostgreSQL's µs" } else { "" }
}

/// Whose processor time it is.
fn processor_note(report: &Report) -> &'static str {
    match &report.conditions.database {
        Engine::Sqlite => "CPU: the program under load, including SQLite",
        Engine::Postgres(_) if database_column(report).is_empty() => {
            "CPU: the program under load; the CPU time of PostgreSQL on its own machine is unknown"
        }
        Engine::Postgres(_) => {
            "CPU: the program under load, and separately all processes of the PostgreSQL server"
        }
    }
}

/// Writes a value, its bar and whether it is reached as a line.
pub(crate) fn write_check(text: &mut String, check: &Check) -> std::fmt::Result {
    let bar = match check.bar {
        Some(Bar::AtLeast(least)) => format!(">= {least} {}", check.unit),
        Some(Bar::AtMost(most)) => format!("<= {most} {}", check.unit),
        Some(Bar::Below(limit)) => format!("< {limit} {}", check.unit),
        None => String::new(),
    };
    let verdict = match check.reached {
        Some(true) => "reached",
        Some(false) => "MISSED",
        None => "",
    };
    let value = format!("{:.1} {}", check.value, check.unit);
    let line = format!("{:<48}{value:>12}{bar:>14}  {verdict}", check.name);
    writeln!(text, "{}", line.trim_end())
}
