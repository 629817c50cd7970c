use mockall::predicate::eq;

use super::*;
use crate::accounts::{Email, MockApiKeys, MockMailQueue, MockPasswordHasher, NoMail, UsernameKey};
use crate::codes::MockSecretCodes;
use crate::storage::CommitDecision;
use crate::testing::{
    ME, MockTx, NOW, OTHER, Ran, ScriptedStorage, accept_passwords, assert_flow_hands_faults_on, block_on,
    hash, sessions_ended, user,
};

const CODE: CodeHash = KeyHash::new([7; 32]);
const STATE: KeyHash = KeyHash::new([8; 32]);

/// Valid codes expire in this span: no later than one that was just issued by a clock that is a minute ahead.
const GOOD: Span = Span { after: NOW, until: Timestamp::from_micros(NOW.as_micros() + 31 * 60_000_000) };

/// The codes of this span count.
const LATELY: Span = Span {
    after: Timestamp::from_micros(NOW.as_micros() - 24 * 3_600_000_000),
    until: Timestamp::from_micros(NOW.as_micros() + 60_000_000),
};

fn code() -> SecretCode {
    SecretCode::parse("00000-11111-22222-33333").unwrap()
}

fn codes() -> MockSecretCodes {
    let mut codes = MockSecretCodes::new();
    codes.expect_issue_code().returning(code);
    codes.expect_digest_code().with(eq(code())).returning(|_| CODE);
    codes
}

/// A code is bound to the hash of the password and to the address.
fn keys() -> MockApiKeys {
    let mut keys = MockApiKeys::new();
    keys.expect_digest().returning(|text| match text {
        "hash of old\nuser1@example.org" => STATE,
        _ => KeyHash::new([0; 32]),
    });
    keys
}

fn by_name() -> ResetAccount {
    ResetAccount::Username(UsernameKey::of("user1"))
}

/// The account is looked up by its name.
fn looks(found: Option<User>) -> MockTx {
    let (mut tx, reads) = (MockTx::new(), found.as_ref().is_some_and(|user| user.email.is_some()));
    let name = tx.accounts.expect_find_by_username().with(eq(UsernameKey::of("user1")));
    name.times(1).returning(move |_| Ok(found.clone()));
    if reads {
        tx.accounts.expect_password().with(eq(ME)).times(1).returning(|_| Ok(Some(hash("old"))));
    }
    tx
}

/// The user is locked, and has got so many codes lately.
fn counts(lately: u32) -> MockTx {
    let mut tx = MockTx::new();
    let lock = tx.accounts.expect_lock();
    lock.withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    let count = tx.password_resets.expect_count().with(eq(ME), eq(LATELY));
    count.times(1).returning(move |_, _| Ok(lately));
    if lately < 3 {
        let expires_at = NOW.plus(Duration::from_secs(1_800));
        let new = NewReset { user: ME, code: CODE, state: STATE, created_at: NOW, expires_at };
        tx.password_resets.expect_insert().with(eq(new)).times(1).returning(|_| Ok(()));
    }
    tx
}

fn issue<const N: usize>(
    account: ResetAccount,
    script: [MockTx; N],
) -> (Result<Vec<IssuedReset>, Error>, [Ran; N]) {
    let storage = ScriptedStorage::new(script);
    let issued = block_on(issue_resets(&storage, &keys(), &codes(), account, &ClientInfo::default()));
    (issued, storage.finish_as())
}

#[test]
fn an_account_with_an_address_gets_a_code_for_half_an_hour() {
    let (issued, [_, stored]) = issue(by_name(), [looks(Some(user(ME))), counts(2)]);
    let issued = issued.unwrap();
    assert_eq!((issued.len(), issued[0].user.id, issued[0].code.clone()), (1, ME, code()));
    let entry = AuditEntry::by_stranger(Origin::UNKNOWN, AuditAction::ResetRequested).to(ME);
    assert_eq!((stored.recorded, stored.decisions), (vec![entry], vec![CommitDecision::Commit]));
}

#[test]
fn the_fourth_code_of_a_day_is_not_issued() {
    let (issued, [_, stored]) = issue(by_name(), [looks(Some(user(ME))), counts(3)]);
    assert_eq!((issued.unwrap().len(), stored.recorded), (0, vec![]));
}

