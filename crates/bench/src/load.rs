//! Putting load on a server: a closed loop, each connection with one request at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use reqwest::{Client, Request};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::error::{BenchError, describe};
use crate::footprint::{ProcessFamily, processor_time};
use crate::ledger::SendLog;
use crate::scenario::Scenario;
use crate::turn::Turn;

/// The requests of a measurement.
pub(crate) struct Workload {
    make: Box<dyn Fn(Turn) -> Request + Send + Sync>,
    /// Of messages that are sent.
    log: Option<Arc<SendLog>>,
}

impl Workload {
    /// Requests that store nothing.
    pub(crate) fn new(make: impl Fn(Turn) -> Request + Send + Sync + 'static) -> Self {
        Self { make: Box::new(make), log: None }
    }

    /// Requests that send messages.
    pub(crate) fn of_sends(
        log: Arc<SendLog>,
        make: impl Fn(Turn) -> Request + Send + Sync + 'static,
    ) -> Self {
        Self { make: Box::new(make), log: Some(log) }
    }

    /// The request of a turn.
    pub(crate) fn request(&self, turn: Turn) -> Request {
        (self.make)(turn)
    }

    /// The request of a turn was answered with a 2xx.
    pub(crate) fn acknowledge(&self, turn: Turn) {
        if let Some(log) = &self.log {
            log.acknowledge(turn);
        }
    }
}

/// For how long to put load on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// Load before what counts, for caches, connections and the processor's clock to settle.
    pub warm_up: Duration,
    /// Load that counts.
    pub window: Duration,
}

/// What one scenario did in one round.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Latencies in microseconds of the requests that ended in the window, from before the request was
    /// handed to the client until the last byte of the answer was read.
    pub latencies: Histogram<u64>,
    /// Requests a second in the window.
    pub per_second: f64,
    /// Processor time that the program under load took in the window.
    pub processor_time: Duration,
    /// Processor time that the processes of its database took in the window.
    pub database_time: Option<Duration>,
}

/// The processes whose processor time counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processes {
    /// The program under load.
    pub program: u32,
    /// Those of its database, where it has some of its own on this machine.
    pub database: Option<ProcessFamily>,
}

impl Processes {
    /// What they have taken so far, in the order of the fields.
    fn times(self) -> Result<(Duration, Option<Duration>), BenchError> {
        let database = self.database.map(ProcessFamily::processor_time).transpose()?;
        Ok((processor_time(self.program)?, database))
    }
}

/// A client of its own for each measurement, so that no connection of an earlier one is idle for too long.
pub(crate) fn client(connections: usize) -> Result<Client, BenchError> {
    let client = Client::builder()
        .no_proxy()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(connections)
        .timeout(Duration::from_secs(30))
        .build()?;
    Ok(client)
}

/// Runs a scenario against a program, and counts.
///
/// # Errors
/// [`BenchError::Failed`] if any request failed or was answered by anything but a 2xx.
pub(crate) async fn drive(
    scenario: Scenario,
    timing: Timing,
    workload: Arc<Workload>,
    processes: Processes,
) -> Result<Sample, BenchError> {
    let client = client(scenario.connections)?;
    let start = Instant::now() + timing.warm_up;
    let window = TimeWindow { start, end: start + timing.window };
    let mut connections = JoinSet::new();
    for connection in 0..scenario.connections {
        connections.spawn(run_connection(client.clone(), connection, window, Arc::clone(&workload)));
    }
    sleep_until(window.start.into()).await;
    let before = processes.times()?;
    sleep_until(window.end.into()).await;
    let after = processes.times()?;
    let outcomes = connections.join_all().await;
    let (latencies, per_second) = summarise(scenario, timing, outcomes)?;
    Ok(Sample {
        latencies,
        per_second,
        processor_time: after.0.saturating_sub(before.0),
        database_time: after.1.zip(before.1).map(|(after, before)| after.saturating_sub(before)),
    })
}

/// When requests count.
#[derive(Debug, Clone, Copy)]
struct TimeWindow {
    start: Instant,
    end: Instant,
}

/// What became of one connection.
struct ConnectionOutcome {
    /// Microseconds of each request that ended in the window.
    latencies: Vec<u64>,
    /// The first failure, which also ended the connection.
    failure: Option<String>,
}

async fn run_connection(
    client: Client,
    connection: usize,
    window: TimeWindow,
    workload: Arc<Workload>,
) -> ConnectionOutcome {
    let mut outcome = ConnectionOutcome { latencies: Vec::new(), failure: None };
    for number in 0.. {
        let turn = Turn { connection, number };
        let request = workload.request(turn);
        let begun = Instant::now();
        if begun >= window.end {
            break;
        }
        if let Err(failure) = exchange(&client, request).await {
            outcome.failure = Some(failure);
            break;
        }
        let ended = Instant::now();
        workload.acknowledge(turn);
        if ended >= window.start && ended < window.end {
            outcome.latencies.push(u64::try_from((ended - begun).as_micros()).unwrap_or(u64::MAX));
        }
    }
    outcome
}

async fn exchange(client: &Client, request: Request) -> Result<(), String> {
    let response = client.execute(request).await.map_err(|error| describe(&error))?;
    let status = response.status();
    let body = response.bytes().await.map_err(|error| describe(&error))?;
    if status.is_success() { Ok(()) } else { Err(format!("{status}: {}", String::from_utf8_lossy(&body))) }
}

/// All latencies, and requests a second.
fn summarise(
    scenario: Scenario,
    timing: Timing,
    outcomes: Vec<ConnectionOutcome>,
) -> Result<(Histogram<u64>, f64), BenchError> {
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let measured: usize = outcomes.iter().map(|outcome| outcome.latencies.len()).sum();
    let mut latencies = empty_histogram();
    for latency in outcomes.iter().flat_map(|outcome| &outcome.latencies) {
        latencies.saturating_record(*latency);
    }
    if let Some(first) = outcomes.into_iter().find_map(|outcome| outcome.failure) {
        return Err(BenchError::Failed { scenario, failed, total: measured + failed, first });
    }
    Ok((latencies, measured as f64 / timing.window.as_secs_f64()))
}

/// An empty histogram of latencies in microseconds: 1 µs to a minute, to three significant digits.
pub(crate) fn empty_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds and digits are those that the crate allows")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Route;

    const SCENARIO: Scenario = Scenario { route: Route::Send, connections: 2 };
    const TIMING: Timing = Timing { warm_up: Duration::ZERO, window: Duration::from_secs(2) };

    fn outcome(latencies: Vec<u64>, failure: Option<&str>) -> ConnectionOutcome {
        ConnectionOutcome { latencies, failure: failure.map(str::to_owned) }
    }

    #[test]
    fn a_sample_counts_all_connections() {
        let outcomes = vec![outcome(vec![100, 300], None), outcome(vec![200, 400], None)];
        let (latencies, per_second) = summarise(SCENARIO, TIMING, outcomes).unwrap();
        assert_eq!(per_second, 2.0);
        assert_eq!((latencies.value_at_quantile(0.5), latencies.max()), (200, 400));
    }

    #[test]
    fn one_failed_request_fails_the_measurement() {
        let outcomes = vec![outcome(vec![100], None), outcome(vec![100], Some("503 Service Unavailable"))];
        let error = summarise(SCENARIO, TIMING, outcomes).unwrap_err();
        assert_eq!(
            error.to_string(),
            "durable send @ 2: 1 of 3 requests failed; the first: 503 Service Unavailable"
        );
    }
}
