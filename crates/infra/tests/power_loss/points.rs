//! How many moments are tested.

use std::env;

/// How many in all tests together.
const USUAL: usize = 500;
/// Sets another number.
const SETTING: &str = "GROUPCHAT_TEST_CRASH_POINTS";

/// The share of a test, in percent.
pub(crate) fn share(percent: usize) -> usize {
    let given = env::var(SETTING).ok().map(|points| points.parse().expect("a number of crash points"));
    given.unwrap_or(USUAL) * percent / 100
}
