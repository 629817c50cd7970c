//! Logins on devices on which somebody has signed in before.

use super::*;
use crate::testing::OTHER;

/// A login on a device that shows its token.
fn on_device() -> LoginAttempt {
    LoginAttempt { device: Some(Secret::new("shown".to_owned())), ..attempt("user1") }
}

/// The device that is shown is this user's.
fn finds_device(mut tx: MockTx, owner: Option<UserId>) -> MockTx {
    let asked = tx.known_devices.expect_owner().withf(|device, _| *device == SHOWN_DEVICE);
    asked.times(1).returning(move |_, _| Ok(owner));
    tx
}

/// The session begins on the device that was shown, or on a new one.
fn begins_on(device: KeyHash, owner: Option<UserId>) -> MockTx {
    let tx = begins_session_on(looks_again(Some(hash("it"))), device);
    finds_device(tx, owner)
}

fn from_device() -> PasswordAttempt {
    PasswordAttempt::FromKnownDevice(SHOWN_DEVICE)
}

#[test]
fn a_login_gives_the_device_a_token() {
    let surroundings =
        Surroundings::counts("user1", Right).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
    let script = [finds(Some(hash("it"))), begins_session(looks_again(Some(hash("it"))))];
    let signed_in = surroundings.run(script, attempt("user1")).0.unwrap();
    assert_eq!(signed_in.device.unwrap().reveal(), "new device");
}

#[test]
fn a_login_on_a_device_of_the_account_counts_for_the_device_alone() {
    // From a network that nobody knows, which makes no stranger of it.
    let surroundings = Surroundings::counts("user1", Returned)
        .takes(from_device(), Right)
        .reads_device()
        .verifies_for(true, Some(hash("it")), Ok(Verification::Right))
        .issues();
    let look = finds_device(finds_from(Some(hash("it")), false, false), Some(ME));
    let signed_in = surroundings.run([look, begins_on(SHOWN_DEVICE, Some(ME))], on_device()).0.unwrap();
    assert_eq!(signed_in.device.unwrap().reveal(), "shown", "it stays the same");
}

#[test]
fn over_the_limit_a_device_of_the_account_still_gets_in() {
    let surroundings = Surroundings::default()
        .runs_out(sign_in(network(), "user1"))
        .takes(from_device(), Right)
        .reads_device()
        .verifies_for(true, Some(hash("it")), Ok(Verification::Right))
        .issues();
    let mut first = finds_device(MockTx::new(), Some(ME));
    first.accounts.expect_find_by_username().times(1).returning(|_| Ok(Some(user(ME))));
    let look = finds_device(finds_from(Some(hash("it")), false, true), Some(ME));
    let script = [first, look, begins_on(SHOWN_DEVICE, Some(ME))];
    assert!(surroundings.run(script, on_device()).0.is_ok());
}

#[test]
fn over_the_limit_other_devices_are_turned_away_whether_or_not_the_account_exists() {
    for owner in [None, Some(OTHER)] {
        for exists in [true, false] {
            let surroundings = Surroundings::default().runs_out(sign_in(network(), "user1")).reads_device();
            let mut look = finds_device(MockTx::new(), owner);
            if owner.is_some() {
                let found = look.accounts.expect_find_by_username().times(1);
                found.returning(move |_| Ok(exists.then(|| user(ME))));
            }
            let (outcome, _) = surroundings.run([look], on_device());
            assert_eq!(outcome.err(), Some(AccountRefusal::TooManyAttempts { retry_after: WAIT }.into()));
        }
    }
}

#[test]
fn a_device_of_another_account_is_worth_nothing() {
    let surroundings = Surroundings::counts_twice("user1", Right)
        .reads_device()
        .verifies_for(false, Some(hash("it")), Ok(Verification::Right))
        .issues();
    let look = finds_device(finds_from(Some(hash("it")), false, false), Some(OTHER));
    let signed_in = surroundings.run([look, begins_on(NEW_DEVICE, Some(OTHER))], on_device()).0.unwrap();
    assert_eq!(signed_in.device.unwrap().reveal(), "new device", "and stays the other's");
}

#[test]
fn a_token_with_a_wrong_checksum_is_not_looked_up() {
    let mut surroundings = Surroundings::default().runs_out(sign_in(network(), "user1"));
    surroundings.keys.expect_read_device().times(1).returning(|_| None);
    let (outcome, []) = surroundings.run([], on_device());
    assert_eq!(outcome.err(), Some(AccountRefusal::TooManyAttempts { retry_after: WAIT }.into()));
}

#[test]
fn a_wrong_password_uses_up_an_attempt_of_the_device() {
    let surroundings = Surroundings::counts("user1", Returned)
        .takes(from_device(), UsedUp)
        .reads_device()
        .verifies(Some(hash("it")), Ok(Verification::Wrong))
        .tells(Some("user1"));
    let look = finds_device(finds(Some(hash("it"))), Some(ME));
    assert_eq!(surroundings.run([look, MockTx::new()], on_device()).0.err(), refused());
}

#[test]
fn over_the_limit_of_the_device_nothing_is_hashed() {
    // The first attempt isn't returned: repeating it must mean a longer wait.
    let surroundings = Surroundings::counts("user1", UsedUp).runs_out(from_device()).reads_device();
    let look = finds_device(finds(Some(hash("it"))), Some(ME));
    let (outcome, _) = surroundings.run([look], on_device());
    assert_eq!(outcome.err(), Some(AccountRefusal::TooManyAttempts { retry_after: WAIT }.into()));
}

#[test]
fn a_device_that_is_forgotten_meanwhile_gets_a_new_token() {
    let surroundings = Surroundings::counts("user1", Returned)
        .takes(from_device(), Right)
        .reads_device()
        .verifies(Some(hash("it")), Ok(Verification::Right))
        .issues();
    let look = finds_device(finds(Some(hash("it"))), Some(ME));
    let signed_in = surroundings.run([look, begins_on(NEW_DEVICE, None)], on_device()).0.unwrap();
    assert_eq!(signed_in.device.unwrap().reveal(), "new device");
}
