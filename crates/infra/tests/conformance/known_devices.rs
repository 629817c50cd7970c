//! On which devices users signed in recently.

use groupchat_domain::accounts::KeyHash;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

const fn device(number: u8) -> KeyHash {
    KeyHash::new([number; 32])
}

/// Whose the devices numbered from 1 are.
fn owners(tx: &mut dyn Tx, count: u8) -> Vec<Option<UserId>> {
    (1..=count).map(|number| tx.known_devices().owner(&device(number), at(0)).unwrap()).collect()
}

fn a_device_is_known_for_a_while_as_that_of_who_signed_in_on_it(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    tx.known_devices().remember(ann, &device(1), at(100), 9).unwrap();
    for (number, since, owner) in [(1, 100, Some(ann)), (1, 101, None), (2, 0, None)] {
        assert_eq!(tx.known_devices().owner(&device(number), at(since)), Ok(owner));
    }
    tx.known_devices().remember(ann, &device(1), at(200), 9).unwrap();
    assert_eq!(tx.known_devices().owner(&device(1), at(200)), Ok(Some(ann)));
}

fn of_the_devices_of_a_user_the_latest_are_kept(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    tx.known_devices().remember(bob, &device(9), at(1), 3).unwrap();
    for number in 1..=3 {
        tx.known_devices().remember(ann, &device(number), at(number.into()), 3).unwrap();
    }
    tx.known_devices().remember(ann, &device(1), at(4), 3).unwrap();
    tx.known_devices().remember(ann, &device(4), at(5), 3).unwrap();
    assert_eq!(owners(tx, 4), [Some(ann), None, Some(ann), Some(ann)]);
    // Of the same moment, the first by hash.
    tx.known_devices().remember(ann, &device(5), at(5), 1).unwrap();
    assert_eq!(owners(tx, 5), [None, None, None, Some(ann), None]);
    assert_eq!(tx.known_devices().owner(&device(9), at(0)), Ok(Some(bob)));
}

fn the_devices_of_a_user_are_forgotten_all_or_all_but_one(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    for (who, number) in [(ann, 1), (ann, 2), (ann, 3), (bob, 4)] {
        tx.known_devices().remember(who, &device(number), at(1), 9).unwrap();
    }
    // Another's device is no exception.
    for (except, left) in [(Some(2), [None, Some(ann), None]), (Some(4), [None; 3]), (None, [None; 3])] {
        tx.known_devices().forget(ann, except.map(device)).unwrap();
        assert_eq!(owners(tx, 3), left);
    }
    assert_eq!(tx.known_devices().owner(&device(4), at(0)), Ok(Some(bob)));
}

fn old_devices_are_removed_in_bounded_steps(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    for number in 1..=6 {
        tx.known_devices().remember(ann, &device(number), at(number.into()), 9).unwrap();
    }
    for removed in [3, 2, 0] {
        assert_eq!(tx.known_devices().remove_old(at(6), 3), Ok(removed));
    }
    assert_eq!(owners(tx, 6), [None, None, None, None, None, Some(ann)]);
}

cases! { transaction:
    a_device_is_known_for_a_while_as_that_of_who_signed_in_on_it
    of_the_devices_of_a_user_the_latest_are_kept
    the_devices_of_a_user_are_forgotten_all_or_all_but_one
    old_devices_are_removed_in_bounded_steps
}
