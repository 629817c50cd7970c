//! Which attempts count, and what becomes of them after a fault.

use super::*;

#[test]
fn unknown_networks_of_an_account_are_counted_in_addition() {
    for known_to_others in [true, false] {
        let surroundings = Surroundings::counts_twice("user1", Right)
            .verifies_for(known_to_others, Some(hash("it")), Ok(Verification::Right))
            .issues();
        let look = finds_from(Some(hash("it")), false, known_to_others);
        let script = [look, begins_session(looks_again(Some(hash("it"))))];
        assert!(surroundings.run(script, attempt("user1")).0.is_ok());
    }
}

#[test]
fn over_the_limit_of_unknown_networks_nothing_is_hashed() {
    let surroundings = Surroundings::counts("user1", UsedUp).runs_out(from_unknown_network("user1"));
    let look = finds_from(Some(hash("it")), false, true);
    let (outcome, _) = surroundings.run([look], attempt("user1"));
    assert_eq!(outcome.err(), Some(AccountRefusal::TooManyAttempts { retry_after: WAIT }.into()));
}

#[test]
fn over_the_limit_nothing_is_read_and_nothing_hashed() {
    let surroundings = Surroundings::default().runs_out(sign_in(network(), "user1"));
    let (outcome, []) = surroundings.run([], attempt("user1"));
    assert_eq!(outcome.err(), Some(AccountRefusal::TooManyAttempts { retry_after: WAIT }.into()));
}

#[test]
fn a_busy_hasher_returns_the_attempt_and_is_not_a_rejection() {
    let busy = Error::Busy { retry_after: Duration::from_secs(1) };
    let surroundings = Surroundings::counts("user1", Returned).verifies(Some(hash("it")), Err(busy.clone()));
    assert_eq!(surroundings.run([finds(Some(hash("it")))], attempt("user1")).0.err(), Some(busy));
}

#[test]
fn an_attempt_from_the_reserve_returns_to_the_reserve() {
    let busy = Error::Busy { retry_after: Duration::from_secs(1) };
    let surroundings = Surroundings::counts("user1", Returned)
        .takes_of(AttemptPool::Reserve, from_unknown_network("user1"), Returned)
        .verifies(Some(hash("it")), Err(busy.clone()));
    let look = finds_from(Some(hash("it")), false, true);
    assert_eq!(surroundings.run([look], attempt("user1")).0.err(), Some(busy));
}

#[test]
fn a_fault_returns_the_attempt_and_is_not_a_rejection() {
    let surroundings = Surroundings::counts("user1", Returned);
    let storage = ScriptedStorage::of([Step::refused(fault())]);
    assert_eq!(surroundings.login(&storage, attempt("user1")).err(), Some(fault().into()));

    let surroundings =
        Surroundings::counts("user1", Returned).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
    let storage = ScriptedStorage::of([finds(Some(hash("it"))).into(), Step::refused(fault())]);
    assert_eq!(surroundings.login(&storage, attempt("user1")).err(), Some(fault().into()));
}

#[test]
fn faults_within_a_command_are_returned() {
    let proven = |renewed| {
        let draft = SessionDraft {
            hashes: SessionHashes { key: NEW_KEY, refresh: None, device: NEW_DEVICE },
            client: client(),
            device_name: None,
            shown_device: Some(SHOWN_DEVICE),
            devices_known_for: KNOWN_DEVICE_RETENTION,
            entry: login_entry(),
            lifetime: LIFETIME,
            terms: RefreshTerms::default(),
            sessions_per_user: SESSIONS_PER_USER,
        };
        Proven { user: ME, proof: Proof { checked: hash("it"), renewed }, draft, ticket: TICKET }
    };
    assert_hands_faults_on(
        || finds_from(Some(hash("it")), false, true),
        |tx| look_up(tx, &UsernameKey::of("user1"), network(), KNOWN_NETWORK_RETENTION, None),
    );
    let begins = || {
        let mut tx = begins_session(looks_again(Some(hash("it"))));
        tx.known_devices.expect_owner().returning(|_, _| Ok(None));
        tx
    };
    assert_hands_faults_on(begins, |tx| enter(tx, &proven(None)));
    let renews = || {
        let mut tx = begins();
        tx.accounts.expect_renew_password().returning(|_, _| Ok(()));
        tx
    };
    assert_hands_faults_on(renews, |tx| enter(tx, &proven(Some(hash("renewed")))));
}

#[test]
fn callers_without_a_known_address_share_one_queue() {
    let mut surroundings = Surroundings::default();
    let verified = surroundings.hasher.expect_verify().times(1);
    verified.returning(|_, _| Box::pin(async { Ok(Verification::Wrong) }));
    surroundings.journal.expect_failed().withf(|login| login.address.is_none()).times(1).returning(|_| ());
    let counted = eq(sign_in(Network::UNKNOWN, "nobody"));
    surroundings.attempts.expect_take().with(counted).times(1).returning(|_| Ok(AttemptPool::Usual));
    surroundings.attempts.expect_take().times(1).returning(|_| Ok(AttemptPool::Usual));
    let attempt = LoginAttempt { client: ClientInfo::default(), ..attempt("nobody") };
    let (_, [read, write]) = surroundings.run([misses("nobody"), MockTx::new()], attempt);
    assert_eq!(read.access.caller, Caller::Network(Network::UNKNOWN));
    assert_eq!(write.access.caller, Caller::Network(Network::UNKNOWN));
}
