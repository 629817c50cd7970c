use mockall::predicate::eq;

use super::*;
use crate::testing::{ME, MockTx, NOW, assert_hands_faults_on};
use crate::time::Timestamp;

const SINCE: Timestamp = Timestamp::from_micros(NOW.as_micros() - 90 * 24 * 3600 * 1_000_000);

fn network() -> Network {
    Network::of([192, 0, 2, 1].into())
}

/// A network from which this user signed in, or any.
fn knows(to_account: Option<bool>, to_anybody: Option<bool>) -> MockTx {
    let mut tx = MockTx::new();
    if let Some(known) = to_account {
        let asked = tx.known_networks.expect_is_known_to().with(eq(ME), eq(network()), eq(SINCE));
        asked.times(1).returning(move |_, _, _| Ok(known));
    }
    if let Some(known) = to_anybody {
        let asked = tx.known_networks.expect_is_known().with(eq(network()), eq(SINCE));
        asked.times(1).returning(move |_, _| Ok(known));
    }
    tx
}

#[test]
fn a_network_is_known_to_an_account_to_others_or_to_nobody() {
    for (user, mut tx, to_account, to_anybody) in [
        (Some(ME), knows(Some(true), None), true, true),
        (Some(ME), knows(Some(false), Some(true)), false, true),
        (Some(ME), knows(Some(false), Some(false)), false, false),
        (None, knows(None, Some(true)), false, true),
    ] {
        assert_eq!(
            familiarity(&mut tx, user, network(), KNOWN_NETWORK_RETENTION),
            Ok(NetworkFamiliarity { to_account, to_anybody })
        );
    }
}

#[test]
fn the_network_of_a_login_is_recorded_unless_unknown() {
    let mut tx = MockTx::new();
    let remembered = tx.known_networks.expect_remember();
    remembered.with(eq(ME), eq(network()), eq(NOW), eq(16)).times(1).returning(|_, _, _, _| Ok(()));
    assert_eq!(remember(&mut tx, ME, network()), Ok(()));
    assert_eq!(remember(&mut tx, ME, Network::UNKNOWN), Ok(()));
}

#[test]
fn old_networks_are_removed_in_batches() {
    for (removed, more) in [(500, true), (499, false)] {
        let mut tx = MockTx::new();
        let old = tx.known_networks.expect_remove_old().with(eq(SINCE), eq(500));
        old.times(1).returning(move |_, _| Ok(removed));
        assert_eq!(remove_old_known_networks(&mut tx, KNOWN_NETWORK_RETENTION), Ok(more));
    }
}

#[test]
fn faults_are_returned() {
    let all = || knows(Some(false), Some(false));
    assert_hands_faults_on(all, |tx| familiarity(tx, Some(ME), network(), KNOWN_NETWORK_RETENTION));
    let remembers = || {
        let mut tx = MockTx::new();
        tx.known_networks.expect_remember().returning(|_, _, _, _| Ok(()));
        tx.known_networks.expect_remove_old().returning(|_, _| Ok(0));
        tx
    };
    assert_hands_faults_on(remembers, |tx| {
        remember(tx, ME, network())?;
        remove_old_known_networks(tx, KNOWN_NETWORK_RETENTION)
    });
}
