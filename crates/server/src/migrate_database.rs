//! `groupchat migrate-database`: copies all data from the embedded database to PostgreSQL, or back.

mod address;
mod progress;

use std::time::{Duration, Instant};

use clap::Args;
use groupchat_domain::time::Clock;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::transfer::{self, CopiedTable};
use serde::Serialize;

use self::address::Address;
use self::progress::CopyLine;
use crate::console;
use crate::error::ProgramError;

/// What to copy, and where to.
#[derive(Debug, Clone, Args)]
pub(crate) struct MigrateOptions {
    /// The database to copy: sqlite:PATH with a data folder or a database file, or postgres://USER@HOST/DATABASE.
    #[arg(long, value_name = "DATABASE")]
    pub from: String,
    /// The database to copy to, in the same notation: an empty one, or an unfinished copy. Everyone on the machine can
    /// see a password on the command line; pass it in PGPASSWORD or ~/.pgpass instead.
    #[arg(long, value_name = "DATABASE")]
    pub to: String,
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    from: &'a str,
    to: &'a str,
    rows: u64,
    damaged: u64,
    seconds: f64,
    tables: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    table: &'static str,
    rows: u64,
    sha256: String,
    seconds: f64,
}

impl From<CopiedTable> for Row {
    fn from(table: CopiedTable) -> Self {
        let CopiedTable { name, digest, took, .. } = table;
        Self { table: name, rows: digest.rows, sha256: digest.to_string(), seconds: seconds(took) }
    }
}

/// Copies a database and compares the copy with it.
pub(crate) fn run(options: &MigrateOptions) -> Result<(), ProgramError> {
    let from = Address::parse(&options.from).ok_or(ProgramError::Address("--from"))?;
    let to = Address::parse(&options.to).ok_or(ProgramError::Address("--to"))?;
    let began = Instant::now();
    let mut line = CopyLine::new();
    let copied =
        transfer::transfer(&from.endpoint(), &to.endpoint(), SystemClock.now(), &mut |step| line.show(step))?;
    drop(line);
    let (from, to) = (from.to_string(), to.to_string());
    let rows = copied.iter().map(|table| table.digest.rows).sum();
    let damaged = copied.iter().map(|table| table.damaged).sum();
    let tables = copied.into_iter().map(Row::from).collect();
    let report = Report { from: &from, to: &to, rows, damaged, seconds: seconds(began.elapsed()), tables };
    show(&report, options.json);
    Ok(())
}

/// To the millisecond.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

fn show(report: &Report<'_>, as_json: bool) {
    if as_json {
        console::print_json(report);
        return;
    }
    let heading = ["table", "rows", "seconds"].map(str::to_owned).to_vec();
    let row = |row: &Row| vec![row.table.to_owned(), row.rows.to_string(), format!("{:.3}", row.seconds)];
    let table: Vec<_> = std::iter::once(heading).chain(report.tables.iter().map(row)).collect();
    console::print_table(&table);
    let Report { from, to, rows, damaged, seconds, .. } = report;
    if *damaged > 0 {
        console::print_line(format_args!(
            "{damaged} messages or events were damaged before the copy; `groupchat check` names them"
        ));
    }
    console::print_line(format_args!(
        "copied {rows} rows from {from} to {to} in {seconds:.1} s and verified them"
    ));
}
