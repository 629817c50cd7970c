//! Runs of the simulation, and what is left of one that fails.

use std::fmt;
use std::ops::AddAssign;

use groupchat_testing::Dice;

use crate::cluster::Cluster;
use crate::cluster::action::{Action, Counts};
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

macro_rules! stats {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// How often what happened in a run, on all servers and to all clients together.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Stats {
            $($(#[$doc])* pub $name: usize,)+
        }

        impl AddAssign for Stats {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)+
            }
        }
    };
}

stats! {
    /// Actions.
    steps,
    /// Events that were committed.
    events,
    /// Events that were delivered as they happened.
    live,
    /// Events that were delivered from the log.
    replayed,
    /// Gaps.
    gaps,
    /// Messages that were acknowledged.
    acknowledged,
    /// Messages that were acknowledged and had been stored by an earlier request.
    repeated,
    /// What was loaded over REST.
    loads,
    /// Connections that a server ended.
    ends,
    /// Connections that were ended because their client was too slow.
    too_slow,
    /// Requests that found the queue full.
    overloaded,
    /// Commands whose outcome nobody knew.
    unknown,
    /// Commands that ran again, after another one was committed in between.
    reruns,
    /// Servers that were killed.
    restarts,
    /// Messages whose sender gave up waiting.
    give_ups,
}

impl Cluster {
    fn stats(&self, steps: usize) -> Stats {
        let events = usize::try_from(self.witness.last()).unwrap_or(0);
        let mut stats = Stats { steps, events, ..self.stats };
        self.clients.iter().for_each(|client| stats += client.stats);
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
