//! Whom users have blocked.

use groupchat_domain::accounts::{Block, BlockQuery};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

fn blocked(tx: &mut dyn Tx, user: UserId, after: Option<UserId>, rows: i64) -> Vec<UserId> {
    let query = BlockQuery { user, after, limit: limit(rows) };
    tx.blocks().list(&query).unwrap().into_iter().map(|block| block.user.id).collect()
}

fn block(tx: &mut dyn Tx, user: UserId, others: &[UserId]) {
    for other in others {
        tx.blocks().insert(user, *other, at(7)).unwrap();
    }
}

fn a_block_is_found_from_one_side_alone(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann"), user(tx, "bob"));
    block(tx, ann.id, &[bob.id]);
    let found = Block { user: bob.as_ref(), created_at: at(7) };
    assert_eq!(tx.blocks().find(ann.id, bob.id), Ok(Some(found)));
    assert_eq!(tx.blocks().find(bob.id, ann.id), Ok(None));
    assert_eq!(blocked(tx, bob.id, None, 9), []);
    assert_eq!(tx.blocks().remove(bob.id, ann.id), Ok(false));
    assert_eq!(tx.blocks().remove(ann.id, bob.id), Ok(true));
    assert_eq!(tx.blocks().find(ann.id, bob.id), Ok(None));
}

fn blocks_are_listed_by_id_in_pages_and_counted_up_to_a_limit(tx: &mut dyn Tx) {
    let [ann, bob, carla, dave] = ["ann", "bob", "carla", "dave"].map(|name| user(tx, name).id);
    block(tx, ann, &[dave, bob, carla]);
    block(tx, bob, &[ann]);
    assert_eq!(blocked(tx, ann, None, 2), [bob, carla, dave], "one more than the limit");
    assert_eq!(blocked(tx, ann, Some(bob), 2), [carla, dave]);
    for (most, counted) in [(2, 2), (3, 3), (9, 3)] {
        assert_eq!(tx.blocks().count(ann, most), Ok(counted));
    }
    tx.accounts().mark_deleted(carla, at(9)).unwrap();
    assert_eq!(blocked(tx, ann, None, 9), [bob, dave]);
    assert_eq!((tx.blocks().find(ann, carla), tx.blocks().count(ann, 9)), (Ok(None), Ok(2)));
}

fn blocks_are_found_by_pairs_of_who_blocks_and_whom(tx: &mut dyn Tx) {
    let [ann, bob, carla] = ["ann", "bob", "carla"].map(|name| user(tx, name).id);
    block(tx, ann, &[bob]);
    block(tx, bob, &[ann, carla]);
    let asked = [(ann, bob), (ann, carla), (bob, carla), (carla, bob), (ann, bob)];
    let mut found = tx.blocks().find_many(&asked).unwrap();
    found.sort_unstable();
    assert_eq!(found, [(ann, bob), (bob, carla)]);
    assert_eq!(tx.blocks().find_many(&[]), Ok(vec![]));
}

fn the_blocks_of_a_user_are_purged_in_bounded_steps_in_both_directions(tx: &mut dyn Tx) {
    let [ann, bob, carla, dave] = ["ann", "bob", "carla", "dave"].map(|name| user(tx, name).id);
    block(tx, ann, &[bob, carla, dave]);
    block(tx, bob, &[ann, carla]);
    block(tx, carla, &[ann]);
    for done in [false, false, true] {
        assert_eq!(tx.blocks().purge(ann, 2), Ok(done));
    }
    for user in [ann, carla] {
        assert_eq!(blocked(tx, user, None, 9), []);
    }
    assert_eq!(blocked(tx, bob, None, 9), [carla]);
}

cases! { transaction:
    a_block_is_found_from_one_side_alone
    blocks_are_found_by_pairs_of_who_blocks_and_whom
    blocks_are_listed_by_id_in_pages_and_counted_up_to_a_limit
    the_blocks_of_a_user_are_purged_in_bounded_steps_in_both_directions
}
