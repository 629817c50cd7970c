use mockall::predicate::eq;

use super::*;
use crate::accounts::{MAX_BOTS, Scope};
use crate::bots::testing::{BOT, bots, finds, locks};
use crate::events::{Audience, Event, UserUpdate};
use crate::ids::Version;
use crate::permissions::ServerRights;
use crate::storage::Unique;
use crate::testing::{
    ME, MockTx, OTHER, assert_hands_faults_on, bot, me, me_provisioned, my_token, needs, rights, rights_with,
    user,
};

fn handed_over(to: UserId) -> User {
    User { owner: Some(to), version: Version::new(4), ..bot(BOT, ME) }
}

/// The actor's bot is found, and all who are concerned are locked.
fn locks_mine(to: &'static [UserId]) -> MockTx {
    let mut tx = locks(finds(MockTx::new(), ME, 2), to);
    tx.accounts.expect_lock_admins().times(1).returning(|| Ok(()));
    tx
}

/// The same where the next owner is found.
fn finds_next(next: User) -> MockTx {
    locks_mine(&[ME, BOT, ME, OTHER]).finds_user(user(ME)).finds_user(next)
}

fn stores(mut tx: MockTx, changed: User) -> MockTx {
    tx.accounts.expect_update().with(eq(changed)).times(1).returning(|_| Ok(Unique::Stored(())));
    tx
}

#[test]
fn owners_hand_their_bots_over_and_everybody_sees_it() {
    let hands_over =
        || stores(finds_next(user(OTHER)).owns_bots(OTHER, &bots(MAX_BOTS - 1)), handed_over(OTHER));
    let mut tx = hands_over();
    assert_eq!(hand_over_bot(&mut tx, &me(), BOT, OTHER), Ok(handed_over(OTHER)));
    let update = UserUpdate::logged(handed_over(OTHER).without_private_fields(), Audience::All);
    assert_eq!(tx.emitted, [(Audience::All, Some(ME), Event::UserUpdated(update))]);
    let entry = AuditEntry::by(&me(), AuditAction::UserEdited).to(BOT).of_fields(&["owner_id"]);
    assert_eq!(tx.recorded, [entry]);
    assert_hands_faults_on(hands_over, |tx| hand_over_bot(tx, &me(), BOT, OTHER));
}

#[test]
fn nothing_changes_where_the_owner_stays() {
    let mut tx = locks_mine(&[ME, BOT, ME, ME]);
    tx.accounts.expect_find().with(eq(ME)).times(2).returning(|id| Ok(Some(user(id))));
    assert_eq!(hand_over_bot(&mut tx, &me(), BOT, ME), Ok(bot(BOT, ME)));
    assert!(tx.emitted.is_empty() && tx.recorded.is_empty());
}

#[test]
fn only_a_person_who_is_not_suspended_and_has_room_becomes_an_owner() {
    let suspended = User { suspended: true, ..user(OTHER) };
    for (next, detail) in [(bot(OTHER, ME), "must not be a bot"), (suspended, "must not be suspended")] {
        let violation = Violation::new(ViolationCode::OutOfRange, detail).in_field("user_id");
        let refused = hand_over_bot(&mut finds_next(next), &me(), BOT, OTHER);
        assert_eq!(refused, Err(violation.into()));
    }
    let mut tx = finds_next(user(OTHER)).owns_bots(OTHER, &bots(MAX_BOTS));
    assert_eq!(hand_over_bot(&mut tx, &me(), BOT, OTHER), Err(BotRefusal::TooMany.into()));
    let mut tx = locks_mine(&[ME, BOT, ME, OTHER]).finds_user(user(ME)).misses_user(OTHER);
    assert_eq!(hand_over_bot(&mut tx, &me(), BOT, OTHER), Err(AccountRefusal::UserNotFound.into()));
}

/// Somebody else's bot, looked at once by an actor with these rights.
fn finds_anothers(times: usize, by: &ServerRights) -> MockTx {
    let mut tx = finds(MockTx::new(), OTHER, times);
    let by = *by;
    tx.server_roles.expect_rights().with(eq(ME)).times(times).returning(move |_| Ok(Some(by)));
    tx
}

#[test]
fn who_manages_users_takes_over_the_bots_of_others() {
    let mut tx = locks(finds_anothers(2, &rights(true)), &[ME, BOT, OTHER, ME]);
    tx.accounts.expect_lock_admins().times(1).returning(|| Ok(()));
    let taken = User { version: Version::new(4), ..bot(BOT, ME) };
    let tx = tx.finds_user(user(OTHER)).finds_user(user(ME)).owns_bots(ME, &[]);
    assert_eq!(hand_over_bot(&mut stores(tx, taken.clone()), &me(), BOT, ME), Ok(taken));

    let refused = hand_over_bot(&mut finds_anothers(1, &rights(false)), &me(), BOT, ME);
    assert_eq!(refused, Err(needs(ServerPermission::ManageUsers).into()));
}

#[test]
fn nobody_takes_over_a_bot_that_may_do_more() {
    let manages = rights_with(&[ServerPermission::ManageUsers]);
    let mut tx = finds_anothers(1, &manages);
    tx.server_roles
        .expect_rights()
        .with(eq(BOT))
        .times(1)
        .returning(|_| Ok(Some(rights_with(&[ServerPermission::ManageServer]))));
    let refused = hand_over_bot(&mut tx, &me(), BOT, ME);
    let Err(Error::Refused(crate::error::Refusal::Account(AccountRefusal::NotPermitted(_)))) = refused else {
        panic!("{refused:?}");
    };
}

#[test]
fn tokens_and_provisioned_keys_hand_nothing_over() {
    for (actor, refusal) in [
        (my_token(Scope::Admin), AccountRefusal::InsufficientScope),
        (me_provisioned(), AccountRefusal::ProvisionedKey),
    ] {
        let refused = hand_over_bot(&mut finds(MockTx::new(), ME, 1), &actor, BOT, OTHER);
        assert_eq!(refused, Err(refusal.clone().into()));
        let refused = hand_over_bot(&mut finds_anothers(1, &rights(true)), &actor, BOT, ME);
        assert_eq!(refused, Err(refusal.into()));
    }
}

#[test]
fn a_bot_that_changed_hands_meanwhile_is_not_handed_over() {
    let mut tx = locks(MockTx::new(), &[ME, BOT, ME, OTHER]);
    tx.accounts.expect_lock_admins().times(1).returning(|| Ok(()));
    let mut owners = [ME, OTHER].into_iter();
    tx.accounts.expect_find().times(2).returning(move |id| Ok(owners.next().map(|owner| bot(id, owner))));
    tx.server_roles.expect_rights().returning(|_| Ok(Some(rights(true))));
    let refused = hand_over_bot(&mut tx, &me(), BOT, OTHER);
    assert_eq!(refused, Err(AccountRefusal::ChangedMeanwhile.into()));
}

#[test]
fn a_bot_of_a_deleted_owner_ends() {
    let mut tx = locks(finds_anothers(2, &rights(true)), &[ME, BOT, OTHER, ME]).misses_user(OTHER);
    tx.accounts.expect_lock_admins().times(1).returning(|| Ok(()));
    assert_eq!(hand_over_bot(&mut tx, &me(), BOT, ME), Err(BotRefusal::NotFound.into()));
}
