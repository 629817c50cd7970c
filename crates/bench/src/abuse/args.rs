//! The command line of the measurements under abuse.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum, value_parser};
use serde::Serialize;

use super::server::ProcessLimits;

/// The scenarios of hostile clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AttackScenario {
    /// A user requests the largest pages on 1,000 connections and never reads the responses.
    UnreadAnswers,
    /// Ten users do the same.
    UnreadAnswersOfMany,
    /// A user reads the largest pages on 100 connections as fast as they come.
    FastReaders,
    /// A caller without a key requests the script of the Swagger page on 1,000 connections and never reads it.
    Assets,
    /// A user runs eight of the most expensive searches at a time, over 30,000 groups.
    Searches,
    /// Strangers from 90 networks have 90 failing logins in flight.
    WrongLogins,
    /// A user signs in repeatedly, eight times at once.
    OneUserLogins,
    /// 200 connections get a response and then send the next head byte by byte, or only its first byte.
    SlowHeads,
    /// Endless chunked bodies to routes that read no body.
    EndlessBodies,
    /// 300 connections from one address to a server that may have 256 open files.
    ManyConnections,
    /// A user sends the largest messages on 16 connections, at full speed.
    FloodOfWrites,
    /// A user resumes the events from the beginning on 100 sockets and never reads them.
    UnreadSockets,
    /// Strangers from 20 networks guess the password of a user, who keeps signing in.
    Lockout,
}

impl fmt::Display for AttackScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As on the command line.
        let name = self.to_possible_value().map(|value| value.get_name().to_owned());
        f.write_str(&name.unwrap_or_default())
    }
}

impl AttackScenario {
    /// How long it takes to tell: a deadline has to pass, a rate to show itself.
    pub(crate) const fn least_seconds(self) -> u64 {
        match self {
            Self::SlowHeads | Self::FloodOfWrites => 16,
            _ => 1,
        }
    }

    /// What the operating system allows the server. The usual 2,000,000 KiB of address space stand for a small
    /// machine: who asks for more is told that there is none, and a Rust program aborts then.
    pub(crate) const fn limits(self) -> ProcessLimits {
        let files = if matches!(self, Self::ManyConnections) { Some(256) } else { None };
        ProcessLimits { address_space_kib: 2_000_000, files }
    }
}

/// How to measure under abuse.
#[derive(Debug, Args)]
pub(crate) struct AbuseArgs {
    /// The server's program; by default the `groupchat` beside this program.
    #[arg(long, value_name = "FILE")]
    pub server_binary: Option<PathBuf>,
    /// Only these scenarios. By default all.
    #[arg(long, value_delimiter = ',', num_args = 1.., value_enum, value_name = "NAME,…")]
    pub scenario: Vec<AttackScenario>,
    /// Seconds of each attack.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = value_parser!(u64).range(1..=20))]
    pub seconds: u64,
    /// Exit with an error if a bar is missed.
    #[arg(long)]
    pub check: bool,
    /// Also write the report to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

impl AbuseArgs {
    /// What is to be run, in its order.
    pub(crate) fn scenarios(&self) -> Vec<AttackScenario> {
        if self.scenario.is_empty() {
            AttackScenario::value_variants().to_vec()
        } else {
            self.scenario.clone()
        }
    }
}
