use super::*;
use crate::permissions::ServerDenial;
use crate::testing::{
    ME, MockTx, OTHER, assert_hands_faults_on, me, needs, rights, rights_with, server_admin, user,
};

const MANAGE: ServerPermission = ServerPermission::ManageUsers;

#[test]
fn rights_are_read_under_a_lock() {
    for is_admin in [false, true] {
        assert_eq!(may(&mut MockTx::new().reads_rights(is_admin), &me(), MANAGE), Ok(is_admin));
    }
    let mut tx = MockTx::new().reads_these_rights(Some(rights_with(&[MANAGE])));
    assert_eq!(may(&mut tx, &me(), MANAGE), Ok(true));
}

#[test]
fn a_deleted_account_has_no_rights() {
    let mut tx = MockTx::new().reads_these_rights(None);
    assert_eq!(may(&mut tx, &me(), ServerPermission::CreateGroups), Ok(false));
}

#[test]
fn only_those_with_the_permission_pass() {
    assert_eq!(require_on_server(&mut MockTx::new().reads_rights(true), &me(), MANAGE), Ok(()));
    let refused = require_on_server(&mut MockTx::new().reads_rights(false), &me(), MANAGE);
    assert_eq!(refused, Err(needs(MANAGE).into()));
}

fn locks(target: Option<User>, actor: Option<User>) -> MockTx {
    MockTx::new().locks_for_change(OTHER, vec![target, actor])
}

#[test]
fn both_users_and_the_set_of_admins_are_locked_first() {
    let mut tx = locks(Some(user(OTHER)), Some(server_admin(ME)));
    let locked = LockedUser { user: user(OTHER), by: rights(true) };
    assert_eq!(lock_for_change(&mut tx, &me(), OTHER, MANAGE), Ok(locked));
}

#[test]
fn actors_without_the_permission_get_no_user() {
    for actor in [Some(user(ME)), None] {
        let mut tx = locks(Some(user(OTHER)), actor);
        assert_eq!(lock_for_change(&mut tx, &me(), OTHER, MANAGE), Err(needs(MANAGE).into()));
    }
}

#[test]
fn nobody_changes_a_user_who_may_do_more() {
    let by = rights_with(&[MANAGE]);
    for (target, denial) in [
        (rights(false), None),
        (by, None),
        (rights(true), Some(ServerDenial::TargetIsAdmin)),
        (
            rights_with(&[ServerPermission::ManageGroups]),
            Some(ServerDenial::TargetMay(ServerPermission::ManageGroups)),
        ),
    ] {
        let tx = MockTx::new().locks_to_change(OTHER, Some(user(OTHER)), Some(Some(by)));
        let outcome = lock_for_change(&mut tx.reads_rights_of(OTHER, target), &me(), OTHER, MANAGE);
        let refusal = denial.map(|denial| Error::from(AccountRefusal::NotPermitted(denial)));
        assert_eq!(outcome.err(), refusal, "{target:?}");
    }
}

#[test]
fn not_found_comes_before_missing_rights() {
    let mut tx = MockTx::new().locks_for_change(OTHER, vec![None]);
    let refused = lock_for_change(&mut tx, &me(), OTHER, MANAGE);
    assert_eq!(refused, Err(AccountRefusal::UserNotFound.into()));
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
    assert_hands_faults_on(|| MockTx::new().reads_rights(true), |tx| may(tx, &me(), MANAGE));
    assert_hands_faults_on(
        || {
            let mut tx = locks(Some(user(OTHER)), Some(server_admin(ME)));
            tx.accounts.expect_count_admins().returning(|| Ok(2));
            tx
        },
        |tx| {
            lock_for_change(tx, &me(), OTHER, MANAGE)?;
            require_another_admin(tx)
        },
    );
}
