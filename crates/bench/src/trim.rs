//! The command `trim`: how long the removal of old messages holds the writer, how long another writer waits meanwhile, and how
//! much smaller the database is afterwards. All messages of the database are removed.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use groupchat_domain::retention::{RetentionBy, RetentionRun, RetentionTerms, run_retention};
use groupchat_domain::storage::Storage;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::cli::TrimArgs;
use crate::database::Database;
use crate::error::BenchError;
use crate::footprint::folder_size;
use crate::load::empty_histogram;
use crate::output::{self, write_json};
use crate::seed::WRITE;

/// No step may hold the writer for longer.
const BAR_MICROS: u64 = 20_000;

/// Between two steps others get a turn. A server pauses for longer.
const BETWEEN_STEPS: Duration = Duration::from_millis(2);

/// How often somebody else writes.
const BETWEEN_WRITES: Duration = Duration::from_millis(5);

/// What came of it.
#[derive(Debug, Serialize)]
struct Measured {
    /// Messages and replies.
    messages: i64,
    /// The time from the first step to the last one, in seconds.
    seconds: f64,
    /// From asking for a step until it is durable.
    steps: Times,
    /// The same for commands of somebody else that change nothing, meanwhile.
    others: Times,
    /// The size of the data directory before and afterwards, in bytes; `None` on a server.
    disk: Option<(u64, u64)>,
}

/// How long something took, in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
struct Times {
    count: u64,
    median: u64,
    p99: u64,
    longest: u64,
}

impl From<&Histogram<u64>> for Times {
    fn from(histogram: &Histogram<u64>) -> Self {
        Self {
            count: histogram.len(),
            median: histogram.value_at_quantile(0.5),
            p99: histogram.value_at_quantile(0.99),
            longest: histogram.max(),
        }
    }
}

/// Measures, prints the table and writes the JSON file.
///
/// # Errors
/// The database or the report can't be written, or a step takes too long while `--check` is set.
pub(crate) async fn trim_command(args: &TrimArgs) -> Result<(), BenchError> {
    let size = || args.data_dir.as_deref().map(folder_size).transpose();
    let before = size()?;
    let database = Database::open(&args.location())?;
    let mut measured = measure(database.storage()).await?;
    database.give_room_back()?;
    database.close();
    measured.disk = before.zip(size()?);
    output::print(&render(&measured))?;
    if let Some(path) = &args.json {
        write_json(path, &measured)?;
    }
    if args.check && measured.steps.longest > BAR_MICROS { Err(BenchError::BarsMissed(1)) } else { Ok(()) }
}

async fn measure(storage: &dyn Storage) -> Result<Measured, BenchError> {
    let begin = Instant::now();
    let removal = remove_all(storage);
    let mut others = empty_histogram();
    let (run, steps) = tokio::select! {
        removed = removal => removed?,
        failed = write_beside(storage, &mut others) => return Err(failed),
    };
    Ok(Measured {
        messages: run.messages,
        seconds: begin.elapsed().as_secs_f64(),
        steps: Times::from(&steps),
        others: Times::from(&others),
        disk: None,
    })
}

async fn remove_all(storage: &dyn Storage) -> Result<(RetentionRun, Histogram<u64>), BenchError> {
    let terms = RetentionTerms { age: Some(Duration::ZERO), keeps_pinned: false };
    let steps = RefCell::new((empty_histogram(), Instant::now()));
    let pause = async || {
        {
            let (times, begun) = &mut *steps.borrow_mut();
            times.saturating_record(micros(begun.elapsed()));
        }
        tokio::time::sleep(BETWEEN_STEPS).await;
        steps.borrow_mut().1 = Instant::now();
    };
    let run = run_retention(storage, move || terms, RetentionBy::Operator, |_| true, pause).await?;
    Ok((run, steps.into_inner().0))
}

/// Never ends, unless it fails.
async fn write_beside(storage: &dyn Storage, times: &mut Histogram<u64>) -> BenchError {
    loop {
        let begin = Instant::now();
        if let Err(error) = storage.run(WRITE, |_| Ok(())).await {
            return error.into();
        }
        times.saturating_record(micros(begin.elapsed()));
        tokio::time::sleep(BETWEEN_WRITES).await;
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn render(measured: &Measured) -> String {
    let Measured { messages, seconds, steps, others, disk } = measured;
    let row = |name: &str, times: &Times| {
        let Times { count, median, p99, longest } = times;
        format!("{name:<24} {count:>8} {median:>10} {p99:>10} {longest:>10}\n")
    };
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let disk = disk.map_or_else(String::new, |(before, after)| {
        format!("on disk: {:.1} MB before, {:.1} MB afterwards\n", megabytes(before), megabytes(after))
    });
    format!(
        "{messages} messages removed in {seconds:.1} s\n{:<24} {:>8} {:>10} {:>10} {:>10}\n{}{}{disk}",
        "µs",
        "count",
        "median",
        "99 %",
        "longest",
        row("a step", steps),
        row("a command of others", others),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::SeedArgs;
    use crate::seed::seed_command;

    #[tokio::test]
    async fn a_seeded_database_is_emptied_and_the_steps_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let json = folder.path().join("trim.json");
        let data_dir = Some(folder.path().join("data"));
        let seed = SeedArgs {
            data_dir: data_dir.clone(),
            database_url: None,
            messages: 300,
            rich_messages: Some(60),
            groups: 2,
            users: 4,
            quiet_groups: 0,
            bulk: false,
        };
        seed_command(&seed).await.unwrap();
        let args = TrimArgs { data_dir, database_url: None, check: false, json: Some(json.clone()) };
        trim_command(&args).await.unwrap();
        let written: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
        // The replies of half of those that are rich, too.
        assert!(written["messages"].as_i64().unwrap() >= 360 + 60, "{written}");
        assert!(written["steps"]["count"].as_u64().unwrap() >= 4, "{written}");
        assert!(written["disk"][0].as_u64().unwrap() > 0, "{written}");
        trim_command(&TrimArgs { json: None, ..args }).await.unwrap();
    }
}
