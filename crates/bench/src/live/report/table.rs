//! The report as text.

use std::fmt::{self, Write};

use super::{Delay, LiveReport};
use crate::live::fan_out::Rate;
use crate::live::idle::Idle;
use crate::live::sends::SendRates;
use crate::report::{CHECKS_HEADER, median, write_audit, write_check};

/// Writes the report as tables.
pub(crate) fn render(report: &LiveReport) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write_tables(&mut text, report);
    text
}

fn write_tables(text: &mut String, report: &LiveReport) -> fmt::Result {
    let of = &report.conditions;
    writeln!(
        text,
        "{}\n{} cores, shared with the other ends of the sockets; {} rounds of {} s\n\
         a message is {} bytes on a socket",
        of.database, of.cores, of.rounds, of.seconds, of.frame_bytes
    )?;
    write_fan_out(text, report)?;
    if let Some(delay) = &report.delay {
        write_delay(text, &format!("20 messages a second to {} sockets", of.sockets), delay)?;
    }
    if let Some(delay) = &report.two_servers {
        write_delay(text, "20 messages a second to another server", delay)?;
    }
    write_sends(text, report)?;
    let idle = [("no shared group", &report.idle), ("one shared group", &report.idle_members)];
    for (who, idle) in idle.into_iter().filter_map(|(who, idle)| Some((who, idle.as_ref()?))) {
        write_idle(text, who, idle)?;
    }
    if !report.checks.is_empty() {
        writeln!(text, "\n{CHECKS_HEADER}")?;
    }
    report.checks.iter().try_for_each(|check| write_check(text, check))?;
    write_audit(text, report.audited_sends)
}

fn write_fan_out(text: &mut String, report: &LiveReport) -> fmt::Result {
    if report.fan_out.is_empty() {
        return Ok(());
    }
    let of = &report.conditions;
    let title = format!("fan-out to {} sockets, {} in flight", of.sockets, of.in_flight);
    writeln!(text, "\n{title:<44}{:>14}{:>14}", "per second", "CPU µs/message")?;
    write_rates(text, "minimal program", report.fan_out.iter().map(|round| round.minimal))?;
    write_rates(text, "server", report.fan_out.iter().map(|round| round.server))
}

fn write_rates(text: &mut String, name: &str, rates: impl Iterator<Item = Rate> + Clone) -> fmt::Result {
    let per_second = median(rates.clone().map(|rate| rate.per_second).collect());
    let micros = median(rates.map(|rate| rate.processor_micros).collect());
    writeln!(text, "{name:<44}{per_second:>14.0}{micros:>14.1}")
}

fn write_delay(text: &mut String, title: &str, delay: &Delay) -> fmt::Result {
    writeln!(text, "\n{title:<44}{:>14}{:>14}", "p50 ms", "p99 ms")?;
    let rows = [("from the 201", delay.after_reply), ("from the request", delay.after_request)];
    rows.into_iter().try_for_each(|(name, of)| {
        let millis = |micros: u64| micros as f64 / 1000.0;
        writeln!(text, "{name:<44}{:>14.2}{:>14.2}", millis(of.p50_micros), millis(of.p99_micros))
    })
}

fn write_sends(text: &mut String, report: &LiveReport) -> fmt::Result {
    if report.sends.is_empty() {
        return Ok(());
    }
    let of = |value: fn(&SendRates) -> f64| median(report.sends.iter().map(value).collect());
    let beside = format!("beside {} sockets in 8 groups", report.conditions.listeners);
    writeln!(text, "\n{:<44}{:>14}{:>14}", "durable sends @ 64", "per second", "deliveries")?;
    writeln!(text, "{:<44}{:>14.0}", "alone", of(|sends| sends.alone))?;
    writeln!(text, "{beside:<44}{:>14.0}{:>14.0}", of(|sends| sends.beside), of(|sends| sends.deliveries))
}

fn write_idle(text: &mut String, who: &str, idle: &Idle) -> fmt::Result {
    let title = format!("{} idle sockets, {who}", idle.sockets);
    writeln!(text, "\n{title:<44}{:>14}", "memory MB")?;
    let mut row = |name: &str, bytes: u64| writeln!(text, "{name:<44}{:>14.1}", bytes as f64 / 1e6);
    row("without", idle.without)?;
    let every = (idle.with.len() / 4).max(1);
    let quarters = idle.with.iter().enumerate().skip(every - 1).step_by(every);
    quarters.into_iter().try_for_each(|(index, &bytes)| {
        row(&format!("after {} heartbeats, one in {} s", index + 1, idle.heartbeat), bytes)
    })
}
