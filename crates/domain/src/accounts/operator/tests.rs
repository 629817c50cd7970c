use mockall::Sequence;
use mockall::predicate::{always, eq};

use super::*;
use crate::accounts::{MockPasswordHasher, Username};
use crate::events::{Audience, Event, UserUpdate};
use crate::paging::Limit;
use crate::storage::CommitDecision;
use crate::storage::Unique;
use crate::testing::{
    ME, MockTx, OTHER, ScriptedStorage, accepts_passwords, assert_flow_hands_faults_on, block_on, bot, hash,
    placed, server_admin, sessions_ended, user,
};

fn name(user: &User) -> UsernameKey {
    user.username.key()
}

/// A transaction in which the name is looked up.
fn looks_up(found: Option<User>) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_find_by_username().times(1).returning(move |_| Ok(found.clone()));
    tx
}

/// A transaction in which the name is looked up, then the user is locked and read.
fn locks(by_name: &User, by_id: Option<User>) -> MockTx {
    let mut tx = MockTx::new();
    let (mut order, id, found) = (Sequence::new(), by_name.id, by_name.clone());
    tx.accounts
        .expect_find_by_username()
        .with(eq(name(by_name)))
        .times(1)
        .in_sequence(&mut order)
        .returning(move |_| Ok(Some(found.clone())));
    tx.accounts
        .expect_lock()
        .withf(move |users, strength| users == [id] && *strength == LockStrength::Exclusive)
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(()));
    let find = tx.accounts.expect_find().with(eq(id)).times(1).in_sequence(&mut order);
    find.returning(move |_| Ok(by_id.clone()));
    tx
}

/// The same, after the set of server admins is locked.
fn locks_with_admins(found: &User) -> MockTx {
    let mut tx = locks(found, Some(found.clone()));
    tx.accounts.expect_lock_admins().times(1).returning(|| Ok(()));
    tx
}

fn counts_admins(mut tx: MockTx, admins: u64) -> MockTx {
    tx.accounts.expect_count_admins().times(1).returning(move || Ok(admins));
    tx
}

fn stores(mut tx: MockTx, changed: User) -> MockTx {
    tx.accounts.expect_update().with(eq(changed)).times(1).returning(|_| Ok(Unique::Stored(())));
    tx
}

fn deletes(tx: MockTx) -> MockTx {
    tx.deletes_user(OTHER, &[])
}

fn replaces_password(mut tx: MockTx) -> MockTx {
    tx.accounts
        .expect_set_password()
        .with(eq(OTHER), eq(hash("new password")))
        .times(1)
        .returning(|_, _| Ok(()));
    tx.known_devices.expect_forget().with(eq(OTHER), eq(None)).times(1).returning(|_, _| Ok(()));
    tx.sessions.expect_end_all().with(eq(OTHER), eq(None)).times(1).returning(|_, _| Ok(true));
    tx.tokens.expect_end_all().with(eq(OTHER)).times(1).returning(|_| Ok(false));
    tx
}

fn hashes() -> MockPasswordHasher {
    let mut hasher = accepts_passwords();
    hasher.expect_hash().with(eq(HashCaller::System), always()).returning(|_, password| {
        let hash = hash(password.reveal());
        Box::pin(async { Ok(hash) })
    });
    hasher
}

fn new_password() -> Password {
    Password::parse("new password").unwrap()
}

#[test]
fn a_list_shows_addresses_to_the_operator() {
    let query = UserQuery { search: None, after: None, limit: Limit::parse(1).unwrap() };
    let mut tx = MockTx::new();
    tx.accounts
        .expect_list()
        .with(eq(query.clone()))
        .times(1)
        .returning(|_| Ok(placed([user(ME), user(OTHER)])));
    let storage = ScriptedStorage::new([tx]);
    let page = block_on(list(&storage, query));
    assert_eq!(page, Ok(Page { items: placed([user(ME)]), more: true }));
    let [ran] = storage.finish_as();
    assert_eq!(ran.access, READ);
}

