//! The write that proves that the storage accepts writes.

use groupchat_domain::storage::{CommitDecision, StorageFault, Tx};

use super::support::Fixture;
use crate::tx::DbTx;

fn touch(tx: &mut DbTx<'_>) -> CommitDecision {
    tx.touch().map_or(CommitDecision::RollBack, |()| CommitDecision::Commit)
}

#[test]
fn a_touch_is_stored() {
    let fixture = Fixture::new();
    fixture.clock.set(77);
    fixture.write(Box::new(touch)).unwrap();
    assert_eq!(fixture.ask("SELECT at AS value FROM storage_probe"), 77_000_000);
}

#[test]
fn a_reader_cannot_touch() {
    let refused = Fixture::new().read(Box::new(touch));
    assert!(matches!(refused, Err(StorageFault::Internal { reason }) if reason.contains("readonly")));
}
