//! What a scenario did to the server and to others, held against its bars.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::args::AttackScenario;
use super::bystander::{Action, ActionSample, ActionSamples};
use super::tally::Tally;
use super::watch::{MAY_STAY, Taken};
use crate::footprint::processor_time;
use crate::report::{Bar, Check};

/// Bytes of a megabyte.
const MEGABYTE: f64 = 1e6;

/// What a scenario did.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// Which one.
    pub scenario: AttackScenario,
    /// Whether the server still answered at its end.
    pub lived: bool,
    /// The server's memory.
    pub memory: Taken,
    /// Processor time of the server during the attack; `None` if it has ended.
    pub during: Option<Processor>,
    /// The same from when all clients had hung up.
    pub afterwards: Option<Processor>,
    /// Bytes that came into the data folder.
    pub stored: u64,
    /// How long the attack took.
    pub window: Duration,
    /// Others, before it.
    pub alone: ActionSamples,
    /// Others, meanwhile.
    pub under: ActionSamples,
    /// What the hostile clients met.
    pub tally: Tally,
}

/// Processor time over a while.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Processor {
    /// What was taken, in seconds.
    pub taken: f64,
    /// In how many seconds.
    pub within: f64,
}

/// A measurement that goes on.
#[derive(Debug)]
pub(super) struct Measuring {
    pid: u32,
    since: Instant,
    before: Duration,
}

impl Processor {
    /// Begins to measure a process; `None` if it has ended.
    pub(super) fn begin(pid: u32) -> Option<Measuring> {
        let before = processor_time(pid).ok()?;
        Some(Measuring { pid, since: Instant::now(), before })
    }

    /// The part of one core that was taken.
    fn part(self) -> f64 {
        self.taken / self.within
    }
}

impl Measuring {
    /// What was taken since; `None` if the process has ended.
    pub(super) fn end(self) -> Option<Processor> {
        let taken = processor_time(self.pid).ok()?.saturating_sub(self.before);
        Some(Processor { taken: taken.as_secs_f64(), within: self.since.elapsed().as_secs_f64() })
    }
}

impl Outcome {
    /// What counts, with its bars.
    pub(super) fn checks(&self) -> Vec<Check> {
        let ended = Check::new("times the server ended", f64::from(!self.lived), "", Some(Bar::AtMost(0.0)));
        let mut checks = vec![ended];
        checks.extend(self.own_checks());
        for check in &mut checks {
            check.name = format!("{}: {}", self.scenario, check.name);
        }
        checks
    }

    fn own_checks(&self) -> Vec<Check> {
        match self.scenario {
            AttackScenario::UnreadAnswers => vec![self.peak_below(200.0), self.p99_below_50(Action::Send)],
            AttackScenario::UnreadAnswersOfMany => {
                vec![self.peak_below(200.0), self.memory_left(), self.p99_below_50(Action::Send)]
            }
            AttackScenario::FastReaders => vec![self.p99_below_50(Action::Send)],
            AttackScenario::Assets => vec![self.peak_below(60.0)],
            AttackScenario::Searches => {
                vec![self.p99_below_50(Action::Read), self.busy_during(), self.busy_afterwards()]
            }
            AttackScenario::WrongLogins => vec![self.login_ratio()],
            AttackScenario::OneUserLogins => vec![self.login_ratio(), self.p99_below_50(Action::Send)],
            AttackScenario::SlowHeads => vec![self.still_open()],
            AttackScenario::EndlessBodies => vec![self.swallowed()],
            AttackScenario::ManyConnections => {
                vec![self.failed(Action::Connect), self.p99_below_50(Action::Connect)]
            }
            AttackScenario::FloodOfWrites => vec![self.p99_below_50(Action::Send), self.stored_a_second()],
            AttackScenario::UnreadSockets => vec![self.peak_below(50.0), self.p99_below_50(Action::Send)],
            AttackScenario::Lockout => vec![self.failed(Action::Login)],
        }
    }

    fn peak_below(&self, megabytes: f64) -> Check {
        Check::new("peak memory", self.memory.peak as f64 / MEGABYTE, "MB", Some(Bar::Below(megabytes)))
    }

    /// What a burst took and did not give back.
    fn memory_left(&self) -> Check {
        let left = self.memory.left() as f64 / MEGABYTE;
        Check::new("memory kept afterwards", left, "MB", Some(Bar::Below(MAY_STAY as f64 / MEGABYTE)))
    }

    fn p99_below_50(&self, action: Action) -> Check {
        let name = format!("p99 of others, {}", action.name());
        Check::new(name, quantile(&self.under, action, 0.99), "ms", Some(Bar::Below(50.0)))
    }

    fn failed(&self, action: Action) -> Check {
        let failed = self.under.get(&action).map_or(0, ActionSample::failed);
        Check::new(format!("failed, {}", action.name()), failed as f64, "", Some(Bar::AtMost(0.0)))
    }