#[test]
fn nobody_and_an_account_without_an_address_get_nothing() {
    for found in [None, Some(User { email: None, ..user(ME) })] {
        let (issued, _) = issue(by_name(), [looks(found)]);
        assert!(issued.unwrap().is_empty());
    }
    let mut suspended = MockTx::new();
    let name = suspended.accounts.expect_find_by_username().times(1);
    name.returning(|_| Ok(Some(User { suspended: true, ..user(ME) })));
    assert!(issue(by_name(), [suspended]).0.unwrap().is_empty());
}

#[test]
fn an_address_gets_codes_for_five_accounts_at_most() {
    let (email, mut look, mut store) = (Email::parse("A@b").unwrap(), MockTx::new(), MockTx::new());
    let found = look.accounts.expect_find_by_email().with(eq(email.clone()), eq(5)).times(1);
    found.returning(|_, _| Ok(vec![user(ME), user(OTHER)]));
    look.accounts.expect_password().times(2).returning(|_| Ok(Some(hash("old"))));
    store.accounts.expect_lock().withf(|users, _| users == [ME, OTHER]).times(1).returning(|_, _| Ok(()));
    store.password_resets.expect_count().returning(|user, _| Ok(if user == ME { 3 } else { 0 }));
    let inserted = store.password_resets.expect_insert().withf(|reset| reset.user == OTHER);
    inserted.times(1).returning(|_| Ok(()));
    let (issued, _) = issue(ResetAccount::Email(email), [look, store]);
    assert_eq!(issued.unwrap().iter().map(|reset| reset.user.id).collect::<Vec<_>>(), [OTHER]);
}

#[test]
fn issuing_hands_faults_on() {
    assert_flow_hands_faults_on(
        || [looks(Some(user(ME))), counts(0)].into(),
        |storage| {
            let client = ClientInfo::default();
            block_on(issue_resets(storage, &keys(), &codes(), by_name(), &client)).map(|issued| issued.len())
        },
    );
}

#[test]
fn a_request_says_nothing_but_whether_there_is_mail_and_room() {
    let ask = |mails: &dyn MailQueue| request_reset(mails, by_name(), ClientInfo::default());
    assert_eq!(ask(&NoMail), Err(AccountRefusal::MailOff.into()));
    for (answer, expected) in [
        (Ok(()), Ok(())),
        (Err(Duration::from_secs(9)), Err(Error::Busy { retry_after: Duration::from_secs(9) })),
    ] {
        let mut mails = MockMailQueue::new();
        mails.expect_is_on().returning(|| true);
        let order = MailOrder::Reset { account: by_name(), client: ClientInfo::default() };
        mails.expect_order().with(eq(order)).times(1).return_once(move |_| answer);
        assert_eq!(ask(&mails), expected);
    }
}

/// The code is found, as one that was issued for this state; and the user has this password by now.
fn finds(state: KeyHash, password: &'static str) -> MockTx {
    let mut tx = MockTx::new();
    let pending = PendingReset { user: ME, state };
    let found = tx.password_resets.expect_find().with(eq(CODE), eq(GOOD)).times(1);
    found.returning(move |_, _| Ok(Some(pending)));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(user(id))));
    tx.accounts.expect_password().with(eq(ME)).times(1).returning(move |_| Ok(Some(hash(password))));
    tx
}

/// The user is locked, and has this address and this password by then.
fn locks(email: Option<Email>, password: &'static str) -> MockTx {
    let mut tx = MockTx::new();
    let lock = tx.accounts.expect_lock();
    lock.withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    let found = User { email, ..user(ME) };
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(move |_| Ok(Some(found.clone())));
    tx.accounts.expect_password().with(eq(ME)).returning(move |_| Ok(Some(hash(password))));
    tx
}

fn uses_up(mut tx: MockTx, is_there: bool) -> MockTx {
    let used = tx.password_resets.expect_use_up().with(eq(CODE), eq(GOOD), eq(NOW)).times(1);
    used.returning(move |_, _, _| Ok(is_there));
    tx
}

fn replaces() -> MockTx {
    let mut tx = uses_up(locks(user(ME).email, "old"), true);
    tx.accounts.expect_set_password().with(eq(ME), eq(hash("new"))).times(1).returning(|_, _| Ok(()));
    tx.known_networks.expect_forget().with(eq(ME)).times(1).returning(|_| Ok(()));
    tx.known_devices.expect_forget().with(eq(ME), eq(None)).times(1).returning(|_, _| Ok(()));
    tx.sessions.expect_end_all().with(eq(ME), eq(None)).times(1).returning(|_, _| Ok(true));
    tx.tokens.expect_end_all().with(eq(ME)).times(1).returning(|_| Ok(false));
    tx
}

