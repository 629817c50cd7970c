use std::time::Duration;

use super::*;
use crate::accounts::{AccountRefusal, SessionKind};
use crate::permissions::ServerPermission;
use crate::testing::{
    ME, MY_KEY, MockTx, NOW, Ran, ScriptedStorage, Step, block_on, fault, me, me_provisioned, needs,
};

const READ: Access = Access { mode: Mode::Read, caller: Caller::User(ME) };
const WRITE: Access = Access { mode: Mode::Write, caller: Caller::User(ME) };
/// By a key of which nobody knows yet whose it is.
const FIRST_READ: Access = Access { mode: Mode::Read, caller: Caller::Network(MY_KEY.network) };
const SYSTEM: Access = Access { mode: Mode::Write, caller: Caller::System };

fn unauthenticated<T>() -> Result<T, Error> {
    Err(AccountRefusal::Unauthenticated.into())
}

fn valid() -> MockTx {
    MockTx::new().authenticates(me())
}

/// Work that must not be reached.
fn unreachable_work(_: &mut dyn Tx, _: &Actor) -> Result<(), Error> {
    panic!("the work ran")
}

fn accesses(ran: &[Ran]) -> Vec<Access> {
    ran.iter().map(|ran| ran.access).collect()
}

/// Writes as the holder of the key; says who that was.
fn write_as(storage: &ScriptedStorage) -> Result<UserId, Error> {
    let storage: &dyn Storage = storage;
    block_on(storage.write_as(MY_KEY, |_, actor| Ok(actor.id())))
}

/// Runs work on a storage that does this with it.
fn run<T: Send + 'static>(
    step: impl Into<Step>,
    work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
) -> (Result<T, Error>, Ran) {
    let storage = ScriptedStorage::of([step.into()]);
    let outcome = block_on((&storage as &dyn Storage).run(SYSTEM, work));
    let [ran] = storage.finish_as();
    (outcome, ran)
}

#[test]
fn a_key_seen_lately_goes_straight_to_the_writer() {
    let storage = ScriptedStorage::new([valid()]);
    assert_eq!(write_as(&storage), Ok(ME));
    assert_eq!(accesses(&storage.finish()), [WRITE]);
}

#[test]
fn a_key_not_seen_lately_is_checked_on_a_reader_first() {
    let storage = ScriptedStorage::new([valid(), valid()]).without_known_keys();
    assert_eq!(write_as(&storage), Ok(ME));
    assert_eq!(accesses(&storage.finish()), [FIRST_READ, WRITE]);
}

#[test]
fn a_key_that_was_never_valid_does_not_occupy_the_writer() {
    let storage = ScriptedStorage::new([MockTx::new().rejects_key()]).without_known_keys();
    assert_eq!(write_as(&storage), unauthenticated());
    let ran = storage.finish();
    assert_eq!(accesses(&ran), [FIRST_READ]);
    assert_eq!((&ran[0].decisions, &ran[0].noted), (&vec![CommitDecision::RollBack], &vec![]));
}

#[test]
fn a_key_is_checked_again_in_the_transaction_that_writes() {
    let storage = ScriptedStorage::new([valid(), MockTx::new().rejects_key()]).without_known_keys();
    let outcome = block_on((&storage as &dyn Storage).write_as(MY_KEY, unreachable_work));
    assert_eq!(outcome, unauthenticated());
    let [_, write] = storage.finish_as();
    assert_eq!((write.decisions, write.noted), (vec![CommitDecision::RollBack], vec![]));
}

#[test]
fn a_fault_at_the_reader_keeps_the_key_from_the_writer() {
    let storage = ScriptedStorage::of([Step::refused(fault())]).without_known_keys();
    assert_eq!(write_as(&storage), Err(fault().into()));
    assert_eq!(accesses(&storage.finish()), [FIRST_READ]);
}

#[test]
fn reading_needs_no_writer_and_a_valid_key() {
    for known in [true, false] {
        let mut storage = ScriptedStorage::new([valid(), MockTx::new().rejects_key()]);
        if !known {
            storage = storage.without_known_keys();
        }
        let reader: &dyn Storage = &storage;
        assert_eq!(block_on(reader.read_as(MY_KEY, |_, actor| Ok(actor.id()))), Ok(ME));
        assert_eq!(block_on(reader.read_as(MY_KEY, unreachable_work)), unauthenticated());
        let first = if known { READ } else { FIRST_READ };
        assert_eq!(accesses(&storage.finish()), [first, READ]);
    }
}

#[test]
fn work_learns_who_acts_and_by_what_kind_of_session() {
    let storage = ScriptedStorage::new([MockTx::new().authenticates(me_provisioned())]);
    let kind =
        block_on((&storage as &dyn Storage).read_as(MY_KEY, |_, actor| Ok(actor.session_kind.clone())));
    assert_eq!(kind, Ok(SessionKind::Provisioned));
    storage.finish();
}

#[test]
fn the_use_of_a_valid_key_is_noted_also_where_the_work_refuses() {
    let storage = ScriptedStorage::new([valid(), valid()]);
    let reader: &dyn Storage = &storage;
    assert_eq!(block_on(reader.read_as(MY_KEY, |_, _| Ok(()))), Ok(()));
    let refusal = || Error::from(needs(ServerPermission::ManageUsers));
    assert_eq!(block_on(reader.read_as(MY_KEY, move |_, _| Err::<(), _>(refusal()))), Err(refusal()));
    for ran in storage.finish() {
        assert_eq!(ran.noted, [(MY_KEY.key, ME)]);
    }
}

