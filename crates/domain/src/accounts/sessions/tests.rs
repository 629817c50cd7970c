use mockall::predicate::eq;

use super::*;
use crate::accounts::{Scope, SessionKind};
use crate::testing::{
    EARLIER, Emitted, ME, MY_SESSION, MockTx, NOW, OTHER, assert_hands_faults_on, me, my_token, needs,
    rights, rights_with, server_admin, sessions_ended, user,
};

const ANOTHER: SessionId = SessionId::new(12);

fn session(id: SessionId) -> Session {
    Session {
        id,
        kind: SessionKind::Login,
        name: None,
        created_at: EARLIER,
        expires_at: NOW,
        key_expires_at: None,
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

/// The sessions of another user are read by somebody with these rights, who gets them or not.
fn lists_of_another(is_admin: bool, is_there: bool) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_find().with(eq(OTHER)).times(1).returning(move |id| Ok(is_there.then(|| user(id))));
    if !is_there {
        return tx;
    }
    let mut tx = tx.reads_rights(is_admin);
    let query = SessionQuery { user: OTHER, now: NOW, below: None, limit: Limit::parse(1).unwrap() };
    if is_admin {
        tx.sessions.expect_list().with(eq(query)).times(1).returning(|_| Ok(vec![session(ANOTHER)]));
    }
    tx
}

#[test]
fn those_who_manage_users_list_the_sessions_of_others() {
    let limit = Limit::parse(1).unwrap();
    let list = |mut tx: MockTx| list_sessions_of(&mut tx, &me(), OTHER, None, limit);
    assert_eq!(list(lists_of_another(true, true)), Ok(Page { items: vec![session(ANOTHER)], more: false }));
    assert_eq!(list(lists_of_another(false, true)), Err(needs(ServerPermission::ManageUsers).into()));
    assert_eq!(list(lists_of_another(true, false)), Err(AccountRefusal::UserNotFound.into()));
    assert_hands_faults_on(
        || lists_of_another(true, true),
        |tx| list_sessions_of(tx, &me(), OTHER, None, limit),
    );
}

#[test]
fn users_list_and_end_their_own_in_the_same_way() {
    let mut tx = lists_two(None);
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(user(id))));
    assert!(list_sessions_of(&mut tx, &me(), ME, None, Limit::parse(1).unwrap()).is_ok());
    let locks = |mut tx: MockTx| {
        let lock = tx.accounts.expect_lock().times(1);
        lock.withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
            .returning(|_, _| Ok(()));
        tx
    };
    let mut tx = locks(ends(ANOTHER, true));
    assert_eq!(end_session_of(&mut tx, &me(), ME, ANOTHER), Ok(()));
    let mut tx = locks(MockTx::new());
    tx.sessions.expect_end_all().with(eq(ME), eq(None)).times(1).returning(|_, _| Ok(true));
    assert_eq!(end_sessions_of(&mut tx, &me(), ME), Ok(()));
    assert_eq!(tx.emitted, own_sessions_ended());
}

/// Ends all sessions of another user, or this one.
fn ends_of_another(tx: MockTx, one: Option<SessionId>, any: bool) -> MockTx {
    let mut tx = tx;
    match one {
        Some(one) => {
            tx.sessions.expect_end().with(eq(OTHER), eq(one)).times(1).returning(move |_, _| Ok(any));
        }
        None => {
            tx.sessions.expect_end_all().with(eq(OTHER), eq(None)).times(1).returning(move |_, _| Ok(any));
        }
    }
    tx
}

fn locks_another() -> MockTx {
    MockTx::new().locks_for_change(OTHER, vec![Some(user(OTHER)), Some(server_admin(ME))])
}