/// Hashes the new password, so many times.
fn hasher(times: usize) -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    accept_passwords(&mut hasher);
    let hashed = hasher
        .expect_hash()
        .withf(|caller, password| *caller == HashCaller::User(ME) && password.reveal() == "new password");
    hashed.times(times).returning(|_, _| Box::pin(async { Ok(hash("new")) }));
    hasher
}

fn reset_on(storage: &ScriptedStorage, hasher: &MockPasswordHasher) -> Result<(), Error> {
    let (keys, codes) = (keys(), codes());
    let ports = ResetPorts { storage, hasher, keys: &keys, codes: &codes };
    let new = Password::parse("new password").unwrap();
    block_on(reset_password(ports, &code(), new, ClientInfo::default()))
}

fn reset<const N: usize>(script: [MockTx; N], hashed: usize) -> (Result<(), Error>, [Ran; N]) {
    let storage = ScriptedStorage::new(script);
    (reset_on(&storage, &hasher(hashed)), storage.finish_as())
}

fn not_found() -> Result<(), Error> {
    Err(AccountRefusal::ResetNotFound.into())
}

#[test]
fn a_code_sets_a_password_ends_all_sessions_and_forgets_networks() {
    let (outcome, [_, replaced]) = reset([finds(STATE, "old"), replaces()], 1);
    assert_eq!((outcome, replaced.emitted), (Ok(()), vec![sessions_ended(ME, Some(ME))]));
    let entry = AuditEntry::by_stranger(Origin::UNKNOWN, AuditAction::PasswordReset).to(ME);
    assert_eq!(replaced.recorded, [entry]);
}

#[test]
fn an_unknown_code_costs_a_read() {
    let mut tx = MockTx::new();
    tx.password_resets.expect_find().with(eq(CODE), eq(GOOD)).times(1).returning(|_, _| Ok(None));
    assert_eq!(reset([tx], 0).0, not_found());
}

#[test]
fn a_code_of_an_earlier_password_or_address_is_unknown() {
    assert_eq!(reset([finds(STATE, "newer")], 0).0, not_found());
    assert_eq!(reset([finds(KeyHash::new([3; 32]), "old")], 0).0, not_found());
}

#[test]
fn what_changes_while_the_password_is_hashed_ends_the_code() {
    let elsewhere = Email::parse("else@where").ok();
    for by_then in [
        locks(user(ME).email, "newer"),
        locks(elsewhere, "old"),
        uses_up(locks(user(ME).email, "old"), false),
    ] {
        let (outcome, [_, refused]) = reset([finds(STATE, "old"), by_then], 1);
        assert_eq!((outcome, refused.decisions), (not_found(), vec![CommitDecision::RollBack]));
    }
}

#[test]
fn a_password_that_is_easy_to_guess_does_not_use_the_code_up() {
    let storage = ScriptedStorage::new([finds(STATE, "old")]);
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_is_easy_to_guess().times(1).returning(|_, _, _| Box::pin(async { Ok(true) }));
    assert!(matches!(reset_on(&storage, &hasher), Err(Error::Refused(crate::Refusal::Invalid(_)))));
    let [_] = storage.finish_as();
}

#[test]
fn resetting_hands_faults_on() {
    assert_flow_hands_faults_on(
        || [finds(STATE, "old"), replaces()].into(),
        |storage| {
            let mut hasher = MockPasswordHasher::new();
            accept_passwords(&mut hasher);
            hasher.expect_hash().returning(|_, _| Box::pin(async { Ok(hash("new")) }));
            reset_on(storage, &hasher)
        },
    );
}

#[test]
fn codes_that_no_limit_counts_are_removed_in_bounded_steps() {
    let before = NOW.minus(Duration::from_secs(24 * 3_600 + 60));
    for (removed, more) in [(499, false), (500, true)] {
        let mut tx = MockTx::new();
        let old = tx.password_resets.expect_remove_old().with(eq(before), eq(500)).times(1);
        old.returning(move |_, _| Ok(removed));
        assert_eq!(remove_old_resets(&mut tx), Ok(more));
    }
}
