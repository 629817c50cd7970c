//! Tokens.

use groupchat_domain::accounts::{
    DeviceName, NewSession, Scope, SessionKind, SessionQuery, TokenGroups, TokenTerms, User,
};
use groupchat_domain::ids::{GroupId, TokenId, UserId};
use groupchat_domain::storage::Tx;
use groupchat_domain::tokens::{NO_END, Token, TokenQuery};

use crate::support::fixture::*;

fn terms(scope: Scope, groups: Option<&[i64]>) -> TokenTerms {
    let ids = |ids: &[i64]| ids.iter().map(|id| GroupId::new(*id)).collect();
    TokenTerms { scope, groups: groups.map(|groups| TokenGroups::parse(ids(groups)).unwrap()) }
}

fn new_token(user: UserId, number: u8) -> NewSession {
    NewSession {
        kind: SessionKind::Token(terms(Scope::Write, None)),
        name: DeviceName::parse(&format!("token {number}")).ok(),
        ..new_session(user, number, at(200))
    }
}

fn token(tx: &mut dyn Tx, user: UserId, number: u8) -> TokenId {
    tx.sessions().insert(&new_token(user, number)).unwrap().into()
}

fn listed(tx: &mut dyn Tx, user: UserId, below: Option<TokenId>, rows: i64) -> Vec<Token> {
    tx.tokens().list(&TokenQuery { user, now: at(100), below, limit: limit(rows) }).unwrap()
}

fn ids(tx: &mut dyn Tx, user: UserId, below: Option<TokenId>, rows: i64) -> Vec<TokenId> {
    listed(tx, user, below, rows).into_iter().map(|token| token.id).collect()
}

fn a_token_keeps_what_it_is_for(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let all = [
        terms(Scope::Read, None),
        terms(Scope::Write, Some(&[9, 4])),
        terms(Scope::Admin, Some(&[1])),
        terms(Scope::Admin, None),
    ];
    for (number, terms) in (1..).zip(all) {
        let kind = SessionKind::Token(terms.clone());
        let expires_at = if number == 1 { NO_END } else { at(200) };
        let new = NewSession { kind: kind.clone(), expires_at, ..new_token(ann.id, number) };
        let id = tx.sessions().insert(&new).unwrap();
        let expected = Token {
            id: id.into(),
            name: new.name.clone().unwrap(),
            terms,
            created_at: at(1),
            expires_at: (number > 1).then(|| at(200)),
            last_used_at: None,
        };
        assert_eq!(listed(tx, ann.id, None, 1)[0], expected);
        let actor = tx.sessions().authenticate(&key(number), at(100)).unwrap().unwrap();
        assert_eq!((actor.session, &actor.session_kind), (id, &kind));
        assert_eq!(tx.sessions().holder(id, at(100)).unwrap().unwrap().session_kind, kind);
    }
}

fn tokens_are_listed_newest_first_in_pages_without_other_sessions(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    session(tx, ann, 1, at(200));
    let first = token(tx, ann, 2);
    token(tx, bob, 3);
    let expired = NewSession { expires_at: at(100), ..new_token(ann, 4) };
    tx.sessions().insert(&expired).unwrap();
    let [second, third] = [5, 6].map(|number| token(tx, ann, number));
    assert_eq!(ids(tx, ann, None, 10), [third, second, first]);
    assert_eq!(ids(tx, ann, None, 1), [third, second]);
    assert_eq!(ids(tx, ann, Some(second), 1), [first]);
    assert_eq!(tx.tokens().count(ann, at(100), 10), Ok(3));
    assert_eq!(tx.tokens().count(ann, at(100), 2), Ok(2));
    assert_eq!(tx.tokens().count(ann, at(99), 10), Ok(4));
}

fn only_its_owner_ends_a_token(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    let (id, login) = (token(tx, ann, 1), session(tx, ann, 2, at(200)));
    assert_eq!(tx.tokens().end(bob, id), Ok(false));
    assert_eq!(tx.tokens().end(ann, login.into()), Ok(false), "which is no token");
    assert_eq!(tx.tokens().end(ann, id), Ok(true));
    assert_eq!(tx.tokens().end(ann, id), Ok(false));
    assert_eq!(tx.sessions().authenticate(&key(1), at(100)), Ok(None));
    assert!(tx.sessions().holder(login, at(100)).unwrap().is_some());
}

fn all_tokens_of_a_user_end(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    token(tx, ann, 1);
    token(tx, ann, 2);
    let (other, login) = (token(tx, bob, 3), session(tx, ann, 4, at(200)));
    assert_eq!(tx.tokens().end_all(ann), Ok(true));
    assert_eq!(tx.tokens().end_all(ann), Ok(false));
    assert_eq!(ids(tx, ann, None, 10), []);
    assert_eq!(ids(tx, bob, None, 10), [other]);
    assert!(tx.sessions().holder(login, at(100)).unwrap().is_some());
}

fn what_lists_and_ends_sessions_leaves_tokens_alone(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let (login, id) = (session(tx, ann, 1, at(200)), token(tx, ann, 2));
    let query = SessionQuery { user: ann, now: at(100), below: None, limit: limit(10) };
    let listed: Vec<_> = tx.sessions().list(&query).unwrap().into_iter().map(|found| found.id).collect();
    assert_eq!(listed, [login]);
    assert_eq!(tx.sessions().end_idlest(ann, at(100), 1), Ok(false), "one login and a token");
    assert_eq!(tx.sessions().end_idlest(ann, at(100), 0), Ok(true));
    assert_eq!(tx.sessions().end(ann, id.session()), Ok(false));
    assert_eq!(tx.sessions().end_all(ann, None), Ok(false));
    assert_eq!(tx.sessions().end_provisioned(ann), Ok(false));
    assert_eq!(ids(tx, ann, None, 10), [id]);
    assert_eq!(tx.sessions().remove_expired(at(201), 10), Ok(1));
    assert_eq!(tx.tokens().count(ann, at(100), 10), Ok(0));
}

fn a_token_sleeps_while_its_user_is_suspended(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let id = token(tx, ann.id, 1);
    for suspended in [true, false] {
        tx.accounts().update(&User { suspended, ..ann.clone() }).unwrap();
        assert_eq!(tx.sessions().authenticate(&key(1), at(10)).unwrap().is_none(), suspended);
        assert_eq!(tx.sessions().holder(id.session(), at(10)).unwrap().is_none(), suspended);
    }
}

cases! { transaction:
    a_token_keeps_what_it_is_for
    tokens_are_listed_newest_first_in_pages_without_other_sessions
    only_its_owner_ends_a_token
    all_tokens_of_a_user_end
    what_lists_and_ends_sessions_leaves_tokens_alone
    a_token_sleeps_while_its_user_is_suspended
}
