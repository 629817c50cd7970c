use mockall::predicate::eq;

use super::*;
use crate::events::{Audience, PollUpdate};
use crate::polls::{Choices, Poll, TELL_EVERY};
use crate::testing::{
    GROUP, MESSAGE, MockTx, NOW, OTHER, ScriptedStorage, assert_flow_hands_faults_on, assert_hands_faults_on,
    block_on, found_poll, group, poll, poll_update,
};

/// The poll is due, and is still like this once its group is locked.
fn finds_due(poll: Option<Poll>, is_group_there: bool) -> MockTx {
    let place = found_poll(OTHER, crate::testing::poll(), Choices::NONE).place;
    let mut tx = MockTx::new();
    tx.polls.expect_due().with(eq(NOW), eq(BATCH)).times(1).returning(move |_, _| Ok(vec![place]));
    tx.groups.expect_lock().with(eq(GROUP)).times(1).returning(|_| Ok(()));
    let groups = if is_group_there { vec![group()] } else { Vec::new() };
    tx.groups.expect_find_many().times(1).returning(move |_| Ok(groups.clone()));
    let found: Vec<_> = poll.into_iter().map(|poll| (MESSAGE, poll)).collect();
    tx.polls.expect_find_many().times(1).returning(move |_| Ok(found.clone()));
    tx
}

fn settles(before: Poll, after: Poll, is_group_there: bool) -> MockTx {
    let mut tx = finds_due(Some(before), is_group_there);
    tx.polls.expect_update().with(eq(MESSAGE), eq(after)).times(1).returning(|_, _| Ok(()));
    tx
}

fn untold() -> Poll {
    Poll { told_at: Some(NOW.minus(TELL_EVERY)), is_untold: true, ..poll() }
}

#[test]
fn votes_that_were_not_told_are_told() {
    let after = Poll { told_at: Some(NOW), is_untold: false, ..poll() };
    let mut tx = settles(untold(), after.clone(), true);
    settle_due(&mut tx).unwrap();
    let told = Event::PollVoted(PollUpdate { poll: after.clone(), ..poll_update() });
    assert_eq!(tx.emitted, [(Audience::Group(GROUP), None, told)]);
    assert_hands_faults_on(|| settles(untold(), after.clone(), true), settle_due);
}

/// The clock was set back after the last votes were told, and before others came.
#[test]
fn votes_wait_for_no_time_that_a_wrong_clock_has_set() {
    let before = Poll { told_at: Some(NOW.plus(Duration::from_secs(3600))), ..untold() };
    let after = Poll { told_at: Some(NOW), is_untold: false, ..poll() };
    let mut tx = settles(before, after.clone(), true);
    settle_due(&mut tx).unwrap();
    let told = Event::PollVoted(PollUpdate { poll: after, ..poll_update() });
    assert_eq!(tx.emitted, [(Audience::Group(GROUP), None, told)]);
}

#[test]
fn a_poll_whose_time_is_over_is_closed_with_the_votes_that_were_not_told() {
    let closes_at = Some(NOW.minus(Duration::from_millis(3)));
    let before = Poll { closes_at, ..untold() };
    let after = Poll { closed_at: closes_at, is_untold: false, ..before.clone() };
    let mut tx = settles(before, after.clone(), true);
    settle_due(&mut tx).unwrap();
    let told = Event::PollClosed(PollUpdate { poll: after, ..poll_update() });
    assert_eq!(tx.emitted, [(Audience::Group(GROUP), None, told)]);
}

#[test]
fn nobody_is_told_of_what_is_in_a_deleted_group_and_it_is_looked_at_once() {
    let after = Poll { told_at: Some(NOW), is_untold: false, ..poll() };
    let mut tx = settles(untold(), after, false);
    settle_due(&mut tx).unwrap();
    assert_eq!(tx.emitted, []);
}

#[test]
fn what_another_server_has_done_is_not_done_again() {
    for found in [None, Some(poll()), Some(Poll { closed_at: Some(NOW), ..poll() })] {
        let mut tx = finds_due(found, true);
        settle_due(&mut tx).unwrap();
        assert_eq!(tx.emitted, []);
    }
}

/// The next poll that is due is looked for.
fn next(at: Option<Timestamp>) -> MockTx {
    let mut tx = MockTx::new();
    tx.polls.expect_next_due().with(eq(NOW)).times(1).returning(move |_| Ok(at));
    tx
}

#[test]
fn all_that_is_due_is_done_and_then_it_is_known_how_long_to_wait() {
    let second = Duration::from_secs(1);
    let later = || Some(NOW.plus(second));
    let runs = || vec![next(Some(NOW)), finds_due(None, true), next(later())];
    let storage = ScriptedStorage::new(runs());
    assert_eq!(block_on(settle_all(&storage)), Ok(Some(second)));
    assert_eq!(
        storage.finish().iter().map(|ran| ran.access.mode).collect::<Vec<_>>(),
        [Mode::Read, Mode::Write, Mode::Read]
    );
    assert_flow_hands_faults_on(runs, |storage| block_on(settle_all(storage)));
    let storage = ScriptedStorage::new(vec![next(None)]);
    assert_eq!(block_on(settle_all(&storage)), Ok(None));
}
