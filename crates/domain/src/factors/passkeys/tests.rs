use mockall::predicate::eq;

use super::*;
use crate::accounts::{
    AccountRefusal, AttemptPool, MockLoginRateLimiter, MockPasswordHasher, OwnPasswordPorts, Verification,
};
use crate::events::Audience;
use crate::factors::ceremony::{CeremonyError, MockCeremonies};
use crate::factors::model::{Step, UsedSteps};
use crate::factors::passkey::{CredentialId, CredentialRecord};
use crate::factors::testing::{codes, recovery, recovery_hash, sealer};
use crate::storage::CommitDecision;
use crate::testing::{
    ME, MY_KEY, MockTx, NOW, OTHER, ScriptedStorage, assert_flow_hands_faults_on, assert_hands_faults_on,
    block_on, hash, me, me_provisioned, user,
};

const SITE: &str = "https://chat.example.org";
const ID: PasskeyId = PasskeyId::new(3);

fn credential(byte: u8) -> CredentialId {
    CredentialId::new(vec![byte]).unwrap()
}

fn record(text: &str) -> CredentialRecord {
    CredentialRecord::from_stored(text.to_owned())
}

fn name() -> PasskeyName {
    PasskeyName::parse("phone").unwrap()
}

fn shown() -> ShownCeremony {
    ShownCeremony { token: Secret::new("token".to_owned()), credential: "made".to_owned() }
}

/// Knows what is begun and ended here, for this user and password.
fn ceremonies() -> MockCeremonies {
    let ours = |terms: &Terms<'_>| {
        *terms.purpose == Purpose::registration(ME, hash("it").as_str())
            && terms.site == SITE
            && terms.now == NOW
    };
    let mut ceremonies = MockCeremonies::new();
    ceremonies
        .expect_begin_registration()
        .withf(move |terms, owner, known| ours(terms) && owner.user == ME && *known == [credential(1)])
        .returning(|_, _, _| {
            Ok(Ceremony { token: Secret::new("token".to_owned()), options: "{}".to_owned() })
        });
    ceremonies
        .expect_finish_registration()
        .withf(move |terms, made| ours(terms) && *made == shown())
        .returning(|_, _| Ok((credential(2), record("new"))));
    ceremonies
}

