use std::sync::Mutex;

use mockall::predicate::eq;

use super::*;
use crate::events::{Audience, Event, MockLiveEvents, ReminderUpdate};
use crate::ids::Seq;
use crate::saved::{OwnReminder, Reminder};
use crate::storage::StorageFault;
use crate::testing::{
    GROUP, ME, MESSAGE, MockTx, NOW, Ran, ScriptedStorage, Step, block_on, fault, reminder, scheduled,
};
use crate::time::Timestamp;

const ID: ScheduledId = ScheduledId::new(5);

/// These are due, and others next.
fn looks(
    reminders: Vec<(UserId, MessageId)>,
    messages: Vec<Scheduled>,
    next: [Option<Timestamp>; 2],
) -> MockTx {
    let mut tx = MockTx::new();
    tx.reminders
        .expect_due()
        .with(eq(NOW), eq(AT_ONCE))
        .times(1)
        .returning(move |_, _| Ok(reminders.clone()));
    tx.scheduled.expect_due().with(eq(NOW), eq(AT_ONCE)).times(1).returning(move |_, _| Ok(messages.clone()));
    let [reminder, message] = next;
    tx.reminders.expect_next_due().returning(move || Ok(reminder));
    tx.scheduled.expect_next_due().returning(move || Ok(message));
    tx
}

fn nothing() -> MockTx {
    looks(Vec::new(), Vec::new(), [None, None])
}

type Outcome = (Result<Option<Duration>, Error>, Vec<(Due, Error)>, Vec<Ran>);

fn run(script: Vec<Step>) -> Outcome {
    let storage = ScriptedStorage::of(script);
    let failures = Mutex::new(Vec::new());
    let ports = DuePorts { storage: &storage, live: &MockLiveEvents::new(), name_of: &|_| "refused" };
    let report = |due, error: &Error| failures.lock().unwrap().push((due, error.clone()));
    let outcome = block_on(run_due(&ports, report)).map(|run| run.next);
    (outcome, failures.into_inner().unwrap(), storage.finish())
}

#[test]
fn nothing_is_written_until_something_is_due() {
    let second = Duration::from_secs(1);
    for (next, wait) in [
        ([None, None], None),
        ([Some(NOW.plus(second)), None], Some(second)),
        ([Some(NOW.plus(2 * second)), Some(NOW.plus(second))], Some(second)),
        // It has become due since.
        ([None, Some(NOW)], Some(Duration::ZERO)),
    ] {
        let (outcome, failures, ran) = run(vec![looks(Vec::new(), Vec::new(), next).into()]);
        assert_eq!((outcome, failures), (Ok(wait), vec![]));
        assert_eq!(ran[0].access, READ);
    }
}

#[test]
fn a_user_is_reminded_once() {
    let rung = Reminder { is_due: true, ..reminder(ME) };
    let mut rings = MockTx::new();
    let own = OwnReminder { reminder: rung, group: GROUP, history_seq: Seq::new(30) };
    rings.reminders.expect_ring().with(eq(ME), eq(MESSAGE), eq(NOW)).returning(move |_, _, _| Ok(Some(own)));
    let mut rung_by_another = MockTx::new();
    rung_by_another.reminders.expect_ring().returning(|_, _, _| Ok(None));
    for (ring, told) in [(rings, 1), (rung_by_another, 0)] {
        let script =
            vec![looks(vec![(ME, MESSAGE)], Vec::new(), [None, None]).into(), ring.into(), nothing().into()];
        let (outcome, failures, ran) = run(script);
        assert_eq!((outcome, failures), (Ok(None), vec![]));
        let update = ReminderUpdate { user: ME, group: GROUP, message: MESSAGE, reminder: Some(rung) };
        assert_eq!(ran[1].emitted, vec![(Audience::User(ME), None, Event::ReminderDue(update)); told]);
        assert_eq!(ran[1].access, WRITE);
    }
}

#[test]
fn what_fails_is_put_off_and_the_others_get_their_turn() {
    let mut postpones = MockTx::new();
    let until = NOW.plus(RETRY_AFTER);
    postpones.scheduled.expect_postpone().with(eq(ID), eq(until)).times(1).returning(|_, _| Ok(()));
    let mut other = MockTx::new();
    other.scheduled.expect_take().with(eq(ScheduledId::new(6)), eq(NOW)).times(1).returning(|_, _| Ok(None));
    let messages = vec![scheduled(ME), Scheduled { id: ScheduledId::new(6), ..scheduled(ME) }];
    let (outcome, failures, _) = run(vec![
        looks(Vec::new(), messages, [None, None]).into(),
        Step::refused(fault()),
        postpones.into(),
        other.into(),
        nothing().into(),
    ]);
    assert_eq!(outcome, Ok(None));
    assert_eq!(failures, [(Due::Message(ID), fault().into())]);
}

#[test]
fn a_storage_that_is_gone_ends_the_run() {
    let (outcome, failures, _) = run(vec![Step::refused(StorageFault::Panicked)]);
    assert_eq!((outcome, failures), (Err(StorageFault::Panicked.into()), vec![]));
}
