use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::accounts::{
    AttemptPool, DeviceName, IssuedKey, KNOWN_DEVICE_RETENTION, KNOWN_NETWORK_RETENTION, MockApiKeys,
    MockLoginJournal, MockLoginRateLimiter, MockPasswordHasher, PasswordAttempt, RefreshTerms,
};
use crate::factors::testing::{codes, recovery, recovery_hash, right, sealer, wrong};
use crate::factors::{HALF_LOGIN_LIFETIME, MAX_WRONG_CODES};
use crate::ids::SessionId;
use crate::storage::CommitDecision;
use crate::testing::{
    ME, MockTx, NOW, OTHER, Ran, ScriptedStorage, assert_flow_hands_faults_on, block_on, hash, totp, user,
};

const TICKET: KeyHash = KeyHash::new([7; 32]);
const NEW_KEY: KeyHash = KeyHash::new([2; 32]);
const DEVICE: KeyHash = KeyHash::new([5; 32]);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const LIFETIME: Duration = Duration::from_secs(1_000);

fn client() -> ClientInfo {
    ClientInfo { user_agent: None, address: Some(ADDRESS) }
}

fn half(failures: u32) -> HalfLogin {
    let device_name = DeviceName::parse("phone").ok();
    HalfLogin { user: ME, proven: hash("it"), refresh: false, device_name, failures }
}

fn entry(action: AuditAction) -> AuditEntry {
    AuditEntry::by_stranger(client().origin(), action).to(ME)
}

/// Signs in with the ticket and a code, of which the guess is given back or not.
fn run(storage: &ScriptedStorage, code: &TypedCode, gives_back: bool) -> Result<LoggedIn, Error> {
    let mut attempts = MockLoginRateLimiter::new();
    let counted = match code {
        TypedCode::Passcode(_) => PasswordAttempt::Passcode(ME),
        TypedCode::Recovery(_) => PasswordAttempt::RecoveryCode(ME),
    };
    attempts.expect_take().with(eq(counted.clone())).returning(|_| Ok(AttemptPool::Usual));
    if gives_back {
        attempts.expect_succeed().with(eq(counted.clone()), eq(AttemptPool::Usual)).returning(|_, _| ());
        attempts.expect_refund().with(eq(counted), eq(AttemptPool::Usual)).returning(|_, _| ());
    }
    let mut journal = MockLoginJournal::new();
    if !gives_back {
        let told = journal.expect_failed().times(1);
        told.withf(|login| login.address == Some(ADDRESS) && login.username == Some(&user(ME).username))
            .returning(|_| ());
    }
    let mut keys = MockApiKeys::new();
    keys.expect_digest().with(eq("gch_1")).returning(|_| TICKET);
    let device = || IssuedKey { secret: Secret::new("device".to_owned()), hash: DEVICE };
    keys.expect_issue_device().returning(device);
    keys.expect_issue().returning(|| IssuedKey { secret: Secret::new("new key".to_owned()), hash: NEW_KEY });
    let login = LoginPorts {
        storage,
        hasher: &MockPasswordHasher::new(),
        keys: &keys,
        attempts: &attempts,
        journal: &journal,
        lifetime: LIFETIME,
        refresh: RefreshTerms::default(),
        sessions_per_user: 5,
        networks_known_for: KNOWN_NETWORK_RETENTION,
        devices_known_for: KNOWN_DEVICE_RETENTION,
    };
    let ports = SecondFactorPorts { login, codes: codes(), sealer: sealer() };
    block_on(login_with_code(ports, Secret::new("gch_1".to_owned()), code.clone(), None, client()))
}

/// The ticket stands for this.
fn finds(mut tx: MockTx, half: Option<HalfLogin>) -> MockTx {
    let found = tx.half_logins.expect_find().with(eq(TICKET), eq(valid_span(NOW)));
    found.times(1).returning(move |_, _| Ok(half.clone()));
    tx
}

fn looks() -> MockTx {
    let mut tx = finds(MockTx::new(), Some(half(0)));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(user(id))));
    tx
}

fn locks(half: Option<HalfLogin>) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    finds(tx, half)
}

/// The first half still holds.
fn proves(failures: u32) -> MockTx {
    let mut tx = locks(Some(half(failures)));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(user(id))));
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(|_| Ok(Some(hash("it"))));
    tx
}

fn has_totp(mut tx: MockTx) -> MockTx {
    tx.factors.expect_totp().with(eq(ME)).times(1).returning(|_| Ok(Some(totp(ME, Some(NOW)))));
    tx
}

