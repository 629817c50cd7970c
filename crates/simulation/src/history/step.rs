//! Histories, and how they are drawn.

use std::fmt;

use groupchat_testing::Dice;

use crate::commands::Argument;
use crate::commands::{
    AFlag, AKey, ANetwork, APassword, ATypedName, ATypedPassword, AUsername, Command, Known,
};
use crate::history::world::{World, settle};

/// A command, who gives it, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// A number that no other command has: that of the key that it issues.
    pub number: u32,
    /// So many microseconds after the command before; a clock may be set back.
    pub after: i64,
    /// With which key.
    pub by: AKey,
    /// What.
    pub command: Command,
}

const SECOND: i64 = 1_000_000;

impl Step {
    /// Throws the dice for one, from what clients know.
    pub fn draw(dice: &mut Dice, known: &Known, number: u32) -> Self {
        let is_alone = known.keys().len() < FEW_KEYS && dice.below(3) == 0;
        let command = if is_alone { sign_in(dice, known) } else { Command::draw(dice, known) };
        Self { number, after: pause(dice), by: AKey::draw(dice, known), command }
    }
}

/// With fewer keys than that, people sign in.
const FEW_KEYS: usize = 4;

fn sign_in(dice: &mut Dice, known: &Known) -> Command {
    let name = if dice.below(2) == 0 { ATypedName(0) } else { ATypedName::draw(dice, known) };
    Command::Login { name, password: ATypedPassword(0), network: ANetwork::draw(dice, known), on: None }
}

/// How long after the last command the next one comes.
fn pause(dice: &mut Dice) -> i64 {
    let some = 1 + i64::try_from(dice.below(1_000)).unwrap_or(0);
    match dice.below(500) {
        0 => some * 3600 * SECOND,
        // By hours at least: of uses of a key that are less than a minute apart, the latest counts.
        1 => -(some / 100 + 1) * 3600 * SECOND,
        2..50 => some * SECOND,
        _ => some,
    }
}

/// The steps of a history.
#[derive(Clone, PartialEq, Eq)]
pub struct History(pub Vec<Step>);

impl History {
    /// How every history begins: with an admin, who has the key 2, and some users.
    fn prologue() -> Vec<Step> {
        let user = |number| Command::CreateUser {
            name: AUsername(number),
            display: None,
            email: None,
            admin: AFlag(false),
            password: APassword(0),
            default: None,
        };
        let login = Command::Login {
            name: ATypedName(0),
            password: ATypedPassword(0),
            network: ANetwork(1),
            on: None,
        };
        let commands = [Command::CreateFirstAdmin {}, login].into_iter().chain([2, 4, 6, 8].map(user));
        let step = |(number, command)| Step { number, after: SECOND, by: AKey(2), command };
        (1..).zip(commands).map(step).collect()
    }

    /// Draws a history of so many steps, while it runs on the model.
    pub fn draw(dice: &mut Dice, steps: usize) -> Self {
        let (mut world, mut drawn) = (World::model(), Self::prologue());
        for step in &drawn {
            settle(world.take(*step));
        }
        for number in (1..=u32::try_from(steps).unwrap_or(u32::MAX)).skip(drawn.len()) {
            let step = Step::draw(dice, world.known(), number);
            settle(world.take(step));
            drawn.push(step);
        }
        Self(drawn)
    }
}

/// Prints as it is written in Rust.
impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "History(vec![")?;
        for step in &self.0 {
            let Step { number, after, by, command } = step;
            writeln!(
                f,
                "    Step {{ number: {number}, after: {after}, by: {by:?}, command: {} }},",
                command.in_rust()
            )?;
        }
        write!(f, "])")
    }
}
