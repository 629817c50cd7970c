use std::sync::Arc;
use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::accounts::{
    CONFIRMATION_LIFETIME, IssuedKey, KNOWN_DEVICE_RETENTION, KNOWN_NETWORK_RETENTION, KeyHash, LoginPorts,
    MockApiKeys, MockLoginJournal, MockLoginRateLimiter, MockMailQueue, MockPasswordHasher, MockWelcome,
    RefreshTerms, SESSIONS_PER_USER, Secret,
};
use crate::codes::MockSecretCodes;
use crate::groups::Quotas;
use crate::ids::SessionId;
use crate::network::Network;
use crate::storage::Unique;
use crate::testing::{
    ME, MockTx, NOW, Ran, ScriptedStorage, assert_hands_faults_on, block_on, hash, pending_account, user,
};

const CODE: CodeHash = KeyHash::new([9; 32]);
const GONE: AdmissionRefusal = AdmissionRefusal::ConfirmationNotFound;

fn shown(username: Option<&str>) -> Confirmation {
    Confirmation {
        code: SecretCode::from_bits([7; 20]),
        username: username.map(|name| Username::parse(name).unwrap()),
        refresh: false,
        device_name: None,
        client: ClientInfo::default(),
    }
}

fn finds(account: Option<PendingAccount>) -> MockTx {
    let mut tx = MockTx::new();
    let found = tx.pending_accounts.expect_find();
    found
        .withf(|code, span| {
            *code == CODE && span.after == NOW && span.until > NOW.plus(CONFIRMATION_LIFETIME)
        })
        .returning(move |_, _| Ok(account.clone()));
    tx
}

fn removes(is_there: bool) -> MockTx {
    let mut tx = finds(Some(pending_account()));
    tx.pending_accounts.expect_remove().with(eq(CODE)).times(1).returning(move |_| Ok(is_there));
    tx
}

/// The account is stored under this name, or the name is taken.
fn stores(username: &str, outcome: Unique<crate::ids::UserId>) -> MockTx {
    let (mut tx, ours) = (removes(true), user(ME));
    let new = NewUser {
        username: Username::parse(username).unwrap(),
        display_name: ours.display_name,
        email: ours.email,
        is_admin: false,
        password: hash("password"),
        created_at: NOW,
    };
    tx.accounts.expect_insert().with(eq(new)).times(1).returning(move |_| Ok(outcome));
    tx.sessions.expect_end_provisioned().returning(|_| Ok(false));
    tx.sessions.expect_end_idlest().returning(|_, _, _| Ok(false));
    tx.sessions.expect_insert().returning(|_| Ok(SessionId::new(3)));
    tx.known_networks.expect_remember().returning(|_, _, _, _| Ok(()));
    tx.known_devices.expect_remember().returning(|_, _, _, _| Ok(()));
    tx
}

/// Confirms with one attempt, which is returned or not.
fn run<const N: usize>(
    script: [MockTx; N],
    shown: Confirmation,
    gives_back: bool,
) -> (Result<LoggedIn, Error>, [Ran; N]) {
    let attempt = PasswordAttempt::SignUp(Network::UNKNOWN);
    let mut attempts = MockLoginRateLimiter::new();
    attempts.expect_take().with(eq(attempt.clone())).times(1).returning(|_| Ok(AttemptPool::Usual));
    let returned = attempts.expect_refund().with(eq(attempt), eq(AttemptPool::Usual));
    returned.times(usize::from(gives_back)).returning(|_, _| ());
    run_with(script, shown, &attempts, SignUpOpening::Confirmed)
}

