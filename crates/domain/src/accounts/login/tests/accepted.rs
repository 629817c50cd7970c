//! Logins that give a key.

use super::*;

#[test]
fn the_right_password_returns_a_key_and_ends_provisioned_sessions() {
    let surroundings =
        Surroundings::counts("user1", Right).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
    let script = [finds(Some(hash("it"))), begins_session(looks_again(Some(hash("it"))))];
    let (outcome, [read, write]) = surroundings.run(script, attempt("user1"));
    let signed_in = outcome.unwrap();
    assert_eq!((signed_in.user, signed_in.key.reveal()), (user(ME), "new key"));
    assert_eq!(signed_in.expires_at, NOW.plus(LIFETIME));
    assert_eq!(read.access, Access { mode: Mode::Read, caller: Caller::Network(network()) });
    assert_eq!(write.access, Access { mode: Mode::Write, caller: Caller::User(ME) });
    assert_eq!(write.emitted, [], "nobody learns of a login");
}

#[test]
fn sessions_that_a_login_ends_emit_one_event() {
    for (provisioned, oldest) in [(true, false), (false, true), (true, true)] {
        let surroundings =
            Surroundings::counts("user1", Right).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
        let mut write = stores_session_in_place_of(looks_again(Some(hash("it"))), provisioned, oldest);
        remembers_device(&mut write, NEW_DEVICE);
        let (outcome, [_, write]) = surroundings.run([finds(Some(hash("it"))), write], attempt("user1"));
        assert!(outcome.is_ok());
        assert_eq!(write.emitted, [sessions_ended(ME, Some(ME))]);
        assert_eq!(write.recorded, [login_entry().to(ME).about(1)]);
    }
}

#[test]
fn a_username_counts_without_regard_to_case() {
    let surroundings =
        Surroundings::counts("user1", Right).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
    let script = [finds(Some(hash("it"))), begins_session(looks_again(Some(hash("it"))))];
    assert!(surroundings.run(script, attempt("USER1")).0.is_ok());
}

#[test]
fn a_password_that_changes_while_it_is_verified_is_verified_again() {
    for (again, accepted) in [(Verification::Right, true), (Verification::Wrong, false)] {
        let mut surroundings = Surroundings::counts("user1", if accepted { Right } else { UsedUp })
            .verifies(Some(hash("it")), Ok(Verification::Right))
            .verifies(Some(hash("renewed")), Ok(again))
            .issues();
        if accepted {
            surroundings = surroundings.issues();
        } else {
            surroundings = surroundings.tells(Some("user1"));
        }
        let mut script =
            vec![finds(Some(hash("it"))), looks_again(Some(hash("renewed"))), finds(Some(hash("renewed")))];
        if accepted {
            script.push(begins_session(looks_again(Some(hash("renewed")))));
        } else {
            // The failure is recorded.
            script.push(MockTx::new());
        }
        let storage = ScriptedStorage::new(script);
        let outcome = surroundings.login(&storage, attempt("user1"));
        storage.finish();
        assert_eq!(outcome.err(), if accepted { None } else { refused() });
    }
}

#[test]
fn a_password_that_keeps_changing_is_a_busy_error() {
    let mut surroundings = Surroundings::counts("user1", Returned);
    let mut script = vec![finds(Some(hash("it")))];
    for _ in 0..CHECKS {
        surroundings = surroundings.verifies(Some(hash("it")), Ok(Verification::Right)).issues();
        script.extend([looks_again(Some(hash("another"))), finds(Some(hash("it")))]);
    }
    let storage = ScriptedStorage::new(script);
    let outcome = surroundings.login(&storage, attempt("user1"));
    storage.finish();
    assert_eq!(outcome.err(), Some(Error::Busy { retry_after: RETRY_AFTER }));
}

#[test]
fn renewing_an_outdated_hash_ends_no_session() {
    let surroundings = Surroundings::counts("user1", Right)
        .verifies(Some(hash("it")), Ok(Verification::RightButOutdated))
        .hashes(Ok(hash("renewed")))
        .issues();
    let mut write = begins_session(looks_again(Some(hash("it"))));
    let stored = write.accounts.expect_renew_password().with(eq(ME), eq(hash("renewed"))).times(1);
    stored.returning(|_, _| Ok(()));
    let (outcome, [_, write]) = surroundings.run([finds(Some(hash("it"))), write], attempt("user1"));
    assert!(outcome.is_ok());
    assert_eq!(write.emitted, []);
}

#[test]
fn a_busy_hasher_leaves_an_outdated_hash_in_place() {
    let surroundings = Surroundings::counts("user1", Right)
        .verifies(Some(hash("it")), Ok(Verification::RightButOutdated))
        .hashes(Err(Error::Busy { retry_after: RETRY_AFTER }))
        .issues();
    let script = [finds(Some(hash("it"))), begins_session(looks_again(Some(hash("it"))))];
    assert!(surroundings.run(script, attempt("user1")).0.is_ok());
}

#[test]
fn a_login_may_ask_for_a_refresh_token_and_name_the_device() {
    let mut surroundings =
        Surroundings::counts("user1", Right).verifies(Some(hash("it")), Ok(Verification::Right)).issues();
    let hashes = RefreshHashes { selector: KeyHash::new([3; 32]), verifier: KeyHash::new([4; 32]) };
    let issued = move || IssuedRefresh { secret: Secret::new("new token".to_owned()), hashes };
    surroundings.keys.expect_issue_refresh().times(1).returning(issued);
    let terms = RefreshTerms::default();
    let device = DeviceName::parse("phone").unwrap();
    let session = NewSession {
        user: ME,
        kind: SessionKind::Login,
        key: NEW_KEY,
        created_at: NOW,
        expires_at: NOW.plus(terms.idle),
        client: client(),
        name: Some(device.clone()),
        refresh: Some(NewRefresh {
            hashes,
            key_expires_at: NOW.plus(terms.key),
            ends_at: NOW.plus(terms.longest),
        }),
    };
    let mut write = looks_again(Some(hash("it")));
    write.factors.expect_totp().times(1).returning(|_| Ok(None));
    write.passkeys.expect_credentials().times(1).returning(|_| Ok(Vec::new()));
    write.sessions.expect_end_provisioned().times(1).returning(|_| Ok(false));
    write.sessions.expect_end_idlest().times(1).returning(|_, _, _| Ok(false));
    write.sessions.expect_insert().with(eq(session)).times(1).returning(|_| Ok(SessionId::new(1)));
    write.known_networks.expect_remember().times(1).returning(|_, _, _, _| Ok(()));
    remembers_device(&mut write, NEW_DEVICE);
    let asking = LoginAttempt { refresh: true, device_name: Some(device), ..attempt("user1") };
    let signed_in = surroundings.run([finds(Some(hash("it"))), write], asking).0.unwrap();
    assert_eq!(signed_in.expires_at, NOW.plus(terms.key));
    let refresh = signed_in.refresh.unwrap();
    assert_eq!((refresh.token.reveal(), refresh.expires_at), ("new token", NOW.plus(terms.idle)));
}
