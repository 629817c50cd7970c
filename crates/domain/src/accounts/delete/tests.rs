use super::*;
use crate::accounts::{AccountRefusal, User};
use crate::events::Audience;
use crate::testing::{
    ME, MockTx, OTHER, assert_hands_faults_on, me, me_provisioned, needs, server_admin, sessions_ended, user,
};

fn locks(target: User) -> MockTx {
    MockTx::new().locks_for_change(OTHER, vec![Some(target), Some(server_admin(ME))])
}

fn counts_admins(mut tx: MockTx, admins: u64) -> MockTx {
    tx.accounts.expect_count_admins().times(1).returning(move || Ok(admins));
    tx
}

fn deletes(tx: MockTx, id: UserId) -> MockTx {
    tx.deletes_user(id, &[])
}

#[test]
fn a_deleted_user_loses_name_keys_and_rights_at_once_and_memberships_by_a_job() {
    let mut tx = deletes(locks(user(OTHER)), OTHER);
    assert_eq!(delete_user(&mut tx, &me(), OTHER), Ok(()));
    assert_eq!(tx.emitted, [(Audience::All, Some(ME), Event::UserDeleted(OTHER))]);
}

#[test]
fn the_bots_of_a_deleted_user_stop_at_once_and_end_by_a_job() {
    let bots = [UserId::new(30), UserId::new(31)];
    let mut tx = locks(user(OTHER)).deletes_user(OTHER, &bots);
    assert_eq!(delete_user(&mut tx, &me(), OTHER), Ok(()));
    let [first, second] = bots.map(|bot| sessions_ended(bot, Some(ME)));
    assert_eq!(tx.emitted, [first, second, (Audience::All, Some(ME), Event::UserDeleted(OTHER))]);
}

#[test]
fn a_server_admin_is_deleted_while_another_stays() {
    let mut tx = deletes(counts_admins(locks(server_admin(OTHER)), 2), OTHER);
    assert_eq!(delete_user(&mut tx, &me(), OTHER), Ok(()));
}

#[test]
fn server_admins_may_delete_themselves_but_not_the_last() {
    let locks_self = || {
        let found = vec![Some(server_admin(ME)), Some(server_admin(ME))];
        MockTx::new().locks_for_change(ME, found)
    };
    let mut tx = deletes(counts_admins(locks_self(), 2), ME);
    assert_eq!(delete_user(&mut tx, &me(), ME), Ok(()));

    let mut tx = counts_admins(locks_self(), 1);
    assert_eq!(delete_user(&mut tx, &me(), ME), Err(AccountRefusal::LastAdmin.into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn nobody_else_deletes_a_user() {
    let mut tx = MockTx::new().locks_for_change(OTHER, vec![Some(user(OTHER)), Some(user(ME))]);
    assert_eq!(delete_user(&mut tx, &me(), OTHER), Err(needs(ServerPermission::ManageUsers).into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn a_provisioned_key_deletes_nobody() {
    let refused = delete_user(&mut locks(user(OTHER)), &me_provisioned(), OTHER);
    assert_eq!(refused, Err(AccountRefusal::ProvisionedKey.into()));
}

#[test]
fn not_found_comes_before_missing_rights() {
    let mut tx = MockTx::new().locks_for_change(OTHER, vec![None]);
    assert_eq!(delete_user(&mut tx, &me(), OTHER), Err(AccountRefusal::UserNotFound.into()));
}

#[test]
fn missing_rights_come_before_the_last_admin() {
    let found = vec![Some(server_admin(OTHER)), Some(user(ME))];
    let mut tx = MockTx::new().locks_for_change(OTHER, found);
    assert_eq!(delete_user(&mut tx, &me(), OTHER), Err(needs(ServerPermission::ManageUsers).into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || deletes(counts_admins(locks(server_admin(OTHER)), 2), OTHER),
        |tx| delete_user(tx, &me(), OTHER),
    );
}
