//! Tests of [`create_by_operator`] and [`create_first_admin`] are in `by_operator`.

mod by_operator;

use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::accounts::{KeyHash, MockApiKeys, MockPasswordHasher, MockWelcome};
use crate::events::Audience;
use crate::ids::{SessionId, Version};
use crate::permissions::ServerPermission;
use crate::storage::CommitDecision;
use crate::testing::{
    ME, MY_KEY, MockTx, NOW, OTHER, Ran, ScriptedStorage, accepts_passwords, assert_flow_hands_faults_on,
    assert_hands_faults_on, block_on, hash, me, me_provisioned, needs, user,
};

const NEW_KEY: KeyHash = KeyHash::new([2; 32]);

/// What comes with an account is prepared before anything else, and done for the user who was stored.
fn welcomes() -> Arc<dyn Welcome> {
    let mut welcome = MockWelcome::new();
    welcome.expect_prepare().returning(|_, _| Ok(()));
    welcome.expect_welcome().withf(|_, user| user.id == OTHER).returning(|tx, _| Ok(tx.touch()?));
    Arc::new(welcome)
}

fn draft(is_admin: bool) -> UserDraft {
    let User { username, display_name, email, .. } = user(OTHER);
    UserDraft { username, display_name, email, is_admin, password: Password::parse("password").unwrap() }
}

fn created(is_admin: bool) -> User {
    User { is_admin, version: Version::FIRST, created_at: NOW, ..user(OTHER) }
}

/// The password is hashed once.
fn hashes() -> MockPasswordHasher {
    hashes_for(HashCaller::User(ME))
}

fn hashes_for(expected: HashCaller) -> MockPasswordHasher {
    let mut hasher = accepts_passwords();
    hasher
        .expect_hash()
        .withf(move |caller, password| *caller == expected && password.reveal() == "password")
        .times(1)
        .returning(|_, _| Box::pin(async { Ok(hash("password")) }));
    hasher
}

fn busy() -> MockPasswordHasher {
    let mut hasher = accepts_passwords();
    hasher
        .expect_hash()
        .times(1)
        .returning(|_, _| Box::pin(async { Err(Error::Busy { retry_after: Duration::from_secs(1) }) }));
    hasher
}

fn issues_key() -> MockApiKeys {
    let mut keys = MockApiKeys::new();
    keys.expect_issue()
        .times(1)
        .returning(|| IssuedKey { secret: Secret::new("new key".to_owned()), hash: NEW_KEY });
    keys
}

/// The check before the password is hashed: is the actor allowed to, and is the name free?
fn looks(taken: bool) -> MockTx {
    let mut tx = MockTx::new().authenticates(me()).reads_rights(true);
    tx.accounts
        .expect_find_by_username()
        .with(eq(draft(false).username.key()))
        .times(1)
        .returning(move |_| Ok(taken.then(|| user(OTHER))));
    tx
}

/// The user is stored with the hash of the password.
fn stores(mut tx: MockTx, is_admin: bool, outcome: Unique<UserId>) -> MockTx {
    let UserDraft { username, display_name, email, .. } = draft(is_admin);
    let password = hash("password");
    let new = NewUser { username, display_name, email, is_admin, password, created_at: NOW };
    tx.accounts.expect_insert().with(eq(new)).times(1).returning(move |_| Ok(outcome));
    tx
}

/// A key that is valid for an hour is stored.
fn provisions(mut tx: MockTx) -> MockTx {
    let session = NewSession {
        user: OTHER,
        kind: SessionKind::Provisioned,
        key: NEW_KEY,
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(3600)),
        client: ClientInfo::default(),
        name: None,
        refresh: None,
    };
    tx.sessions.expect_insert().with(eq(session)).times(1).returning(|_| Ok(SessionId::new(1)));
    tx
}

fn writes(is_admin: bool) -> MockTx {
    let tx = MockTx::new().authenticates(me()).reads_rights(true);
    stores(tx, is_admin, Unique::Stored(OTHER))
}

fn run<const N: usize>(
    script: [MockTx; N],
    hasher: &MockPasswordHasher,
    keys: &MockApiKeys,
    draft: UserDraft,
) -> (Result<CreatedUser, Error>, [Ran; N]) {
    let storage = ScriptedStorage::new(script);
    let outcome = block_on(create(&storage, hasher, keys, welcomes(), MY_KEY, draft));
    (outcome, storage.finish_as())
}

