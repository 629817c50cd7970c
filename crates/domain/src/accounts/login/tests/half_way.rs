//! Logins of users who have a second factor.

use super::*;
use crate::factors::MAX_HALF_LOGINS;
use crate::testing::totp;

/// The user has one-time passwords, and so many recovery codes.
fn asks(mut tx: MockTx, codes: u32) -> MockTx {
    tx.factors.expect_totp().with(eq(ME)).times(1).returning(|_| Ok(Some(totp(ME, Some(NOW)))));
    tx.passkeys.expect_credentials().with(eq(ME)).times(1).returning(|_| Ok(Vec::new()));
    tx.factors.expect_recovery_codes_left().with(eq(ME)).times(1).returning(move |_| Ok(codes));
    tx
}

fn stores(mut tx: MockTx, proven: PasswordHash, refresh: bool) -> MockTx {
    let half = NewHalfLogin {
        ticket: TICKET,
        user: ME,
        proven,
        refresh,
        device_name: None,
        expires_at: NOW.plus(HALF_LOGIN_LIFETIME),
    };
    let oldest = tx.half_logins.expect_remove_oldest().with(eq(ME), eq(MAX_HALF_LOGINS - 1));
    oldest.times(1).returning(|_, _| Ok(()));
    tx.half_logins.expect_insert().with(eq(half)).times(1).returning(|_| Ok(()));
    tx
}

#[test]
fn a_right_password_gets_a_ticket_and_no_session() {
    use FactorMethod::{RecoveryCode, Totp};
    for (codes, expected) in [(3, vec![Totp, RecoveryCode]), (0, vec![Totp])] {
        let surroundings = Surroundings::counts("user1", Outcome::Right)
            .verifies(Some(hash("it")), Ok(Verification::Right))
            .issues();
        let write = stores(asks(looks_again(Some(hash("it"))), codes), hash("it"), false);
        let storage = ScriptedStorage::new([finds(Some(hash("it"))), write]);
        let signed_in = surroundings.sign_in(&storage, attempt("user1")).unwrap();
        let SignedIn::HalfWay(HalfWay { ticket, expires_at, methods }) = signed_in else {
            panic!("{signed_in:?}");
        };
        assert_eq!(
            (ticket.reveal(), expires_at, methods),
            ("new ticket", NOW.plus(HALF_LOGIN_LIFETIME), expected)
        );
        // Neither the session nor the network is remembered, and the attempt was given back.
        let [_, write] = storage.finish_as();
        let asked = AuditEntry { action: AuditAction::SecondFactorAsked, ..login_entry() }.to(ME);
        assert_eq!((write.recorded, write.emitted), (vec![asked], vec![]));
    }
}

#[test]
fn half_a_login_is_of_the_hash_that_is_stored_then() {
    let mut surroundings = Surroundings::counts("user1", Outcome::Right)
        .verifies(Some(hash("it")), Ok(Verification::RightButOutdated))
        .hashes(Ok(hash("renewed")))
        .issues();
    let hashes = RefreshHashes { selector: KeyHash::new([3; 32]), verifier: KeyHash::new([4; 32]) };
    let issued = move || IssuedRefresh { secret: Secret::new("new token".to_owned()), hashes };
    surroundings.keys.expect_issue_refresh().times(1).returning(issued);
    let mut write = stores(asks(looks_again(Some(hash("it"))), 1), hash("renewed"), true);
    write
        .accounts
        .expect_renew_password()
        .with(eq(ME), eq(hash("renewed")))
        .times(1)
        .returning(|_, _| Ok(()));
    let storage = ScriptedStorage::new([finds(Some(hash("it"))), write]);
    let asking = LoginAttempt { refresh: true, ..attempt("user1") };
    assert!(matches!(surroundings.sign_in(&storage, asking), Ok(SignedIn::HalfWay(_))));
    storage.finish();
}

#[test]
fn what_is_not_confirmed_is_asked_for_nowhere() {
    let mut tx = MockTx::new();
    tx.factors.expect_totp().times(1).returning(|_| Ok(Some(totp(ME, None))));
    tx.passkeys.expect_credentials().times(1).returning(|_| Ok(Vec::new()));
    assert_eq!(factors::asked_of(&mut tx, ME), Ok(vec![]));
}

#[test]
fn nothing_secret_is_printed() {
    let half = HalfWay { ticket: Secret::new("gch_1".to_owned()), expires_at: NOW, methods: vec![] };
    assert!(!format!("{half:?}").contains("gch_1"));
}
