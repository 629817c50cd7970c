use super::*;
use crate::storage::CommitDecision;
use crate::testing::{MockTx, ScriptedStorage, Step, block_on, fault};

fn reading() -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_any_ever().times(1).returning(|| Ok(false));
    tx
}

#[test]
fn the_database_is_read_and_something_is_committed() {
    let storage = ScriptedStorage::new([reading(), MockTx::new()]);
    assert_eq!(block_on(probe(&storage)), Ok(Condition::Sound));
    let [read, write] = storage.finish_as();
    assert_eq!((read.access.mode, write.access.mode), (Mode::Read, Mode::Write));
    assert_eq!((write.decisions, write.touched), (vec![CommitDecision::Commit], true));
}

#[test]
fn a_fault_of_either_is_handed_on() {
    let storage = ScriptedStorage::of([Step::refused(fault())]);
    assert_eq!(block_on(probe(&storage)), Err(fault().into()));
    storage.finish();
    let storage = ScriptedStorage::of([reading().into(), Step::refused(fault())]);
    assert_eq!(block_on(probe(&storage)), Err(fault().into()));
    storage.finish();
}

#[test]
fn damage_and_a_full_disk_are_faults_though_the_storage_takes_writes() {
    for condition in [Condition::Sound, Condition::Checking, Condition::Damaged, Condition::NoRoom] {
        let storage = ScriptedStorage::new([reading(), MockTx::new()]).in_condition(condition);
        let found = block_on(probe(&storage));
        match condition {
            Condition::Sound | Condition::Checking => assert_eq!(found, Ok(condition)),
            Condition::Damaged | Condition::NoRoom => {
                assert!(matches!(found, Err(Error::Fault(StorageFault::Unavailable { .. }))), "{found:?}");
            }
        }
    }
}
