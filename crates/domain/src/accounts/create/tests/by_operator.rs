use mockall::Sequence;

use super::*;

/// One password is generated.
fn generates_password() -> MockApiKeys {
    let mut keys = MockApiKeys::new();
    keys.expect_generate_password().times(1).returning(|| Password::parse("password").unwrap());
    keys
}

/// Whether there has ever been a user.
fn looks_for_any(any: bool) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_any_ever().times(1).returning(move || Ok(any));
    tx
}

/// The same, with the set of server admins locked.
fn locks_and_looks_for_any(any: bool) -> MockTx {
    let (mut tx, mut order) = (MockTx::new(), Sequence::new());
    tx.accounts.expect_lock_admins().times(1).in_sequence(&mut order).returning(|| Ok(()));
    tx.accounts.expect_any_ever().times(1).in_sequence(&mut order).returning(move || Ok(any));
    tx
}

fn stores_first_admin() -> MockTx {
    let mut tx = locks_and_looks_for_any(false);
    tx.accounts
        .expect_insert()
        .withf(|new| new.username.as_str() == "admin" && new.is_admin && new.password == hash("password"))
        .times(1)
        .returning(|_| Ok(Unique::Stored(ME)));
    tx
}

#[test]
fn the_operator_creates_users_without_a_key() {
    for is_admin in [false, true] {
        let storage = ScriptedStorage::new([stores(MockTx::new(), is_admin, Unique::Stored(OTHER))]);
        let user = block_on(create_by_operator(
            &storage,
            &hashes_for(HashCaller::System),
            welcomes(),
            draft(is_admin),
        ));
        assert_eq!(user, Ok(created(is_admin)));
        let [ran] = storage.finish_as();
        assert_eq!(ran.access, Access { mode: Mode::Write, caller: Caller::System });
        let expected = created(is_admin).without_private_fields();
        assert_eq!(ran.emitted, [(Audience::All, None, Event::UserCreated(expected))]);
    }
}

#[test]
fn a_taken_name_is_rejected_for_the_operator_too() {
    let storage = ScriptedStorage::new([stores(MockTx::new(), true, Unique::Taken)]);
    let outcome =
        block_on(create_by_operator(&storage, &hashes_for(HashCaller::System), welcomes(), draft(true)));
    assert_eq!(outcome, Err(AccountRefusal::UsernameTaken.into()));
    let [ran] = storage.finish_as();
    assert_eq!((ran.decisions, ran.emitted), (vec![CommitDecision::RollBack], vec![]));
}

#[test]
fn an_empty_server_gets_an_admin_and_returns_the_password_once() {
    let storage = ScriptedStorage::new([looks_for_any(false), stores_first_admin()]);
    let outcome =
        block_on(create_first_admin(&storage, &hashes_for(HashCaller::System), &generates_password()));
    let (admin, password) = outcome.unwrap().unwrap();
    assert_eq!((admin.id, admin.username.as_str(), admin.is_admin), (ME, "admin", true));
    assert_eq!(password.reveal(), "password");
    let [look, write] = storage.finish_as();
    assert_eq!((look.access.mode, write.access.mode), (Mode::Read, Mode::Write));
    assert_eq!(write.emitted, [(Audience::All, None, Event::UserCreated(admin))]);
}

#[test]
fn a_server_that_ever_had_users_gets_no_first_admin() {
    let storage = ScriptedStorage::new([looks_for_any(true)]);
    let outcome = block_on(create_first_admin(&storage, &MockPasswordHasher::new(), &MockApiKeys::new()));
    assert_eq!(outcome, Ok(None));
    storage.finish();
}

#[test]
fn a_user_created_meanwhile_prevents_the_first_admin() {
    let storage = ScriptedStorage::new([looks_for_any(false), locks_and_looks_for_any(true)]);
    assert_eq!(
        block_on(create_first_admin(&storage, &hashes_for(HashCaller::System), &generates_password())),
        Ok(None)
    );
    let [_, write] = storage.finish_as();
    assert_eq!(write.emitted, []);
}

#[test]
fn a_busy_hasher_stores_nothing() {
    let busy_now = Some(Error::Busy { retry_after: Duration::from_secs(1) });
    let storage = ScriptedStorage::new([]);
    assert_eq!(block_on(create_by_operator(&storage, &busy(), welcomes(), draft(true))).err(), busy_now);
    storage.finish();
    let storage = ScriptedStorage::new([looks_for_any(false)]);
    let outcome = block_on(create_first_admin(&storage, &busy(), &generates_password()));
    assert_eq!(outcome.err(), busy_now);
    storage.finish();
}

#[test]
fn faults_are_returned() {
    assert_flow_hands_faults_on(
        || vec![stores(MockTx::new(), true, Unique::Stored(OTHER))],
        |storage| {
            block_on(create_by_operator(storage, &hashes_for(HashCaller::System), welcomes(), draft(true)))
        },
    );
    assert_flow_hands_faults_on(
        || vec![looks_for_any(false), stores_first_admin()],
        |storage| {
            let mut hasher = accepts_passwords();
            hasher.expect_hash().returning(|_, _| Box::pin(async { Ok(hash("password")) }));
            let mut keys = MockApiKeys::new();
            keys.expect_generate_password().returning(|| Password::parse("password").unwrap());
            block_on(create_first_admin(storage, &hasher, &keys))
        },
    );
}
