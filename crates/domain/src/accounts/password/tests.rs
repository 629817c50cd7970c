use std::time::Duration;

use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::accounts::{
    AttemptPool, MockLoginRateLimiter, MockPasswordHasher, PasswordAttempt, PasswordCheck, Verification,
};
use crate::error::Refusal;
use crate::storage::{CommitDecision, Mode};
use crate::testing::{
    ME, MY_KEY, MY_SESSION, MockTx, Ran, ScriptedStorage, accept_passwords, assert_flow_hands_faults_on,
    assert_hands_faults_on, block_on, hash, me, me_provisioned, sessions_ended, user,
};

const DEVICE: KeyHash = KeyHash::new([9; 32]);
const BUSY: Error = Error::Busy { retry_after: Duration::from_secs(1) };

/// One of the user's own attempts is taken. It is returned or not.
fn counts(gives_back: bool) -> MockLoginRateLimiter {
    let mut attempts = MockLoginRateLimiter::new();
    let counted = eq(PasswordAttempt::OwnPassword(ME));
    attempts.expect_take().with(counted.clone()).times(1).returning(|_| Ok(AttemptPool::Usual));
    if gives_back {
        attempts.expect_refund().with(counted, eq(AttemptPool::Usual)).times(1).returning(|_, _| ());
    }
    attempts
}

/// The current password is verified once.
fn verifies(answer: Result<Verification, Error>) -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher
        .expect_verify()
        .withf(|caller, check| {
            let typed = Secret::new("old password".to_owned());
            let expected = PasswordCheck { typed, hash: Some(hash("old")), highest_cost: None };
            *caller == HashCaller::User(ME) && *check == expected
        })
        .times(1)
        .return_once(move |_, _| Box::pin(async { answer }));
    hasher
}

/// The new password is hashed.
fn hashes(mut hasher: MockPasswordHasher, answer: Result<PasswordHash, Error>) -> MockPasswordHasher {
    accept_passwords(&mut hasher);
    hasher
        .expect_hash()
        .withf(|caller, password| *caller == HashCaller::User(ME) && password.reveal() == "new password")
        .times(1)
        .return_once(move |_, _| Box::pin(async { answer }));
    hasher
}

fn looks() -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(|_| Ok(Some(hash("old"))));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|_| Ok(Some(user(ME))));
    tx
}

/// The user is locked, and then the password is read again, by now with this hash.
fn looks_again(stored: Option<PasswordHash>) -> MockTx {
    let mut tx = MockTx::new();
    let mut order = Sequence::new();
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(()));
    let password = tx.accounts.expect_password().with(eq(ME)).times(1).in_sequence(&mut order);
    password.returning(move |_| Ok(stored.clone()));
    tx
}

/// The new hash is stored, all sessions except the actor's end, and all devices except this one are forgotten.
fn replaces(mut tx: MockTx) -> MockTx {
    tx.accounts.expect_set_password().with(eq(ME), eq(hash("new"))).times(1).returning(|_, _| Ok(()));
    tx.known_devices.expect_forget().with(eq(ME), eq(Some(DEVICE))).times(1).returning(|_, _| Ok(()));
    tx.sessions.expect_end_all().with(eq(ME), eq(Some(MY_SESSION))).times(1).returning(|_, _| Ok(true));
    tx
}

fn change(
    storage: &ScriptedStorage,
    hasher: &MockPasswordHasher,
    attempts: &MockLoginRateLimiter,
) -> Result<(), Error> {
    let current = Secret::new("old password".to_owned());
    let new = Password::parse("new password").unwrap();
    block_on(change_password(storage, hasher, attempts, MY_KEY, current, new, Some(DEVICE)))
}

fn run<const N: usize>(
    script: [MockTx; N],
    hasher: &MockPasswordHasher,
    attempts: &MockLoginRateLimiter,
) -> (Result<(), Error>, [Ran; N]) {
    let storage = ScriptedStorage::new(script);
    (change(&storage, hasher, attempts), storage.finish_as())
}

#[test]
fn a_new_password_ends_all_other_sessions() {
    let script = [looks(), replaces(looks_again(Some(hash("old"))))].map(|tx| tx.authenticates(me()));
    let hasher = hashes(verifies(Ok(Verification::Right)), Ok(hash("new")));
    let (outcome, [look, write]) = run(script, &hasher, &counts(true));
    assert_eq!(outcome, Ok(()));
    assert_eq!((look.access.mode, write.access.mode), (Mode::Read, Mode::Write));
    assert_eq!(write.emitted, [sessions_ended(ME, Some(ME))], "others see nothing of a password");
}

