//! The same histories of commands on the model and on each database: equal answers, equal state, equal logs. The model
//! (`groupchat_simulation::model`) is the specification; where a database differs, one of the two is wrong.
//!
//! A failing history is made as short as it gets and printed as a test, with its seed; the test goes into `found.rs`.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod comparison;
mod concurrent;
mod found;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use groupchat_simulation::commands::*;
use groupchat_simulation::history::{History, SetClock, Step, shrink};
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

/// The test that fails because of this history, on SQLite; for PostgreSQL, its last line opens another database.
fn as_test(history: &History) -> String {
    format!(
        "#[test]
fn a_history_that_differed() {{
    use groupchat_simulation::commands::*;
    use groupchat_simulation::history::Step;
    let history = {history:?};
    assert_eq!(difference(|clock| Database::sqlite_at(clock), &history.0), Ok(()));
}}
"
    )
}

fn compare(open: Open) {
    let mut dice = Dice::seeded();
    for number in 1..=histories() {
        let history = History::draw(&mut dice.split(), STEPS);
        if let Err(found) = difference(open, &history.0) {
            let short = History(shrink(&history.0, ATTEMPTS, |steps| difference(open, steps).is_err()));
            let found = difference(open, &short.0).err().unwrap_or(found);
            panic!("history {number} differs: {found}\n\n{}", as_test(&short));
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
        "UPDATE users SET receipts_hidden = NOT receipts_hidden",
        "UPDATE users SET email = NULL",
        "DELETE FROM reactions",
    ] {
        let open: Open = |clock| Database::sqlite_at(clock);
        // In the end, a history may have nothing of what is changed.
        let found = (0..8).find_map(|seed| {
            let history = History::draw(&mut Dice::new(seed), STEPS);
            difference_after(open, &history.0, |database| database.execute(change)).err()
        });
        assert!(found.is_some_and(|found| found.starts_with("in the end")), "{change}");
    }
}

/// Without what rustfmt changes.
fn squeezed(rust: &str) -> String {
    rust.chars().filter(|character| !character.is_whitespace() && *character != ',').collect()
}

/// `found.rs` has the printed test, so that it is known to compile.
#[test]
fn a_history_that_differs_prints_as_a_test() {
    let login =
        Command::Login { name: ATypedName(0), password: ATypedPassword(0), network: ANetwork(1), on: None };
    let add = Command::AddMember { group: AGroup(1), candidate: ACandidate::Name(0), role: ARole(0) };
    let commands = [Command::CreateFirstAdmin {}, login, add];
    let step = |(number, command)| Step { number, after: 1_000, by: AKey(2), command };
    let printed = as_test(&History((1..).zip(commands).map(step).collect()));
    assert!(squeezed(include_str!("found.rs")).contains(&squeezed(&printed)), "{printed}");
}