fn run<T>(
    storage: &ScriptedStorage,
    answer: Verification,
    ceremonies: MockCeremonies,
    flow: impl AsyncFn(PasskeyPorts<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut attempts = MockLoginRateLimiter::new();
    attempts.expect_take().returning(|_| Ok(AttemptPool::Usual));
    attempts.expect_refund().returning(|_, _| ());
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(move |_, _| Box::pin(async move { Ok(answer) }));
    let password = OwnPasswordPorts { storage, hasher: &hasher, attempts: &attempts };
    let factors = FactorPorts { password, codes: codes(), sealer: sealer() };
    block_on(flow(PasskeyPorts { factors, ceremonies: Arc::new(ceremonies), site: Some(SITE) }))
}

fn begins(storage: &ScriptedStorage) -> Result<Ceremony, Error> {
    run(storage, Verification::Right, ceremonies(), async |ports| {
        begin_passkey(ports, MY_KEY, Secret::new("password".to_owned())).await
    })
}

fn registers(storage: &ScriptedStorage) -> Result<(Passkey, Option<Vec<RecoveryCode>>), Error> {
    run(storage, Verification::Right, ceremonies(), async |ports| {
        register_passkey(ports, MY_KEY, shown(), name()).await
    })
}

fn removes(storage: &ScriptedStorage) -> Result<(), Error> {
    run(storage, Verification::Right, MockCeremonies::new(), async |ports| {
        remove_passkey(ports.factors, MY_KEY, ID, Secret::new("password".to_owned()), None).await
    })
}

fn reads() -> MockTx {
    let mut tx = MockTx::new().authenticates(me());
    tx.accounts.expect_password().times(1).returning(|_| Ok(Some(hash("it"))));
    tx.accounts.expect_find().times(1).returning(|id| Ok(Some(user(id))));
    tx
}

fn locks() -> MockTx {
    let mut tx = MockTx::new().authenticates(me());
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    tx.accounts.expect_password().times(1).returning(|_| Ok(Some(hash("it"))));
    tx
}

fn has(mut tx: MockTx, passkeys: usize) -> MockTx {
    let known = vec![credential(1); passkeys];
    tx.passkeys.expect_credentials().with(eq(ME)).times(1).returning(move |_| Ok(known.clone()));
    tx
}

fn passkey(id: PasskeyId) -> Passkey {
    Passkey { id, name: name(), created_at: NOW, last_used_at: None }
}

fn lists(mut tx: MockTx, ids: &'static [PasskeyId]) -> MockTx {
    let found = move |_| Ok(ids.iter().copied().map(passkey).collect());
    tx.passkeys.expect_list().with(eq(ME)).times(1).returning(found);
    tx
}

fn inserts(mut tx: MockTx, stored: Option<PasskeyId>) -> MockTx {
    let new = NewPasskey {
        user: ME,
        credential: credential(2),
        record: record("new"),
        name: name(),
        host: "chat.example.org".to_owned(),
        created_at: NOW,
    };
    tx.passkeys.expect_insert().with(eq(new)).times(1).returning(move |_| Ok(stored));
    tx
}

fn without_totp(mut tx: MockTx) -> MockTx {
    tx.factors.expect_totp().with(eq(ME)).times(1).returning(|_| Ok(None));
    tx
}

#[test]
fn a_registration_begins_with_the_password() {
    let storage = ScriptedStorage::new([has(reads(), 1)]);
    assert_eq!(begins(&storage).unwrap().token.reveal(), "token");
    storage.finish();
    let storage = ScriptedStorage::new([has(reads(), MAX_PASSKEYS)]);
    assert_eq!(begins(&storage), Err(FactorRefusal::TooManyPasskeys.into()));
    storage.finish();
    let storage = ScriptedStorage::new([MockTx::new().authenticates(me_provisioned())]);
    assert_eq!(begins(&storage), Err(AccountRefusal::ProvisionedKey.into()));
    storage.finish();
    let storage = ScriptedStorage::new([has(reads(), 1), MockTx::new().authenticates(me())]);
    let wrong = run(&storage, Verification::Wrong, ceremonies(), async |ports| {
        begin_passkey(ports, MY_KEY, Secret::new("password".to_owned())).await
    });
    assert_eq!(wrong, Err(AccountRefusal::WrongPassword.into()));
    let [_, told] = storage.finish_as();
    assert_eq!(told.recorded, [AuditEntry::by(&me(), AuditAction::PasskeyRegistered).to(ME).failed()]);
    assert_flow_hands_faults_on(|| vec![has(reads(), 1)], begins);
}

#[test]
fn nothing_begins_without_a_site() {
    let storage = ScriptedStorage::new([has(reads(), 1)]);
    let outcome = run(&storage, Verification::Right, MockCeremonies::new(), async |ports| {
        let ports = PasskeyPorts { site: None, ..ports };
        begin_passkey(ports, MY_KEY, Secret::new("password".to_owned())).await
    });
    assert_eq!(outcome, Err(FactorRefusal::NoSite.into()));
}

#[test]
fn the_first_factor_comes_with_recovery_codes() {
    let first = || {
        let mut tx = inserts(without_totp(has(locks(), 0)), Some(ID));
        let codes = tx.factors.expect_replace_recovery_codes();
        codes
            .withf(|user, codes| *user == ME && codes == [recovery_hash(1), recovery_hash(2)])
            .times(1)
            .returning(|_, _| Ok(()));
        tx
    };
    let storage = ScriptedStorage::new([reads(), first()]);
    assert_eq!(registers(&storage), Ok((passkey(ID), Some(vec![recovery(1), recovery(2)]))));
    let [_, write] = storage.finish_as();
    let entry = AuditEntry::by(&me(), AuditAction::PasskeyRegistered).to(ME).about(ID.get());
    assert_eq!(write.recorded, [entry]);
    assert_eq!(write.emitted, [(Audience::User(ME), Some(ME), Event::FactorsUpdated(ME))]);
    let storage = ScriptedStorage::new([reads(), inserts(has(locks(), 1), Some(ID))]);
    assert_eq!(registers(&storage), Ok((passkey(ID), None)));
    storage.finish();
    assert_flow_hands_faults_on(|| vec![reads(), first()], registers);
}

#[test]
fn what_is_known_already_or_no_passkey_is_not_registered() {
    let storage = ScriptedStorage::new([reads(), inserts(has(locks(), 1), None)]);
    assert_eq!(registers(&storage), Err(FactorRefusal::AlreadySetUp.into()));
    storage.finish();
    let storage = ScriptedStorage::new([reads(), has(locks(), MAX_PASSKEYS)]);
    assert_eq!(registers(&storage), Err(FactorRefusal::TooManyPasskeys.into()));
    storage.finish();
    for (error, refusal) in [
        (CeremonyError::Wrong, FactorRefusal::RefusedPasskey),
        (CeremonyError::Expired, FactorRefusal::RefusedPasskey),
        (CeremonyError::NoKey, FactorRefusal::NoKey),
    ] {
        let storage = ScriptedStorage::new([reads()]);
        let mut refusing = MockCeremonies::new();
        refusing.expect_finish_registration().returning(move |_, _| Err(error));
        let outcome = run(&storage, Verification::Right, refusing, async |ports| {
            register_passkey(ports, MY_KEY, shown(), name()).await
        });
        assert_eq!(outcome, Err(refusal.into()));
        storage.finish();
    }
}

#[test]
fn one_of_several_factors_is_removed_without_a_code() {
    const BOTH: &[PasskeyId] = &[ID, PasskeyId::new(4)];
    let write = || {
        let mut tx = lists(locks(), BOTH);
        tx.passkeys.expect_remove().with(eq(ME), eq(ID)).times(1).returning(|_, _| Ok(true));
        tx.half_logins.expect_remove_all().with(eq(ME)).times(1).returning(|_| Ok(()));
        tx
    };
    let storage = ScriptedStorage::new([lists(reads(), BOTH), write()]);
    assert_eq!(removes(&storage), Ok(()));
    let [_, wrote] = storage.finish_as();
    assert_eq!(wrote.recorded, [AuditEntry::by(&me(), AuditAction::PasskeyRemoved).to(ME).about(ID.get())]);
    assert_flow_hands_faults_on(|| vec![lists(reads(), BOTH), write()], removes);

    let storage = ScriptedStorage::new([lists(reads(), &[ID]), without_totp(lists(locks(), &[ID]))]);
    assert_eq!(removes(&storage), Err(FactorRefusal::CodeRequired.into()));
    let [_, wrote] = storage.finish_as();
    assert_eq!(wrote.decisions, [CommitDecision::RollBack]);
    const ANOTHER: &[PasskeyId] = &[PasskeyId::new(4)];
    let storage = ScriptedStorage::new([lists(reads(), ANOTHER)]);
    assert_eq!(removes(&storage), Err(FactorRefusal::NotSetUp.into()));
    storage.finish();
}

#[test]
fn a_passkey_is_used_once_in_a_ceremony_and_as_it_was_checked() {
    let used =
        |steps: &[i64]| steps.iter().fold(UsedSteps::default(), |used, step| used.with(Step(*step)).unwrap());
    let checked = StoredPasskey { id: ID, user: ME, record: record("old"), used: used(&[]) };
    let asserted = Asserted { record: record("new"), mark: Step(5) };
    let finds = |found: Option<StoredPasskey>| {
        let mut tx = MockTx::new();
        tx.passkeys.expect_stored().with(eq(ID)).times(1).returning(move |_| Ok(found.clone()));
        tx
    };
    let uses = || {
        let mut tx = finds(Some(StoredPasskey { used: used(&[4]), ..checked.clone() }));
        let noted = tx.passkeys.expect_note_use().with(eq(ID), eq(record("new")), eq(used(&[4, 5])), eq(NOW));
        noted.times(1).returning(|_, _, _, _| Ok(()));
        tx
    };
    assert_eq!(use_passkey(&mut uses(), &checked, &asserted), Ok(true));
    for gone in [
        None,
        Some(StoredPasskey { used: used(&[5]), ..checked.clone() }),
        Some(StoredPasskey { record: record("other"), ..checked.clone() }),
        Some(StoredPasskey { user: OTHER, ..checked.clone() }),
    ] {
        assert_eq!(use_passkey(&mut finds(gone), &checked, &asserted), Ok(false));
    }
    assert_hands_faults_on(uses, |tx| use_passkey(tx, &checked, &asserted));
}

fn renames(found: Option<&str>) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_password().returning(|_| Ok(Some(hash("it"))));
    tx.accounts.expect_find().returning(|id| Ok(Some(user(id))));
    tx.accounts.expect_lock().withf(|users, _| users == [ME]).times(1).returning(|_, _| Ok(()));
    let name = found.map(|name| PasskeyName::parse(name).unwrap());
    let listed: Vec<_> =
        name.into_iter().map(|name| Passkey { id: ID, name, created_at: NOW, last_used_at: None }).collect();
    tx.passkeys.expect_list().with(eq(ME)).times(1).returning(move |_| Ok(listed.clone()));
    tx
}

