use mockall::predicate::eq;

use super::*;
use crate::accounts::{AccountRefusal, MockApiKeys, MockPasswordHasher};
use crate::permissions::ServerRights;
use crate::storage::{CommitDecision, Mode};
use crate::testing::{
    ME, MY_KEY, MockTx, OTHER, Ran, ScriptedStorage, assert_flow_hands_faults_on, block_on, bot, hash, me,
    me_provisioned, needs, rights, rights_with, server_admin, sessions_ended, user,
};

const MADE_UP: &str = "abcd-efgh-jkmn";

fn makes_up() -> MockApiKeys {
    let mut keys = MockApiKeys::new();
    keys.expect_generate_password().returning(|| Password::parse(MADE_UP).unwrap());
    keys
}

fn hashes() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher
        .expect_hash()
        .withf(|caller, password| *caller == HashCaller::User(ME) && password.reveal() == MADE_UP)
        .returning(|_, _| Box::pin(async { Ok(hash("it")) }));
    hasher
}

fn looks() -> MockTx {
    MockTx::new().finds_user(user(OTHER)).reads_rights(true)
}

fn locks() -> MockTx {
    MockTx::new().locks_for_change(OTHER, vec![Some(user(OTHER)), Some(server_admin(ME))])
}

fn replaces(mut tx: MockTx) -> MockTx {
    let stored = tx.accounts.expect_set_temporary_password().with(eq(OTHER), eq(hash("it")));
    stored.times(1).returning(|_, _| Ok(()));
    tx.known_devices.expect_forget().with(eq(OTHER), eq(None)).times(1).returning(|_, _| Ok(()));
    tx.sessions.expect_end_all().with(eq(OTHER), eq(None)).times(1).returning(|_, _| Ok(true));
    tx.tokens.expect_end_all().with(eq(OTHER)).times(1).returning(|_| Ok(false));
    tx
}

fn sets(script: Vec<MockTx>, id: UserId) -> (Result<Password, Error>, Vec<Ran>) {
    let storage = ScriptedStorage::new(script.into_iter().map(|tx| tx.authenticates(me())));
    let outcome = block_on(set_temporary_password(&storage, &hashes(), &makes_up(), MY_KEY, id));
    (outcome, storage.finish())
}

#[test]
fn a_made_up_password_ends_all_sessions_of_the_user() {
    let (outcome, ran) = sets(vec![looks(), replaces(locks())], OTHER);
    assert_eq!(outcome, Ok(Password::parse(MADE_UP).unwrap()));
    assert_eq!((ran[0].access.mode, ran[1].access.mode), (Mode::Read, Mode::Write));
    assert_eq!(ran[1].emitted, [sessions_ended(OTHER, Some(ME))]);
    assert_eq!(ran[1].recorded, [AuditEntry::by(&me(), AuditAction::TemporaryPassword).to(OTHER)]);
}

#[test]
fn nothing_is_hashed_for_those_who_may_not_set_a_password() {
    let may_not = MockTx::new().finds_user(user(OTHER)).reads_rights(false);
    assert_eq!(sets(vec![may_not], OTHER).0, Err(needs(ServerPermission::ManageUsers).into()));
    let missing = MockTx::new().misses_user(OTHER);
    assert_eq!(sets(vec![missing], OTHER).0, Err(AccountRefusal::UserNotFound.into()));
    let mut own = MockTx::new().finds_user(server_admin(ME)).reads_rights(true);
    own.server_roles.expect_rights().returning(|_| Ok(Some(rights(true))));
    assert_eq!(sets(vec![own], ME).0, Err(AccountRefusal::CurrentPasswordRequired.into()));
}

#[test]
fn rights_count_when_it_is_stored() {
    let demoted = MockTx::new().locks_for_change(OTHER, vec![Some(user(OTHER)), Some(user(ME))]);
    let (outcome, ran) = sets(vec![looks(), demoted], OTHER);
    assert_eq!(outcome, Err(needs(ServerPermission::ManageUsers).into()));
    assert_eq!(ran[1].decisions, [CommitDecision::RollBack]);
    assert_eq!(
        replace(&mut locks(), &me_provisioned(), OTHER, &hash("it")),
        Err(AccountRefusal::ProvisionedKey.into())
    );
}

#[test]
fn nobody_gets_at_the_account_of_somebody_who_may_do_more() {
    let manager = rights_with(&[ServerPermission::ManageUsers]);
    let target = ServerRights { is_admin: true, ..rights(false) };
    let mut tx = MockTx::new().locks_to_change(OTHER, Some(server_admin(OTHER)), Some(Some(manager)));
    tx.server_roles.expect_rights().with(eq(OTHER)).times(1).returning(move |_| Ok(Some(target)));
    let outcome = replace(&mut tx, &me(), OTHER, &hash("it"));
    assert!(matches!(outcome, Err(Error::Refused(crate::Refusal::Account(AccountRefusal::NotPermitted(_))))));
}

#[test]
fn faults_are_returned() {
    assert_flow_hands_faults_on(
        || [looks(), replaces(locks())].map(|tx| tx.authenticates(me())).into(),
        |storage| block_on(set_temporary_password(storage, &hashes(), &makes_up(), MY_KEY, OTHER)),
    );
}

#[test]
fn a_bot_has_no_password() {
    let looks = MockTx::new().finds_user(bot(OTHER, ME)).reads_rights(true);
    assert_eq!(sets(vec![looks], OTHER).0, Err(AccountRefusal::IsBot.into()));
}
