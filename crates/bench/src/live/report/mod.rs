//! What the measurements of live events found: as tables for people, and as JSON for programs.

mod bars;
mod table;

use serde::Serialize;

pub(super) use table::render;

use super::args::LiveArgs;
use super::delay::{Delays, Quantiles};
use super::fan_out::Rate;
use super::idle::Idle;
use super::sends::SendRates;
use crate::database::Engine;
use crate::report::Check;

/// What the measurements found. What was not asked for is empty.
#[derive(Debug, Serialize)]
pub(super) struct LiveReport {
    /// The machine and how it was measured.
    pub conditions: Conditions,
    /// Each round of fan-out.
    pub fan_out: Vec<FanOutRound>,
    /// From a message to its receipts, at 20 messages a second, over all rounds.
    pub delay: Option<Delay>,
    /// From a message on one server to its receipt on another, both ways.
    pub two_servers: Option<Delay>,
    /// Idle sockets of users who don't hear of each other.
    pub idle: Option<Idle>,
    /// Idle sockets of the members of one group, who have heard each other come.
    pub idle_members: Option<Idle>,
    /// Each round of sends.
    pub sends: Vec<SendRates>,
    /// Ratios and sizes, with the bars that they must reach where there are any.
    pub checks: Vec<Check>,
    /// How many messages the server acknowledged: each of them is stored, once.
    pub audited_sends: u64,
}

/// The machine and how it was measured.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Conditions {
    /// The database of the server.
    pub database: Engine,
    /// Processor cores, shared by the server and the sockets' other ends.
    pub cores: usize,
    /// How many rounds there were.
    pub rounds: u16,
    /// Seconds of load in each round.
    pub seconds: u64,
    /// The number of sockets in one group.
    pub sockets: usize,
    /// The number of sockets that listen while others send.
    pub listeners: usize,
    /// How many messages may be on their way during fan-out.
    pub in_flight: u16,
    /// Bytes of a message on a socket, frame and all.
    pub frame_bytes: usize,
}

/// A round of fan-out.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct FanOutRound {
    /// The program that only writes.
    pub minimal: Rate,
    /// The server.
    pub server: Rate,
}

/// From a message to its receipts.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Delay {
    /// How many receipts there were.
    pub receipts: u64,
    /// From the sender's 201.
    pub after_reply: Quantiles,
    /// From the sender's request.
    pub after_request: Quantiles,
}

impl From<&Delays> for Delay {
    fn from(delays: &Delays) -> Self {
        Self {
            receipts: delays.after_reply.len(),
            after_reply: (&delays.after_reply).into(),
            after_request: (&delays.after_request).into(),
        }
    }
}

impl Conditions {
    /// What the arguments and the machine make it.
    pub(super) fn new(args: &LiveArgs, database: Engine, frame_bytes: usize) -> Self {
        Self {
            database,
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            rounds: args.rounds,
            seconds: args.seconds,
            sockets: args.sockets,
            listeners: args.listeners,
            in_flight: args.in_flight,
            frame_bytes,
        }
    }
}

impl LiveReport {
    /// Nothing is known yet.
    pub(super) const fn new(conditions: Conditions) -> Self {
        Self {
            conditions,
            fan_out: Vec::new(),
            delay: None,
            two_servers: None,
            idle: None,
            idle_members: None,
            sends: Vec::new(),
            checks: Vec::new(),
            audited_sends: 0,
        }
    }
}