#[test]
fn a_new_password_ends_all_sessions_of_the_user() {
    let write = replaces_password(locks(&user(OTHER), Some(user(OTHER))));
    let storage = ScriptedStorage::new([looks_up(Some(user(OTHER))), write]);
    let set = block_on(set_password(&storage, &hashes(), name(&user(OTHER)), new_password()));
    assert_eq!(set, Ok(user(OTHER)));
    let [look, write] = storage.finish_as();
    assert_eq!((look.access, write.access), (READ, WRITE));
    assert_eq!(write.decisions, [CommitDecision::Commit]);
    assert_eq!(write.emitted, [sessions_ended(OTHER, None)]);
}

#[test]
fn nothing_is_hashed_for_an_unknown_user() {
    let storage = ScriptedStorage::new([looks_up(None)]);
    let set =
        block_on(set_password(&storage, &MockPasswordHasher::new(), name(&user(OTHER)), new_password()));
    assert_eq!(set, Err(AccountRefusal::UserNotFound.into()));
    storage.finish();
}

#[test]
fn a_user_becomes_a_server_admin_and_everyone_sees_it() {
    let promoted = User { is_admin: true, version: user(OTHER).version.next(), ..user(OTHER) };
    let storage = ScriptedStorage::new([stores(locks_with_admins(&user(OTHER)), promoted.clone())]);
    assert_eq!(block_on(set_admin(&storage, name(&user(OTHER)), true)), Ok(promoted.clone()));
    let [ran] = storage.finish_as();
    assert_eq!(ran.access, WRITE);
    assert_eq!(
        ran.emitted,
        [(
            Audience::All,
            None,
            Event::UserUpdated(UserUpdate::logged(promoted.without_private_fields(), Audience::All))
        )]
    );
}

#[test]
fn promoting_a_server_admin_changes_nothing() {
    let storage = ScriptedStorage::new([locks_with_admins(&server_admin(OTHER))]);
    assert_eq!(block_on(set_admin(&storage, name(&user(OTHER)), true)), Ok(server_admin(OTHER)));
    let [ran] = storage.finish_as();
    assert_eq!(ran.emitted, []);
}

#[test]
fn a_server_admin_is_demoted_while_another_stays() {
    let demoted = User { version: user(OTHER).version.next(), ..user(OTHER) };
    let tx = stores(counts_admins(locks_with_admins(&server_admin(OTHER)), 2), demoted.clone());
    let storage = ScriptedStorage::new([tx]);
    assert_eq!(block_on(set_admin(&storage, name(&user(OTHER)), false)), Ok(demoted));
    storage.finish();
}

#[test]
fn the_operator_suspends_and_resumes_a_user() {
    let next = user(OTHER).version.next();
    let suspended = User { suspended: true, version: next, ..user(OTHER) };
    let mut tx = stores(locks_with_admins(&user(OTHER)), suspended.clone());
    tx.sessions.expect_end_all().with(eq(OTHER), eq(None)).times(1).returning(|_, _| Ok(true));
    let storage = ScriptedStorage::new([tx.owns_bots(OTHER, &[])]);
    assert_eq!(block_on(set_suspended(&storage, name(&user(OTHER)), true)), Ok(suspended.clone()));
    let [ran] = storage.finish_as();
    assert_eq!((ran.access, ran.emitted.len()), (WRITE, 2));
    assert_eq!(ran.emitted[1], sessions_ended(OTHER, None));
    assert_eq!(ran.recorded, [AuditEntry::by_operator(AuditAction::UserSuspended).to(OTHER)]);

    let resumed = User { suspended: false, version: next.next(), ..suspended.clone() };
    let storage = ScriptedStorage::new([stores(locks_with_admins(&suspended), resumed.clone())]);
    assert_eq!(block_on(set_suspended(&storage, name(&user(OTHER)), false)), Ok(resumed));
    let [ran] = storage.finish_as();
    assert_eq!(ran.recorded, [AuditEntry::by_operator(AuditAction::UserResumed).to(OTHER)]);
}

