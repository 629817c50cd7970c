//! Runs of the simulation, and what is left of one that fails.

use std::fmt;
use std::ops::AddAssign;

use groupchat_testing::Dice;

use crate::cluster::Cluster;
use crate::cluster::action::{Action, Counts};
use crate::cluster::client::Tally;
use crate::cluster::mutation::Mutation;
use crate::history::shrink;

/// How large the world is.
const COUNTS: Counts = Counts { clients: 6, servers: 2 };

/// How often it is tried to make a failing run shorter.
const ATTEMPTS: usize = 2_000;

/// What a run does.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many things happen.
    pub steps: usize,
    /// Which bug the servers have.
    pub mutation: Mutation,
}

/// What happened in a run, to all clients together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// How many actions there were.
    pub steps: usize,
    /// Events that were committed.
    pub events: usize,
    /// Events that were delivered as they happened.
    pub live: usize,
    /// Events that were delivered from the log.
    pub replayed: usize,
    /// Gaps.
    pub gaps: usize,
    /// Messages that were acknowledged.
    pub acknowledged: usize,
    /// What was loaded over REST.
    pub loads: usize,
    /// Connections that a server ended.
    pub ends: usize,
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.events += other.events;
        self.live += other.live;
        self.replayed += other.replayed;
        self.gaps += other.gaps;
        self.acknowledged += other.acknowledged;
        self.loads += other.loads;
        self.ends += other.ends;
    }
}

impl Cluster {
    fn stats(&self, steps: usize) -> Stats {
        let events = usize::try_from(self.witness.last()).unwrap_or(0);
        let mut stats = Stats { steps, events, ..Stats::default() };
        for Tally { live, replayed, gaps, acknowledged, loads, ends } in
            self.clients.iter().map(|it| it.tally)
        {
            stats += Stats { live, replayed, gaps, acknowledged, loads, ends, ..Stats::default() };
        }
        stats
    }
}

/// A run that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed of the run.
    pub seed: u64,
    /// What happened, up to the failure.
    pub actions: Vec<Action>,
    /// What is wrong.
    pub what: String,
    mutation: Mutation,
}

/// Runs a world of this seed.
///
/// # Errors
/// What is wrong, and all that happened before.
pub fn simulate(seed: u64, options: Options) -> Result<Stats, Failure> {
    let mut actions = Vec::new();
    let mutation = options.mutation;
    run(seed, options, &mut actions).map_err(|what| Failure { seed, actions, what, mutation })
}

fn run(seed: u64, options: Options, actions: &mut Vec<Action>) -> Result<Stats, String> {
    let mut dice = Dice::new(seed);
    let mut cluster = Cluster::new(COUNTS, options.mutation)?;
    for number in 0..options.steps {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let action = Action::draw(&mut dice, &cluster.known, COUNTS, number, |client| {
            cluster.clients[client].situation()
        });
        actions.push(action);
        cluster.apply(action)?;
    }
    actions.push(Action::Settle);
    cluster.settle()?;
    Ok(cluster.stats(options.steps))
}

/// Lets these actions happen, and everything come to rest in the end.
///
/// # Errors
/// What is wrong.
pub fn replay(actions: &[Action], mutation: Mutation) -> Result<(), String> {
    let mut cluster = Cluster::new(COUNTS, mutation)?;
    for action in actions {
        cluster.apply(*action)?;
    }
    cluster.settle()
}

impl Failure {
    /// The same with as few actions as it takes.
    #[must_use]
    pub fn shrunk(&self) -> Self {
        let actions = shrink(&self.actions, ATTEMPTS, |actions| replay(actions, self.mutation).is_err());
        let what = replay(&actions, self.mutation).err().unwrap_or_else(|| self.what.clone());
        Self { actions, what, ..self.clone() }
    }
}

/// Prints as a test.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, actions, what, mutation } = self;
        writeln!(f, "seed {seed}: {what}\n")?;
        writeln!(f, "#[test]\nfn seed_{seed}() {{\n    let actions = [")?;
        for action in actions {
            writeln!(f, "        {},", in_rust(action))?;
        }
        writeln!(f, "    ];\n    assert_eq!(replay(&actions, Mutation::{mutation:?}), Ok(()));\n}}")
    }
}

/// An action as it is written in Rust.
fn in_rust(action: &Action) -> String {
    match action {
        Action::Give { client, server, command, number } => format!(
            "Action::Give {{ client: {client}, server: {server}, command: {}, number: {number} }}",
            command.in_rust()
        ),
        Action::Execute { server, nth, fate } => {
            format!("Action::Execute {{ server: {server}, nth: {nth}, fate: Fate::{fate:?} }}")
        }
        action => format!("Action::{action:?}"),
    }
}
