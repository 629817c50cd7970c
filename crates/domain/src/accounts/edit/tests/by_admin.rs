use std::time::Duration;

use super::*;
use crate::accounts::MockPasswordHasher;
use crate::error::Refusal;
use crate::events::{Audience, UserUpdate};
use crate::storage::{Access, Caller, CommitDecision, Mode};
use crate::testing::{
    MY_KEY, OTHER, Ran, ScriptedStorage, accepts_passwords, assert_flow_hands_faults_on, block_on, bot, hash,
    me_provisioned, needs, rights, server_admin, sessions_ended,
};

fn password() -> UserChanges {
    UserChanges { password: Some(Password::parse("new password").unwrap()), ..UserChanges::default() }
}

fn profile() -> UserChanges {
    UserChanges { display_name: renaming().display_name, ..UserChanges::default() }
}

fn demotion() -> UserChanges {
    UserChanges { is_admin: Some(false), ..UserChanges::default() }
}

fn hashes() -> MockPasswordHasher {
    let mut hasher = accepts_passwords();
    hasher
        .expect_hash()
        .withf(|caller, password| *caller == HashCaller::User(ME) && password.reveal() == "new password")
        .times(1)
        .returning(|_, _| Box::pin(async { Ok(hash("new password")) }));
    hasher
}

/// A server admin changes this user.
fn locks(target: User) -> MockTx {
    locks_as(target, server_admin(ME))
}

fn locks_as(target: User, actor: User) -> MockTx {
    MockTx::new().locks_for_change(target.id, vec![Some(target), Some(actor)])
}

/// The check before a password is hashed.
fn looks(target: User) -> MockTx {
    MockTx::new().finds_user(target).reads_rights(true)
}

fn counts_admins(mut tx: MockTx, admins: u64) -> MockTx {
    tx.accounts.expect_count_admins().times(1).returning(move || Ok(admins));
    tx
}

/// The hash is stored, and the user's sessions end.
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

/// Edits that need no hashing.
fn edits(tx: MockTx, id: UserId, changes: UserChanges) -> (Result<User, Error>, Ran) {
    let storage = ScriptedStorage::new([tx.authenticates(me())]);
    let outcome = block_on(edit_user(&storage, &MockPasswordHasher::new(), MY_KEY, id, changes));
    let [ran] = storage.finish_as();
    (outcome, ran)
}

fn refusal(tx: MockTx, id: UserId, changes: UserChanges) -> Option<Error> {
    let (outcome, ran) = edits(tx, id, changes);
    assert_eq!((ran.decisions, ran.emitted), (vec![CommitDecision::RollBack], vec![]));
    outcome.err()
}

#[test]
fn a_server_admin_changes_what_users_could_change_themselves() {
    let (outcome, ran) = edits(stores(locks(user(OTHER)), renamed(user(OTHER))), OTHER, profile());
    assert_eq!(outcome, Ok(renamed(user(OTHER))));
    assert_eq!(ran.access, Access { mode: Mode::Write, caller: Caller::User(ME) });
    let expected = renamed(user(OTHER)).without_private_fields();
    assert_eq!(
        ran.emitted,
        [(Audience::All, Some(ME), Event::UserUpdated(UserUpdate::logged(expected, Audience::All)))]
    );
}

#[test]
fn a_server_admin_changes_the_username() {
    let username = Username::parse("somebody").unwrap();
    let changed = User { username: username.clone(), version: user(OTHER).version.next(), ..user(OTHER) };
    let changes = UserChanges { username: Some(username), ..UserChanges::default() };
    let (outcome, _) = edits(stores(locks(user(OTHER)), changed.clone()), OTHER, changes);
    assert_eq!(outcome, Ok(changed));
}

#[test]
fn a_taken_username_is_rejected() {
    let mut tx = locks(user(OTHER));
    tx.accounts.expect_update().returning(|_| Ok(Unique::Taken));
    let changes = UserChanges { username: Some(user(ME).username), ..UserChanges::default() };
    assert_eq!(refusal(tx, OTHER, changes), Some(AccountRefusal::UsernameTaken.into()));
}