#[test]
fn a_fault_while_the_key_is_checked_is_no_refusal() {
    let mut tx = MockTx::new();
    tx.sessions.expect_authenticate().returning(|_, _| Err(fault()));
    let storage = ScriptedStorage::new([tx]);
    assert_eq!(write_as(&storage), Err(fault().into()));
    let [ran] = storage.finish_as();
    assert_eq!((ran.decisions, ran.noted), (vec![CommitDecision::RollBack], vec![]));
}

#[test]
fn success_commits_and_refusals_and_faults_roll_back() {
    let (outcome, ran) = run(MockTx::new(), |tx| Ok(tx.now()));
    assert_eq!((outcome, ran.decisions), (Ok(NOW), vec![CommitDecision::Commit]));
    assert_eq!(ran.access, SYSTEM);

    let (outcome, ran) = run(MockTx::new(), |_| unauthenticated::<()>());
    assert_eq!((outcome, ran.decisions), (unauthenticated(), vec![CommitDecision::RollBack]));

    let (outcome, ran) = run(MockTx::new(), |_| Err::<(), _>(fault().into()));
    assert_eq!((outcome, ran.decisions), (Err(fault().into()), vec![CommitDecision::RollBack]));
}

#[test]
fn no_success_is_reported_for_what_was_not_committed() {
    let lost = Step { transactions: vec![MockTx::new()], answer: Err(StorageFault::OutcomeUnknown) };
    let (outcome, ran) = run(lost, |_| Ok(()));
    assert_eq!(ran.decisions, [CommitDecision::Commit]);
    assert_eq!(outcome, Err(StorageFault::OutcomeUnknown.into()));
}

#[test]
fn a_fault_hides_the_refusal_of_work_that_was_not_settled() {
    let lost = Step { transactions: vec![MockTx::new()], answer: Err(fault()) };
    assert_eq!(run(lost, |_| unauthenticated::<()>()).0, Err(fault().into()));
}

#[test]
fn every_fault_comes_through_as_what_it_is() {
    for fault in [
        StorageFault::Overloaded { retry_after: Duration::from_secs(1) },
        StorageFault::Unavailable { reason: "disk full".to_owned() },
        StorageFault::OutcomeUnknown,
        StorageFault::Panicked,
        StorageFault::Internal { reason: "no such column".to_owned() },
    ] {
        let (outcome, _) = run(Step::refused(fault.clone()), |_| Ok(()));
        assert_eq!(outcome, Err(Error::Fault(fault)));
    }
}

#[test]
fn of_work_that_is_run_again_the_last_result_counts() {
    let twice = |transactions| Step { transactions, answer: Ok(()) };
    let first_refused = twice(vec![MockTx::new().rejects_key(), valid()]);
    let storage = ScriptedStorage::of([first_refused]);
    assert_eq!(write_as(&storage), Ok(ME));
    let [ran] = storage.finish_as();
    assert_eq!(ran.decisions, [CommitDecision::RollBack, CommitDecision::Commit]);

    let storage = ScriptedStorage::of([twice(vec![valid(), MockTx::new().rejects_key()])]);
    assert_eq!(write_as(&storage), unauthenticated());
    storage.finish();
}

#[test]
fn work_that_is_settled_without_having_run_is_a_fault() {
    let forgotten = Step { transactions: vec![], answer: Ok(()) };
    let (outcome, _) = run(forgotten, |_| Ok(()));
    assert!(matches!(outcome, Err(Error::Fault(StorageFault::Internal { .. }))), "{outcome:?}");
}

/// A storage that only wraps another one.
struct Wrapper<S>(S);

impl<S: Storage> Storage for Wrapper<S> {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&self.0)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.0.submit(access, work)
    }
}

#[test]
fn a_wrapper_asks_the_storage_inside_what_it_does_not_know_itself() {
    let wrapped = |storage| Wrapper(ScriptedStorage::new([]).in_condition(storage));
    for condition in [Condition::Sound, Condition::Damaged] {
        assert_eq!(wrapped(condition).condition(), condition);
    }
    assert_eq!(wrapped(Condition::Sound).holder(&MY_KEY.key), Some(ME));
    let stranger = Wrapper(ScriptedStorage::new([]).without_known_keys());
    assert!(!stranger.knows_key(&MY_KEY.key));
    assert_eq!(stranger.holder(&MY_KEY.key), None);
    assert!(wrapped(Condition::Sound).knows_key(&MY_KEY.key));
}

/// A storage that limits writes and knows its disk.
struct Guarded;

impl Storage for Guarded {
    fn submit(&self, access: Access, _: Work) -> Done {
        panic!("a command too many: {access:?}")
    }

    fn write_limiter(&self) -> Option<&dyn WriteLimiter> {
        Some(self)
    }

    fn disk_space(&self) -> Option<&dyn DiskSpace> {
        Some(self)
    }

    fn factor_policy(&self) -> FactorPolicy {
        FactorPolicy::Admins
    }
}

impl WriteLimiter for Guarded {
    fn take(&self, _: Caller, _: usize) -> Result<(), Duration> {
        Err(Duration::from_secs(9))
    }
}

impl DiskSpace for Guarded {
    fn is_nearly_full(&self) -> bool {
        true
    }
}

#[test]
fn a_wrapper_has_the_guards_of_the_storage_inside() {
    let wrapped = Wrapper(Guarded);
    let pace = wrapped.write_limiter().map(|limiter| limiter.take(Caller::User(ME), 1));
    assert_eq!(pace, Some(Err(Duration::from_secs(9))));
    assert!(wrapped.disk_space().is_some_and(DiskSpace::is_nearly_full));
    let unguarded = Wrapper(ScriptedStorage::new([]));
    assert_eq!(
        (wrapped.factor_policy(), unguarded.factor_policy()),
        (FactorPolicy::Admins, FactorPolicy::Nobody)
    );
    assert!(unguarded.write_limiter().is_none() && unguarded.disk_space().is_none());
}
