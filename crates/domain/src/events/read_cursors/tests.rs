use mockall::predicate::eq;

use super::*;
use crate::groups::ReadCursor;
use crate::ids::Seq;
use crate::testing::{GROUP, ME, MockTx, assert_hands_faults_on, me};

/// Cursors that moved at this position or later are queried, and there is one.
fn looks_from(position: i64) -> MockTx {
    let mut tx = MockTx::new();
    let read = tx.members.expect_read_since().with(eq(ME), eq(Position::new(position)));
    read.times(1).returning(|_, _| Ok(vec![ReadCursor { group: GROUP, read_seq: Seq::new(38), unread: 2 }]));
    tx
}

#[test]
fn cursors_moved_elsewhere_meanwhile_are_returned() {
    let told = read_since(&mut looks_from(4_000), &me(), Position::new(5_000));
    let expected = EphemeralEvent::ReadUpdated { group: GROUP, read_seq: Seq::new(38), unread: 2 };
    assert_eq!(told, Ok(vec![expected]));
}

#[test]
fn cursors_that_never_moved_are_not_returned() {
    for position in [0, 1, 999, 1_000, 1_001] {
        assert!(read_since(&mut looks_from(1), &me(), Position::new(position)).is_ok());
    }
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| looks_from(1), |tx| read_since(tx, &me(), Position::ZERO));
}
