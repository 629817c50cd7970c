use mockall::predicate::eq;

use super::*;
use crate::events::repository::Removed;
use crate::testing::{GROUP, MockTx, NOW, assert_hands_faults_on};

const TEN_OF_AN_HOUR: Retention = Retention { age: Duration::from_secs(3600), rows: 10 };

fn removes(removed: usize) -> MockTx {
    let mut tx = MockTx::new();
    let (since, latest) = (NOW.minus(Duration::from_secs(3600)), NOW.plus(Duration::from_secs(60)));
    let removes = tx.events.expect_remove_old().with(eq(Retained { since, latest, rows: 10 }), eq(500));
    removes.times(1).returning(move |_, _| Ok(Removed { count: removed, ended: Vec::new() }));
    tx
}

#[test]
fn old_events_are_removed_in_batches_until_none_is_left() {
    for (removed, more) in [(0, false), (1, false), (499, false), (500, true)] {
        assert_eq!(prune(&mut removes(removed), TEN_OF_AN_HOUR), Ok(more), "{removed}");
    }
}

#[test]
fn who_was_in_a_private_group_is_forgotten_with_the_event_of_its_end() {
    let mut tx = MockTx::new();
    tx.events.expect_remove_old().returning(|_, _| Ok(Removed { count: 3, ended: vec![GROUP] }));
    let forgets = tx.jobs.expect_enqueue().with(eq(Task::ForgetGroup(GROUP)), eq(NOW));
    forgets.times(1).returning(|_, _| Ok(()));
    assert_eq!(prune(&mut tx, TEN_OF_AN_HOUR), Ok(false));
}

#[test]
fn a_week_and_a_million_events_are_kept_by_default() {
    let usual = Retention::default();
    assert_eq!((usual.age.as_secs(), usual.rows), (7 * 24 * 60 * 60, 1_000_000));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| removes(1), |tx| prune(tx, TEN_OF_AN_HOUR));
}
