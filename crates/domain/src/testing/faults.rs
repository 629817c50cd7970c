//! What happens to a use-case when the storage fails under it.

use crate::accounts::{
    MockAccountRepository, MockKnownNetworkRepository, MockSessionRepository, MockTicketRepository,
};
use crate::error::Error;
use crate::events::MockEventRepository;
use crate::groups::{MockGroupRepository, MockMemberRepository};
use crate::jobs::MockJobRepository;
use crate::messages::MockMessageRepository;
use crate::storage::{StorageFault, Tx};
use crate::testing::storage::{ScriptedStorage, Step};
use crate::testing::tx::MockTx;

/// The fault of all tests.
pub(crate) fn fault() -> StorageFault {
    StorageFault::Unavailable { reason: "the disk is full".to_owned() }
}

/// Lets each call of the use-case to a port fail, one after the other, and checks that the use-case then
/// answers with that fault and never with a refusal or a success.
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

macro_rules! failing {
    ($mock:ident: $($method:ident($($argument:tt),*))+) => {{
        let mut mock = $mock::new();
        $(mock.$method().returning(|$($argument),*| Err(fault()));)+
        mock
    }};
}

/// Repositories of which every method fails.
pub(super) struct FailingRepositories {
    pub(super) accounts: MockAccountRepository,
    pub(super) sessions: MockSessionRepository,
    pub(super) tickets: MockTicketRepository,
    pub(super) known_networks: MockKnownNetworkRepository,
    pub(super) groups: MockGroupRepository,
    pub(super) members: MockMemberRepository,
    pub(super) messages: MockMessageRepository,
    pub(super) jobs: MockJobRepository,
    pub(super) events: MockEventRepository,
}

impl Default for FailingRepositories {
    fn default() -> Self {
        Self {
            accounts: failing!(MockAccountRepository:
                expect_lock(_, _) expect_lock_admins() expect_find(_) expect_find_many(_)
                expect_find_by_username(_)
                expect_list(_) expect_insert(_) expect_update(_) expect_password(_)
                expect_highest_hash_cost() expect_set_password(_, _) expect_mark_deleted(_, _) expect_count_admins() expect_any_ever()),
            sessions: failing!(MockSessionRepository:
                expect_authenticate(_, _) expect_holder(_, _) expect_insert(_) expect_list(_) expect_end(_, _)
                expect_end_all(_, _)
            expect_end_idlest(_, _, _) expect_end_provisioned(_) expect_remove_expired(_, _)),
            tickets: failing!(MockTicketRepository:
                expect_insert(_) expect_remove_oldest(_, _) expect_is_good(_, _) expect_redeem(_, _)
                expect_remove_others(_, _)),
            known_networks: failing!(MockKnownNetworkRepository:
                expect_is_known_to(_, _, _) expect_is_known(_, _) expect_remember(_, _, _, _) expect_forget(_)
                expect_remove_old(_, _)),
            groups: failing!(MockGroupRepository:
                expect_lock(_) expect_find_visible(_, _) expect_find_many(_) expect_view(_, _) expect_list(_)
                expect_insert(_) expect_update(_) expect_mark_deleted(_, _) expect_purge(_, _)),
            members: failing!(MockMemberRepository:
                expect_find(_, _) expect_find_many(_) expect_list(_) expect_insert(_) expect_set_role(_, _, _)
                expect_remove(_, _) expect_count_owners(_) expect_count_groups(_, _, _) expect_successor(_) expect_groups_of(_, _)
                expect_since_events(_) expect_read_since(_, _)),
            messages: failing!(MockMessageRepository:
                expect_find(_, _, _) expect_find_many(_) expect_find_by_client_id(_, _, _) expect_list(_)
                expect_insert(_)
                expect_update(_) expect_add_like(_, _, _) expect_remove_like(_, _) expect_purge_likes(_, _)
                expect_advance_read_seq(_, _, _)),
            jobs: failing!(MockJobRepository:
                expect_enqueue(_, _) expect_next(_, _) expect_lock(_) expect_postpone(_, _) expect_finish(_)),
            events: failing!(MockEventRepository: expect_head() expect_after(_, _) expect_state()
                expect_remove_old(_, _)),
        }
    }
}