#[test]
fn the_operator_makes_a_bot_no_person() {
    let found = bot(OTHER, ME);
    let storage = ScriptedStorage::new([looks_up(Some(found.clone()))]);
    let set = block_on(set_password(&storage, &MockPasswordHasher::new(), name(&found), new_password()));
    assert_eq!(set, Err(AccountRefusal::IsBot.into()));
    let storage = ScriptedStorage::new([locks_with_admins(&found)]);
    let promoted = block_on(set_admin(&storage, name(&found), true));
    assert_eq!(promoted, Err(AccountRefusal::IsBot.into()));
    let storage = ScriptedStorage::new([locks(&found, Some(found.clone()))]);
    assert_eq!(block_on(reset_factors(&storage, name(&found))), Err(AccountRefusal::IsBot.into()));
}

#[test]
fn the_operator_removes_the_factors_of_a_user() {
    let resets = || {
        let mut tx = locks(&user(OTHER), Some(user(OTHER)));
        tx.factors.expect_remove().with(eq(OTHER)).times(1).returning(|_| Ok(true));
        tx.sessions.expect_end_all().with(eq(OTHER), eq(None)).times(1).returning(|_, _| Ok(true));
        tx
    };
    let storage = ScriptedStorage::new([resets()]);
    assert_eq!(block_on(reset_factors(&storage, name(&user(OTHER)))), Ok(user(OTHER)));
    let [ran] = storage.finish_as();
    let updated = (Audience::User(OTHER), None, Event::FactorsUpdated(OTHER));
    assert_eq!(ran.emitted, [updated, sessions_ended(OTHER, None)]);
    assert_eq!(ran.recorded, [AuditEntry::by_operator(AuditAction::FactorsReset).to(OTHER)]);
    let reset = |storage: &ScriptedStorage| block_on(reset_factors(storage, name(&user(OTHER))));
    assert_flow_hands_faults_on(|| vec![resets()], reset);
}

#[test]
fn the_last_server_admin_is_neither_demoted_nor_suspended_nor_deleted() {
    let last = || counts_admins(locks_with_admins(&server_admin(OTHER)), 1);
    for way in 0..3 {
        let storage = ScriptedStorage::new([last()]);
        let name = name(&server_admin(OTHER));
        let outcome = match way {
            0 => block_on(set_admin(&storage, name, false)),
            1 => block_on(set_suspended(&storage, name, true)),
            _ => block_on(delete(&storage, name)),
        };
        assert_eq!(outcome, Err(AccountRefusal::LastAdmin.into()));
        let [ran] = storage.finish_as();
        assert_eq!((ran.decisions, ran.emitted), (vec![CommitDecision::RollBack], vec![]));
    }
}

#[test]
fn a_deleted_user_loses_name_keys_and_rights_at_once_and_memberships_by_a_job() {
    let storage = ScriptedStorage::new([deletes(locks_with_admins(&user(OTHER)))]);
    assert_eq!(block_on(delete(&storage, name(&user(OTHER)))), Ok(user(OTHER)));
    let [ran] = storage.finish_as();
    assert_eq!(ran.emitted, [(Audience::All, None, Event::UserDeleted(OTHER))]);
}

#[test]
fn a_name_that_changed_hands_before_the_lock_is_not_found() {
    let renamed = User { username: Username::parse("renamed").unwrap(), ..user(OTHER) };
    for now in [None, Some(renamed)] {
        let mut tx = locks(&user(OTHER), now);
        tx.accounts.expect_lock_admins().times(1).returning(|| Ok(()));
        let storage = ScriptedStorage::new([tx]);
        let outcome = block_on(delete(&storage, name(&user(OTHER))));
        assert_eq!(outcome, Err(AccountRefusal::UserNotFound.into()));
        storage.finish();
    }
}

#[test]
fn faults_are_returned() {
    assert_flow_hands_faults_on(
        || {
            let write = replaces_password(locks(&user(OTHER), Some(user(OTHER))));
            vec![looks_up(Some(user(OTHER))), write]
        },
        |storage| block_on(set_password(storage, &hashes(), name(&user(OTHER)), new_password())),
    );
    assert_flow_hands_faults_on(
        || vec![deletes(counts_admins(locks_with_admins(&server_admin(OTHER)), 2))],
        |storage| block_on(delete(storage, name(&server_admin(OTHER)))),
    );
}
