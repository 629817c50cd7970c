use mockall::predicate::eq;

use super::*;
use crate::ids::SessionId;
use crate::storage::CommitDecision;
use crate::testing::{
    MY_SESSION, MockTx, NOW, Ran, ScriptedStorage, assert_flow_hands_faults_on, assert_hands_faults_on,
    block_on, me,
};

const TICKET: KeyHash = KeyHash::new([9; 32]);

/// When valid tickets expire: no later than one that was just issued by a clock that is a minute ahead.
const GOOD: Span = Span { after: NOW, until: Timestamp::from_micros(NOW.as_micros() + 90_000_000) };

/// When tickets expire that are not removed: they are valid to this server, or may be to one with another clock.
const KEPT: Span = Span {
    after: Timestamp::from_micros(NOW.as_micros() - 60_000_000),
    until: Timestamp::from_micros(NOW.as_micros() + 3_600_000_000),
};

fn issues() -> MockTx {
    let mut tx = MockTx::new();
    let new = NewTicket { session: MY_SESSION, hash: TICKET, expires_at: NOW.plus(TICKET_LIFETIME) };
    tx.tickets.expect_remove_oldest().with(eq(MY_SESSION), eq(31)).times(1).returning(|_, _| Ok(()));
    tx.tickets.expect_insert().with(eq(new)).times(1).returning(|_| Ok(()));
    tx
}

fn looks(is_valid: bool) -> MockTx {
    let mut tx = MockTx::new();
    tx.tickets.expect_is_valid().with(eq(TICKET), eq(GOOD)).times(1).returning(move |_, _| Ok(is_valid));
    tx
}

fn redeems(session: Option<SessionId>) -> MockTx {
    let mut tx = MockTx::new();
    tx.tickets.expect_redeem().with(eq(TICKET), eq(GOOD)).times(1).returning(move |_, _| Ok(session));
    tx
}

/// The session is looked up, and has this holder.
fn held_by(mut tx: MockTx, holder: Option<Actor>) -> MockTx {
    let found = tx.sessions.expect_holder().with(eq(MY_SESSION), eq(NOW));
    found.times(1).returning(move |_, _| Ok(holder.clone()));
    tx
}

fn run<const N: usize>(script: [MockTx; N]) -> (Result<Actor, Error>, [Ran; N]) {
    let storage = ScriptedStorage::new(script);
    (block_on(redeem_ticket(&storage, TICKET, Network::UNKNOWN)), storage.finish_as())
}

fn invalid<T>() -> Result<T, Error> {
    Err(AccountRefusal::TicketInvalid.into())
}

#[test]
fn a_ticket_is_valid_for_half_a_minute_and_replaces_the_oldest() {
    assert_eq!(issue_ticket(&mut issues(), &me(), TICKET), Ok(NOW.plus(Duration::from_secs(30))));
}

#[test]
fn a_ticket_stands_for_its_session() {
    let (outcome, [look, write]) = run([looks(true), held_by(redeems(Some(MY_SESSION)), Some(me()))]);
    assert_eq!(outcome, Ok(me()));
    let caller = Caller::Network(Network::UNKNOWN);
    assert_eq!(look.access, Access { mode: Mode::Read, caller });
    assert_eq!(write.access, Access { mode: Mode::Write, caller });
    assert_eq!(write.decisions, [CommitDecision::Commit], "the ticket is used up");
}

#[test]
fn an_invalid_ticket_does_not_occupy_the_writer() {
    let (outcome, [_]) = run([looks(false)]);
    assert_eq!(outcome, invalid());
}

#[test]
fn of_two_concurrent_redemptions_one_is_rejected() {
    let (outcome, _) = run([looks(true), redeems(None)]);
    assert_eq!(outcome, invalid());
}

#[test]
fn a_ticket_of_an_ended_session_is_invalid() {
    let (outcome, _) = run([looks(true), held_by(redeems(Some(MY_SESSION)), None)]);
    assert_eq!(outcome, invalid());
}

#[test]
fn expired_tickets_are_removed_in_batches() {
    for (removed, more) in [(0, false), (499, false), (500, true)] {
        let mut tx = MockTx::new();
        let removes = tx.tickets.expect_remove_others().with(eq(KEPT), eq(500));
        removes.times(1).returning(move |_, _| Ok(removed));
        assert_eq!(remove_expired_tickets(&mut tx), Ok(more), "{removed}");
    }
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(issues, |tx| issue_ticket(tx, &me(), TICKET));
    assert_hands_faults_on(|| looks(true), |tx| find(tx, &TICKET));
    assert_hands_faults_on(|| held_by(redeems(Some(MY_SESSION)), Some(me())), |tx| redeem(tx, &TICKET));
    assert_flow_hands_faults_on(
        || vec![looks(true), held_by(redeems(Some(MY_SESSION)), Some(me()))],
        |storage| block_on(redeem_ticket(storage, TICKET, Network::UNKNOWN)),
    );
}

#[test]
fn setting_the_clock_invalidates_a_ticket() {
    let expires_at = issue_ticket(&mut issues(), &me(), TICKET).unwrap();
    let hour = Duration::from_secs(3600);
    for (now, is_valid) in [
        (NOW, true),
        (NOW.plus(TICKET_LIFETIME), false),
        (NOW.plus(hour), false),
        // The clock of one server may be a minute behind another's.
        (NOW.minus(Duration::from_secs(60)), true),
        (NOW.minus(SKEW + Duration::from_micros(1)), false),
        (NOW.minus(hour), false),
    ] {
        let valid = valid_span(now);
        assert_eq!(valid.after < expires_at && expires_at <= valid.until, is_valid, "{now:?}");
    }
}
