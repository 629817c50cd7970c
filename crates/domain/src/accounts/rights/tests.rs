use super::*;
use crate::testing::{ME, MockTx, OTHER, assert_hands_faults_on, me, server_admin, user};

#[test]
fn rights_are_read_from_the_account_under_a_lock() {
    for is_admin in [false, true] {
        assert_eq!(is_server_admin(&mut MockTx::new().reads_rights(is_admin), &me()), Ok(is_admin));
    }
}

#[test]
fn a_deleted_account_has_no_rights() {
    let mut tx = MockTx::new().locks_users(&[ME], LockStrength::Shared).misses_user(ME);
    assert_eq!(is_server_admin(&mut tx, &me()), Ok(false));
}

#[test]
fn only_server_admins_pass() {
    assert_eq!(require_server_admin(&mut MockTx::new().reads_rights(true), &me()), Ok(()));
    let refused = require_server_admin(&mut MockTx::new().reads_rights(false), &me());
    assert_eq!(refused, Err(AccountRefusal::AdminOnly.into()));
}

fn locks(target: Option<User>, actor: Option<User>) -> MockTx {
    MockTx::new().locks_for_change(OTHER, vec![target, actor])
}

#[test]
fn both_users_and_the_set_of_admins_are_locked_first() {
    let mut tx = locks(Some(user(OTHER)), Some(server_admin(ME)));
    assert_eq!(lock_for_change(&mut tx, &me(), OTHER), Ok(user(OTHER)));
}

#[test]
fn actors_who_are_not_admins_get_no_user() {
    for actor in [Some(user(ME)), None] {
        let mut tx = locks(Some(user(OTHER)), actor);
        assert_eq!(lock_for_change(&mut tx, &me(), OTHER), Err(AccountRefusal::AdminOnly.into()));
    }
}

#[test]
fn not_found_comes_before_missing_rights() {
    let mut tx = MockTx::new().locks_for_change(OTHER, vec![None]);
    assert_eq!(lock_for_change(&mut tx, &me(), OTHER), Err(AccountRefusal::UserNotFound.into()));
}

#[test]
fn one_server_admin_must_stay() {
    for (admins, outcome) in
        [(2, Ok(())), (1, Err(AccountRefusal::LastAdmin.into())), (0, Err(AccountRefusal::LastAdmin.into()))]
    {
        let mut tx = MockTx::new();
        tx.accounts.expect_count_admins().returning(move || Ok(admins));
        assert_eq!(require_another_admin(&mut tx), outcome, "{admins}");
    }
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| MockTx::new().reads_rights(true), |tx| is_server_admin(tx, &me()));
    assert_hands_faults_on(
        || {
            let mut tx = locks(Some(user(OTHER)), Some(server_admin(ME)));
            tx.accounts.expect_count_admins().returning(|| Ok(2));
            tx
        },
        |tx| {
            lock_for_change(tx, &me(), OTHER)?;
            require_another_admin(tx)
        },
    );
}
