use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::Refusal;
use crate::events::Audience;
use crate::ids::GroupId;
use crate::testing::{EARLIER, GROUP, ME, MockTx, NOW, OTHER, assert_hands_faults_on, me, user};
use crate::time::Timestamp;

fn blocked(created_at: Timestamp) -> Block {
    Block { user: user(OTHER).as_ref(), created_at }
}

/// The conversation of both is locked, then both in the order of their ids, and then the other is looked for.
fn locks(found: bool) -> MockTx {
    locks_conversation([Some(GROUP); 2], found)
}

/// The same where the conversation is there, or not, before and after both are locked.
fn locks_conversation(there: [Option<GroupId>; 2], found: bool) -> MockTx {
    let (mut tx, mut order) = (MockTx::new(), Sequence::new());
    let look = |tx: &mut MockTx, order: &mut Sequence, there| {
        let conversation = tx.groups.expect_find_direct().withf(|key| key.people() == [ME, OTHER]).times(1);
        conversation.in_sequence(order).returning(move |_| Ok(there));
    };
    let lock = |tx: &mut MockTx, order: &mut Sequence, times| {
        let lock = tx.groups.expect_lock().with(eq(GROUP)).times(times).in_sequence(order);
        lock.returning(|_| Ok(()));
    };
    let [before, after] = there;
    look(&mut tx, &mut order, before);
    lock(&mut tx, &mut order, usize::from(before.is_some()));
    for (id, strength) in [(ME, LockStrength::Exclusive), (OTHER, LockStrength::Shared)] {
        let lock = tx.accounts.expect_lock().withf(move |users, how| users == [id] && *how == strength);
        lock.times(1).in_sequence(&mut order).returning(|_, _| Ok(()));
    }
    look(&mut tx, &mut order, after);
    lock(&mut tx, &mut order, usize::from(before.is_none() && after.is_some()));
    let find = tx.accounts.expect_find().with(eq(OTHER)).times(1).in_sequence(&mut order);
    find.returning(move |_| Ok(found.then(|| user(OTHER))));
    tx
}

/// The actor has blocked so many others.
fn has(count: u32) -> MockTx {
    let mut tx = locks(true);
    tx.blocks.expect_find().with(eq(ME), eq(OTHER)).times(1).returning(|_, _| Ok(None));
    tx.blocks.expect_count().with(eq(ME), eq(MAX_BLOCKS)).times(1).returning(move |_, _| Ok(count));
    tx
}

fn stores(mut tx: MockTx) -> MockTx {
    tx.blocks.expect_insert().with(eq(ME), eq(OTHER), eq(NOW)).times(1).returning(|_, _, _| Ok(()));
    tx
}

#[test]
fn own_devices_are_told_of_a_block_and_nobody_else() {
    let mut tx = stores(has(MAX_BLOCKS - 1));
    assert_eq!(block(&mut tx, &me(), OTHER), Ok(blocked(NOW)));
    let closed = Event::DirectClosed(DirectPartner { group: GROUP, user: OTHER });
    let told = [
        (Audience::User(ME), Some(ME), Event::BlocksUpdated(ME)),
        // For the servers: nobody is told of it.
        (Audience::Group(GROUP), Some(ME), closed),
    ];
    assert_eq!(tx.emitted, told);
}

#[test]
fn where_the_two_have_no_conversation_nothing_is_closed_or_opened() {
    let mut tx = locks_conversation([None, None], true);
    tx.blocks.expect_find().returning(|_, _| Ok(None));
    tx.blocks.expect_count().returning(|_, _| Ok(0));
    assert_eq!(block(&mut stores(tx), &me(), OTHER), Ok(blocked(NOW)));
    let mut tx = locks_conversation([None, None], true);
    tx.blocks.expect_remove().returning(|_, _| Ok(true));
    assert_eq!(unblock(&mut tx, &me(), OTHER), Ok(()));
    assert_eq!(tx.emitted, [(Audience::User(ME), Some(ME), Event::BlocksUpdated(ME))]);
}

#[test]
fn a_conversation_that_began_meanwhile_is_locked_too() {
    for there in [[None, Some(GROUP)], [None, None]] {
        let mut tx = locks_conversation(there, true);
        tx.blocks.expect_find().returning(|_, _| Ok(Some(blocked(EARLIER))));
        assert_eq!(block(&mut tx, &me(), OTHER), Ok(blocked(EARLIER)));
    }
}

#[test]
fn a_second_block_changes_nothing() {
    let mut tx = locks(true);
    tx.blocks.expect_find().with(eq(ME), eq(OTHER)).returning(|_, _| Ok(Some(blocked(EARLIER))));
    assert_eq!(block(&mut tx, &me(), OTHER), Ok(blocked(EARLIER)));
    assert_eq!(tx.emitted, []);
}

#[test]
fn blocks_are_limited() {
    assert_eq!(block(&mut has(MAX_BLOCKS), &me(), OTHER), Err(AccountRefusal::TooManyBlocks.into()));
}

#[test]
fn nobody_blocks_themselves_or_one_who_is_not_there() {
    let refused = block(&mut MockTx::new(), &me(), ME);
    let Err(Error::Refused(Refusal::Invalid(errors))) = refused else { panic!("{refused:?}") };
    assert_eq!(errors[0].field, "user_id");
    for change in
        [|tx: &mut MockTx| block(tx, &me(), OTHER).err(), |tx: &mut MockTx| unblock(tx, &me(), OTHER).err()]
    {
        assert_eq!(change(&mut locks(false)), Some(AccountRefusal::UserNotFound.into()));
    }
}

#[test]
fn a_block_is_ended_once() {
    for (there, blocked_by_other, opens) in [(true, false, true), (true, true, false), (false, false, false)]
    {
        let mut tx = locks(true);
        tx.blocks.expect_remove().with(eq(ME), eq(OTHER)).times(1).returning(move |_, _| Ok(there));
        tx.blocks.expect_any_between().returning(move |_, _| Ok(blocked_by_other));
        assert_eq!(unblock(&mut tx, &me(), OTHER), Ok(()));
        let opened = Event::DirectOpened(DirectPartner { group: GROUP, user: OTHER });
        let told = [
            there.then_some((Audience::User(ME), Some(ME), Event::BlocksUpdated(ME))),
            opens.then_some((Audience::Group(GROUP), Some(ME), opened)),
        ];
        assert_eq!(tx.emitted, told.into_iter().flatten().collect::<Vec<_>>());
    }
}

#[test]
fn the_actor_lists_their_own_blocks() {
    let limit = Limit::parse(1).unwrap();
    let query = BlockQuery { user: ME, after: Some(OTHER), limit };
    let list = || {
        let (mut tx, query) = (MockTx::new(), query.clone());
        tx.blocks.expect_list().with(eq(query)).returning(|_| Ok(vec![blocked(NOW), blocked(EARLIER)]));
        tx
    };
    let page = list_blocks(&mut list(), &me(), Some(OTHER), limit);
    assert_eq!(page, Ok(Page { items: vec![blocked(NOW)], more: true }));
    assert_hands_faults_on(list, |tx| list_blocks(tx, &me(), Some(OTHER), limit));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| stores(has(0)), |tx| block(tx, &me(), OTHER));
    let unblocking = || {
        let mut tx = locks(true);
        tx.blocks.expect_remove().returning(|_, _| Ok(true));
        tx.blocks.expect_any_between().returning(|_, _| Ok(false));
        tx
    };
    assert_hands_faults_on(unblocking, |tx| unblock(tx, &me(), OTHER));
}