#[test]
fn those_who_manage_users_end_the_sessions_of_others() {
    for any in [true, false] {
        let mut tx = ends_of_another(locks_another(), None, any);
        assert_eq!(end_sessions_of(&mut tx, &me(), OTHER), Ok(()));
        assert_eq!(tx.emitted, if any { vec![sessions_ended(OTHER, Some(ME))] } else { vec![] });
        let entry = AuditEntry::by(&me(), AuditAction::AllSessionsEnded).to(OTHER);
        assert_eq!(tx.recorded, if any { vec![entry] } else { vec![] });
    }
    let mut tx = ends_of_another(locks_another(), Some(ANOTHER), true);
    assert_eq!(end_session_of(&mut tx, &me(), OTHER, ANOTHER), Ok(()));
    assert_eq!(tx.emitted, [sessions_ended(OTHER, Some(ME))]);
    let entry = AuditEntry::by(&me(), AuditAction::SessionEnded).to(OTHER);
    assert_eq!(tx.recorded, [entry.about(ANOTHER.get())]);
    let mut tx = ends_of_another(locks_another(), Some(ANOTHER), false);
    let refused = end_session_of(&mut tx, &me(), OTHER, ANOTHER);
    assert_eq!(refused, Err(AccountRefusal::SessionNotFound.into()));
}

#[test]
fn nobody_ends_the_sessions_of_those_who_may_do_more() {
    let manager = rights_with(&[ServerPermission::ManageUsers]);
    let over = |target| {
        let tx = MockTx::new().locks_to_change(OTHER, Some(user(OTHER)), Some(Some(manager)));
        tx.reads_rights_of(OTHER, target)
    };
    let mut tx = ends_of_another(over(manager), None, true);
    assert_eq!(end_sessions_of(&mut tx, &me(), OTHER), Ok(()));
    let refused = end_sessions_of(&mut over(rights(true)), &me(), OTHER);
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    let nobody = || MockTx::new().locks_for_change(OTHER, vec![Some(user(OTHER)), Some(user(ME))]);
    let needed = Err(needs(ServerPermission::ManageUsers).into());
    assert_eq!(end_sessions_of(&mut nobody(), &me(), OTHER), needed);
    assert_eq!(end_session_of(&mut nobody(), &me(), OTHER, ANOTHER), needed);
}

/// Ends all that the user has, of both kinds if there are any.
fn ends_with_tokens(sessions: bool, tokens: bool) -> MockTx {
    let mut tx = MockTx::new();
    tx.sessions.expect_end_all().with(eq(OTHER), eq(None)).times(1).returning(move |_, _| Ok(sessions));
    tx.tokens.expect_end_all().with(eq(OTHER)).times(1).returning(move |_| Ok(tokens));
    tx
}

#[test]
fn a_password_from_elsewhere_ends_tokens_too_and_tells_of_them() {
    let updated = (crate::events::Audience::User(OTHER), None, Event::TokensUpdated(OTHER));
    for (sessions, tokens, emitted) in [
        (true, false, vec![sessions_ended(OTHER, None)]),
        (true, true, vec![updated.clone(), sessions_ended(OTHER, None)]),
        (false, true, vec![updated, sessions_ended(OTHER, None)]),
        (false, false, vec![]),
    ] {
        let mut tx = ends_with_tokens(sessions, tokens);
        assert_eq!(end(&mut tx, None, OTHER, Ending::AllAndTokens), Ok(sessions || tokens));
        assert_eq!(tx.emitted, emitted);
    }
}

#[test]
fn a_token_sees_and_ends_no_sessions_of_its_user() {
    let (token, limit) = (my_token(Scope::Admin), Limit::parse(1).unwrap());
    let refused = || Error::from(AccountRefusal::InsufficientScope);
    let tx = &mut MockTx::new();
    assert_eq!(list_sessions(tx, &token, None, limit), Err(refused()));
    assert_eq!(logout(tx, &token), Err(refused()));
    assert_eq!(end_session(tx, &token, ANOTHER), Err(refused()));
    assert_eq!(end_other_sessions(tx, &token), Err(refused()));
    assert_eq!(end_session_of(tx, &token, ME, ANOTHER), Err(refused()));
    assert_eq!(end_sessions_of(tx, &token, ME), Err(refused()));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(user(id))));
    assert_eq!(list_sessions_of(tx, &token, ME, None, limit), Err(refused()));
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
    let all = || ends_of_another(locks_another(), None, true);
    assert_hands_faults_on(all, |tx| end_sessions_of(tx, &me(), OTHER));
    let one = || ends_of_another(locks_another(), Some(ANOTHER), true);
    assert_hands_faults_on(one, |tx| end_session_of(tx, &me(), OTHER, ANOTHER));
}
