use mockall::predicate::eq;

use super::*;
use crate::accounts::AccountRefusal;
use crate::accounts::{
    AttemptPool, MockLoginRateLimiter, MockPasswordHasher, OwnPasswordPorts, PasswordAttempt, Verification,
};
use crate::events::Audience;
use crate::factors::model::UsedSteps;
use crate::factors::testing::{STEP, codes, no_sealer, recovery, recovery_hash, sealer};
use crate::storage::CommitDecision;
use crate::testing::{
    ME, MY_KEY, MockTx, NOW, Ran, ScriptedStorage, assert_flow_hands_faults_on, block_on, hash, me,
    me_provisioned, sealed, totp, user,
};

fn attempts() -> MockLoginRateLimiter {
    let mut attempts = MockLoginRateLimiter::new();
    attempts.expect_take().returning(|_| Ok(AttemptPool::Usual));
    attempts.expect_refund().returning(|_, _| ());
    attempts.expect_succeed().returning(|_, _| ());
    attempts
}

fn hasher(answer: Verification) -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(move |_, check| {
        assert_eq!((check.typed.reveal(), check.hash), ("password", Some(hash("it"))));
        Box::pin(async move { Ok(answer) })
    });
    hasher
}

fn ports<'a>(
    storage: &'a ScriptedStorage,
    hasher: &'a MockPasswordHasher,
    attempts: &'a MockLoginRateLimiter,
) -> FactorPorts<'a> {
    let password = OwnPasswordPorts { storage, hasher, attempts };
    FactorPorts { password, codes: codes(), sealer: sealer() }
}

fn begin(storage: &ScriptedStorage, answer: Verification) -> Result<TotpSetUp, Error> {
    let (hasher, attempts) = (hasher(answer), attempts());
    let password = Secret::new("password".to_owned());
    block_on(set_up_totp(ports(storage, &hasher, &attempts), MY_KEY, password, "chat.example.org"))
}

fn confirm(storage: &ScriptedStorage, code: &str) -> Result<Vec<RecoveryCode>, Error> {
    let (hasher, attempts) = (MockPasswordHasher::new(), attempts());
    block_on(confirm_totp(ports(storage, &hasher, &attempts), MY_KEY, Passcode::parse(code).unwrap()))
}

/// The actor and the password are read.
fn reads() -> MockTx {
    let mut tx = MockTx::new().authenticates(me());
    tx.accounts.expect_password().times(1).returning(|_| Ok(Some(hash("it"))));
    tx.accounts.expect_find().times(1).returning(|id| Ok(Some(user(id))));
    tx
}

fn has(mut tx: MockTx, stored: Option<Totp>) -> MockTx {
    tx.factors.expect_totp().with(eq(ME)).times(1).returning(move |_| Ok(stored.clone()));
    tx
}

fn locks() -> MockTx {
    let mut tx = MockTx::new().authenticates(me());
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    tx
}

fn locks_with(password: &'static str) -> MockTx {
    let mut tx = locks();
    tx.accounts.expect_password().times(1).returning(move |_| Ok(Some(hash(password))));
    tx
}

fn stores(mut tx: MockTx) -> MockTx {
    let begun = tx.factors.expect_begin_totp().with(eq(ME), eq(sealed()), eq(NOW));
    begun.times(1).returning(|_, _, _| Ok(()));
    tx
}