fn run_with<const N: usize>(
    script: [MockTx; N],
    shown: Confirmation,
    attempts: &MockLoginRateLimiter,
    opening: SignUpOpening,
) -> (Result<LoggedIn, Error>, [Ran; N]) {
    let storage = ScriptedStorage::new(script);
    let (hasher, journal, mails) = (MockPasswordHasher::new(), MockLoginJournal::new(), MockMailQueue::new());
    let (mut keys, mut codes, mut welcome) = (MockApiKeys::new(), MockSecretCodes::new(), MockWelcome::new());
    let issued =
        |text: &str, byte| IssuedKey { secret: Secret::new(text.into()), hash: KeyHash::new([byte; 32]) };
    keys.expect_issue().returning(move || issued("new key", 2));
    keys.expect_issue_device().returning(move || issued("device", 3));
    codes.expect_digest_code().returning(|_| CODE);
    welcome.expect_prepare().withf(|_, groups| groups.is_empty()).returning(|_, _| Ok(()));
    welcome.expect_welcome().withf(|_, user| user.id == ME).returning(|_, _| Ok(()));
    let login = LoginPorts {
        storage: &storage,
        hasher: &hasher,
        keys: &keys,
        attempts,
        journal: &journal,
        lifetime: Duration::from_secs(3600),
        refresh: RefreshTerms::default(),
        sessions_per_user: SESSIONS_PER_USER,
        networks_known_for: KNOWN_NETWORK_RETENTION,
        devices_known_for: KNOWN_DEVICE_RETENTION,
    };
    let (welcome, quotas) = (Arc::new(welcome), Quotas::default());
    let ports = SignUpPorts { login, codes: &codes, welcome, mails: &mails, opening, quotas };
    let outcome = block_on(confirm_sign_up(ports, shown));
    (outcome, storage.finish_as())
}

#[test]
fn a_code_makes_the_account_and_signs_in() {
    for (other, name) in [(None, "user1"), (Some("second"), "second")] {
        let script = [finds(Some(pending_account())), stores(name, Unique::Stored(ME))];
        let (outcome, [_, write]) = run(script, shown(other), true);
        let begun = outcome.unwrap();
        assert_eq!((begun.user.username.as_str(), begun.key), (name, Secret::new("new key".into())));
        let actions: Vec<_> = write.recorded.iter().map(|entry| (entry.action, entry.target)).collect();
        assert_eq!(actions, [(AuditAction::SignedUp, Some(ME)), (AuditAction::Login, Some(ME))]);
    }
}

#[test]
fn a_wrong_code_counts_and_does_not_reach_the_writer() {
    let (outcome, _) = run([finds(None)], shown(None), false);
    assert_eq!(outcome.err(), Some(GONE.into()));
    let (outcome, _) = run([finds(Some(pending_account())), removes(false)], shown(None), false);
    assert_eq!(outcome.err(), Some(GONE.into()));
}

#[test]
fn a_name_that_was_taken_meanwhile_counts_since_it_tells_who_is_here() {
    let script = [finds(Some(pending_account())), stores("user1", Unique::Taken)];
    let (outcome, _) = run(script, shown(None), false);
    assert_eq!(outcome.err(), Some(AccountRefusal::UsernameTaken.into()));
}

#[test]
fn a_server_that_was_closed_takes_no_codes_and_too_many_are_refused_first() {
    let (outcome, []) = run_with([], shown(None), &MockLoginRateLimiter::new(), SignUpOpening::Closed);
    assert_eq!(outcome.err(), Some(AdmissionRefusal::SignUpClosed.into()));
    let mut attempts = MockLoginRateLimiter::new();
    attempts.expect_take().returning(|_| Err(Duration::from_secs(9)));
    let (outcome, []) = run_with([], shown(None), &attempts, SignUpOpening::Open);
    let refusal = AccountRefusal::TooManyAttempts { retry_after: Duration::from_secs(9) };
    assert_eq!(outcome.err(), Some(refusal.into()));
}

#[test]
fn faults_are_returned() {
    let session = SessionDraft {
        hashes: {
            let mut keys = MockApiKeys::new();
            let issued = || IssuedKey { secret: Secret::new("new key".into()), hash: KeyHash::new([2; 32]) };
            keys.expect_issue().returning(issued);
            keys.expect_issue_device().returning(issued);
            SessionSecrets::draw(&keys, false).hashes()
        },
        client: ClientInfo::default(),
        device_name: None,
        shown_device: None,
        devices_known_for: KNOWN_DEVICE_RETENTION,
        entry: AuditEntry::by_stranger(ClientInfo::default().origin(), AuditAction::Login),
        lifetime: Duration::from_secs(3600),
        terms: RefreshTerms::default(),
        sessions_per_user: SESSIONS_PER_USER,
    };
    let mut welcome = MockWelcome::new();
    welcome.expect_prepare().returning(|_, _| Ok(()));
    welcome.expect_welcome().returning(|_, _| Ok(()));
    assert_hands_faults_on(
        || stores("user1", Unique::Stored(ME)),
        |tx| confirm(tx, &CODE, None, &welcome, &session),
    );
}
