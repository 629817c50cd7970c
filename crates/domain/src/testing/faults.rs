//! What happens to a use case when the storage fails under it.

use crate::error::Error;
use crate::storage::{StorageFault, Tx};
use crate::testing::storage::{ScriptedStorage, Step};
use crate::testing::tx::MockTx;

/// The fault of all tests.
pub(crate) fn fault() -> StorageFault {
    StorageFault::Unavailable { reason: "the disk is full".to_owned() }
}

/// Lets each call of the use case to a port fail, one after the other, and checks that the use case then
/// answers with that fault and never with a rejection or a success.
pub(crate) fn assert_hands_faults_on<T>(
    transaction: impl Fn() -> MockTx,
    use_case: impl Fn(&mut dyn Tx) -> Result<T, Error>,
) {
    for nth in 1.. {
        let mut tx = transaction();
        tx.fails_at = Some(nth);
        let outcome = use_case(&mut tx).map(drop);
        if tx.calls < nth {
            assert!(nth > 1, "a use-case that calls no port has no faults to hand on");
            return assert_eq!(outcome, Ok(()), "it must succeed where nothing fails");
        }
        assert_eq!(outcome, Err(Error::Fault(fault())), "call {nth} failed");
        // Not dropped: the mocks would miss the calls that the fault prevented.
        std::mem::forget(tx);
    }
}

/// Lets each command of a flow fail, one after the other, and checks that the flow then ends with that
/// fault. `script` makes the commands of a flow that succeeds.
pub(crate) fn assert_flow_hands_faults_on<T>(
    script: impl Fn() -> Vec<MockTx>,
    flow: impl Fn(&ScriptedStorage) -> Result<T, Error>,
) {
    let storage = ScriptedStorage::new(script());
    assert_eq!(flow(&storage).map(drop), Ok(()), "it must succeed where nothing fails");
    for failing in 0..storage.finish().len() {
        let mut transactions = script();
        // Not dropped: the mocks would miss the calls that the fault prevented.
        transactions.drain(failing..).for_each(std::mem::forget);
        let mut steps: Vec<Step> = transactions.into_iter().map(Step::from).collect();
        steps.push(Step::refused(fault()));
        let storage = ScriptedStorage::of(steps);
        assert_eq!(flow(&storage).map(drop), Err(Error::Fault(fault())), "command {failing} failed");
        storage.finish();
    }
}

/// A repository of which every call fails. It stands in for each port; see
/// [`repository!`](crate::storage::repositories).
#[derive(Debug, Default)]
pub(crate) struct FailingRepository;