#[test]
fn a_set_up_gives_out_a_secret_that_nothing_asks_for_yet() {
    for earlier in [None, Some(totp(ME, None))] {
        let write = stores(has(locks_with("it"), earlier.clone()));
        let storage = ScriptedStorage::new([has(reads(), earlier), write]);
        let begun = begin(&storage, Verification::Right).unwrap();
        let secret = "BEEQSCIJBEEQSCIJBEEQSCIJBEEQSCIJ";
        assert_eq!(begun.secret.reveal(), secret);
        let uri = format!(
            "otpauth://totp/chat.example.org:user1?secret={secret}&issuer=chat.example.org\
             &algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(begun.uri.reveal(), uri);
        assert_eq!(begun.qr_svg.reveal(), format!("<svg>{uri}</svg>"));
        assert!(!format!("{begun:?}").contains(secret));
        let [_, write] = storage.finish_as();
        let entry = AuditEntry::by(&me(), AuditAction::TotpSetUp).to(ME);
        assert_eq!((write.recorded, write.emitted), (vec![entry], vec![]));
    }
}

#[test]
fn a_set_up_takes_the_password_and_a_login() {
    let told = MockTx::new().authenticates(me());
    let storage = ScriptedStorage::new([has(reads(), None), told]);
    assert_eq!(begin(&storage, Verification::Wrong), Err(AccountRefusal::WrongPassword.into()));
    let [_, told] = storage.finish_as();
    assert_eq!(told.recorded, [AuditEntry::by(&me(), AuditAction::TotpSetUp).to(ME).failed()]);

    let storage = ScriptedStorage::new([MockTx::new().authenticates(me_provisioned())]);
    assert_eq!(begin(&storage, Verification::Right), Err(AccountRefusal::ProvisionedKey.into()));
    storage.finish();
}

#[test]
fn there_is_one_set_up_and_none_under_a_changed_password() {
    let confirmed = || Some(totp(ME, Some(NOW)));
    let storage = ScriptedStorage::new([has(reads(), confirmed())]);
    assert_eq!(begin(&storage, Verification::Right), Err(FactorRefusal::AlreadySetUp.into()));
    storage.finish();
    for (write, refusal) in [
        (has(locks_with("it"), confirmed()), Error::from(FactorRefusal::AlreadySetUp)),
        (locks_with("another"), AccountRefusal::ChangedMeanwhile.into()),
    ] {
        let storage = ScriptedStorage::new([has(reads(), None), write]);
        assert_eq!(begin(&storage, Verification::Right), Err(refusal));
        storage.finish();
    }
}

#[test]
fn without_a_key_nothing_is_set_up_and_no_password_checked() {
    let storage = ScriptedStorage::new([has(reads(), None)]);
    let (hasher, attempts) = (MockPasswordHasher::new(), MockLoginRateLimiter::new());
    let ports = FactorPorts { sealer: no_sealer(), ..ports(&storage, &hasher, &attempts) };
    let outcome = block_on(set_up_totp(ports, MY_KEY, Secret::new(String::new()), "x"));
    assert_eq!(outcome, Err(FactorRefusal::NoKey.into()));
    storage.finish();
}

/// The code is used up, and recovery codes are stored.
fn confirms(created_at: Timestamp) -> MockTx {
    let stored = Totp { created_at, ..totp(ME, None) };
    let mut tx = has(locks(), Some(stored));
    let used = UsedSteps::default().with(STEP).unwrap();
    let update = tx.factors.expect_update_totp().with(eq(ME), eq(Some(NOW)), eq(used));
    update.times(1).returning(|_, _, _| Ok(()));
    tx.factors
        .expect_replace_recovery_codes()
        .withf(|user, codes| *user == ME && codes == [recovery_hash(1), recovery_hash(2)])
        .times(1)
        .returning(|_, _| Ok(()));
    tx
}

#[test]
fn a_right_code_confirms_and_gives_recovery_codes() {
    let oldest = NOW.minus(SET_UP_LIFETIME - Duration::from_micros(1));
    for created_at in [NOW, oldest, NOW.plus(SKEW)] {
        let storage = ScriptedStorage::new([reads(), confirms(created_at)]);
        assert_eq!(confirm(&storage, "111111"), Ok(vec![recovery(1), recovery(2)]));
        let [_, Ran { recorded, emitted, .. }] = storage.finish_as();
        assert_eq!(recorded, [AuditEntry::by(&me(), AuditAction::TotpConfirmed).to(ME)]);
        assert_eq!(emitted, [(Audience::User(ME), Some(ME), Event::FactorsUpdated(ME))]);
    }
}

#[test]
fn a_wrong_code_confirms_nothing_and_is_recorded() {
    let storage = ScriptedStorage::new([reads(), has(locks(), Some(totp(ME, None)))]);
    assert_eq!(confirm(&storage, "222222"), Err(FactorRefusal::WrongCode.into()));
    let [_, write] = storage.finish_as();
    assert_eq!(write.decisions, [CommitDecision::Commit], "the entry stays");
    assert_eq!(write.recorded, [AuditEntry::by(&me(), AuditAction::TotpConfirmed).to(ME).failed()]);
}

#[test]
fn only_a_set_up_of_lately_is_confirmed() {
    let begun = |created_at| Some(Totp { created_at, ..totp(ME, None) });
    for (stored, refusal) in [
        (None, FactorRefusal::NotSetUp),
        (begun(NOW.minus(SET_UP_LIFETIME)), FactorRefusal::NotSetUp),
        (begun(NOW.plus(SKEW + Duration::from_micros(1))), FactorRefusal::NotSetUp),
        (Some(totp(ME, Some(NOW))), FactorRefusal::AlreadySetUp),
    ] {
        let storage = ScriptedStorage::new([reads(), has(locks(), stored)]);
        assert_eq!(confirm(&storage, "111111"), Err(refusal.into()));
        storage.finish();
    }
}

#[test]
fn guesses_at_a_set_up_count_for_the_user() {
    let mut attempts = MockLoginRateLimiter::new();
    let retry_after = Duration::from_secs(9);
    let taken = attempts.expect_take().with(eq(PasswordAttempt::Passcode(ME))).times(1);
    taken.returning(move |_| Err(retry_after));
    let (storage, hasher) = (ScriptedStorage::new([reads()]), MockPasswordHasher::new());
    let code = Passcode::parse("111111").unwrap();
    let outcome = block_on(confirm_totp(ports(&storage, &hasher, &attempts), MY_KEY, code));
    assert_eq!(outcome, Err(AccountRefusal::TooManyAttempts { retry_after }.into()));
    storage.finish();
}

#[test]
fn faults_are_handed_on() {
    let begins = || vec![has(reads(), None), stores(has(locks_with("it"), None))];
    assert_flow_hands_faults_on(begins, |storage| begin(storage, Verification::Right));
    assert_flow_hands_faults_on(|| vec![reads(), confirms(NOW)], |storage| confirm(storage, "111111"));
}
