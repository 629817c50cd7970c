use super::*;
use crate::storage::Verdict;
use crate::testing::{MockTx, ScriptedStorage, Step, block_on, fault};

fn reading() -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_any_ever().times(1).returning(|| Ok(false));
    tx
}

#[test]
fn the_database_is_read_and_something_is_committed() {
    let storage = ScriptedStorage::new([reading(), MockTx::new()]);
    assert_eq!(block_on(probe(&storage)), Ok(()));
    let [read, write] = storage.finish_as();
    assert_eq!((read.access.mode, write.access.mode), (Mode::Read, Mode::Write));
    assert_eq!((write.verdicts, write.touched), (vec![Verdict::Commit], true));
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
