//! Chance that can be had again: the same seed, the same throws.

use std::env;
use std::hash::{BuildHasher, RandomState};

/// Names the seed of a run that is to be had again.
const SEED: &str = "GROUPCHAT_TEST_SEED";

/// A source of numbers by chance, good enough to shuffle tests (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice whose throws follow from the seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of a seed that is printed, so that a run that failed shows it.
    #[expect(clippy::print_stderr, reason = "what a test that fails prints is shown")]
    pub fn seeded() -> Self {
        let given = env::var(SEED).ok().map(|seed| seed.parse().expect("a number in GROUPCHAT_TEST_SEED"));
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
        eprintln!("{SEED}={seed}");
        Self(seed)
    }

    /// The seed of dice whose throws are those that are still to come.
    pub const fn seed(&self) -> u64 {
        self.0
    }

    /// Other dice, whose throws follow from these.
    pub fn split(&mut self) -> Self {
        Self(self.throw())
    }

    /// A number from 0 to `count` − 1.
    pub fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).expect("a count fits 64 bits");
        usize::try_from(self.throw() % count).expect("less than a count that was a usize")
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
