use mockall::predicate::eq;

use super::*;
use crate::accounts::model::{DisplayName, Email};
use crate::accounts::ports::Verification;
use crate::accounts::{AttemptPool, MockLoginRateLimiter, MockMailQueue, MockPasswordHasher, NoMail};
use crate::storage::{CommitDecision, Unique};
use crate::testing::{ME, MY_KEY, MockTx, Ran, ScriptedStorage, block_on, hash, me, me_provisioned, user};

fn moving() -> ProfileChanges {
    ProfileChanges { email: Some(Email::parse("else@where").ok()), ..ProfileChanges::default() }
}

fn on() -> MockMailQueue {
    let mut mails = MockMailQueue::new();
    mails.expect_is_on().returning(|| true);
    mails
}

/// Checks the password as often as it is entered.
fn edit<const N: usize>(
    script: [MockTx; N],
    mails: &dyn MailQueue,
    changes: ProfileChanges,
    current: Option<(&str, Verification)>,
) -> (Result<(), Error>, [Ran; N]) {
    let storage = ScriptedStorage::new(script);
    let (mut hasher, mut attempts) = (MockPasswordHasher::new(), MockLoginRateLimiter::new());
    let current = current.map(|(typed, verification)| {
        hasher.expect_verify().times(1).return_once(move |_, _| Box::pin(async move { Ok(verification) }));
        attempts.expect_take().times(1).returning(|_| Ok(AttemptPool::Usual));
        attempts.expect_refund().returning(|_, _| ());
        Secret::new(typed.to_owned())
    });
    let ports = OwnPasswordPorts { storage: &storage, hasher: &hasher, attempts: &attempts };
    let edited = block_on(edit_profile(ports, mails, MY_KEY, changes, current));
    (edited.map(drop), storage.finish_as())
}

fn locks(tx: MockTx) -> MockTx {
    let mut tx = tx;
    tx.accounts.expect_lock().times(1).returning(|_, _| Ok(()));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(user(id))));
    tx
}

fn stores(mut tx: MockTx) -> MockTx {
    tx.accounts.expect_update().times(1).returning(|_| Ok(Unique::Stored(())));
    tx
}

fn looks() -> MockTx {
    let mut tx = MockTx::new().authenticates(me());
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(|_| Ok(Some(hash("old"))));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|_| Ok(Some(user(ME))));
    tx
}

/// By then, the user has this password.
fn has(mut tx: MockTx, password: &'static str) -> MockTx {
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(move |_| Ok(Some(hash(password))));
    tx
}

fn valid() -> MockTx {
    MockTx::new().authenticates(me())
}

#[test]
fn without_mail_an_address_is_no_more_than_a_name() {
    let (outcome, _) = edit([stores(locks(valid()))], &NoMail, moving(), None);
    assert_eq!(outcome, Ok(()));
}

#[test]
fn with_mail_another_address_takes_the_password() {
    let (outcome, [refused]) = edit([locks(valid())], &on(), moving(), None);
    assert_eq!(outcome, Err(AccountRefusal::CurrentPasswordRequired.into()));
    assert_eq!(refused.decisions, [CommitDecision::RollBack]);

    let right = Some(("old", Verification::Right));
    let (outcome, _) = edit([looks(), stores(has(locks(valid()), "old"))], &on(), moving(), right);
    assert_eq!(outcome, Ok(()));

    let (outcome, _) = edit([looks(), has(locks(valid()), "newer")], &on(), moving(), right);
    assert_eq!(outcome, Err(AccountRefusal::ChangedMeanwhile.into()));
}

#[test]
fn a_wrong_password_is_recorded() {
    let wrong = Some(("guess", Verification::Wrong));
    let (outcome, [_, recorded]) = edit([looks(), valid()], &on(), moving(), wrong);
    assert_eq!(outcome, Err(AccountRefusal::WrongPassword.into()));
    let entry = crate::audit::AuditEntry::by(&me(), AuditAction::UserEdited).to(ME).failed();
    assert_eq!(recorded.recorded, [entry]);
}

#[test]
fn a_provisioned_key_does_not_change_the_address() {
    let provisioned = MockTx::new().authenticates(me_provisioned());
    let (outcome, _) = edit([locks(provisioned)], &on(), moving(), None);
    assert_eq!(outcome, Err(AccountRefusal::ProvisionedKey.into()));
}

#[test]
fn the_same_address_and_anything_else_take_no_password() {
    let same = ProfileChanges { email: Some(user(ME).email), ..ProfileChanges::default() };
    assert_eq!(edit([locks(valid())], &on(), same, None).0, Ok(()));
    let name = DisplayName::parse("Grandma").ok();
    let named = ProfileChanges { display_name: Some(name), ..ProfileChanges::default() };
    assert_eq!(edit([stores(locks(valid()))], &on(), named, None).0, Ok(()));
}
