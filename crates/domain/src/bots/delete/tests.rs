use mockall::predicate::eq;

use super::*;
use crate::accounts::{AccountRefusal, Scope};
use crate::bots::BotRefusal;
use crate::bots::testing::{BOT, finds, locks_own};
use crate::events::{Audience, Event};
use crate::permissions::ServerPermission;
use crate::testing::{
    ME, MockTx, OTHER, assert_hands_faults_on, bot, me, me_provisioned, my_token, needs, rights, user,
};

#[test]
fn owners_delete_their_bots() {
    let deletes = || locks_own(finds(MockTx::new(), ME, 1)).deletes_user(BOT, &[]);
    let mut tx = deletes();
    assert_eq!(delete_bot(&mut tx, &me(), BOT), Ok(()));
    assert_eq!(tx.emitted, [(Audience::All, Some(ME), Event::UserDeleted(BOT))]);
    assert_eq!(tx.recorded, [AuditEntry::by(&me(), AuditAction::UserDeleted).to(BOT)]);
    assert_hands_faults_on(deletes, |tx| delete_bot(tx, &me(), BOT));
}

fn finds_anothers(is_admin: bool) -> MockTx {
    let tx = finds(MockTx::new(), OTHER, 1);
    tx.locks_to_change(BOT, Some(bot(BOT, OTHER)), Some(Some(rights(is_admin))))
}

#[test]
fn who_manages_users_deletes_the_bots_of_others() {
    let mut tx = finds_anothers(true).deletes_user(BOT, &[]);
    assert_eq!(delete_bot(&mut tx, &me(), BOT), Ok(()));
    let refused = delete_bot(&mut finds_anothers(false), &me(), BOT);
    assert_eq!(refused, Err(needs(ServerPermission::ManageUsers).into()));
}

#[test]
fn a_person_is_no_bot() {
    let mut tx = MockTx::new();
    tx.accounts.expect_find().with(eq(OTHER)).times(1).returning(|id| Ok(Some(user(id))));
    assert_eq!(delete_bot(&mut tx, &me(), OTHER), Err(BotRefusal::NotFound.into()));
    let mut tx = MockTx::new().misses_user(BOT);
    assert_eq!(delete_bot(&mut tx, &me(), BOT), Err(BotRefusal::NotFound.into()));
}

#[test]
fn tokens_and_provisioned_keys_delete_none_of_their_users() {
    for (actor, refusal) in [
        (my_token(Scope::Admin), AccountRefusal::InsufficientScope),
        (me_provisioned(), AccountRefusal::ProvisionedKey),
    ] {
        assert_eq!(delete_bot(&mut finds(MockTx::new(), ME, 1), &actor, BOT), Err(refusal.into()));
    }
}

#[test]
fn a_bot_that_was_handed_over_meanwhile_stays() {
    let mut tx = crate::bots::testing::locks(MockTx::new(), &[ME, BOT]);
    let mut owners = [ME, ME, OTHER].into_iter();
    tx.accounts.expect_find().times(3).returning(move |id| Ok(owners.next().map(|owner| bot(id, owner))));
    assert_eq!(delete_bot(&mut tx, &me(), BOT), Err(BotRefusal::NotOwner.into()));
}

/// Bots of a deleted user, of which the second has just been deleted by somebody else.
fn ends(most: usize) -> MockTx {
    let bots = [BOT, UserId::new(31)];
    let mut tx = MockTx::new().owns_bots(OTHER, &bots);
    let locked = bots.into_iter().take(most).collect::<Vec<_>>();
    let lock = tx.accounts.expect_lock().withf(move |users, _| *users == locked);
    lock.times(1).returning(|_, _| Ok(()));
    tx = finds(tx, OTHER, 1);
    if most > 1 {
        tx = tx.misses_user(UserId::new(31));
    }
    tx.deletes_user(BOT, &[])
}

#[test]
fn bots_end_with_their_owner_some_at_a_time() {
    for (most, is_done) in [(1, false), (2, false), (3, true)] {
        let mut tx = ends(most);
        assert_eq!(end_bots(&mut tx, OTHER, most as i64), Ok(is_done), "{most}");
        assert_eq!(tx.emitted, [(Audience::All, None, Event::UserDeleted(BOT))]);
        assert_eq!(tx.recorded, [AuditEntry::by_server(AuditAction::UserDeleted).to(BOT)]);
    }
    assert_hands_faults_on(|| ends(3), |tx| end_bots(tx, OTHER, 3));
}