#[test]
fn a_wrong_current_password_is_rejected_and_uses_up_the_attempt() {
    let script = [looks().authenticates(me()), MockTx::new().authenticates(me())];
    let (outcome, [_, told]) = run(script, &verifies(Ok(Verification::Wrong)), &counts(false));
    assert_eq!(outcome, Err(AccountRefusal::WrongPassword.into()));
    let entry = AuditEntry::by(&me(), AuditAction::PasswordChanged).to(ME).failed();
    assert_eq!(told.recorded, [entry], "also after the rejection");
}

#[test]
fn a_password_that_was_made_up_is_changed_and_not_kept() {
    let must_change = || Actor { must_change_password: true, ..me() };
    let script =
        [looks(), replaces(looks_again(Some(hash("old"))))].map(|tx| tx.authenticates(must_change()));
    let hasher = hashes(verifies(Ok(Verification::Right)), Ok(hash("new")));
    assert_eq!(run(script, &hasher, &counts(true)).0, Ok(()));

    let storage = ScriptedStorage::new([looks().authenticates(must_change())]);
    let (current, new) = (Secret::new("old password".to_owned()), Password::parse("old password").unwrap());
    let hasher = verifies(Ok(Verification::Right));
    let kept = block_on(change_password(&storage, &hasher, &counts(true), MY_KEY, current, new, None));
    let Err(Error::Refused(Refusal::Invalid(errors))) = kept else { panic!("{kept:?}") };
    assert_eq!((errors[0].field.as_str(), errors[0].violation.code), ("new", ViolationCode::OutOfRange));
    storage.finish();
}

#[test]
fn a_provisioned_key_changes_no_password_and_takes_no_attempt() {
    let look = MockTx::new().authenticates(me_provisioned());
    let (outcome, _) = run([look], &MockPasswordHasher::new(), &MockLoginRateLimiter::new());
    assert_eq!(outcome, Err(AccountRefusal::ProvisionedKey.into()));
}

#[test]
fn over_the_limit_nothing_is_verified() {
    let retry_after = Duration::from_secs(42);
    let mut attempts = MockLoginRateLimiter::new();
    attempts.expect_take().times(1).returning(move |_| Err(retry_after));
    let (outcome, _) = run([looks().authenticates(me())], &MockPasswordHasher::new(), &attempts);
    assert_eq!(outcome, Err(AccountRefusal::TooManyAttempts { retry_after }.into()));
}

#[test]
fn a_busy_hasher_returns_the_attempt_and_is_not_a_rejection() {
    for hasher in [verifies(Err(BUSY)), hashes(verifies(Ok(Verification::Right)), Err(BUSY))] {
        let (outcome, _) = run([looks().authenticates(me())], &hasher, &counts(true));
        assert_eq!(outcome, Err(BUSY));
    }
}

#[test]
fn a_password_that_changed_meanwhile_is_not_replaced() {
    for changed in [Some(hash("another")), None] {
        let script = [looks(), looks_again(changed)].map(|tx| tx.authenticates(me()));
        let hasher = hashes(verifies(Ok(Verification::Right)), Ok(hash("new")));
        let (outcome, [_, write]) = run(script, &hasher, &counts(true));
        assert_eq!(outcome, Err(AccountRefusal::ChangedMeanwhile.into()));
        assert_eq!(write.decisions, [CommitDecision::RollBack]);
    }
}

#[test]
fn a_session_that_ended_meanwhile_changes_nothing() {
    let script = [looks().authenticates(me()), MockTx::new().rejects_key()];
    let hasher = hashes(verifies(Ok(Verification::Right)), Ok(hash("new")));
    let (outcome, _) = run(script, &hasher, &counts(true));
    assert_eq!(outcome, Err(AccountRefusal::Unauthenticated.into()));
}

#[test]
fn a_deleted_account_has_no_password() {
    let mut erased = MockTx::new();
    erased.accounts.expect_password().returning(|_| Ok(None));
    assert_eq!(current_password(&mut erased, &me()), Err(AccountRefusal::Unauthenticated.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(looks, |tx| current_password(tx, &me()));
    assert_hands_faults_on(
        || replaces(looks_again(Some(hash("old")))),
        |tx| replace(tx, &me(), &hash("old"), &hash("new"), Some(DEVICE)),
    );
    assert_flow_hands_faults_on(
        || [looks(), replaces(looks_again(Some(hash("old"))))].map(|tx| tx.authenticates(me())).into(),
        |storage| {
            let mut hasher = MockPasswordHasher::new();
            hasher.expect_verify().returning(|_, _| Box::pin(async { Ok(Verification::Right) }));
            accept_passwords(&mut hasher);
            hasher.expect_hash().returning(|_, _| Box::pin(async { Ok(hash("new")) }));
            let mut attempts = MockLoginRateLimiter::new();
            attempts.expect_take().returning(|_| Ok(AttemptPool::Usual));
            attempts.expect_refund().returning(|_, _| ());
            change(storage, &hasher, &attempts)
        },
    );
}
