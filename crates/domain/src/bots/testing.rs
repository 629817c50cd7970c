//! What the tests of bots share.

use mockall::predicate::eq;

use crate::accounts::LockStrength;
use crate::ids::UserId;
use crate::testing::{ME, MY_SESSION, MockTx, NOW, bot, me};

pub(super) const BOT: UserId = UserId::new(30);

/// These users are locked, and the actor's session goes on.
pub(super) fn locks(tx: MockTx, users: &'static [UserId]) -> MockTx {
    let mut tx = tx.locks_users(users, LockStrength::Exclusive);
    tx.sessions.expect_holder().with(eq(MY_SESSION), eq(NOW)).times(1).returning(|_, _| Ok(Some(me())));
    tx
}

/// The ids of so many bots.
pub(super) fn bots(number: u32) -> Vec<UserId> {
    (0..i64::from(number)).map(|number| UserId::new(1_000 + number)).collect()
}

/// The bot is found so many times.
pub(super) fn finds(mut tx: MockTx, owner: UserId, times: usize) -> MockTx {
    tx.accounts.expect_find().with(eq(BOT)).times(times).returning(move |id| Ok(Some(bot(id, owner))));
    tx
}

/// The actor's bot is found, and locked with the actor.
pub(super) fn locks_own(tx: MockTx) -> MockTx {
    locks(finds(tx, ME, 2), &[ME, BOT])
}
