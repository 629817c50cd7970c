//! Those of keys are with the storage's.

use mockall::predicate::eq;

use super::*;
use std::time::Duration;

use crate::accounts::{AccountRefusal, FactorPolicy, FactorStanding, Origin, UserAgent};
use crate::ids::UserId;
use crate::storage::{CommitDecision, Credential, Done, OpenSession, Work, WriteLimiter};
use crate::testing::{ME, MY_KEY, MY_SESSION, MockTx, NOW, ScriptedStorage, block_on, fault, me};

const OPEN: OpenSession = OpenSession { user: ME, session: MY_SESSION, key: None, origin: Origin::UNKNOWN };

/// The session is looked up once.
fn looks_up(holder: Option<Actor>) -> MockTx {
    let mut tx = MockTx::new();
    let found = tx.sessions.expect_holder().with(eq(MY_SESSION), eq(NOW));
    found.times(1).returning(move |_, _| Ok(holder.clone()));
    tx
}

/// Work that must not be reached.
fn unreachable_work(_: &mut dyn Tx, _: &Actor) -> Result<(), Error> {
    panic!("the work ran")
}

#[test]
fn an_open_session_is_the_one_that_its_actor_showed() {
    assert_eq!(OpenSession::from(&me()), OPEN);
}

#[test]
fn who_holds_an_open_session_reads_and_writes_in_turns_of_their_own() {
    // No key is known; none is asked for.
    let storage = ScriptedStorage::new([looks_up(Some(me())), looks_up(Some(me()))]).without_known_keys();
    let port: &dyn Storage = &storage;
    assert_eq!(block_on(port.read_as(OPEN, |_, actor| Ok(actor.clone()))), Ok(me()));
    assert_eq!(block_on(port.write_as(OPEN, |_, actor| Ok(actor.clone()))), Ok(me()));
    let [read, write] = storage.finish_as();
    let caller = Caller::User(ME);
    assert_eq!(read.access, Access { mode: Mode::Read, caller });
    assert_eq!(write.access, Access { mode: Mode::Write, caller });
    assert_eq!(write.noted, [], "no key was shown");
}

#[test]
fn a_session_that_has_ended_does_nothing_more() {
    let storage = ScriptedStorage::new([looks_up(None), looks_up(None)]);
    let port: &dyn Storage = &storage;
    let refused = Err(AccountRefusal::Unauthenticated.into());
    assert_eq!(block_on(port.read_as(OPEN, unreachable_work)), refused);
    assert_eq!(block_on(port.write_as(OPEN, unreachable_work)), refused);
    for ran in storage.finish() {
        assert_eq!(ran.decisions, [CommitDecision::RollBack]);
    }
}

#[test]
fn who_must_change_the_password_gets_only_what_is_open_before() {
    let must_change = || looks_up(Some(Actor { must_change_password: true, ..me() }));
    let storage = ScriptedStorage::new((0..4).map(|_| must_change()));
    let port: &dyn Storage = &storage;
    let refused = Err(AccountRefusal::PasswordChangeRequired.into());
    assert_eq!(block_on(port.read_as(OPEN, unreachable_work)), refused);
    assert_eq!(block_on(port.write_as(OPEN, unreachable_work)), refused);
    let asking = Asking::from(OPEN).before_password_change();
    assert_eq!(block_on(port.read_as(asking, |_, actor| Ok(actor.id()))), Ok(ME));
    let writing = Writing::new(OPEN, WritePurpose::Secure).before_password_change();
    assert_eq!(block_on(port.write_as(writing, |_, actor| Ok(actor.id()))), Ok(ME));
    storage.finish();
}

#[test]
fn a_key_that_is_new_to_the_server_is_checked_for_what_is_open_before() {
    let must_change = || MockTx::new().authenticates(Actor { must_change_password: true, ..me() });
    let storage = ScriptedStorage::new([must_change(), must_change()]).without_known_keys();
    let writing = Writing::new(MY_KEY, WritePurpose::Secure).before_password_change();
    let port: &dyn Storage = &storage;
    assert_eq!(block_on(port.write_as(writing, |_, actor| Ok(actor.id()))), Ok(ME));
    storage.finish();
}

/// A storage of a server that requires a second factor of admins.
struct Requiring(ScriptedStorage);

impl Storage for Requiring {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&self.0)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.0.submit(access, work)
    }

    fn factor_policy(&self) -> FactorPolicy {
        FactorPolicy::Admins
    }
}

#[test]
fn who_lacks_a_factor_gets_only_what_is_open_before() {
    let admin = |owner, has_factor| {
        let factor = FactorStanding { is_admin: true, owner };
        let mut tx = looks_up(Some(Actor { factor, ..me() }));
        let holder = owner.unwrap_or(ME);
        tx.factors.expect_has_any().with(eq(holder)).times(1).returning(move |_| Ok(has_factor));
        tx
    };
    let lacks = || admin(None, false);
    // A bot has the factor of its owner. Of the last one, none is required, so it isn't looked up.
    let others = [admin(None, true), admin(Some(UserId::new(2)), true), looks_up(Some(me()))];
    let storage =
        Requiring(ScriptedStorage::new([lacks(), lacks(), lacks(), lacks()].into_iter().chain(others)));
    let port: &dyn Storage = &storage;
    let refused = Err(AccountRefusal::FactorRequired.into());
    assert_eq!(block_on(port.read_as(OPEN, unreachable_work)), refused);
    assert_eq!(block_on(port.write_as(OPEN, unreachable_work)), refused);
    let asking = Asking::from(OPEN).before_factor();
    assert_eq!(block_on(port.read_as(asking, |_, actor| Ok(actor.id()))), Ok(ME));
    let writing = Writing::new(OPEN, WritePurpose::Secure).before_factor();
    assert_eq!(block_on(port.write_as(writing, |_, actor| Ok(actor.id()))), Ok(ME));
    for _ in 0..3 {
        assert_eq!(block_on(port.read_as(OPEN, |_, actor| Ok(actor.id()))), Ok(ME));
    }
    storage.0.finish();
}

