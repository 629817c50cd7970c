use mockall::predicate::eq;

use super::*;
use crate::accounts::ports::Verification;
use crate::accounts::{
    AccountRefusal, AttemptPool, MockLoginRateLimiter, MockPasswordHasher, OwnPasswordPorts, Secret,
};
use crate::factors::testing::{codes, right, sealer, wrong};
use crate::factors::{FactorRefusal, TypedCode};
use crate::storage::CommitDecision;
use crate::testing::{
    ME, MY_KEY, MockTx, NOW, ScriptedStorage, assert_hands_faults_on, block_on, hash, me, totp, user,
};

fn begin(storage: &ScriptedStorage, answer: Verification, code: Option<TypedCode>) -> Result<UserId, Error> {
    let (mut hasher, mut attempts) = (MockPasswordHasher::new(), MockLoginRateLimiter::new());
    hasher.expect_verify().times(1).return_once(move |_, _| Box::pin(async move { Ok(answer) }));
    attempts.expect_take().returning(|_| Ok(AttemptPool::Usual));
    attempts.expect_refund().returning(|_, _| ());
    attempts.expect_succeed().returning(|_, _| ());
    let password = OwnPasswordPorts { storage, hasher: &hasher, attempts: &attempts };
    let ports = FactorPorts { password, codes: codes(), sealer: sealer() };
    block_on(begin_export(ports, MY_KEY, Proof { password: Secret::new("old".to_owned()), code }))
}

fn knows(with_factor: bool) -> MockTx {
    let mut tx = MockTx::new().authenticates(me());
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(|_| Ok(Some(hash("old"))));
    let factor = with_factor.then(|| totp(ME, Some(NOW)));
    tx.factors.expect_totp().with(eq(ME)).returning(move |_| Ok(factor.clone()));
    tx.factors.expect_has_any().with(eq(ME)).returning(move |_| Ok(with_factor));
    tx
}

fn looks(with_factor: bool) -> MockTx {
    let mut tx = knows(with_factor);
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|_| Ok(Some(user(ME))));
    tx
}

fn locks(with_factor: bool) -> MockTx {
    let mut tx = knows(with_factor);
    let lock = tx.accounts.expect_lock();
    lock.withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    tx
}

#[test]
fn an_export_takes_the_password_and_is_recorded() {
    let storage = ScriptedStorage::new([looks(false), locks(false)]);
    assert_eq!(begin(&storage, Verification::Right, None), Ok(ME));
    let [_, written] = storage.finish_as();
    assert_eq!(written.recorded, [AuditEntry::by(&me(), AuditAction::AccountExported).to(ME)]);

    let storage = ScriptedStorage::new([looks(false), MockTx::new().authenticates(me())]);
    assert_eq!(begin(&storage, Verification::Wrong, None), Err(AccountRefusal::WrongPassword.into()));
    let [_, written] = storage.finish_as();
    assert_eq!(written.recorded, [AuditEntry::by(&me(), AuditAction::AccountExported).to(ME).failed()]);
}

#[test]
fn those_with_a_second_factor_need_a_code() {
    let storage = ScriptedStorage::new([looks(true)]);
    assert_eq!(begin(&storage, Verification::Right, None), Err(FactorRefusal::CodeRequired.into()));
    storage.finish();
    let storage = ScriptedStorage::new([looks(true), locks(true)]);
    assert_eq!(begin(&storage, Verification::Right, Some(wrong())), Err(FactorRefusal::WrongCode.into()));
    let [_, written] = storage.finish_as();
    assert_eq!(written.decisions, [CommitDecision::Commit], "the entry stays");
    let mut uses = locks(true);
    uses.factors.expect_update_totp().times(1).returning(|_, _, _| Ok(()));
    let storage = ScriptedStorage::new([looks(true), uses]);
    assert_eq!(begin(&storage, Verification::Right, Some(right())), Ok(ME));
    storage.finish();
}

#[test]
fn a_page_is_one_of_the_actor() {
    let reads = || {
        let mut tx = MockTx::new();
        let page = tx.exports.expect_page().with(eq(ExportPart::Blocks), eq(ME), eq(None)).times(1);
        page.returning(|_, _, _| Ok(ExportPage::default()));
        tx
    };
    let read = |tx: &mut dyn Tx| export_page(tx, &me(), ExportPart::Blocks, None);
    assert_eq!(read(&mut reads()), Ok(ExportPage::default()));
    assert_hands_faults_on(reads, read);
}