#[test]
fn a_change_that_changes_nothing_stores_and_emits_nothing() {
    let (outcome, ran) = edits(locks(user(OTHER)), OTHER, UserChanges::default());
    assert_eq!((outcome, ran.emitted), (Ok(user(OTHER)), vec![]));
}

#[test]
fn admins_promote_and_demote_users() {
    let next = user(OTHER).version.next();
    let promotion = UserChanges { is_admin: Some(true), ..UserChanges::default() };
    let promoted = User { version: next, ..server_admin(OTHER) };
    let (outcome, _) = edits(stores(locks(user(OTHER)), promoted.clone()), OTHER, promotion);
    assert_eq!(outcome, Ok(promoted));

    let demoted = User { version: next, ..user(OTHER) };
    let tx = stores(counts_admins(locks(server_admin(OTHER)), 2), demoted.clone());
    assert_eq!(edits(tx, OTHER, demotion()).0, Ok(demoted));
}

#[test]
fn the_last_server_admin_cannot_be_demoted() {
    let tx = counts_admins(locks(server_admin(ME)), 1);
    assert_eq!(refusal(tx, ME, demotion()), Some(AccountRefusal::LastAdmin.into()));
}

fn suspension(suspended: bool) -> UserChanges {
    UserChanges { suspended: Some(suspended), ..UserChanges::default() }
}

#[test]
fn a_suspension_ends_the_sessions_and_is_reversible() {
    let next = user(OTHER).version.next();
    let suspended = User { suspended: true, version: next, ..user(OTHER) };
    let mut tx = stores(locks(user(OTHER)), suspended.clone());
    tx.sessions.expect_end_all().with(eq(OTHER), eq(None)).times(1).returning(|_, _| Ok(true));
    let bot = UserId::new(30);
    let (outcome, ran) = edits(tx.owns_bots(OTHER, &[bot]), OTHER, suspension(true));
    assert_eq!(outcome, Ok(suspended.clone()));
    let shown = UserUpdate::logged(suspended.without_private_fields(), Audience::All);
    let updated = (Audience::All, Some(ME), Event::UserUpdated(shown));
    let ended = [OTHER, bot].map(|user| sessions_ended(user, Some(ME)));
    assert_eq!(ran.emitted, [&[updated][..], &ended].concat());
    assert_eq!(ran.recorded, [AuditEntry::by(&me(), AuditAction::UserSuspended).to(OTHER)]);

    let resumed = User { suspended: false, version: next.next(), ..suspended.clone() };
    let (outcome, ran) = edits(stores(locks(suspended.clone()), resumed.clone()), OTHER, suspension(false));
    assert_eq!((outcome, ran.emitted.len()), (Ok(resumed), 1));
    assert_eq!(ran.recorded, [AuditEntry::by(&me(), AuditAction::UserResumed).to(OTHER)]);

    let (outcome, ran) = edits(locks(suspended.clone()), OTHER, suspension(true));
    assert_eq!((outcome, ran.emitted, ran.recorded), (Ok(suspended), vec![], vec![]), "it is already");
}

#[test]
fn nobody_suspends_themselves_and_the_last_admin_is_not() {
    let own = refusal(locks(server_admin(ME)), ME, suspension(true));
    let Some(Error::Refused(Refusal::Invalid(errors))) = own else { panic!("{own:?}") };
    assert_eq!(
        (errors[0].field.as_str(), errors[0].violation.code),
        ("suspended", ViolationCode::OutOfRange)
    );
    let tx = counts_admins(locks(server_admin(OTHER)), 1);
    assert_eq!(refusal(tx, OTHER, suspension(true)), Some(AccountRefusal::LastAdmin.into()));
    let tx = locks_as(user(OTHER), user(ME));
    assert_eq!(refusal(tx, OTHER, suspension(true)), Some(needs(ServerPermission::ManageUsers).into()));
    let provisioned = apply(&mut locks(user(OTHER)), &me_provisioned(), OTHER, &suspension(true), None);
    assert_eq!(provisioned, Err(AccountRefusal::ProvisionedKey.into()));
}

