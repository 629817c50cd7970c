//! The report as text.

use std::fmt::Write;

use crate::report::Report;
use crate::report::bars::{Bar, Check};

/// Writes the report as two tables.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write_tables(&mut text, report);
    text
}

fn write_tables(text: &mut String, report: &Report) -> std::fmt::Result {
    let of = &report.conditions;
    writeln!(
        text,
        "{} cores, shared with the load generator; {} rounds of {} s; {} messages in the database",
        of.cores, of.rounds, of.seconds, of.messages
    )?;
    let bytes = of.send_bytes;
    writeln!(
        text,
        "a send is {} bytes and its reply {} (echo: {}); a page of 50 is {} (static reply: the same)\n",
        bytes.request, bytes.reply, bytes.echo, of.page_bytes
    )?;
    writeln!(
        text,
        "{:<24}{:>12}{:>12}{:>12}{:>12}",
        "scenario", "requests", "per second", "p50 ms", "p99 ms"
    )?;
    for row in &report.scenarios {
        let millis = |micros: u64| micros as f64 / 1000.0;
        writeln!(
            text,
            "{:<20}{:>12}{:>12.0}{:>10.2}{:>10.2}{:>14.1}",
            row.scenario.to_string(),
            row.requests,
            row.per_second,
            millis(row.p50_micros),
            millis(row.p99_micros),
            row.processor_micros
        )?;
    }
    writeln!(text, "\n{:<44}{:>12}{:>14}", "ratio or size", "measured", "bar")?;
    report.checks.iter().try_for_each(|check| write_check(text, check))
}

fn write_check(text: &mut String, check: &Check) -> std::fmt::Result {
    let bar = match check.bar {
        Some(Bar::AtLeast(least)) => format!(">= {least} {}", check.unit),
        Some(Bar::Below(limit)) => format!("< {limit} {}", check.unit),
        None => String::new(),
    };
    let verdict = match check.reached {
        Some(true) => "reached",
        Some(false) => "MISSED",
        None => "",
    };
    let value = format!("{:.1} {}", check.value, check.unit);
    let line = format!("{:<44}{value:>12}{bar:>14}  {verdict}", check.name);
    writeln!(text, "{}", line.trim_end())
}
