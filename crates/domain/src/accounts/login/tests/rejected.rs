//! Logins that are rejected, all alike.

use super::*;
use crate::storage::CommitDecision;

#[test]
fn a_wrong_password_is_rejected_and_uses_up_the_attempt() {
    let surroundings = Surroundings::counts("user1", UsedUp)
        .verifies(Some(hash("it")), Ok(Verification::Wrong))
        .tells(Some("user1"));
    let (outcome, [_, told]) = surroundings.run([finds(Some(hash("it"))), MockTx::new()], attempt("user1"));
    assert_eq!(outcome.err(), refused());
    assert_eq!(told.recorded, [login_entry().to(ME).failed()], "also after the rejection");
    assert_eq!(told.decisions, [CommitDecision::Commit]);
    assert_eq!(told.access, Access { mode: Mode::Write, caller: Caller::Network(network()) });
}

#[test]
fn an_unknown_user_is_rejected_alike_and_takes_as_long() {
    let surroundings =
        Surroundings::counts_twice("nobody", UsedUp).verifies(None, Ok(Verification::Wrong)).tells(None);
    let (outcome, [_, told]) = surroundings.run([misses("nobody"), MockTx::new()], attempt("nobody"));
    assert_eq!(outcome.err(), refused());
    assert_eq!(told.recorded, [login_entry().failed()], "without what was typed");
}

#[test]
fn a_user_without_a_password_is_rejected_alike() {
    let surroundings =
        Surroundings::counts("user1", UsedUp).verifies(None, Ok(Verification::Wrong)).tells(Some("user1"));
    assert_eq!(surroundings.run([finds(None), MockTx::new()], attempt("user1")).0.err(), refused());
}

#[test]
fn without_a_hash_nobody_signs_in_whatever_the_hasher_returns() {
    let surroundings =
        Surroundings::counts("user1", UsedUp).verifies(None, Ok(Verification::Right)).tells(Some("user1"));
    assert_eq!(surroundings.run([finds(None), MockTx::new()], attempt("user1")).0.err(), refused());
}

#[test]
fn invalid_usernames_count_as_one_account_and_are_rejected_alike() {
    for name in ["", "me", "no such name!", &"x".repeat(51), "\0"] {
        let surroundings =
            Surroundings::counts_twice("", UsedUp).verifies(None, Ok(Verification::Wrong)).tells(None);
        let (outcome, _) = surroundings.run([misses(""), MockTx::new()], attempt(name));
        assert_eq!(outcome.err(), refused(), "{name:?}");
    }
}

#[test]
fn a_user_who_is_deleted_while_the_password_is_verified_does_not_sign_in() {
    let surroundings = Surroundings::counts("user1", UsedUp)
        .verifies(Some(hash("it")), Ok(Verification::Right))
        .issues()
        .tells(Some("user1"));
    let gone = MockTx::new().locks_users(&[ME], LockStrength::Exclusive).misses_user(ME);
    let (outcome, _) = surroundings.run([finds(Some(hash("it"))), gone, MockTx::new()], attempt("user1"));
    assert_eq!(outcome.err(), refused());
}

#[test]
fn a_suspended_user_learns_of_it_by_the_right_password_and_gets_the_attempt_back() {
    let surroundings =
        Surroundings::counts("user1", Returned).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
    let mut again = MockTx::new().locks_users(&[ME], LockStrength::Exclusive);
    again.accounts.expect_find().times(1).returning(|id| Ok(Some(User { suspended: true, ..user(id) })));
    again.accounts.expect_password().with(eq(ME)).times(1).returning(|_| Ok(Some(hash("it"))));
    let script = [finds(Some(hash("it"))), again, MockTx::new()];
    let (outcome, [_, write, told]) = surroundings.run(script, attempt("user1"));
    assert_eq!(outcome.err(), Some(AccountRefusal::Suspended.into()));
    assert_eq!(write.decisions, [CommitDecision::RollBack]);
    assert_eq!(told.recorded, [login_entry().to(ME).failed()]);
    let surroundings = Surroundings::counts("user1", UsedUp)
        .verifies(Some(hash("it")), Ok(Verification::Wrong))
        .tells(Some("user1"));
    let (outcome, _) = surroundings.run([finds(Some(hash("it"))), MockTx::new()], attempt("user1"));
    assert_eq!(outcome.err(), refused(), "as for anybody else");
}

#[test]
fn a_failure_that_cannot_be_recorded_is_rejected_alike() {
    let surroundings = Surroundings::counts("user1", UsedUp)
        .verifies(Some(hash("it")), Ok(Verification::Wrong))
        .tells(Some("user1"));
    let storage = ScriptedStorage::of([finds(Some(hash("it"))).into(), Step::refused(fault())]);
    assert_eq!(surroundings.login(&storage, attempt("user1")).err(), refused());
    storage.finish();
}
