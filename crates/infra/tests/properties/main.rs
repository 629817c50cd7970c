//! Whatever members do, numbers have no gap, pages show each message once, and nobody's count of unread
//! messages is wrong: the use cases on a real database against a model that keeps everything in lists.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod chat;
mod model;
mod paging;
#[path = "../support/mod.rs"]
mod support;

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
