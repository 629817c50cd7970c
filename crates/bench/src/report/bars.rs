//! The bars: what the server must reach, held against what was measured.
//!
//! Those of speed and memory are for the embedded database, which is one program with the server. With another one
//! they would judge that, its machine and the way there too, so they are told without a bar.

use serde::Serialize;

use super::samples::{Samples, median};
use crate::database::Engine;
use crate::scenario::{READERS, Route, Scenario};

/// Bytes of a megabyte.
const MEGABYTE: f64 = 1_000_000.0;

/// A value and what it must reach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Check {
    /// What was measured.
    pub name: String,
    /// The value, in `unit`.
    pub value: f64,
    /// The unit.
    pub unit: &'static str,
    /// What the value must be, if anything.
    pub bar: Option<Bar>,
    /// Whether it is; absent where there is no bar.
    pub reached: Option<bool>,
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bar {
    /// This much or more.
    AtLeast(f64),
    /// This much or less.
    AtMost(f64),
    /// Less than this.
    Below(f64),
}

impl Check {
    /// Holds a value against its bar.
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str, bar: Option<Bar>) -> Self {
        let reached = bar.map(|bar| match bar {
            Bar::AtLeast(least) => value >= least,
            Bar::AtMost(most) => value <= most,
            Bar::Below(limit) => value < limit,
        });
        Self { name: name.into(), value, unit, bar, reached }
    }
}

/// How large the server is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    /// From the start of the process to the first answer, on the database of the run, in seconds.
    pub start_up: f64,
    /// Resident memory before the load, in bytes.
    pub idle_memory: u64,
    /// The most resident memory, in bytes.
    pub peak_memory: u64,
    /// The program's file, in bytes.
    pub binary: u64,
}

impl Footprint {
    pub(super) fn checks(self, database: &Engine) -> [Check; 4] {
        let megabytes = |bytes: u64| bytes as f64 / MEGABYTE;
        let below = |limit| database.is_embedded().then_some(Bar::Below(limit));
        [
            Check::new("start-up on an existing database", self.start_up * 1000.0, "ms", below(100.0)),
            Check::new("idle memory", megabytes(self.idle_memory), "MB", below(35.0)),
            Check::new("peak memory", megabytes(self.peak_memory), "MB", None),
            Check::new("release binary", megabytes(self.binary), "MB", Some(Bar::Below(35.0))),
        ]
    }
}

/// What each scenario reaches of its comparison, in percent: the median of the rounds, each against the
/// comparison of the same round.
pub(super) fn ratios(samples: &Samples, database: &Engine) -> Vec<Check> {
    samples
        .keys()
        .filter_map(|&scenario| {
            let compared = Scenario { route: comparison(scenario.route)?, ..scenario };
            let rounds = samples[&scenario].iter().zip(samples.get(&compared)?);
            let percent = rounds.map(|(own, other)| 100.0 * own.per_second / other.per_second).collect();
            let name = format!("{scenario}, vs. {compared}");
            let bar = bar(scenario).filter(|_| database.is_embedded());
            Some(Check::new(name, median(percent), "%", bar))
        })
        .collect()
}

const fn comparison(route: Route) -> Option<Route> {
    match route {
        Route::Send => Some(Route::Echo),
        Route::Vote => Some(Route::Send),
        Route::Page => Some(Route::Static),
        Route::RichPage => Some(Route::RichStatic),
        _ => None,
    }
}

const fn bar(scenario: Scenario) -> Option<Bar> {
    match (scenario.route, scenario.connections) {
        (Route::Send, 64) => Some(Bar::AtLeast(25.0)),
        (Route::Send, 256) => Some(Bar::AtLeast(33.0)),
        // It costs no more than a send, within what measurements vary by.
        (Route::Vote, 64 | 256) => Some(Bar::AtLeast(95.0)),
        (Route::Page | Route::RichPage, READERS) => Some(Bar::AtLeast(18.0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::database::PostgresServer;
    use crate::load::{Sample, empty_histogram};

    fn rounds(per_second: &[f64]) -> Vec<Sample> {
        per_second
            .iter()
            .map(|&per_second| Sample {
                latencies: empty_histogram(),
                per_second,
                processor_time: Duration::ZERO,
                database_time: None,
            })
            .collect()
    }

    #[test]
    fn a_ratio_is_taken_within_a_round() {
        let of = |route| Scenario { route, connections: 64 };
        // The machine was twice as fast in the second round, the ratio the same.
        let samples = Samples::from([
            (of(Route::Echo), rounds(&[1000.0, 2000.0, 1000.0])),
            (of(Route::Send), rounds(&[300.0, 600.0, 100.0])),
        ]);
        let ratios = ratios(&samples, &Engine::Sqlite);
        assert_eq!(ratios.len(), 1);
        assert_eq!(ratios[0].name, "durable send @ 64, vs. echo @ 64");
        assert_eq!((ratios[0].value, ratios[0].reached), (30.0, Some(true)));
    }

    #[test]
    fn a_vote_is_compared_with_a_send() {
        let of = |route| Scenario { route, connections: 64 };
        let samples =
            Samples::from([(of(Route::Send), rounds(&[100.0])), (of(Route::Vote), rounds(&[94.0]))]);
        let ratios = ratios(&samples, &Engine::Sqlite);
        assert_eq!(ratios[0].name, "vote @ 64, vs. durable send @ 64");
        assert_eq!((ratios[0].value, ratios[0].reached), (94.0, Some(false)));
    }

    #[test]
    fn on_a_server_only_the_program_is_held_against_a_bar() {
        let of = |route| Scenario { route, connections: 64 };
        let samples = Samples::from([(of(Route::Echo), rounds(&[1.0])), (of(Route::Send), rounds(&[1.0]))]);
        let footprint = Footprint { start_up: 1.0, idle_memory: 1, peak_memory: 1, binary: 1 };
        let judged = |database: &Engine| {
            let all = ratios(&samples, database).into_iter().chain(footprint.checks(database));
            all.filter(|check| check.bar.is_some()).map(|check| check.name).collect::<Vec<_>>()
        };
        let server = PostgresServer {
            version: "15.13".to_owned(),
            is_local: true,
            fsync: true,
            synchronous_commit: "on".to_owned(),
        };
        assert_eq!(judged(&Engine::Postgres(server)), ["release binary"]);
        assert_eq!(judged(&Engine::Sqlite).len(), 4);
    }

    #[test]
    fn a_bar_is_missed_by_a_little() {
        assert_eq!(Check::new("", 17.9, "%", Some(Bar::AtLeast(18.0))).reached, Some(false));
        assert_eq!(Check::new("", 18.0, "%", Some(Bar::AtLeast(18.0))).reached, Some(true));
        assert_eq!(Check::new("", 24.0, "KiB", Some(Bar::AtMost(24.0))).reached, Some(true));
        assert_eq!(Check::new("", 24.1, "KiB", Some(Bar::AtMost(24.0))).reached, Some(false));
        assert_eq!(Check::new("", 30.0, "MB", Some(Bar::Below(30.0))).reached, Some(false));
        assert_eq!(Check::new("", 1.0, "MB", None).reached, None);
    }
}
