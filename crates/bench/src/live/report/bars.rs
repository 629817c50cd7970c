//! What was found, held against the bars. Those of one server are for the embedded database and for the numbers of
//! sockets that nobody has changed; that of two servers is for a database on the same machine.

use super::LiveReport;
use crate::database::Engine;
use crate::live::idle::Idle;
use crate::report::{Bar, Check, median};

impl LiveReport {
    /// Holds what was found against the bars.
    pub(crate) fn judge(&mut self) {
        let idle = self.idle.as_ref().map(|idle| self.idle_checks(idle)).into_iter().flatten();
        let members = self.idle_members.as_ref().map(members_check);
        self.checks = [self.fan_out_check(), self.sends_check(), self.two_servers_check(), members]
            .into_iter()
            .flatten()
            .chain(idle)
            .collect();
    }

    fn fan_out_check(&self) -> Option<Check> {
        let sockets = self.conditions.sockets;
        let ratio = percent(self.fan_out.iter().map(|of| (of.server.per_second, of.minimal.per_second)))?;
        let name = format!("fan-out to {sockets}, vs. minimal program");
        Some(Check::new(name, ratio, "%", self.bar(Bar::AtLeast(55.0), sockets, 1_000)))
    }

    fn sends_check(&self) -> Option<Check> {
        let listeners = self.conditions.listeners;
        let ratio = percent(self.sends.iter().map(|sends| (sends.beside, sends.alone)))?;
        let name = format!("sends beside {listeners} sockets, vs. alone");
        Some(Check::new(name, ratio, "%", self.bar(Bar::AtLeast(60.0), listeners, 200)))
    }

    fn two_servers_check(&self) -> Option<Check> {
        let millis = self.two_servers?.after_reply.p50_micros as f64 / 1000.0;
        let is_local = matches!(&self.conditions.database, Engine::Postgres(server) if server.is_local);
        let bar = is_local.then_some(Bar::Below(50.0));
        Some(Check::new("p50 delay from one server to another", millis, "ms", bar))
    }

    fn idle_checks(&self, idle: &Idle) -> [Check; 2] {
        let Idle { sockets, with, .. } = idle;
        let bar = |most| self.bar(Bar::AtMost(most), *sockets, 10_000);
        let memory = "memory per idle socket, no shared group";
        let growth = format!("growth in the second half of {} heartbeats", with.len());
        [Check::new(memory, idle.most(), "KiB", bar(24.0)), Check::new(growth, idle.risen(), "KiB", bar(0.5))]
    }

    /// The bar, if it is for such a database and so many sockets.
    fn bar(&self, bar: Bar, sockets: usize, usual: usize) -> Option<Bar> {
        (self.conditions.database.is_embedded() && sockets == usual).then_some(bar)
    }
}

fn members_check(idle: &Idle) -> Check {
    Check::new("memory per idle socket, one shared group", idle.most(), "KiB", None)
}

/// The median of the rounds' ratios, in percent, if there were rounds.
fn percent(rounds: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let ratios: Vec<_> = rounds.map(|(part, whole)| 100.0 * part / whole).collect();
    (!ratios.is_empty()).then(|| median(ratios))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::PostgresServer;
    use crate::live::delay::Quantiles;
    use crate::live::fan_out::Rate;
    use crate::live::report::{Conditions, Delay, FanOutRound, render};
    use crate::live::sends::SendRates;

    fn report(sockets: usize) -> LiveReport {
        LiveReport::new(Conditions {
            database: Engine::Sqlite,
            cores: 2,
            rounds: 3,
            seconds: 5,
            sockets,
            listeners: 200,
            in_flight: 64,
            frame_bytes: 500,
        })
    }

    fn round(minimal: f64, server: f64) -> FanOutRound {
        let rate = |per_second| Rate { per_second, processor_micros: 1.0 };
        FanOutRound { minimal: rate(minimal), server: rate(server) }
    }

    #[test]
    fn ratios_are_taken_within_a_round_and_held_against_the_bars() {
        let mut report = report(1_000);
        report.fan_out = vec![round(100.0, 60.0), round(200.0, 108.0), round(100.0, 54.0)];
        report.sends = vec![SendRates { alone: 100.0, beside: 60.0, deliveries: 1.0 }];
        report.judge();
        let judged: Vec<_> = report.checks.iter().map(|check| (check.value, check.reached)).collect();
        assert_eq!(judged, [(54.0, Some(false)), (60.0, Some(true))]);
    }

    #[test]
    fn other_numbers_of_sockets_are_told_without_a_bar() {
        let mut report = report(10);
        report.fan_out = vec![round(100.0, 60.0)];
        report.idle = Some(Idle { sockets: 10, heartbeat: 1, without: 0, with: vec![10_240, 10_240] });
        report.judge();
        let judged: Vec<_> = report.checks.iter().map(|check| (check.value, check.reached)).collect();
        assert_eq!(judged, [(60.0, None), (1.0, None), (0.0, None)]);
        assert!(render(&report).contains("after 2 heartbeats, one in 1 s"));
    }

    #[test]
    fn two_servers_are_held_against_their_bar_where_the_database_is_near() {
        for (is_local, reached) in [(true, Some(false)), (false, None)] {
            let server = PostgresServer {
                version: "15.13".to_owned(),
                is_local,
                fsync: true,
                synchronous_commit: "on".to_owned(),
            };
            let mut report = report(1_000);
            report.conditions.database = Engine::Postgres(server);
            let delays = Quantiles { p50_micros: 50_000, p99_micros: 60_000 };
            report.two_servers = Some(Delay { receipts: 9, after_reply: delays, after_request: delays });
            report.fan_out = vec![round(100.0, 10.0)];
            report.judge();
            let judged: Vec<_> = report.checks.iter().map(|check| (check.value, check.reached)).collect();
            assert_eq!(judged, [(10.0, None), (50.0, reached)]);
        }
    }
}
