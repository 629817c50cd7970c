//! Where users signed in recently.

use groupchat_domain::ids::UserId;
use groupchat_domain::network::Network;
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

/// A network of its own for each number.
fn network(number: u8) -> Network {
    Network::of([192, 0, 2, number].into())
}

/// Which of the networks numbered from 1 the user knows at the time 0.
fn known_to(tx: &mut dyn Tx, user: UserId, count: u8) -> Vec<u8> {
    (1..=count)
        .filter(|number| tx.known_networks().is_known_to(user, network(*number), at(0)).unwrap())
        .collect()
}

fn a_network_is_known_to_who_signed_in_there_and_to_all_for_a_while(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    tx.known_networks().remember(ann, network(1), at(100), 9).unwrap();
    for (who, since, known) in [(ann, 100, true), (ann, 101, false), (bob, 100, false)] {
        assert_eq!(tx.known_networks().is_known_to(who, network(1), at(since)), Ok(known));
    }
    for (number, since, known) in [(1, 100, true), (1, 101, false), (2, 100, false)] {
        assert_eq!(tx.known_networks().is_known(network(number), at(since)), Ok(known));
    }
    tx.known_networks().remember(ann, network(1), at(200), 9).unwrap();
    assert_eq!(tx.known_networks().is_known_to(ann, network(1), at(200)), Ok(true));
}

fn a_network_of_64_bits_is_known_by_any_of_its_addresses(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let of = |address: &str| Network::of(address.parse().unwrap());
    let longest = of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    for address in [of("2001:db8:0:1::1"), longest] {
        tx.known_networks().remember(ann, address, at(100), 9).unwrap();
    }
    assert_eq!(tx.known_networks().is_known_to(ann, of("2001:db8:0:1::9"), at(0)), Ok(true));
    assert_eq!(tx.known_networks().is_known_to(ann, of("2001:db8:0:2::1"), at(0)), Ok(false));
    assert_eq!(tx.known_networks().is_known_to(ann, longest, at(0)), Ok(true));
}

fn of_the_networks_of_a_user_the_latest_are_kept(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    tx.known_networks().remember(bob, network(1), at(1), 3).unwrap();
    for number in 1..=3 {
        tx.known_networks().remember(ann, network(number), at(number.into()), 3).unwrap();
    }
    tx.known_networks().remember(ann, network(1), at(4), 3).unwrap();
    assert_eq!(known_to(tx, ann, 4), [1, 2, 3]);
    tx.known_networks().remember(ann, network(4), at(5), 3).unwrap();
    assert_eq!(known_to(tx, ann, 4), [1, 3, 4]);
    tx.known_networks().remember(ann, network(4), at(6), 1).unwrap();
    assert_eq!((known_to(tx, ann, 4), known_to(tx, bob, 4)), (vec![4], vec![1]));
}

fn the_networks_of_a_user_are_forgotten(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    for who in [ann, bob] {
        tx.known_networks().remember(who, network(1), at(1), 9).unwrap();
    }
    tx.known_networks().forget(ann).unwrap();
    assert_eq!((known_to(tx, ann, 1), known_to(tx, bob, 1)), (vec![], vec![1]));
}

fn old_networks_are_removed_in_bounded_steps(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    for number in 1..=6 {
        tx.known_networks().remember(ann, network(number), at(number.into()), 9).unwrap();
    }
    for removed in [3, 2, 0] {
        assert_eq!(tx.known_networks().remove_old(at(6), 3), Ok(removed));
    }
    assert_eq!(known_to(tx, ann, 6), [6]);
}

cases! { transaction:
    a_network_is_known_to_who_signed_in_there_and_to_all_for_a_while
    a_network_of_64_bits_is_known_by_any_of_its_addresses
    of_the_networks_of_a_user_the_latest_are_kept
    the_networks_of_a_user_are_forgotten
    old_networks_are_removed_in_bounded_steps
}
