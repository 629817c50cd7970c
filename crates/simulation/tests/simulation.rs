//! Simulated servers and clients over one log. The same seed is the same run; a run that fails is printed as a test.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

use std::env;

use groupchat_simulation::cluster::{Mutation, Options, Stats, replay, simulate};
use groupchat_testing::Dice;

/// Names the number of runs.
const RUNS: &str = "GROUPCHAT_TEST_RUNS";
/// Names the seed of the one run that is to be had again.
const RUN: &str = "GROUPCHAT_TEST_RUN";
/// How many things happen in a run.
const STEPS: usize = 3_000;
/// In so many runs each bug has to be found.
const ENOUGH: u64 = 200;

/// The seeds of the runs: those of one test differ from one time to the next.
fn seeds() -> Vec<u64> {
    if let Ok(seed) = env::var(RUN) {
        return vec![seed.parse().unwrap()];
    }
    let count = env::var(RUNS).map_or(300, |count| count.parse().unwrap());
    let mut dice = Dice::seeded();
    (0..count).map(|_| u64::try_from(dice.below(usize::MAX)).unwrap()).collect()
}

#[test]
fn nobody_misses_anything_or_gets_what_they_may_not() {
    let mut all = Stats::default();
    for seed in seeds() {
        match simulate(seed, Options { steps: STEPS, mutation: Mutation::None }) {
            Ok(stats) => all += stats,
            Err(failure) => panic!("{RUN}={seed}\n{}", failure.shrunk()),
        }
    }
    if env::var_os(RUN).is_some() {
        return;
    }
    // A world in which nothing happens proves nothing. In a single run, that can be so.
    for (what, count, one_in) in [
        ("events", all.events, 500),
        ("live", all.live, 500),
        ("replayed", all.replayed, 2_000),
        ("gaps", all.gaps, 10_000),
        ("acknowledged", all.acknowledged, 1_000),
        ("repeated", all.repeated, 20_000),
        ("loads", all.loads, 1_000),
        ("ends", all.ends, 5_000),
        ("too slow", all.too_slow, 20_000),
        ("overloaded", all.overloaded, 20_000),
        ("unknown", all.unknown, 2_000),
        ("runs again", all.reruns, 2_000),
        ("restarts", all.restarts, 5_000),
        ("gave up", all.give_ups, 5_000),
    ] {
        // In a few runs, what is rare may be missing by chance.
        let least = all.steps / one_in;
        assert!(least < 10 || count > least, "{what}: {all:?}");
    }
}

#[test]
fn a_run_can_be_had_again() {
    let options = Options { steps: STEPS, mutation: Mutation::HubSkipsOne };
    let [one, same] = [0, 0].map(|_| (0..ENOUGH).find_map(|seed| simulate(seed, options).err()).unwrap());
    assert_eq!((one.seed, &one.actions, &one.what), (same.seed, &same.actions, &same.what));
    assert_eq!(replay(&one.actions, Mutation::HubSkipsOne), Err(one.what));
}

#[test]
fn a_run_that_fails_becomes_short_and_prints_as_a_test() {
    let options = Options { steps: STEPS, mutation: Mutation::SendIgnoresClientId };
    let failure = (0..ENOUGH).find_map(|seed| simulate(seed, options).err()).unwrap();
    let short = failure.shrunk();
    assert!(short.actions.len() < 60, "{} actions of {}", short.actions.len(), failure.actions.len());
    let printed = short.to_string();
    assert!(printed.contains("#[test]") && printed.contains("Action::Execute"), "{printed}");
}

/// Finds a bug that was made on purpose.
fn find(mutation: Mutation) {
    let runs = (0..ENOUGH).find(|seed| simulate(*seed, Options { steps: STEPS, mutation }).is_err());
    assert!(runs.is_some(), "{mutation:?} was not found in {ENOUGH} runs");
}

macro_rules! bugs {
    ($($name:ident: $mutation:ident;)+) => {
        $(#[test]
        fn $name() {
            find(Mutation::$mutation);
        })+

        #[test]
        fn every_bug_is_made() {
            assert_eq!(Mutation::ALL, [$(Mutation::$mutation,)+]);
        }
    };
}

bugs! {
    a_viewer_that_ignores_a_removal_is_found: ViewerIgnoresRemoval;
    a_send_that_ignores_the_client_id_is_found: SendIgnoresClientId;
    a_replay_that_skips_an_event_is_found: ReplaySkipsOne;
    a_hub_that_skips_an_event_is_found: HubSkipsOne;
    a_seam_that_loses_events_is_found: SeamLosesEvents;
    a_session_that_outlives_its_end_is_found: SessionOutlivesItsEnd;
    an_acknowledgement_without_a_commit_is_found: AcknowledgesLostCommit;
    a_gap_that_nobody_is_told_of_is_found: GapIsSilent;
    a_send_that_keeps_its_first_decision_is_found: KeepsFirstDecision;
    a_hub_that_takes_positions_for_ids_is_found: HubTakesPositionsForIds;
    a_read_that_ignores_membership_is_found: ReadIgnoresMembership;
    a_read_that_ignores_the_history_rule_is_found: ReadIgnoresHistory;
}