#[test]
fn a_fault_while_the_session_is_looked_up_is_no_refusal() {
    let mut tx = MockTx::new();
    tx.sessions.expect_holder().returning(|_, _| Err(fault()));
    let storage = ScriptedStorage::new([tx]);
    let outcome = block_on((&storage as &dyn Storage).write_as(OPEN, unreachable_work));
    assert_eq!(outcome, Err(fault().into()));
}

/// A storage whose writes are guarded: by what the limiter says, and with so much room on its disk.
struct Guarded {
    storage: ScriptedStorage,
    pace: Result<(), Duration>,
    is_nearly_full: bool,
}

impl Storage for Guarded {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&self.storage)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.storage.submit(access, work)
    }

    fn write_limiter(&self) -> Option<&dyn WriteLimiter> {
        Some(self)
    }

    fn disk_space(&self) -> Option<&dyn DiskSpace> {
        Some(self)
    }
}

impl WriteLimiter for Guarded {
    fn take(&self, caller: Caller, bytes: usize) -> Result<(), Duration> {
        assert_eq!((caller, bytes), (Caller::User(ME), TEXT.len()));
        self.pace
    }
}

impl DiskSpace for Guarded {
    fn is_nearly_full(&self) -> bool {
        self.is_nearly_full
    }
}

const TEXT: &str = "hello";
const WAIT: Duration = Duration::from_secs(3);

/// Somebody, or a server admin, writes; `None` if their rights are not asked for.
fn writes(is_admin: Option<bool>) -> MockTx {
    let mut tx = looks_up(Some(me()));
    if let Some(is_admin) = is_admin {
        tx = tx.may_manage(is_admin);
    }
    tx
}

fn with_text(purpose: WritePurpose) -> Writing {
    Writing { purpose, ..Writing::of_text(OPEN, TEXT) }
}

#[test]
fn a_pace_holds_up_all_writes_but_those_that_secure_an_account() {
    let slow = |script: Vec<MockTx>| Guarded {
        storage: ScriptedStorage::new(script),
        pace: Err(WAIT),
        is_nearly_full: false,
    };
    for purpose in [WritePurpose::Grow, WritePurpose::Tidy] {
        let storage = slow(vec![]);
        let outcome = block_on((&storage as &dyn Storage).write_as(with_text(purpose), unreachable_work));
        assert_eq!(outcome, Err(Error::RateLimited { retry_after: WAIT }), "{purpose:?}");
    }
    let storage = slow(vec![writes(None)]);
    let securing = with_text(WritePurpose::Secure);
    assert_eq!(block_on((&storage as &dyn Storage).write_as(securing, |_, _| Ok(()))), Ok(()));
    storage.storage.finish_as::<1>();
}

#[test]
fn reads_have_no_pace() {
    let storage =
        Guarded { storage: ScriptedStorage::new([writes(None)]), pace: Err(WAIT), is_nearly_full: true };
    assert_eq!(block_on((&storage as &dyn Storage).read_as(OPEN, |_, _| Ok(()))), Ok(()));
}

#[test]
fn while_the_disk_is_nearly_full_only_server_admins_add_something() {
    for (purpose, is_admin, goes_on) in [
        (WritePurpose::Grow, Some(false), false),
        (WritePurpose::Grow, Some(true), true),
        (WritePurpose::Tidy, None, true),
        (WritePurpose::Secure, None, true),
    ] {
        let script = ScriptedStorage::new([writes(is_admin)]);
        let storage = Guarded { storage: script, pace: Ok(()), is_nearly_full: true };
        let outcome = block_on((&storage as &dyn Storage).write_as(with_text(purpose), |_, _| Ok(())));
        let expected = if goes_on { Ok(()) } else { Err(Error::StorageFull) };
        assert_eq!(outcome, expected, "{purpose:?} {is_admin:?}");
    }
}

#[test]
fn an_actor_comes_from_where_the_request_comes_from() {
    let origin = Origin { address: "192.0.2.7".parse().ok(), user_agent: UserAgent::cut("cli/1") };
    let mut with_key = MockTx::new();
    with_key.sessions.expect_authenticate().returning(|_, _| Ok(Some(me())));
    let storage = ScriptedStorage::new([looks_up(Some(me())), with_key]);
    let port: &dyn Storage = &storage;
    let asks = |who: Principal| block_on(port.read_as(who, |_, actor| Ok(actor.origin)));
    assert_eq!(asks(OpenSession { origin, ..OPEN }.into()), Ok(origin));
    assert_eq!(asks(Credential { origin, ..MY_KEY }.into()), Ok(origin));
    storage.finish();
}

#[test]
fn a_connection_lasts_as_long_as_its_session_and_counts_as_a_use() {
    let opened = Principal::from(MY_KEY).opened(&me());
    let storage = ScriptedStorage::new([MockTx::new().holds_session(me())]);
    let storage: &dyn Storage = &storage;
    let asked = block_on(storage.read_as(opened, |_, actor| Ok(actor.session)));
    assert_eq!(asked, Ok(MY_SESSION));
    // Opened again, as when a connection hands it on.
    assert_eq!(opened.opened(&me()), opened);
}
