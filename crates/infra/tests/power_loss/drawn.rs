//! The commands of the simulation's table, which has all use cases: a new one is among them by its entry there.

use std::collections::BTreeSet;

use groupchat_domain::Error;
use groupchat_domain::accounts::AccountRefusal;
use groupchat_domain::storage::Storage;
use groupchat_simulation::commands::{
    AFlag, AKey, ANetwork, APassword, ATypedName, ATypedPassword, AUsername, Answer, Command, Ids, Known,
    Notebook, Ports,
};
use groupchat_simulation::history::Step;
use groupchat_testing::Dice;

use crate::commands::{Reply, Running};
use crate::ledger::Promise;
use crate::scene::Scene;
use crate::server::{Server, wait};

/// What is known of what these commands have made, from which they are drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drawn {
    known: Known,
    /// The number of the last one: that of the key that it issued.
    number: u32,
    /// Those that were not refused.
    pub(crate) done: BTreeSet<&'static str>,
}

/// What one of them was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    name: &'static str,
    number: u32,
    by: AKey,
    answer: Result<Answer, Error>,
}

impl Drawn {
    /// Signs an admin in, of those that these commands create.
    pub(crate) fn begin(server: &Server) -> Self {
        let mut drawn = Self::default();
        let admin = Command::CreateUserByOperator {
            name: AUsername(2),
            display: None,
            email: None,
            admin: AFlag(true),
            password: APassword(0),
            default: None,
        };
        let login = Command::Login {
            name: ATypedName(2),
            password: ATypedPassword(0),
            network: ANetwork(1),
            on: None,
        };
        for command in [admin, login] {
            drawn.number += 1;
            let step = Step { number: drawn.number, after: 0, by: AKey(u32::MAX), command };
            let reply = wait(run(step, server.storage()));
            drawn.learn(reply.answered.as_ref().expect("what it was answered"));
        }
        assert_eq!(drawn.known.keys().len(), 1, "an admin is signed in");
        drawn
    }

    /// The same for somebody else, whose numbers begin after this one.
    pub(crate) fn numbered_from(&self, number: u32) -> Self {
        Self { number, ..self.clone() }
    }

    fn step(&mut self, dice: &mut Dice) -> Step {
        self.number += 1;
        loop {
            let step = Step::draw(dice, &self.known, self.number);
            if !removes(&step.command) {
                return step;
            }
        }
    }

    pub(crate) fn learn(&mut self, answered: &Answered) {
        match &answered.answer {
            Ok(answer) => {
                self.known.learn(answered.number, answer);
                self.done.insert(answered.name);
            }
            Err(error) if *error == AccountRefusal::Unauthenticated.into() => {
                self.known.forget_key(answered.by.0);
            }
            Err(_) => {}
        }
    }
}

/// Whether a command removes what was promised or what the log is compared with: old events, and what is left of
/// deleted groups and users.
const fn removes(command: &Command) -> bool {
    matches!(command, Command::Prune { .. } | Command::RunJobs {})
}

/// Begins a command of the table.
pub(crate) fn from_table<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    run(scene.drawn.step(dice), storage)
}

fn run(Step { number, by, command, .. }: Step, storage: &dyn Storage) -> Running<'_> {
    Box::pin(async move {
        let (live, ids) = (Notebook::default(), Ids::of_model());
        let answer = command.run(&Ports::new(storage, &live, &ids, by, number)).await;
        let promise = match &answer {
            Ok(Answer::Sent(sent)) => {
                let message = &sent.view.message;
                Some(Promise::Sent { id: message.id, seq: message.seq })
            }
            _ => None,
        };
        let fault = answer.as_ref().err().filter(|error| !matches!(error, Error::Refused(_))).cloned();
        let answered = Some(Box::new(Answered { name: command.name(), number, by, answer }));
        Reply { promises: Vec::from_iter(promise), fault, answered, ..Reply::default() }
    })
}