#[test]
fn a_suspended_admin_is_demoted_without_counting_the_others() {
    let suspended = User { suspended: true, ..server_admin(OTHER) };
    let demoted = User { is_admin: false, version: suspended.version.next(), ..suspended.clone() };
    assert_eq!(edits(stores(locks(suspended), demoted.clone()), OTHER, demotion()).0, Ok(demoted));
}

#[test]
fn nobody_else_edits_a_user() {
    let tx = locks_as(user(OTHER), user(ME));
    assert_eq!(refusal(tx, OTHER, profile()), Some(needs(ServerPermission::ManageUsers).into()));
}

#[test]
fn not_found_comes_before_missing_rights_and_these_before_the_last_admin() {
    let tx = MockTx::new().locks_for_change(OTHER, vec![None]);
    assert_eq!(refusal(tx, OTHER, profile()), Some(AccountRefusal::UserNotFound.into()));
    let tx = locks_as(server_admin(OTHER), user(ME));
    assert_eq!(refusal(tx, OTHER, demotion()), Some(needs(ServerPermission::ManageUsers).into()));
}

#[test]
fn a_new_password_ends_all_sessions_of_the_user() {
    let write = replaces_password(locks(user(OTHER)));
    let storage = ScriptedStorage::new([looks(user(OTHER)), write].map(|tx| tx.authenticates(me())));
    let outcome = block_on(edit_user(&storage, &hashes(), MY_KEY, OTHER, password()));
    assert_eq!(outcome, Ok(user(OTHER)));
    let [look, write] = storage.finish_as();
    assert_eq!((look.access.mode, write.access.mode), (Mode::Read, Mode::Write));
    assert_eq!(write.emitted, [sessions_ended(OTHER, Some(ME))], "others see nothing of a password");
}

#[test]
fn admins_cannot_set_their_own_password_without_the_current_one() {
    let mut look = MockTx::new().authenticates(me());
    look.accounts.expect_lock().returning(|_, _| Ok(()));
    look.accounts.expect_find().with(eq(ME)).returning(|id| Ok(Some(server_admin(id))));
    look.server_roles.expect_rights().with(eq(ME)).returning(|_| Ok(Some(rights(true))));
    let storage = ScriptedStorage::new([look]);
    let outcome = block_on(edit_user(&storage, &MockPasswordHasher::new(), MY_KEY, ME, password()));
    assert_eq!(outcome, Err(AccountRefusal::CurrentPasswordRequired.into()));
    storage.finish();
}

#[test]
fn a_provisioned_key_changes_a_profile_but_no_name_and_no_rights() {
    let renaming = UserChanges { username: Some(user(ME).username), ..UserChanges::default() };
    let promotion = UserChanges { is_admin: Some(true), ..UserChanges::default() };
    for changes in [renaming, promotion, demotion()] {
        let outcome = apply(&mut locks(user(OTHER)), &me_provisioned(), OTHER, &changes, None);
        assert_eq!(outcome, Err(AccountRefusal::ProvisionedKey.into()));
    }
    let mut tx = stores(locks(user(OTHER)), renamed(user(OTHER)));
    assert!(apply(&mut tx, &me_provisioned(), OTHER, &profile(), None).is_ok());
}

/// Why a new password is rejected before it is hashed.
fn refusal_at_the_look(look: MockTx, actor: Actor) -> Option<Error> {
    let storage = ScriptedStorage::new([look.authenticates(actor)]);
    let outcome = block_on(edit_user(&storage, &MockPasswordHasher::new(), MY_KEY, OTHER, password()));
    storage.finish();
    outcome.err()
}

