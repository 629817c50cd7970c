use mockall::predicate::eq;

use super::*;
use crate::events::{Audience, EventRecord, EventType, SubjectIds};
use crate::ids::EventId;
use crate::testing::{MockTx, NOW, assert_hands_faults_on};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn record(at: Timestamp) -> EventRecord {
    EventRecord {
        position: Position::new(7),
        id: EventId::new(7),
        at,
        actor: None,
        audience: Audience::All,
        event_type: EventType::UserUpdated,
        subject: SubjectIds::default(),
    }
}

/// A log whose newest event happened then.
fn newest(at: Option<Timestamp>) -> MockTx {
    let mut tx = MockTx::new();
    let head = at.map_or(Position::ZERO, |_| Position::new(7));
    tx.events.expect_head().times(1).returning(move || Ok(head));
    let before = Position::new(if at.is_some() { 6 } else { 0 });
    let events = at.map(record).into_iter().collect::<Vec<_>>();
    tx.events.expect_after().with(eq(before), eq(1)).times(1).returning(move |_, _| Ok(events.clone()));
    tx
}

#[test]
fn a_clock_before_the_program_is_wrong_whatever_is_stored() {
    let later = NOW.plus(Duration::from_micros(1));
    assert_eq!(doubt_clock(&mut MockTx::new(), later), Ok(Some(ClockDoubt::BeforeProgram)));
}

#[test]
fn a_clock_far_from_the_newest_event_is_doubted() {
    let far = Duration::from_micros(1);
    for (at, doubt) in [
        (NOW, None),
        (NOW.plus(HOUR), None),
        (NOW.plus(HOUR + far), Some(ClockDoubt::Behind(HOUR + far))),
        (NOW.minus(DAY * 365), None),
        (NOW.minus(DAY * 365 + far), Some(ClockDoubt::Ahead(DAY * 365 + far))),
    ] {
        assert_eq!(doubt_clock(&mut newest(Some(at)), NOW), Ok(doubt), "{at:?}");
    }
}

#[test]
fn an_empty_log_says_nothing() {
    assert_eq!(doubt_clock(&mut newest(None), NOW), Ok(None));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| newest(Some(NOW)), |tx| doubt_clock(tx, NOW));
}
