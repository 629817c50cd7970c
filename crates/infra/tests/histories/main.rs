//! The same histories of commands on the model and on each database: equal answers, equal state, equal logs. The model
//! (`groupchat_simulation::model`) is the specification; where a database differs, one of the two is wrong.
//!
//! A failing history is made as short as it gets and printed, as it is written in Rust, with its seed.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod comparison;
mod concurrent;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use groupchat_simulation::history::{History, SetClock, shrink};
use groupchat_testing::Dice;

use comparison::{difference, difference_after};
use support::Database;

/// How many histories there are, unless the environment says otherwise.
const HISTORIES: usize = 8;
/// The environment variable that says so.
const COUNT: &str = "GROUPCHAT_TEST_HISTORIES";
/// How long each is.
const STEPS: usize = 400;
/// How often it is tried to make a failing history shorter.
const ATTEMPTS: usize = 300;

/// Opens an empty database that takes the time from a clock.
type Open = fn(Arc<SetClock>) -> Database;

/// How many histories there are.
fn histories() -> usize {
    std::env::var(COUNT).map_or(HISTORIES, |count| count.parse().expect("a number of histories"))
}

fn compare(open: Open) {
    let mut dice = Dice::seeded();
    for number in 1..=histories() {
        let history = History::draw(&mut dice.split(), STEPS);
        if let Err(found) = difference(open, &history.0) {
            let short = History(shrink(&history.0, ATTEMPTS, |steps| difference(open, steps).is_err()));
            let found = difference(open, &short.0).err().unwrap_or(found);
            panic!("history {number} differs: {found}\n\n{short:?}");
        }
    }
}

#[test]
fn histories_on_sqlite_are_those_of_the_model() {
    compare(|clock| Database::sqlite_at(clock));
}

#[cfg(feature = "postgres")]
#[test]
fn histories_on_postgres_are_those_of_the_model() {
    compare(|clock| Database::postgres_at(clock));
}

/// A comparison that finds no difference where there is one proves nothing.
#[test]
fn other_answers_and_other_contents_are_found() {
    let history = History::draw(&mut Dice::new(7), STEPS);
    let other_clock: Open = |_| Database::sqlite_at(Arc::new(SetClock::default()));
    assert!(difference(other_clock, &history.0).unwrap_err().starts_with("step "));
    for change in [
        "UPDATE groups SET description = 'something else'",
        "UPDATE memberships SET read_seq = 0",
        "UPDATE users SET email = NULL",
        "DELETE FROM reactions",
    ] {
        let open: Open = |clock| Database::sqlite_at(clock);
        let found = difference_after(open, &history.0, |database| database.execute(change));
        assert!(found.unwrap_err().starts_with("in the end"), "{change}");
    }
}