#[test]
fn nothing_is_hashed_for_those_who_may_not_set_a_password() {
    let look = MockTx::new().misses_user(OTHER);
    assert_eq!(refusal_at_the_look(look, me()), Some(AccountRefusal::UserNotFound.into()));

    let look = MockTx::new().finds_user(user(OTHER)).reads_rights(false);
    assert_eq!(refusal_at_the_look(look, me()), Some(needs(ServerPermission::ManageUsers).into()));

    let refusal = refusal_at_the_look(looks(user(OTHER)), me_provisioned());
    assert_eq!(refusal, Some(AccountRefusal::ProvisionedKey.into()));
}

#[test]
fn an_admin_who_is_demoted_while_the_password_is_hashed_changes_nothing() {
    let script = [looks(user(OTHER)), locks_as(user(OTHER), user(ME))];
    let storage = ScriptedStorage::new(script.map(|tx| tx.authenticates(me())));
    let outcome = block_on(edit_user(&storage, &hashes(), MY_KEY, OTHER, password()));
    assert_eq!(outcome, Err(needs(ServerPermission::ManageUsers).into()));
    let [_, write] = storage.finish_as();
    assert_eq!(write.decisions, [CommitDecision::RollBack]);
}

#[test]
fn a_busy_hasher_stores_nothing_and_is_not_a_rejection() {
    let busy = Error::Busy { retry_after: Duration::from_secs(1) };
    let mut hasher = accepts_passwords();
    let answer = busy.clone();
    hasher.expect_hash().return_once(|_, _| Box::pin(async { Err(answer) }));
    let storage = ScriptedStorage::new([looks(user(OTHER)).authenticates(me())]);
    assert_eq!(block_on(edit_user(&storage, &hasher, MY_KEY, OTHER, password())), Err(busy));
    storage.finish();
}

#[test]
fn faults_are_returned() {
    let demoted = User { version: user(OTHER).version.next(), ..user(OTHER) };
    assert_hands_faults_on(
        || {
            let tx = stores(counts_admins(locks(server_admin(OTHER)), 2), demoted.clone());
            replaces_password(tx)
        },
        |tx| apply(tx, &me(), OTHER, &demotion(), Some(&hash("new password"))),
    );
    assert_hands_faults_on(|| looks(user(OTHER)), |tx| may_set_password(tx, &me(), OTHER));
    let write = || replaces_password(locks(user(OTHER)));
    assert_flow_hands_faults_on(
        || [looks(user(OTHER)), write()].map(|tx| tx.authenticates(me())).into(),
        |storage| {
            let mut hasher = accepts_passwords();
            hasher.expect_hash().returning(|_, _| Box::pin(async { Ok(hash("new password")) }));
            block_on(edit_user(storage, &hasher, MY_KEY, OTHER, password()))
        },
    );
}

#[test]
fn a_bot_is_renamed_and_suspended_but_becomes_no_person() {
    let found = || locks(bot(OTHER, ME));
    let next = bot(OTHER, ME).version.next();
    let suspended = User { suspended: true, version: next, ..bot(OTHER, ME) };
    let mut tx = stores(found(), suspended.clone());
    tx.sessions.expect_end_all().with(eq(OTHER), eq(None)).times(1).returning(|_, _| Ok(false));
    assert_eq!(edits(tx.owns_bots(OTHER, &[]), OTHER, suspension(true)).0, Ok(suspended));
    let as_it_is = UserChanges { is_admin: Some(false), email: Some(None), ..UserChanges::default() };
    assert_eq!(edits(found(), OTHER, as_it_is).0, Ok(bot(OTHER, ME)));

    let promotion = UserChanges { is_admin: Some(true), ..UserChanges::default() };
    let email = Some(Email::parse("bot@example.org").ok());
    let reachable = UserChanges { email, ..UserChanges::default() };
    for changes in [promotion, reachable] {
        assert_eq!(refusal(found(), OTHER, changes), Some(AccountRefusal::IsBot.into()));
    }
}