    /// A login's time, of what it takes when nobody else signs in.
    fn login_ratio(&self) -> Check {
        let of = |samples| quantile(samples, Action::Login, 0.5);
        Check::new("login time, vs. alone", of(&self.under) / of(&self.alone), "x", Some(Bar::AtMost(2.0)))
    }

    /// Connections that never showed a whole head again and were not closed.
    fn still_open(&self) -> Check {
        let open = self.tally.of(Tally::OPENED).saturating_sub(self.tally.of(Tally::CLOSED));
        Check::new("connections still open", open as f64, "", Some(Bar::AtMost(0.0)))
    }

    fn swallowed(&self) -> Check {
        let most = self.tally.of(Tally::MOST_BYTES) as f64 / MEGABYTE;
        Check::new("most bytes read of a body", most, "MB", Some(Bar::Below(16.0)))
    }

    /// What came into the data folder, the write-ahead log included: a message is in both until a checkpoint.
    fn stored_a_second(&self) -> Check {
        let a_second = self.stored as f64 / MEGABYTE / self.window.as_secs_f64();
        Check::new("stored per second", a_second, "MB", Some(Bar::Below(10.0)))
    }

    /// What the server does while the clients are there, for others too. What is done once they are gone tells nothing
    /// if this is little.
    fn busy_during(&self) -> Check {
        let busy = self.during.map_or(0.0, Processor::part);
        Check::new("CPU use during the attack", 100.0 * busy, "%", None)
    }

    /// What is done for clients that are gone. A search that nobody ends takes a core until its time is up, which is as
    /// long as is measured here: two of them are 200 %. The bar leaves 0.1 s for closing their connections and giving
    /// memory back.
    fn busy_afterwards(&self) -> Check {
        let busy = self.afterwards.map_or(0.0, Processor::part);
        Check::new("CPU use after clients have disconnected", 100.0 * busy, "%", Some(Bar::Below(5.0)))
    }
}

/// The time within which a part of the actions was answered, in milliseconds.
fn quantile(samples: &ActionSamples, action: Action, part: f64) -> f64 {
    samples.get(&action).map_or(0.0, |sample| sample.quantile_millis(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(scenario: AttackScenario, tally: Tally) -> Outcome {
        Outcome {
            scenario,
            lived: true,
            memory: Taken { before: 20_000_000, peak: 199_000_000, after: 30_000_000 },
            during: Some(Processor { taken: 9.0, within: 10.0 }),
            afterwards: Some(Processor { taken: 0.2, within: 2.0 }),
            stored: 120_000_000,
            window: Duration::from_secs(10),
            alone: ActionSamples::from([(Action::Login, ActionSample::of_millis(&[300, 300]))]),
            under: ActionSamples::from([
                (Action::Login, ActionSample::of_millis(&[590, 600])),
                (Action::Send, ActionSample::of_millis(&[2, 51])),
            ]),
            tally,
        }
    }

    /// What was measured, and whether it reaches its bar.
    fn judged(outcome: &Outcome) -> Vec<(f64, Option<bool>)> {
        outcome.checks().iter().map(|check| (check.value.round(), check.reached)).collect()
    }

    #[test]
    fn a_scenario_is_held_against_its_own_bars() {
        let of = |scenario| judged(&outcome(scenario, Tally::default()));
        let lived = (0.0, Some(true));
        assert_eq!(of(AttackScenario::UnreadAnswers), [lived, (199.0, Some(true)), (51.0, Some(false))]);
        assert_eq!(of(AttackScenario::Assets), [lived, (199.0, Some(false))]);
        assert_eq!(of(AttackScenario::WrongLogins), [lived, (2.0, Some(true))]);
        assert_eq!(of(AttackScenario::Searches)[2..], [(90.0, None), (10.0, Some(false))]);
        assert_eq!(of(AttackScenario::FloodOfWrites), [lived, (51.0, Some(false)), (12.0, Some(false))]);
    }

    #[test]
    fn memory_that_does_not_come_back_misses_a_bar() {
        let after = |after| {
            let memory = Taken { before: 20_000_000, peak: 150_000_000, after };
            judged(&Outcome { memory, ..outcome(AttackScenario::UnreadAnswersOfMany, Tally::default()) })[2]
        };
        assert_eq!(after(44_000_000), (24.0, Some(true)));
        assert_eq!(after(45_000_000), (25.0, Some(false)));
    }

    #[test]
    fn a_server_that_ended_misses_a_bar() {
        let ended = Outcome { lived: false, ..outcome(AttackScenario::Assets, Tally::default()) };
        assert_eq!(judged(&ended)[0], (1.0, Some(false)));
    }

    #[test]
    fn connections_that_were_not_closed_are_still_open() {
        let tally = Tally::default();
        tally.add(Tally::OPENED, 200);
        tally.add(Tally::CLOSED, 199);
        let outcome = outcome(AttackScenario::SlowHeads, tally.clone());
        assert_eq!(judged(&outcome)[1], (1.0, Some(false)));
        tally.count(Tally::CLOSED);
        assert_eq!(judged(&outcome)[1], (0.0, Some(true)));
    }
}
