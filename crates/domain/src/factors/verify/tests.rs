use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::accounts::{AttemptPool, MockLoginRateLimiter};
use crate::factors::model::{Step, UsedSteps};
use crate::factors::testing::{STEP, codes, no_sealer, recovery, recovery_hash, right, sealer, wrong};
use crate::secrets::MockSealer;
use crate::testing::{ME, MockTx, NOW, assert_hands_faults_on, block_on, fault, me, totp};

fn entry() -> AuditEntry {
    AuditEntry::by(&me(), AuditAction::TotpDisabled).to(ME)
}

fn verifier(code: &TypedCode) -> Verifier {
    Verifier::new(&codes(), &sealer(), code)
}

fn used(steps: &[i64]) -> UsedSteps {
    steps.iter().fold(UsedSteps::default(), |used, step| used.with(Step(*step)).unwrap())
}

/// The user has confirmed one-time passwords, of which these were used.
fn has(steps: &[i64]) -> MockTx {
    let stored = Totp { used: used(steps), ..totp(ME, Some(NOW)) };
    let mut tx = MockTx::new();
    tx.factors.expect_totp().with(eq(ME)).times(1).returning(move |_| Ok(Some(stored.clone())));
    tx
}

/// The step of the right code is noted after these.
fn notes(mut tx: MockTx, steps: &[i64]) -> MockTx {
    let expected = used(steps).with(STEP).unwrap();
    let update = tx.factors.expect_update_totp().with(eq(ME), eq(Some(NOW)), eq(expected));
    update.times(1).returning(|_, _, _| Ok(()));
    tx
}

#[test]
fn a_right_code_is_used_up() {
    for steps in [&[][..], &[1, 2, 78], &[1_000_000]] {
        let mut tx = notes(has(steps), steps);
        assert_eq!(verify_code(&mut tx, &verifier(&right()), ME, &entry()), Ok(true));
        assert_eq!(tx.recorded, []);
    }
    assert_hands_faults_on(|| notes(has(&[]), &[]), |tx| verify_code(tx, &verifier(&right()), ME, &entry()));
}

#[test]
fn a_wrong_or_used_code_is_recorded() {
    for (code, steps) in [(right(), &[STEP.0][..]), (wrong(), &[])] {
        let mut tx = has(steps);
        assert_eq!(verify_code(&mut tx, &verifier(&code), ME, &entry()), Ok(false));
        assert_eq!(tx.recorded, [entry().failed()]);
    }
}

#[test]
fn a_code_of_what_is_not_confirmed_is_wrong() {
    for stored in [None, Some(totp(ME, None))] {
        let mut tx = MockTx::new();
        tx.factors.expect_totp().times(1).returning(move |_| Ok(stored.clone()));
        assert_eq!(verify_code(&mut tx, &verifier(&right()), ME, &entry()), Ok(false));
    }
}

#[test]
fn a_recovery_code_works_without_any_key_and_is_told() {
    let typed = TypedCode::Recovery(recovery(5));
    for is_there in [true, false] {
        let uses = || {
            let mut tx = MockTx::new();
            let code = tx.factors.expect_use_recovery_code().with(eq(ME), eq(recovery_hash(5)));
            code.times(1).returning(move |_, _| Ok(is_there));
            tx
        };
        let verifier = Verifier::new(&codes(), &no_sealer(), &typed);
        let mut tx = uses();
        assert_eq!(verify_code(&mut tx, &verifier, ME, &entry()), Ok(is_there));
        let told = AuditEntry { action: AuditAction::RecoveryCodeUsed, ..entry() };
        assert_eq!(tx.recorded, [if is_there { told } else { entry().failed() }]);
        assert_hands_faults_on(uses, |tx| verify_code(tx, &verifier, ME, &entry()));
    }
}

#[test]
fn a_server_without_the_key_says_so_and_counts_nothing() {
    let verifier = Verifier::new(&codes(), &no_sealer(), &right());
    let refused = verify_code(&mut has(&[]), &verifier, ME, &entry());
    assert_eq!(refused, Err(FactorRefusal::NoKey.into()));
}

#[test]
fn a_damaged_secret_is_a_fault() {
    for answer in [Err(SealError::Damaged), Ok(vec![1, 2, 3])] {
        let mut sealer = MockSealer::new();
        sealer.expect_open().return_once(move |_, _| answer);
        let sealer: Arc<dyn Sealer> = Arc::new(sealer);
        let verifier = Verifier::new(&codes(), &sealer, &right());
        let outcome = verify_code(&mut has(&[]), &verifier, ME, &entry());
        assert!(matches!(outcome, Err(Error::Fault(StorageFault::Internal { .. }))), "{outcome:?}");
    }
}

#[test]
fn only_wrong_codes_count_and_each_kind_for_itself() {
    let kinds = [
        (right(), PasswordAttempt::Passcode(ME)),
        (TypedCode::Recovery(recovery(1)), PasswordAttempt::RecoveryCode(ME)),
    ];
    for (typed, counted) in kinds {
        let outcomes = [
            (Ok(Checked::Right(1)), Ok(Some(1))),
            (Ok(Checked::Wrong), Ok(None)),
            (Err(Error::from(fault())), Err(Error::from(fault()))),
        ];
        for (outcome, expected) in outcomes {
            let mut attempts = MockLoginRateLimiter::new();
            let taken = attempts.expect_take().with(eq(counted.clone())).times(1);
            taken.returning(|_| Ok(AttemptPool::Usual));
            let given_back = (eq(counted.clone()), eq(AttemptPool::Usual));
            match outcome {
                Ok(Checked::Right(_)) => {
                    let right = attempts.expect_succeed().with(given_back.0, given_back.1);
                    right.times(1).returning(|_, _| ());
                }
                Ok(Checked::Wrong) => {}
                Err(_) => {
                    let refund = attempts.expect_refund().with(given_back.0, given_back.1);
                    refund.times(1).returning(|_, _| ());
                }
            }
            let command = async { outcome };
            assert_eq!(block_on(limited(&attempts, &verifier(&typed), ME, command)), expected);
        }
    }
}

#[test]
fn over_the_limit_nothing_is_checked() {
    let retry_after = Duration::from_secs(42);
    let mut attempts = MockLoginRateLimiter::new();
    attempts.expect_take().times(1).returning(move |_| Err(retry_after));
    let command = async { panic!("it was checked") };
    let outcome: Result<Option<()>, Error> = block_on(limited(&attempts, &verifier(&right()), ME, command));
    assert_eq!(outcome, Err(AccountRefusal::TooManyAttempts { retry_after }.into()));
}
