//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, value_parser};

use crate::abuse::args::AbuseArgs;
use crate::count::parse_count;
use crate::live::args::{BroadcastArgs, LiveArgs};
use crate::location::{DatabaseLocation, DatabaseUrl};
use crate::scenario::Route;

/// Benchmarks a groupchat server over real sockets, and fills databases for it.
#[derive(Debug, Parser)]
#[command(name = "groupchat-bench", version)]
pub(crate) struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a server, put load on it, and report throughput, latency, memory and ratios.
    Run(RunArgs),
    /// Start a server, open many sockets, and report deliveries, delays, memory and ratios.
    Live(LiveArgs),
    /// Start a server, run hostile clients against it, and report the service for others, memory and bars.
    Abuse(AbuseArgs),
    /// Measure how long a decision about a permission takes, in a group and on the server.
    Decide(DecideArgs),
    /// Measure what a request costs before its own work begins: the limit on its rate, and the check of its session.
    Admission(AdmissionArgs),
    /// Measure how long messages that are hard to format take to become HTML.
    Html(HtmlArgs),
    /// Fill a database with users, groups and messages.
    Seed(SeedArgs),
    /// Remove all messages of a database from `seed` as too old, and measure how long that keeps others from writing.
    Trim(TrimArgs),
    /// Run the minimal server for comparison. Started by `run`.
    #[command(hide = true)]
    Baseline(BaselineArgs),
    /// Run the minimal fan-out program for comparison. Started by `live`.
    #[command(hide = true)]
    Broadcast(BroadcastArgs),
}

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The server's program; by default the `groupchat` beside this program.
    #[arg(long, value_name = "FILE")]
    pub server_binary: Option<PathBuf>,
    /// Measure on this database from `seed` instead of a temporary one. No server may run on it. The measurement writes
    /// to it.
    #[arg(long, value_name = "DIR", conflicts_with = "database_url")]
    pub data_dir: Option<PathBuf>,
    /// Measure on this PostgreSQL database, `postgres://USER@HOST:PORT/DATABASE`. It must be empty (it is then filled),
    /// or come from `seed` or an earlier run; any other is rejected. No server may run on it. The measurement writes to
    /// it. Pass a password in the variable PGPASSWORD or in ~/.pgpass, because everyone on the machine can see flags.
    #[arg(long, value_name = "URL")]
    pub database_url: Option<DatabaseUrl>,
    /// Seconds of load on each scenario, in each round.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// Seconds of warm-up before each measurement.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub warm_up: u64,
    /// How many rounds to run; the medians are reported.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// The numbers of concurrent connections.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64, 256], value_name = "N,…",
          value_parser = parse_connections)]
    pub connections: Vec<usize>,
    /// Only these kinds of requests. By default all; on a database from `seed`, those that depend on the data.
    #[arg(long, value_delimiter = ',', value_enum, value_name = "KIND,…")]
    pub only: Vec<Route>,
    /// Also write the report to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

impl RunArgs {
    /// The database to measure; `None` for a temporary one.
    pub(crate) fn location(&self) -> Option<DatabaseLocation> {
        location(self.data_dir.as_ref(), self.database_url.as_ref())
    }
}

/// How to measure decisions.
#[derive(Debug, Args)]
pub(crate) struct DecideArgs {
    /// How often each decision is made in each of the rounds, whose median is reported.
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub times: u32,
    /// Fail if a decision takes a microsecond or more.
    #[arg(long)]
    pub check: bool,
    /// Also write the report to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// How to measure what a request costs before its own work begins.
#[derive(Debug, Args)]
pub(crate) struct AdmissionArgs {
    /// How often each step is taken in each of the rounds, whose median is reported.
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub times: u32,
    /// How many users ask in turn, each with a session.
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub users: u32,
    /// The CPU time of an echo in microseconds, as `run` reports it, to compare with.
    #[arg(long, value_name = "MICROSECONDS")]
    pub echo: Option<f64>,
    /// Also write the report to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// How to measure the formatting of messages.
#[derive(Debug, Args)]
pub(crate) struct HtmlArgs {
    /// How often each text is formatted; the median is reported.
    #[arg(long, default_value_t = 21, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Fail if a text takes 5 ms or more.
    #[arg(long)]
    pub check: bool,
    /// Also write the report to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// How to fill a database.
#[derive(Debug, Args)]
pub(crate) struct SeedArgs {
    /// The data directory for the server. Created if it doesn't exist.
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "database_url",
        conflicts_with = "database_url"
    )]
    pub data_dir: Option<PathBuf>,
    /// The PostgreSQL database, `postgres://USER@HOST:PORT/DATABASE`: an empty one, or one that was filled before; any
    /// other is rejected. Pass a password in the variable PGPASSWORD or in ~/.pgpass.
    #[arg(long, value_name = "URL")]
    pub database_url: Option<DatabaseUrl>,
    /// How many messages to add.
    #[arg(long, value_name = "N")]
    pub messages: u64,
    /// How many messages to add to two further groups, in which every second message has three reactions, two replies and a
    /// mention, and the first one a long thread. By default a tenth of --messages.
    #[arg(long, value_name = "N")]
    pub rich_messages: Option<u64>,
    /// The number of groups for the messages.
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub groups: u32,
    /// The number of users who write them, each a member of every group.
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub users: u32,
    /// The number of further groups with one message each, all of them joined by the first 64 users. With them, the group list
    /// is measured, too.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub quiet_groups: u32,
    /// Store the messages without events and likes, which is several times as fast. Those of --rich-messages are sent.
    #[arg(long)]
    pub bulk: bool,
}

impl SeedArgs {
    /// The database to fill.
    pub(crate) fn location(&self) -> DatabaseLocation {
        location(self.data_dir.as_ref(), self.database_url.as_ref()).expect("the command line requires one")
    }
}

/// How to measure the removal of old messages.
#[derive(Debug, Args)]
pub(crate) struct TrimArgs {
    /// The data directory, filled by `seed`. Its messages are removed.
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "database_url",
        conflicts_with = "database_url"
    )]
    pub data_dir: Option<PathBuf>,
    /// The PostgreSQL database, filled by `seed`: `postgres://USER@HOST:PORT/DATABASE`. Its messages are removed.
    #[arg(long, value_name = "URL")]
    pub database_url: Option<DatabaseUrl>,
    /// Fail if a step takes more than 20 ms.
    #[arg(long)]
    pub check: bool,
    /// Also write the report to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

impl TrimArgs {
    /// The database to empty.
    pub(crate) fn location(&self) -> DatabaseLocation {
        location(self.data_dir.as_ref(), self.database_url.as_ref()).expect("the command line requires one")
    }
}

fn location(data_dir: Option<&PathBuf>, database_url: Option<&DatabaseUrl>) -> Option<DatabaseLocation> {
    let server = database_url.cloned().map(DatabaseLocation::Server);
    server.or_else(|| data_dir.cloned().map(DatabaseLocation::Directory))
}

/// What the comparison serves.
#[derive(Debug, Args)]
pub(crate) struct BaselineArgs {
    /// The bytes of the static reply.
    #[arg(long, value_name = "FILE")]
    pub static_reply: PathBuf,
    /// The bytes of that for messages with reactions, threads and mentions.
    #[arg(long, value_name = "FILE")]
    pub rich_reply: Option<PathBuf>,
}

/// The most connections: with the server's ends, all within the usual limit of 1,024 open files.
const MAX_CONNECTIONS: usize = 400;

fn parse_connections(text: &str) -> Result<usize, String> {
    parse_count(text, MAX_CONNECTIONS)
}
