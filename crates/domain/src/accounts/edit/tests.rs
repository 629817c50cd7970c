//! Tests of [`edit_user`] are in `by_admin`.

mod by_admin;

use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::events::Audience;
use crate::testing::{ME, MockTx, assert_hands_faults_on, me, user};

fn display_name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

fn renaming() -> ProfileChanges {
    ProfileChanges { display_name: Some(Some(display_name("Grandma"))), ..ProfileChanges::default() }
}

fn renamed(before: User) -> User {
    User { display_name: Some(display_name("Grandma")), version: before.version.next(), ..before }
}

/// The actor is locked and then read, once each.
fn locks_self() -> MockTx {
    let mut tx = MockTx::new();
    let mut order = Sequence::new();
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(()));
    let found = tx.accounts.expect_find().with(eq(ME)).times(1).in_sequence(&mut order);
    found.returning(|id| Ok(Some(user(id))));
    tx
}

fn stores(mut tx: MockTx, changed: User) -> MockTx {
    tx.accounts.expect_update().with(eq(changed)).times(1).returning(|_| Ok(Unique::Stored(())));
    tx
}

#[test]
fn users_change_their_profile_and_everyone_sees_it() {
    let mut tx = stores(locks_self(), renamed(user(ME)));
    assert_eq!(edit_self(&mut tx, &me(), &renaming()), Ok(renamed(user(ME))));
    let expected = renamed(user(ME)).without_private_fields();
    assert_eq!(
        tx.emitted,
        [(Audience::All, Some(ME), Event::UserUpdated(UserUpdate::logged(expected, Audience::All)))]
    );
}

#[test]
fn a_name_and_an_address_can_be_cleared() {
    let cleared = User { display_name: None, email: None, version: user(ME).version.next(), ..user(ME) };
    let changes = ProfileChanges { display_name: Some(None), email: Some(None), ..ProfileChanges::default() };
    let mut tx = stores(locks_self(), cleared.clone());
    assert_eq!(edit_self(&mut tx, &me(), &changes), Ok(cleared));
}

#[test]
fn users_hide_their_presence_and_nobody_else_is_notified() {
    let hidden = User { presence: PresenceSetting::Hidden, version: user(ME).version.next(), ..user(ME) };
    let changes = ProfileChanges { presence: Some(PresenceSetting::Hidden), ..ProfileChanges::default() };
    let mut tx = stores(locks_self(), hidden.clone());
    assert_eq!(edit_self(&mut tx, &me(), &changes), Ok(hidden));
    let [(Audience::User(ME), _, Event::UserUpdated(expected))] = tx.emitted.as_slice() else {
        panic!("{:?}", tx.emitted)
    };
    assert_eq!((expected.user.presence, &expected.user.email), (PresenceSetting::Hidden, &None));
}

#[test]
fn users_hide_how_far_they_have_read_and_nobody_else_is_notified() {
    let hidden = User { receipts: ReceiptSetting::Hidden, version: user(ME).version.next(), ..user(ME) };
    let changes = ProfileChanges { receipts: Some(ReceiptSetting::Hidden), ..ProfileChanges::default() };
    let mut tx = stores(locks_self(), hidden.clone());
    assert_eq!(edit_self(&mut tx, &me(), &changes), Ok(hidden));
    let [(Audience::User(ME), _, Event::UserUpdated(told))] = tx.emitted.as_slice() else {
        panic!("{:?}", tx.emitted)
    };
    assert_eq!(told.user.receipts, ReceiptSetting::Shown, "what is private is not told");
}

#[test]
fn a_change_that_changes_nothing_stores_and_emits_nothing() {
    let User { display_name, email, presence, receipts, .. } = user(ME);
    let same = ProfileChanges {
        display_name: Some(display_name),
        email: Some(email),
        presence: Some(presence),
        receipts: Some(receipts),
    };
    for changes in [ProfileChanges::default(), same] {
        let mut tx = locks_self();
        assert_eq!(edit_self(&mut tx, &me(), &changes), Ok(user(ME)));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn a_deleted_account_cannot_be_edited() {
    let mut tx = MockTx::new().locks_users(&[ME], LockStrength::Exclusive).misses_user(ME);
    assert_eq!(edit_self(&mut tx, &me(), &renaming()), Err(AccountRefusal::Unauthenticated.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || stores(locks_self(), renamed(user(ME))),
        |tx| edit_self(tx, &me(), &renaming()),
    );
}
