use mockall::predicate::eq;

use super::*;
use crate::accounts::AccountRefusal;
use crate::accounts::{
    AttemptPool, MockLoginRateLimiter, MockPasswordHasher, OwnPasswordPorts, Verification,
};
use crate::events::Audience;
use crate::factors::model::Totp;
use crate::factors::testing::{codes, recovery, recovery_hash, right, sealer, wrong};
use crate::storage::CommitDecision;
use crate::testing::{
    ME, MY_KEY, MockTx, NOW, ScriptedStorage, assert_flow_hands_faults_on, block_on, hash, me,
    me_provisioned, totp, user,
};

fn run<T>(
    storage: &ScriptedStorage,
    answer: Verification,
    flow: impl AsyncFn(FactorPorts<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut attempts = MockLoginRateLimiter::new();
    attempts.expect_take().returning(|_| Ok(AttemptPool::Usual));
    attempts.expect_refund().returning(|_, _| ());
    attempts.expect_succeed().returning(|_, _| ());
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(move |_, _| Box::pin(async move { Ok(answer) }));
    let password = OwnPasswordPorts { storage, hasher: &hasher, attempts: &attempts };
    block_on(flow(FactorPorts { password, codes: codes(), sealer: sealer() }))
}

fn password() -> Secret {
    Secret::new("password".to_owned())
}

fn disable(storage: &ScriptedStorage, code: &TypedCode) -> Result<(), Error> {
    run(storage, Verification::Right, async |ports| {
        disable_totp(ports, MY_KEY, password(), code.clone()).await
    })
}

fn renew(storage: &ScriptedStorage) -> Result<Vec<RecoveryCode>, Error> {
    run(storage, Verification::Right, async |ports| {
        renew_recovery_codes(ports, MY_KEY, password(), right()).await
    })
}

fn has(mut tx: MockTx, stored: Option<Totp>) -> MockTx {
    tx.factors.expect_totp().with(eq(ME)).returning(move |_| Ok(stored.clone()));
    tx.accounts.expect_password().times(1).returning(|_| Ok(Some(hash("it"))));
    tx
}

fn reads(stored: Option<Totp>) -> MockTx {
    let mut tx = has(MockTx::new().authenticates(me()), stored);
    tx.accounts.expect_find().times(1).returning(|id| Ok(Some(user(id))));
    tx
}

fn locks(stored: Option<Totp>) -> MockTx {
    let mut tx = has(MockTx::new().authenticates(me()), stored);
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    tx
}

fn confirmed() -> Option<Totp> {
    Some(totp(ME, Some(NOW)))
}

fn uses_up(mut tx: MockTx) -> MockTx {
    tx.factors.expect_update_totp().times(1).returning(|_, _, _| Ok(()));
    tx
}

fn removes(mut tx: MockTx) -> MockTx {
    tx.passkeys.expect_credentials().with(eq(ME)).times(1).returning(|_| Ok(Vec::new()));
    tx.factors.expect_remove().with(eq(ME)).times(1).returning(|_| Ok(true));
    tx.half_logins.expect_remove_all().with(eq(ME)).times(1).returning(|_| Ok(()));
    tx
}

fn replaces(mut tx: MockTx) -> MockTx {
    tx.factors
        .expect_replace_recovery_codes()
        .withf(|user, codes| *user == ME && codes == [recovery_hash(1), recovery_hash(2)])
        .times(1)
        .returning(|_, _| Ok(()));
    tx
}

#[test]
fn password_and_code_change_the_factors() {
    let storage = ScriptedStorage::new([reads(confirmed()), removes(uses_up(locks(confirmed())))]);
    assert_eq!(disable(&storage, &right()), Ok(()));
    let [_, write] = storage.finish_as();
    assert_eq!(write.recorded, [AuditEntry::by(&me(), AuditAction::TotpDisabled).to(ME)]);
    assert_eq!(write.emitted, [(Audience::User(ME), Some(ME), Event::FactorsUpdated(ME))]);

    let storage = ScriptedStorage::new([reads(confirmed()), replaces(uses_up(locks(confirmed())))]);
    assert_eq!(renew(&storage), Ok(vec![recovery(1), recovery(2)]));
    let [_, write] = storage.finish_as();
    assert_eq!(write.recorded, [AuditEntry::by(&me(), AuditAction::RecoveryCodesRenewed).to(ME)]);
}

#[test]
fn a_recovery_code_will_do() {
    let mut write = removes(locks(confirmed()));
    let code = write.factors.expect_use_recovery_code().with(eq(ME), eq(recovery_hash(5)));
    code.times(1).returning(|_, _| Ok(true));
    let storage = ScriptedStorage::new([reads(confirmed()), write]);
    assert_eq!(disable(&storage, &TypedCode::Recovery(recovery(5))), Ok(()));
    let [_, write] = storage.finish_as();
    let actions: Vec<_> = write.recorded.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [AuditAction::RecoveryCodeUsed, AuditAction::TotpDisabled]);
}

#[test]
fn a_wrong_code_changes_nothing_and_is_recorded() {
    let storage = ScriptedStorage::new([reads(confirmed()), locks(confirmed())]);
    assert_eq!(disable(&storage, &wrong()), Err(FactorRefusal::WrongCode.into()));
    let [_, write] = storage.finish_as();
    assert_eq!(write.decisions, [CommitDecision::Commit], "the entry stays");
    assert_eq!(write.recorded, [AuditEntry::by(&me(), AuditAction::TotpDisabled).to(ME).failed()]);
}

#[test]
fn a_wrong_password_comes_to_no_code() {
    let told = MockTx::new().authenticates(me());
    let storage = ScriptedStorage::new([reads(confirmed()), told]);
    let outcome = run(&storage, Verification::Wrong, async |ports| {
        disable_totp(ports, MY_KEY, password(), right()).await
    });
    assert_eq!(outcome, Err(AccountRefusal::WrongPassword.into()));
    let [_, told] = storage.finish_as();
    assert_eq!(told.recorded, [AuditEntry::by(&me(), AuditAction::TotpDisabled).to(ME).failed()]);
}

#[test]
fn there_must_be_something_to_change() {
    for stored in [None, Some(totp(ME, None))] {
        let storage = ScriptedStorage::new([reads(stored.clone())]);
        assert_eq!(disable(&storage, &right()), Err(FactorRefusal::NotSetUp.into()));
        storage.finish();
        let storage = ScriptedStorage::new([reads(confirmed()), locks(stored)]);
        assert_eq!(disable(&storage, &right()), Err(FactorRefusal::NotSetUp.into()), "removed meanwhile");
        storage.finish();
    }
    let storage = ScriptedStorage::new([MockTx::new().authenticates(me_provisioned())]);
    assert_eq!(disable(&storage, &right()), Err(AccountRefusal::ProvisionedKey.into()));
    storage.finish();
}

#[test]
fn faults_are_handed_on() {
    let disables = || vec![reads(confirmed()), removes(uses_up(locks(confirmed())))];
    assert_flow_hands_faults_on(disables, |storage| disable(storage, &right()));
    let renews = || vec![reads(confirmed()), replaces(uses_up(locks(confirmed())))];
    assert_flow_hands_faults_on(renews, renew);
}