#[test]
fn a_passkey_gets_another_name_and_the_devices_of_its_owner_are_told() {
    let mut tx = renames(Some("old"));
    tx.passkeys.expect_rename().with(eq(ME), eq(ID), eq(name())).times(1).returning(|_, _, _| Ok(true));
    let renamed = rename_passkey(&mut tx, &me(), ID, &name()).unwrap();
    assert_eq!((renamed.id, renamed.name), (ID, name()));
    let entry = AuditEntry::by(&me(), AuditAction::PasskeyRenamed).to(ME).about(ID.get());
    assert_eq!(tx.recorded, [entry]);
    let updated = Event::FactorsUpdated(ME);
    assert_eq!(tx.emitted, [(Audience::User(ME), Some(ME), updated)]);
}

#[test]
fn the_same_name_changes_nothing() {
    let mut tx = renames(Some("phone"));
    assert_eq!(rename_passkey(&mut tx, &me(), ID, &name()).unwrap().name, name());
    assert_eq!((tx.recorded, tx.emitted), (vec![], vec![]));
}

#[test]
fn only_passkeys_of_ones_own_are_renamed_and_not_with_a_provisioned_key() {
    let refused = rename_passkey(&mut renames(None), &me(), ID, &name());
    assert_eq!(refused, Err(FactorRefusal::NotSetUp.into()));
    let mut tx = MockTx::new();
    let refused = rename_passkey(&mut tx, &me_provisioned(), ID, &name());
    assert_eq!(refused, Err(AccountRefusal::ProvisionedKey.into()));
}

#[test]
fn passkeys_of_another_host_are_found() {
    for (site, host) in [(Some(SITE), "chat.example.org"), (None, "")] {
        let mut tx = MockTx::new();
        let other = tx.passkeys.expect_other_host().with(eq(host)).times(1);
        other.returning(|_| Ok(Some("old.example.org".to_owned())));
        assert_eq!(passkeys_elsewhere(&mut tx, site), Ok(Some("old.example.org".to_owned())));
    }
}

#[test]
fn faults_of_a_renaming_are_returned() {
    let script = || {
        let mut tx = renames(Some("old"));
        tx.passkeys.expect_rename().returning(|_, _, _| Ok(true));
        tx
    };
    assert_hands_faults_on(script, |tx| rename_passkey(tx, &me(), ID, &name()));
}
