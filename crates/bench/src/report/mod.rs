//! What a run found: as a table for people, and as JSON for programs.

mod bars;
mod samples;
mod table;

use std::time::Duration;

use serde::Serialize;

pub(crate) use bars::{Bar, Check, Footprint};
pub(crate) use samples::{Samples, median};
pub(crate) use table::{CHECKS_HEADER, render, write_audit, write_check};

use crate::database::Engine;
use crate::load::{Sample, empty_histogram};
use crate::scenario::Scenario;

/// What a run found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The machine and how it was measured.
    pub conditions: Conditions,
    /// One entry for each scenario.
    pub scenarios: Vec<Summary>,
    /// Ratios and sizes, with the bars that they must reach where there are any.
    pub checks: Vec<Check>,
    /// How many messages the server acknowledged: each of them is stored, once.
    pub audited_sends: u64,
}

/// The machine and how it was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Conditions {
    /// The database that is measured.
    pub database: Engine,
    /// Processor cores, shared by the server and the load generator.
    pub cores: usize,
    /// How many times all scenarios were run.
    pub rounds: u16,
    /// Seconds of each scenario in each round.
    pub seconds: u64,
    /// Messages in the database before the first round.
    pub messages: i64,
    /// Bytes of a request to send, and of the replies of the server and of the echo.
    pub send_bytes: SendBytes,
    /// Bytes of a page of 50, and of the static reply.
    pub page_bytes: usize,
    /// The same of a page of messages with reactions, threads and mentions; absent where the database has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rich_page_bytes: Option<usize>,
}

/// Sizes of bodies, for the comparison to be seen as fair.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct SendBytes {
    /// The request.
    pub request: usize,
    /// The server's reply.
    pub reply: usize,
    /// The echo's reply.
    pub echo: usize,
}

/// One scenario over all rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// What was measured.
    #[serde(flatten)]
    pub scenario: Scenario,
    /// Requests that counted.
    pub requests: u64,
    /// Requests a second: the median of the rounds.
    pub per_second: f64,
    /// Requests a second of each round.
    pub rounds: Vec<f64>,
    /// Half of the requests took at most this many microseconds.
    pub p50_micros: u64,
    /// All but a hundredth of the requests took at most this many microseconds.
    pub p99_micros: u64,
    /// Processor time that the program under load took for a request, in microseconds.
    pub processor_micros: f64,
    /// The same of the processes of the database; absent where it has none of its own on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_micros: Option<f64>,
}

impl Report {
    /// Sums samples up, and holds them and the footprint against the bars.
    pub(crate) fn new(
        conditions: Conditions,
        samples: &Samples,
        footprint: Footprint,
        audited_sends: u64,
    ) -> Self {
        let scenarios = samples.iter().map(|(&scenario, samples)| Summary::of(scenario, samples)).collect();
        let mut checks = bars::ratios(samples, &conditions.database);
        checks.extend(footprint.checks(&conditions.database));
        Self { conditions, scenarios, checks, audited_sends }
    }
}

impl Summary {
    fn of(scenario: Scenario, samples: &[Sample]) -> Self {
        let mut latencies = empty_histogram();
        for sample in samples {
            // Both have the same bounds, so that nothing is lost.
            let _ = latencies.add(&sample.latencies);
        }
        let processor_time = samples.iter().map(|sample| sample.processor_time).sum();
        let database_time: Option<Duration> = samples.iter().map(|sample| sample.database_time).sum();
        let micros_each = |time: Duration| time.as_secs_f64() * 1e6 / latencies.len().max(1) as f64;
        let rounds: Vec<f64> = samples.iter().map(|sample| sample.per_second).collect();
        Self {
            scenario,
            requests: latencies.len(),
            per_second: median(rounds.clone()),
            rounds,
            p50_micros: latencies.value_at_quantile(0.5),
            p99_micros: latencies.value_at_quantile(0.99),
            processor_micros: micros_each(processor_time),
            database_micros: database_time.map(micros_each),
        }
    }
}
