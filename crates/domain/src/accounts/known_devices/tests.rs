use mockall::predicate::eq;

use super::*;
use crate::testing::{ME, MockTx, NOW, OTHER, assert_hands_faults_on};
use crate::time::Timestamp;

const SINCE: Timestamp = Timestamp::from_micros(NOW.as_micros() - 90 * 24 * 3600 * 1_000_000);
const SHOWN: KeyHash = KeyHash::new([1; 32]);
const NEW: KeyHash = KeyHash::new([2; 32]);

/// The device that is shown is this user's.
fn finds(owner: Option<UserId>) -> MockTx {
    let mut tx = MockTx::new();
    let asked = tx.known_devices.expect_owner().with(eq(SHOWN), eq(SINCE));
    asked.times(1).returning(move |_, _| Ok(owner));
    tx
}

fn stores(mut tx: MockTx, device: KeyHash) -> MockTx {
    let stored = tx.known_devices.expect_remember().with(eq(ME), eq(device), eq(NOW), eq(16));
    stored.times(1).returning(|_, _, _, _| Ok(()));
    tx
}

#[test]
fn a_device_has_an_owner_or_none() {
    for whose in [Some(ME), None] {
        assert_eq!(owner(&mut finds(whose), Some(SHOWN), KNOWN_DEVICE_RETENTION), Ok(whose));
    }
    assert_eq!(owner(&mut MockTx::new(), None, KNOWN_DEVICE_RETENTION), Ok(None));
}

#[test]
fn the_own_device_is_recorded_again_and_else_a_new_one() {
    for (whose, recorded) in [(Some(ME), SHOWN), (Some(OTHER), NEW), (None, NEW)] {
        let mut tx = stores(finds(whose), recorded);
        let outcome = remember(&mut tx, ME, Some(SHOWN), NEW, KNOWN_DEVICE_RETENTION);
        assert_eq!(outcome, Ok(recorded));
    }
    let mut tx = stores(MockTx::new(), NEW);
    assert_eq!(remember(&mut tx, ME, None, NEW, KNOWN_DEVICE_RETENTION), Ok(NEW));
}

#[test]
fn old_devices_are_removed_in_batches() {
    for (removed, more) in [(500, true), (499, false)] {
        let mut tx = MockTx::new();
        let old = tx.known_devices.expect_remove_old().with(eq(SINCE), eq(500));
        old.times(1).returning(move |_, _| Ok(removed));
        assert_eq!(remove_old_known_devices(&mut tx, KNOWN_DEVICE_RETENTION), Ok(more));
    }
}

#[test]
fn faults_are_returned() {
    let all = || {
        let mut tx = stores(finds(Some(ME)), SHOWN);
        tx.known_devices.expect_remove_old().returning(|_, _| Ok(0));
        tx
    };
    assert_hands_faults_on(all, |tx| {
        remember(tx, ME, Some(SHOWN), NEW, KNOWN_DEVICE_RETENTION)?;
        remove_old_known_devices(tx, KNOWN_DEVICE_RETENTION)
    });
}
