use mockall::predicate::eq;

use super::*;
use crate::accounts::family::RefreshTerms;
use crate::accounts::model::User;
use crate::accounts::new_session::SessionHashes;
use crate::factors::{CeremonyError, CredentialRecord, HalfLogin, MAX_WRONG_CODES, Step, UsedSteps};
use crate::factors::{MockCeremonies, valid_span};
use crate::ids::PasskeyId;
use crate::testing::{ME, MockTx, NOW, assert_hands_faults_on, hash, user};

const TICKET: KeyHash = KeyHash::new([7; 32]);

fn record() -> CredentialRecord {
    CredentialRecord::from_stored("known".to_owned())
}

fn passkey() -> StoredPasskey {
    StoredPasskey { id: PasskeyId::new(3), user: ME, record: record(), used: UsedSteps::default() }
}

fn draft_of_test() -> SessionDraft {
    let (client, key) = (ClientInfo::default(), KeyHash::new([2; 32]));
    SessionDraft {
        hashes: SessionHashes { key, refresh: None, device: KeyHash::new([5; 32]) },
        entry: AuditEntry::by_stranger(client.origin(), AuditAction::Login),
        client,
        device_name: None,
        shown_device: None,
        devices_known_for: std::time::Duration::from_secs(1),
        lifetime: std::time::Duration::from_secs(1),
        terms: RefreshTerms::default(),
        sessions_per_user: 5,
    }
}

fn locks(found: User) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(move |_| Ok(Some(found.clone())));
    tx
}

fn halves(failures: u32) -> MockTx {
    let mut tx = locks(user(ME));
    let half = HalfLogin { user: ME, proven: hash("it"), refresh: false, device_name: None, failures };
    let found = tx.half_logins.expect_find().with(eq(TICKET), eq(valid_span(NOW)));
    found.times(1).returning(move |_, _| Ok(Some(half.clone())));
    tx.accounts.expect_password().times(1).returning(|_| Ok(Some(hash("it"))));
    tx
}

#[test]
fn a_wrong_passkey_is_recorded_and_no_refusal() {
    let mut tx = locks(user(ME));
    assert_eq!(enter(&mut tx, ME, None, &draft_of_test()), Ok(Checked::Wrong));
    assert_eq!(tx.recorded, [draft_of_test().entry.to(ME).failed()]);
    assert_hands_faults_on(|| locks(user(ME)), |tx| enter(tx, ME, None, &draft_of_test()).map(drop));
}

#[test]
fn a_wrong_passkey_counts_like_a_wrong_code() {
    for failures in [0, MAX_WRONG_CODES - 1] {
        let mut tx = halves(failures);
        if failures == 0 {
            tx.half_logins.expect_count_failure().with(eq(TICKET)).times(1).returning(|_| Ok(()));
        } else {
            tx.half_logins.expect_remove().with(eq(TICKET)).times(1).returning(|_| Ok(true));
        }
        assert_eq!(finish(&mut tx, ME, &TICKET, None, &draft_of_test()), Ok(Checked::Wrong));
        let entry = AuditEntry { action: AuditAction::SecondFactor, ..draft_of_test().entry };
        assert_eq!(tx.recorded, [entry.to(ME).failed()]);
    }
}

#[test]
fn a_suspended_user_learns_of_it_by_the_right_passkey_only() {
    let suspended = || locks(User { suspended: true, ..user(ME) });
    let asserted = Asserted { record: record(), mark: Step(1) };
    let mut right = suspended();
    right.passkeys.expect_stored().times(1).returning(|_| Ok(Some(passkey())));
    right.passkeys.expect_note_use().times(1).returning(|_, _, _, _| Ok(()));
    let outcome = enter(&mut right, ME, Some(&(passkey(), asserted)), &draft_of_test());
    assert_eq!(outcome, Err(AccountRefusal::Suspended.into()));
    assert_eq!(enter(&mut suspended(), ME, None, &draft_of_test()), Ok(Checked::Wrong));
}

#[test]
fn a_credential_that_nobody_has_is_wrong() {
    let credential = CredentialId::new(vec![1]).unwrap();
    let mut tx = MockTx::new();
    tx.passkeys.expect_find().times(1).returning(|_| Ok(None));
    assert_eq!(find(&mut tx, &credential), Err(FactorRefusal::WrongPasskey.into()));
}

#[test]
fn what_the_server_lacks_is_no_wrong_passkey() {
    let purpose = Purpose::sign_in();
    let terms = Terms { site: "https://chat.example.org", purpose: &purpose, now: NOW };
    let shown = ShownCeremony { token: Secret::new("token".to_owned()), credential: "{}".to_owned() };
    for (error, expected) in [
        (CeremonyError::NoKey, Err(FactorRefusal::NoKey.into())),
        (CeremonyError::Wrong, Ok(None)),
        (CeremonyError::Expired, Ok(None)),
    ] {
        let mut ceremonies = MockCeremonies::new();
        ceremonies.expect_finish_assertion().returning(move |_, _, _, _| Err(error));
        assert_eq!(check(&ceremonies, &terms, &shown, Some(passkey())), expected);
        assert_eq!(check(&ceremonies, &terms, &shown, None), Ok(None));
    }
}
