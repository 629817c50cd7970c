//! Simulated servers and clients: the same seed, the same run.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

use groupchat_simulation::cluster::{Mutation, Options, Stats, simulate};

#[test]
fn nobody_misses_or_gets_what_they_should_not() {
    let start = std::time::Instant::now();
    let mut total = Stats::default();
    for seed in 0..20 {
        match simulate(seed, Options { steps: 3_000, mutation: Mutation::None }) {
            Ok(stats) => total += stats,
            Err(failure) => panic!("{}", failure.shrunk().actions.len()),
        }
    }
    println!("{total:?} in {:?}", start.elapsed());
}

#[test]
fn every_bug_made_on_purpose_is_found() {
    for mutation in Mutation::ALL {
        let found = (0..200).find_map(|seed| simulate(seed, Options { steps: 3_000, mutation }).err());
        match found {
            Some(failure) => println!(
                "{mutation:?}: seed {} after {} actions, {}\n{}",
                failure.seed,
                failure.actions.len(),
                failure.what,
                failure.shrunk()
            ),
            None => println!("NOT FOUND {mutation:?}"),
        }
    }
}
