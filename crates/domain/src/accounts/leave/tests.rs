use mockall::predicate::eq;

use super::*;
use crate::accounts::ports::Verification;
use crate::accounts::{AttemptPool, MockLoginRateLimiter, MockPasswordHasher};
use crate::jobs::Task;
use crate::storage::CommitDecision;
use crate::testing::{
    ME, MY_KEY, MockTx, Ran, ScriptedStorage, block_on, hash, me, me_provisioned, server_admin, user,
};

/// Runs a use case whose password is checked once, unless there is no answer.
fn run<T, const N: usize>(
    script: [MockTx; N],
    answer: Option<Verification>,
    flow: impl AsyncFnOnce(OwnPasswordPorts<'_>, Secret) -> Result<T, Error>,
) -> (Result<T, Error>, [Ran; N]) {
    let storage = ScriptedStorage::new(script);
    let (mut hasher, mut attempts) = (MockPasswordHasher::new(), MockLoginRateLimiter::new());
    if let Some(answer) = answer {
        hasher.expect_verify().times(1).return_once(move |_, _| Box::pin(async move { Ok(answer) }));
        attempts.expect_take().times(1).returning(|_| Ok(AttemptPool::Usual));
        attempts.expect_refund().returning(|_, _| ());
    }
    let ports = OwnPasswordPorts { storage: &storage, hasher: &hasher, attempts: &attempts };
    let outcome = block_on(flow(ports, Secret::new("old".to_owned())));
    (outcome, storage.finish_as())
}

fn looks() -> MockTx {
    let mut tx = MockTx::new().authenticates(me());
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(|_| Ok(Some(hash("old"))));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|_| Ok(Some(user(ME))));
    tx
}

/// The set of admins and the user are locked; by then the user has this password.
fn locks(password: &'static str) -> MockTx {
    let mut tx = MockTx::new().authenticates(me());
    tx.accounts.expect_lock_admins().times(1).returning(|| Ok(()));
    let lock = tx.accounts.expect_lock();
    lock.withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(move |_| Ok(Some(hash(password))));
    tx
}

fn deletes() -> MockTx {
    let mut tx = locks("old");
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|_| Ok(Some(user(ME))));
    tx.accounts.expect_mark_deleted().times(1).returning(|_, _| Ok(()));
    tx.sessions.expect_end_all().with(eq(ME), eq(None)).times(1).returning(|_, _| Ok(true));
    tx.known_networks.expect_forget().with(eq(ME)).times(1).returning(|_| Ok(()));
    tx.known_devices.expect_forget().with(eq(ME), eq(None)).times(1).returning(|_, _| Ok(()));
    tx.factors.expect_remove().with(eq(ME)).times(1).returning(|_| Ok(true));
    tx.server_roles.expect_take_all().with(eq(ME)).times(1).returning(|_| Ok(()));
    let job = tx.jobs.expect_enqueue().withf(|task, _| *task == Task::EndMemberships(ME));
    job.times(1).returning(|_, _| Ok(()));
    tx
}

#[test]
fn users_delete_themselves_with_their_password() {
    let script = [looks(), deletes()];
    let (outcome, [_, deleted]) =
        run(script, Some(Verification::Right), async |ports, typed| delete_self(ports, MY_KEY, typed).await);
    assert_eq!((outcome, deleted.emitted.len()), (Ok(()), 1));
    assert_eq!(deleted.recorded, [AuditEntry::by(&me(), AuditAction::UserDeleted).to(ME)]);
}

#[test]
fn a_key_alone_is_not_enough() {
    let script = [looks(), MockTx::new().authenticates(me())];
    let (outcome, _) =
        run(script, Some(Verification::Wrong), async |ports, typed| delete_self(ports, MY_KEY, typed).await);
    assert_eq!(outcome, Err(AccountRefusal::WrongPassword.into()));
    let provisioned = [MockTx::new().authenticates(me_provisioned())];
    let (outcome, _) = run(provisioned, None, async |ports, typed| delete_self(ports, MY_KEY, typed).await);
    assert_eq!(outcome, Err(AccountRefusal::ProvisionedKey.into()));
    let script = [looks(), locks("newer")];
    let (outcome, [_, refused]) =
        run(script, Some(Verification::Right), async |ports, typed| delete_self(ports, MY_KEY, typed).await);
    assert_eq!(outcome, Err(AccountRefusal::ChangedMeanwhile.into()));
    assert_eq!(refused.decisions, [CommitDecision::RollBack]);
}

#[test]
fn the_last_admin_stays() {
    let mut last = locks("old");
    last.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(server_admin(id))));
    last.accounts.expect_count_admins().times(1).returning(|| Ok(1));
    let (outcome, _) = run([looks(), last], Some(Verification::Right), async |ports, typed| {
        delete_self(ports, MY_KEY, typed).await
    });
    assert_eq!(outcome, Err(AccountRefusal::LastAdmin.into()));
}
