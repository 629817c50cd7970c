use mockall::predicate::eq;

use super::*;
use crate::accounts::ports::Verification;
use crate::accounts::{AttemptPool, MockLoginRateLimiter, MockPasswordHasher, OwnPasswordPorts, Secret};
use crate::factors::testing::{codes, right, sealer, wrong};
use crate::factors::{FactorRefusal, Totp, TypedCode};
use crate::storage::CommitDecision;
use crate::testing::{
    ME, MY_KEY, MockTx, NOW, Ran, ScriptedStorage, block_on, hash, me, me_provisioned, server_admin, totp,
    user,
};

/// Deletes the account with a password that is checked once, unless there is no answer. A code counts as a guess of its own.
fn run<const N: usize>(
    script: [MockTx; N],
    answer: Option<Verification>,
    code: Option<TypedCode>,
) -> (Result<(), Error>, [Ran; N]) {
    let storage = ScriptedStorage::new(script);
    let (mut hasher, mut attempts) = (MockPasswordHasher::new(), MockLoginRateLimiter::new());
    if let Some(answer) = answer {
        hasher.expect_verify().times(1).return_once(move |_, _| Box::pin(async move { Ok(answer) }));
        attempts.expect_take().times(1..=2).returning(|_| Ok(AttemptPool::Usual));
        attempts.expect_refund().returning(|_, _| ());
        attempts.expect_succeed().returning(|_, _| ());
    }
    let password = OwnPasswordPorts { storage: &storage, hasher: &hasher, attempts: &attempts };
    let ports = FactorPorts { password, codes: codes(), sealer: sealer() };
    let proof = Proof { password: Secret::new("old".to_owned()), code };
    let outcome = block_on(delete_self(ports, MY_KEY, proof));
    (outcome, storage.finish_as())
}

fn looks(factor: Option<Totp>) -> MockTx {
    let mut tx = MockTx::new().authenticates(me());
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(|_| Ok(Some(hash("old"))));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|_| Ok(Some(user(ME))));
    let has_any = is_confirmed(factor.as_ref());
    tx.factors.expect_has_any().with(eq(ME)).times(1).returning(move |_| Ok(has_any));
    tx
}

/// The set of admins and the user are locked; by then the user has this password and this factor.
fn locks(password: &'static str, factor: Option<Totp>) -> MockTx {
    let mut tx = MockTx::new().authenticates(me());
    tx.accounts.expect_lock_admins().times(1).returning(|| Ok(()));
    let lock = tx.accounts.expect_lock();
    lock.withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(move |_| Ok(Some(hash(password))));
    let has_any = is_confirmed(factor.as_ref());
    tx.factors.expect_has_any().with(eq(ME)).returning(move |_| Ok(has_any));
    tx.factors.expect_totp().with(eq(ME)).returning(move |_| Ok(factor.clone()));
    tx
}

fn deletes(mut tx: MockTx) -> MockTx {
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|_| Ok(Some(user(ME))));
    tx.deletes_user(ME, &[])
}

fn is_confirmed(factor: Option<&Totp>) -> bool {
    factor.is_some_and(|totp| totp.confirmed_at.is_some())
}

fn confirmed() -> Option<Totp> {
    Some(totp(ME, Some(NOW)))
}

#[test]
fn users_delete_themselves_with_their_password() {
    // What is not confirmed is no factor, and a code that nobody asked for means nothing.
    for (factor, code) in [(None, None), (None, Some(wrong())), (Some(totp(ME, None)), None)] {
        let script = [looks(factor.clone()), deletes(locks("old", factor))];
        let (outcome, [_, deleted]) = run(script, Some(Verification::Right), code);
        assert_eq!((outcome, deleted.emitted.len()), (Ok(()), 1));
        assert_eq!(deleted.recorded, [AuditEntry::by(&me(), AuditAction::UserDeleted).to(ME)]);
    }
}

#[test]
fn those_with_a_second_factor_need_a_code_which_works_once() {
    let mut write = deletes(locks("old", confirmed()));
    write.factors.expect_update_totp().times(1).returning(|_, _, _| Ok(()));
    let (outcome, _) = run([looks(confirmed()), write], Some(Verification::Right), Some(right()));
    assert_eq!(outcome, Ok(()));

    let (outcome, _) = run([looks(confirmed())], Some(Verification::Right), None);
    assert_eq!(outcome, Err(FactorRefusal::CodeRequired.into()));

    let script = [looks(confirmed()), locks("old", confirmed())];
    let (outcome, [_, refused]) = run(script, Some(Verification::Right), Some(wrong()));
    assert_eq!(outcome, Err(FactorRefusal::WrongCode.into()));
    assert_eq!(refused.decisions, [CommitDecision::Commit], "the entry stays");
    assert_eq!(refused.recorded, [AuditEntry::by(&me(), AuditAction::UserDeleted).to(ME).failed()]);
}

#[test]
fn a_factor_that_comes_or_goes_meanwhile_begins_it_again() {
    for (before, now) in [(None, confirmed()), (confirmed(), None)] {
        let script = [looks(before), locks("old", now)];
        let (outcome, _) = run(script, Some(Verification::Right), Some(right()));
        assert_eq!(outcome, Err(AccountRefusal::ChangedMeanwhile.into()));
    }
}

#[test]
fn a_key_alone_is_not_enough() {
    let script = [looks(confirmed()), MockTx::new().authenticates(me())];
    let (outcome, _) = run(script, Some(Verification::Wrong), None);
    assert_eq!(outcome, Err(AccountRefusal::WrongPassword.into()), "before any code is asked for");
    let (outcome, _) = run([MockTx::new().authenticates(me_provisioned())], None, None);
    assert_eq!(outcome, Err(AccountRefusal::ProvisionedKey.into()));
    let (outcome, [_, refused]) = run([looks(None), locks("newer", None)], Some(Verification::Right), None);
    assert_eq!(outcome, Err(AccountRefusal::ChangedMeanwhile.into()));
    assert_eq!(refused.decisions, [CommitDecision::RollBack]);
}

#[test]
fn the_last_admin_stays() {
    let mut last = locks("old", None);
    last.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(server_admin(id))));
    last.accounts.expect_count_admins().times(1).returning(|| Ok(1));
    let (outcome, _) = run([looks(None), last], Some(Verification::Right), None);
    assert_eq!(outcome, Err(AccountRefusal::LastAdmin.into()));
}
