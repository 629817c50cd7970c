//! The command line of the measurements of live events.

use std::path::PathBuf;

use clap::{Args, value_parser};

use crate::count::parse_count;
use crate::location::{DatabaseLocation, DatabaseUrl};
use crate::scenario::Part;

/// How to measure live events.
#[derive(Debug, Args)]
pub(crate) struct LiveArgs {
    /// The server's program; by default the `groupchat` beside this program.
    #[arg(long, value_name = "FILE")]
    pub server_binary: Option<PathBuf>,
    /// Measure on this PostgreSQL database, `postgres://USER@HOST:PORT/DATABASE`, instead of a temporary embedded one.
    /// It must be empty or filled by this program. No server may run on it. Pass a password in the variable PGPASSWORD
    /// or in ~/.pgpass, because everyone on the machine can see flags.
    #[arg(long, value_name = "URL")]
    pub database_url: Option<DatabaseUrl>,
    /// Only these measurements. By default all that the database supports.
    #[arg(long, value_delimiter = ',', value_enum, value_name = "PART,…")]
    pub only: Vec<Part>,
    /// Seconds of load in each round.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// Seconds of warm-up before each measurement.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub warm_up: u64,
    /// How many rounds to run of everything except the idle sockets. The report has the medians of the rounds; delays
    /// are from all rounds together.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// The number of sockets in one group.
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = parse_sockets)]
    pub sockets: usize,
    /// How many messages can be in flight to the sockets of one group. The more there are, the more of them wait for
    /// each socket and are written together. With one, each is written alone.
    #[arg(long, alias = "on-the-way", default_value_t = 64, value_name = "N", value_parser = value_parser!(u16).range(1..=256))]
    pub in_flight: u16,
    /// The number of sockets that listen while others send.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = parse_sockets)]
    pub listeners: usize,
    /// The number of idle sockets.
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = parse_sockets)]
    pub idle: usize,
    /// The heartbeat interval of idle sockets in seconds: the server's setting `events.heartbeat`.
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = value_parser!(u64).range(1..=300))]
    pub heartbeat: u64,
    /// How many heartbeats to watch the idle sockets for: at the server's default of 30 s, 120 are an hour.
    #[arg(long, default_value_t = 120, value_name = "N", value_parser = value_parser!(u32).range(2..))]
    pub heartbeats: u32,
    /// Also write the report to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

impl LiveArgs {
    /// The database to measure on; `None` for a temporary one.
    pub(crate) fn location(&self) -> Option<DatabaseLocation> {
        self.database_url.clone().map(DatabaseLocation::Server)
    }

    /// Whether this is to be measured. Two servers share a database only where it is a server itself.
    pub(crate) fn wants(&self, part: Part) -> bool {
        let is_possible = part != Part::TwoServers || self.database_url.is_some();
        if self.only.is_empty() { is_possible } else { self.only.contains(&part) }
    }

    /// The most sockets that are open at once at either end. Those of one measurement may still be closing while those
    /// of the next are opened.
    pub(crate) fn most_sockets(&self) -> usize {
        let of =
            |parts: &[Part], sockets| if parts.iter().any(|&part| self.wants(part)) { sockets } else { 1 };
        let hall = of(&[Part::FanOut, Part::Delay], self.sockets);
        let rooms = of(&[Part::Sends], self.listeners);
        (2 * hall.max(rooms)).max(of(&[Part::Idle], self.idle))
    }
}

/// What the comparison of fan-out serves.
#[derive(Debug, Args)]
pub(crate) struct BroadcastArgs {
    /// How many sockets make a crowd.
    #[arg(long)]
    pub sockets: usize,
    /// The bytes of the frame that is written to each of them, again and again.
    #[arg(long, value_name = "FILE")]
    pub frame: PathBuf,
}

/// The most sockets: with room to spare, as many as there are local ports for connections to one address.
const MAX_SOCKETS: usize = 20_000;

fn parse_sockets(text: &str) -> Result<usize, String> {
    parse_count(text, MAX_SOCKETS)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: LiveArgs,
    }

    fn args(line: &[&str]) -> LiveArgs {
        Line::parse_from([&["live"], line].concat()).args
    }

    #[test]
    fn two_servers_are_measured_where_they_can_share_a_database() {
        assert!(!args(&[]).wants(Part::TwoServers) && args(&[]).wants(Part::Idle));
        assert!(args(&["--database-url", "postgres://db/bench"]).wants(Part::TwoServers));
        assert!(args(&["--only", "two-servers"]).wants(Part::TwoServers));
        assert!(!args(&["--only", "two-servers"]).wants(Part::Idle));
    }

    #[test]
    fn no_more_sockets_are_allowed_for_than_are_measured() {
        assert_eq!(args(&[]).most_sockets(), 10_000);
        assert_eq!(args(&["--only", "idle", "--idle", "50"]).most_sockets(), 50);
        assert_eq!(args(&["--only", "fan-out,sends"]).most_sockets(), 2_000);
        assert_eq!(args(&["--only", "sends"]).most_sockets(), 400);
    }
}
