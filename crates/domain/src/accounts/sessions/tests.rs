use mockall::predicate::eq;

use super::*;
use crate::accounts::SessionKind;
use crate::testing::{
    EARLIER, Emitted, ME, MY_SESSION, MockTx, NOW, assert_hands_faults_on, me, sessions_ended,
};

const ANOTHER: SessionId = SessionId::new(12);

fn session(id: SessionId) -> Session {
    Session {
        id,
        kind: SessionKind::Login,
        name: None,
        created_at: EARLIER,
        expires_at: NOW,
        last_used_at: None,
        user_agent: None,
        address: None,
    }
}

fn lists_two(below: Option<SessionId>) -> MockTx {
    let query = SessionQuery { user: ME, now: NOW, below, limit: Limit::parse(1).unwrap() };
    let mut tx = MockTx::new();
    let rows = || vec![session(ANOTHER), session(MY_SESSION)];
    tx.sessions.expect_list().with(eq(query)).times(1).returning(move |_| Ok(rows()));
    tx
}

fn ends(session: SessionId, was_there: bool) -> MockTx {
    let mut tx = MockTx::new();
    tx.sessions.expect_end().with(eq(ME), eq(session)).times(1).returning(move |_, _| Ok(was_there));
    tx
}

fn ends_others(any: bool) -> MockTx {
    let mut tx = MockTx::new();
    let ends = tx.sessions.expect_end_all().with(eq(ME), eq(Some(MY_SESSION)));
    ends.times(1).returning(move |_, _| Ok(any));
    tx
}

/// Ending one's own sessions notifies the user's own connections.
fn own_sessions_ended() -> Vec<Emitted> {
    vec![sessions_ended(ME, Some(ME))]
}

#[test]
fn users_list_their_own_sessions_page_by_page() {
    for below in [None, Some(SessionId::new(20))] {
        let page = list_sessions(&mut lists_two(below), &me(), below, Limit::parse(1).unwrap());
        assert_eq!(page, Ok(Page { items: vec![session(ANOTHER)], more: true }));
    }
}

#[test]
fn signing_out_ends_the_session_of_the_key() {
    let mut tx = ends(MY_SESSION, true);
    assert_eq!(logout(&mut tx, &me()), Ok(()));
    assert_eq!(tx.emitted, own_sessions_ended());
    // Another request ended it at this moment. The session is gone, as requested, and the event was emitted then.
    let mut tx = ends(MY_SESSION, false);
    assert_eq!(logout(&mut tx, &me()), Ok(()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn users_end_one_of_their_sessions() {
    let mut tx = ends(ANOTHER, true);
    assert_eq!(end_session(&mut tx, &me(), ANOTHER), Ok(()));
    assert_eq!(tx.emitted, own_sessions_ended());
}

#[test]
fn sessions_of_other_users_are_not_found() {
    let mut tx = ends(ANOTHER, false);
    assert_eq!(end_session(&mut tx, &me(), ANOTHER), Err(AccountRefusal::SessionNotFound.into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn users_end_all_their_sessions_but_the_current_one() {
    for (any, emitted) in [(true, own_sessions_ended()), (false, vec![])] {
        let mut tx = ends_others(any);
        assert_eq!(end_other_sessions(&mut tx, &me()), Ok(()));
        assert_eq!(tx.emitted, emitted);
    }
}

fn removes_expired(removed: usize) -> MockTx {
    let mut tx = MockTx::new();
    let removes = tx.sessions.expect_remove_expired().with(eq(NOW), eq(500));
    removes.times(1).returning(move |_, _| Ok(removed));
    tx
}

#[test]
fn expired_sessions_are_removed_in_batches() {
    for (removed, more) in [(0, false), (499, false), (500, true)] {
        assert_eq!(remove_expired_sessions(&mut removes_expired(removed)), Ok(more), "{removed}");
    }
}

#[test]
fn faults_are_returned() {
    let limit = Limit::parse(1).unwrap();
    assert_hands_faults_on(|| lists_two(None), |tx| list_sessions(tx, &me(), None, limit));
    assert_hands_faults_on(|| ends(MY_SESSION, true), |tx| logout(tx, &me()));
    assert_hands_faults_on(|| ends(ANOTHER, true), |tx| end_session(tx, &me(), ANOTHER));
    assert_hands_faults_on(|| ends_others(true), |tx| end_other_sessions(tx, &me()));
    assert_hands_faults_on(|| removes_expired(1), remove_expired_sessions);
}
