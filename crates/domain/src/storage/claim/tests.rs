//! Those of keys are with the storage's.

use mockall::predicate::eq;

use super::*;
use crate::storage::Verdict;
use crate::testing::{ME, MY_SESSION, MockTx, NOW, ScriptedStorage, block_on, fault, me};

const OPEN: OpenSession = OpenSession { user: ME, session: MY_SESSION };

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
        assert_eq!(ran.verdicts, [Verdict::RollBack]);
    }
}

#[test]
fn a_fault_while_the_session_is_looked_up_is_no_refusal() {
    let mut tx = MockTx::new();
    tx.sessions.expect_holder().returning(|_, _| Err(fault()));
    let storage = ScriptedStorage::new([tx]);
    let outcome = block_on((&storage as &dyn Storage).write_as(OPEN, unreachable_work));
    assert_eq!(outcome, Err(fault().into()));
}