/// The ticket is used up, and the session begins.
fn begins(mut tx: MockTx) -> MockTx {
    tx.half_logins.expect_remove().with(eq(TICKET)).times(1).returning(|_| Ok(true));
    tx.sessions.expect_end_provisioned().times(1).returning(|_| Ok(false));
    tx.sessions.expect_end_idlest().times(1).returning(|_, _, _| Ok(false));
    tx.sessions
        .expect_insert()
        .withf(|session| {
            let device = session.name.as_ref().map(DeviceName::as_str);
            (session.user, session.key, device) == (ME, NEW_KEY, Some("phone")) && session.client == client()
        })
        .times(1)
        .returning(|_| Ok(SessionId::new(3)));
    tx.known_networks.expect_remember().times(1).returning(|_, _, _, _| Ok(()));
    tx.known_devices
        .expect_remember()
        .withf(|user, device, _, _| (*user, *device) == (ME, DEVICE))
        .times(1)
        .returning(|_, _, _, _| Ok(()));
    tx
}

fn uses_passcode(tx: MockTx) -> MockTx {
    let mut tx = has_totp(tx);
    tx.factors.expect_update_totp().times(1).returning(|_, _, _| Ok(()));
    tx
}

#[test]
fn a_right_code_begins_the_session_that_was_asked_for() {
    let storage = ScriptedStorage::new([looks(), begins(uses_passcode(proves(4)))]);
    let logged_in = run(&storage, &right(), true).unwrap();
    assert_eq!((logged_in.key.reveal(), logged_in.expires_at), ("new key", NOW.plus(LIFETIME)));
    assert_eq!(logged_in.device.unwrap().reveal(), "device");
    let [look, write] = storage.finish_as();
    assert_eq!(look.access, Access { mode: Mode::Read, caller: Caller::Network(client().network()) });
    assert_eq!(write.access, Access { mode: Mode::Write, caller: Caller::User(ME) });
    assert_eq!(write.recorded, [entry(AuditAction::Login).about(3)]);
}

#[test]
fn a_recovery_code_does_too_and_is_told() {
    let mut write = proves(0);
    let code = write.factors.expect_use_recovery_code().with(eq(ME), eq(recovery_hash(5)));
    code.times(1).returning(|_, _| Ok(true));
    let storage = ScriptedStorage::new([looks(), begins(write)]);
    assert!(run(&storage, &TypedCode::Recovery(recovery(5)), true).is_ok());
    let [_, write] = storage.finish_as();
    let expected = [entry(AuditAction::RecoveryCodeUsed), entry(AuditAction::Login).about(3)];
    assert_eq!(write.recorded, expected);
}

#[test]
fn wrong_codes_are_counted_and_the_last_ends_the_ticket() {
    for failures in 0..MAX_WRONG_CODES {
        let mut write = has_totp(proves(failures));
        if failures + 1 == MAX_WRONG_CODES {
            write.half_logins.expect_remove().with(eq(TICKET)).times(1).returning(|_| Ok(true));
        } else {
            write.half_logins.expect_count_failure().with(eq(TICKET)).times(1).returning(|_| Ok(()));
        }
        let storage = ScriptedStorage::new([looks(), write]);
        assert_eq!(run(&storage, &wrong(), false).err(), Some(FactorRefusal::InvalidCode.into()));
        let [_, Ran { decisions, recorded, .. }] = storage.finish_as();
        assert_eq!(decisions, [CommitDecision::Commit], "the count stays, though the answer is a refusal");
        assert_eq!(recorded, [entry(AuditAction::SecondFactor).failed()]);
    }
}

#[test]
fn a_ticket_that_is_worth_nothing_comes_to_no_code() {
    let invalid = Some(Error::from(AccountRefusal::TicketInvalid));
    let storage = ScriptedStorage::new([finds(MockTx::new(), None)]);
    assert_eq!(run(&storage, &right(), true).err(), invalid);
    storage.finish();

    let of_deleted = |mut tx: MockTx| {
        tx.accounts.expect_find().times(1).returning(|_| Ok(None));
        tx
    };
    let storage = ScriptedStorage::new([of_deleted(finds(MockTx::new(), Some(half(0))))]);
    assert_eq!(run(&storage, &right(), true).err(), invalid);
    storage.finish();

    let mut changed = locks(Some(half(0)));
    changed.accounts.expect_find().times(1).returning(|id| Ok(Some(user(id))));
    changed.accounts.expect_password().times(1).returning(|_| Ok(Some(hash("another"))));
    let of_another = HalfLogin { user: OTHER, ..half(0) };
    for write in [locks(None), locks(Some(of_another)), of_deleted(locks(Some(half(0)))), changed] {
        let storage = ScriptedStorage::new([looks(), write]);
        assert_eq!(run(&storage, &right(), true).err(), invalid);
        storage.finish();
    }
    assert!(HALF_LOGIN_LIFETIME.as_secs() == 300);
}

#[test]
fn faults_are_handed_on() {
    let script = || vec![looks(), begins(uses_passcode(proves(0)))];
    assert_flow_hands_faults_on(script, |storage| run(storage, &right(), true));
}
