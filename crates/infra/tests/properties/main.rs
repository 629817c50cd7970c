//! Pages of messages: wherever a reader begins and whichever way they go, each message is shown once, and no page is
//! longer than it may be. What is unread is what was not read. (What commands do is compared with a model in `tests/histories/`.)
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod chat;
mod paging;
#[path = "../support/mod.rs"]
mod support;
mod unread;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};

/// Runs a property on `cases` random inputs and fails with the smallest input that breaks it.
fn check<S: Strategy>(cases: u32, inputs: &S, property: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(inputs, |input| {
        property(input);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
