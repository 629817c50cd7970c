use mockall::predicate::eq;

use super::*;
use crate::accounts::SessionKind;
use crate::testing::{EARLIER, ME, MY_SESSION, MockTx, NOW, assert_hands_faults_on, me};

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

fn ends_others() -> MockTx {
    let mut tx = MockTx::new();
    tx.sessions.expect_end_all().with(eq(ME), eq(Some(MY_SESSION))).times(1).returning(|_, _| Ok(()));
    tx
}

#[test]
fn users_list_their_own_sessions_page_by_page() {
    for below in [None, Some(SessionId::new(20))] {
        let page = list_sessions(&mut lists_two(below), &me(), below, Limit::parse(1).unwrap());
        assert_eq!(page, Ok(Page { items: vec![session(ANOTHER)], more: true }));
    }
}

#[test]
fn signing_out_ends_the_session_whose_key_is_shown() {
    assert_eq!(logout(&mut ends(MY_SESSION, true), &me()), Ok(()));
    // Somebody else ended it at this moment: what was asked for is so.
    assert_eq!(logout(&mut ends(MY_SESSION, false), &me()), Ok(()));
}

#[test]
fn users_end_one_of_their_sessions() {
    assert_eq!(end_session(&mut ends(ANOTHER, true), &me(), ANOTHER), Ok(()));
}

#[test]
fn a_session_that_is_not_theirs_is_not_found() {
    let outcome = end_session(&mut ends(ANOTHER, false), &me(), ANOTHER);
    assert_eq!(outcome, Err(AccountRefusal::SessionNotFound.into()));
}

#[test]
fn users_end_all_their_sessions_but_the_present_one() {
    assert_eq!(end_other_sessions(&mut ends_others(), &me()), Ok(()));
}

#[test]
fn faults_are_handed_on() {
    let limit = Limit::parse(1).unwrap();
    assert_hands_faults_on(|| lists_two(None), |tx| list_sessions(tx, &me(), None, limit));
    assert_hands_faults_on(|| ends(MY_SESSION, true), |tx| logout(tx, &me()));
    assert_hands_faults_on(|| ends(ANOTHER, true), |tx| end_session(tx, &me(), ANOTHER));
    assert_hands_faults_on(ends_others, |tx| end_other_sessions(tx, &me()));
}