#[test]
fn a_new_user_comes_with_a_key_for_an_hour() {
    let script = [looks(false), provisions(writes(false))];
    let (outcome, [look, write]) = run(script, &hashes(), &issues_key(), draft(false));
    let new = outcome.unwrap();
    assert_eq!(new.user, created(false));
    assert_eq!(new.key, Some(Secret::new("new key".to_owned())));
    assert_eq!((look.access.mode, write.access.mode), (Mode::Read, Mode::Write));
    assert_eq!(
        write.emitted,
        [(Audience::All, Some(ME), Event::UserCreated(created(false).without_private_fields()))]
    );
}

#[test]
fn a_new_server_admin_comes_without_a_key() {
    let script = [looks(false), writes(true)];
    // Issuing a key would fail the test, and so would storing a session.
    let (outcome, [_, write]) = run(script, &hashes(), &MockApiKeys::new(), draft(true));
    let new = outcome.unwrap();
    assert_eq!((new.user, new.key), (created(true), None));
    assert_eq!(
        write.emitted,
        [(Audience::All, Some(ME), Event::UserCreated(created(true).without_private_fields()))]
    );
}

#[test]
fn nothing_is_hashed_for_those_who_may_not_create_users_nor_for_a_taken_name() {
    // The name isn't even looked up: missing rights come before a conflict.
    let may_not = MockTx::new().authenticates(me()).reads_rights(false);
    for (look, refusal) in
        [(may_not, needs(ServerPermission::ManageUsers)), (looks(true), AccountRefusal::UsernameTaken)]
    {
        let (outcome, _) = run([look], &MockPasswordHasher::new(), &MockApiKeys::new(), draft(false));
        assert_eq!(outcome.err(), Some(refusal.into()));
    }
}

#[test]
fn a_provisioned_key_creates_nobody_whatever_its_user_has_become() {
    for is_admin in [false, true] {
        let look = MockTx::new().authenticates(me_provisioned()).reads_rights(true);
        let (outcome, _) = run([look], &MockPasswordHasher::new(), &MockApiKeys::new(), draft(is_admin));
        assert_eq!(outcome.err(), Some(AccountRefusal::ProvisionedKey.into()));
    }
}

#[test]
fn a_busy_hasher_stores_nothing_and_is_not_a_rejection() {
    let (outcome, _) = run([looks(false)], &busy(), &MockApiKeys::new(), draft(false));
    assert_eq!(outcome.err(), Some(Error::Busy { retry_after: Duration::from_secs(1) }));
}

#[test]
fn rights_and_name_are_checked_again_after_hashing() {
    let demoted = MockTx::new().authenticates(me()).reads_rights(false);
    let signed_out = MockTx::new().rejects_key();
    let taken = MockTx::new().authenticates(me()).reads_rights(true);
    let taken = stores(taken, false, Unique::Taken);
    for (write, refusal) in [
        (demoted, needs(ServerPermission::ManageUsers)),
        (signed_out, AccountRefusal::Unauthenticated),
        (taken, AccountRefusal::UsernameTaken),
    ] {
        let (outcome, [_, write]) = run([looks(false), write], &hashes(), &issues_key(), draft(false));
        assert_eq!(outcome.err(), Some(refusal.into()));
        assert_eq!((write.decisions, write.emitted), (vec![CommitDecision::RollBack], vec![]));
    }
}

#[test]
fn faults_are_returned() {
    assert_flow_hands_faults_on(
        || vec![looks(false), provisions(writes(false))],
        |storage| {
            let mut hasher = accepts_passwords();
            hasher.expect_hash().returning(|_, _| Box::pin(async { Ok(hash("password")) }));
            let mut keys = MockApiKeys::new();
            keys.expect_issue()
                .returning(|| IssuedKey { secret: Secret::new("new key".to_owned()), hash: NEW_KEY });
            block_on(create(storage, &hasher, &keys, welcomes(), MY_KEY, draft(false)))
        },
    );
    let key = || IssuedKey { secret: Secret::new("new key".to_owned()), hash: NEW_KEY };
    assert_hands_faults_on(
        || provisions(stores(MockTx::new(), false, Unique::Stored(OTHER))),
        |tx| {
            let user = store(tx, Some(ME), &draft(false), &hash("password"))?;
            provision(tx, user.id, &key())
        },
    );
}
