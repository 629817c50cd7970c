use mockall::predicate::eq;

use super::*;
use crate::paging::Limit;
use crate::testing::{ME, MockTx, OTHER, assert_hands_faults_on, me, placed, user};

fn without_email(id: UserId) -> User {
    User { email: None, ..user(id) }
}

fn query(limit: i64) -> UserQuery {
    UserQuery { search: None, after: None, limit: Limit::parse(limit).unwrap() }
}

/// A server with the actor and another user.
fn lists_both(query: UserQuery, is_admin: bool) -> MockTx {
    let mut tx = MockTx::new().reads_rights(is_admin);
    tx.accounts.expect_list().with(eq(query)).returning(|_| Ok(placed([user(ME), user(OTHER)])));
    tx
}

#[test]
fn users_see_their_own_address() {
    assert_eq!(find_self(&mut MockTx::new().finds_user(user(ME)), &me()), Ok(user(ME)));
    assert_eq!(find_user(&mut MockTx::new().finds_user(user(ME)), &me(), ME), Ok(user(ME)));
}

#[test]
fn only_server_admins_see_addresses_of_others() {
    for (is_admin, seen) in [(true, user(OTHER)), (false, without_email(OTHER))] {
        let mut tx = MockTx::new().finds_user(user(OTHER)).reads_rights(is_admin);
        assert_eq!(find_user(&mut tx, &me(), OTHER), Ok(seen));
    }
}

#[test]
fn without_an_address_no_rights_are_read() {
    let mut tx = MockTx::new().finds_user(without_email(OTHER));
    assert_eq!(find_user(&mut tx, &me(), OTHER), Ok(without_email(OTHER)));
}

#[test]
fn a_list_hides_addresses_likewise() {
    for (is_admin, other) in [(true, user(OTHER)), (false, without_email(OTHER))] {
        let mut tx = lists_both(query(2), is_admin);
        let page = list_users(&mut tx, &me(), &query(2)).unwrap();
        assert_eq!(page, Page { items: placed([user(ME), other]), more: false });
    }
}

#[test]
fn a_list_says_whether_there_is_a_next_page() {
    let page = list_users(&mut lists_both(query(1), true), &me(), &query(1)).unwrap();
    assert_eq!(page, Page { items: placed([user(ME)]), more: true });
}

#[test]
fn an_unknown_user_is_not_found() {
    let mut tx = MockTx::new().misses_user(OTHER);
    assert_eq!(find_user(&mut tx, &me(), OTHER), Err(AccountRefusal::UserNotFound.into()));
    let mut tx = MockTx::new().misses_user(ME);
    assert_eq!(find_self(&mut tx, &me()), Err(AccountRefusal::Unauthenticated.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| MockTx::new().finds_user(user(ME)), |tx| find_self(tx, &me()));
    assert_hands_faults_on(
        || MockTx::new().finds_user(user(OTHER)).reads_rights(false),
        |tx| find_user(tx, &me(), OTHER),
    );
    assert_hands_faults_on(|| lists_both(query(2), false), |tx| list_users(tx, &me(), &query(2)));
}
