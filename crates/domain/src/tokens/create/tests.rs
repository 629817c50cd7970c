use mockall::predicate::{always, eq};

use super::*;
use crate::accounts::{IssuedKey, MockApiKeys, Scope, TokenGroups, TokenTerms, User};
use crate::events::Audience;
use crate::groups::GroupRefusal;
use crate::ids::SessionId;
use crate::permissions::BuiltInRole;
use crate::testing::{
    Emitted, GROUP, ME, MY_SESSION, MockTx, NOW, OTHER, ScriptedStorage, assert_hands_faults_on, block_on,
    group, me, me_provisioned, my_token, user,
};
use crate::tokens::testing::{draft, token};

const KEY: KeyHash = KeyHash::new([8; 32]);

fn told(user: UserId, by: Option<UserId>) -> Emitted {
    (Audience::User(user), by, Event::TokensUpdated(user))
}

/// The user is locked, has so many tokens and gets this one, if there is room.
fn issues(mut tx: MockTx, user: UserId, tokens: u32, draft: &TokenDraft) -> MockTx {
    tx.accounts
        .expect_lock()
        .withf(move |users, strength| users == [user] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    tx.tokens.expect_count().with(eq(user), eq(NOW), eq(100)).times(1).returning(move |_, _, _| Ok(tokens));
    if tokens < 100 {
        let (terms, name, ends) = (draft.terms.clone(), draft.name.clone(), draft.expires_at);
        let session = NewSession {
            user,
            kind: SessionKind::Token(terms),
            key: KEY,
            created_at: NOW,
            expires_at: ends.unwrap_or(NO_END),
            client: ClientInfo::default(),
            name: Some(name),
            refresh: None,
        };
        tx.sessions.expect_insert().with(eq(session)).times(1).returning(|_| Ok(SessionId::new(12)));
    }
    tx
}

/// The same for the actor, whose session goes on.
fn issues_to_me(tokens: u32, draft: &TokenDraft) -> MockTx {
    let mut tx = issues(MockTx::new(), ME, tokens, draft);
    tx.sessions.expect_holder().with(eq(MY_SESSION), eq(NOW)).times(1).returning(|_, _| Ok(Some(me())));
    tx
}

#[test]
fn a_token_has_an_end_or_none() {
    let end = NOW.plus(std::time::Duration::from_secs(60));
    for expires_at in [None, Some(end)] {
        let draft = TokenDraft { expires_at, ..draft() };
        let mut tx = issues_to_me(99, &draft);
        let issued = create_token(&mut tx, &me(), &draft, KEY);
        assert_eq!(issued, Ok(Token { expires_at, ..token(12) }));
        assert_eq!(tx.emitted, [told(ME, Some(ME))]);
        let entry = AuditEntry::by(&me(), AuditAction::TokenCreated).to(ME).about(12);
        assert_eq!(tx.recorded, [entry.of_fields(&["read", "write"])]);
    }
    assert_hands_faults_on(|| issues_to_me(0, &draft()), |tx| create_token(tx, &me(), &draft(), KEY));
}

#[test]
fn a_token_does_not_begin_at_its_end() {
    let draft = TokenDraft { expires_at: Some(NOW), ..draft() };
    let mut tx = MockTx::new();
    tx.accounts.expect_lock().returning(|_, _| Ok(()));
    tx.sessions.expect_holder().returning(|_, _| Ok(Some(me())));
    let refused = create_token(&mut tx, &me(), &draft, KEY);
    assert!(matches!(refused, Err(Error::Refused(crate::Refusal::Invalid(_)))), "{refused:?}");
}

#[test]
fn there_is_room_for_a_hundred() {
    let mut tx = issues_to_me(100, &draft());
    assert_eq!(create_token(&mut tx, &me(), &draft(), KEY), Err(TokenRefusal::TooMany.into()));
    assert!(tx.emitted.is_empty() && tx.recorded.is_empty());
}

#[test]
fn a_session_that_has_ended_meanwhile_leaves_no_token() {
    let mut tx = MockTx::new();
    tx.accounts.expect_lock().returning(|_, _| Ok(()));
    tx.sessions.expect_holder().times(1).returning(|_, _| Ok(None));
    let refused = create_token(&mut tx, &me(), &draft(), KEY);
    assert_eq!(refused, Err(AccountRefusal::Unauthenticated.into()));
}

#[test]
fn no_token_and_no_provisioned_key_issues_one() {
    for (actor, refusal) in [
        (my_token(Scope::Admin), AccountRefusal::InsufficientScope),
        (me_provisioned(), AccountRefusal::ProvisionedKey),
    ] {
        assert_eq!(create_token(&mut MockTx::new(), &actor, &draft(), KEY), Err(refusal.into()));
    }
}

#[test]
fn the_groups_of_a_token_are_those_that_its_user_sees() {
    let groups = TokenGroups::parse(vec![GROUP]).ok();
    let draft = TokenDraft { terms: TokenTerms { scope: Scope::Write, groups }, ..draft() };
    let sees = || issues_to_me(0, &draft).finds_group(Some(group()), Some(BuiltInRole::Member));
    let issued = create_token(&mut sees(), &me(), &draft, KEY).unwrap();
    assert_eq!(issued.terms, draft.terms);
    assert_hands_faults_on(sees, |tx| create_token(tx, &me(), &draft, KEY));
    let mut tx = MockTx::new().finds_group(None, None);
    tx.accounts.expect_lock().returning(|_, _| Ok(()));
    tx.sessions.expect_holder().returning(|_, _| Ok(Some(me())));
    assert_eq!(create_token(&mut tx, &me(), &draft, KEY), Err(GroupRefusal::NotFound.into()));
}

fn keys() -> MockApiKeys {
    let mut keys = MockApiKeys::new();
    let key = || IssuedKey { secret: Secret::new("gct_1".to_owned()), hash: KEY };
    keys.expect_issue_token().times(1).returning(key);
    keys
}

/// The name belongs to these users, one after the other.
fn named(mut tx: MockTx, users: Vec<Option<User>>) -> MockTx {
    let (times, mut next) = (users.len(), users.into_iter());
    let found = tx.accounts.expect_find_by_username().with(always()).times(times);
    found.returning(move |_| Ok(next.next().flatten()));
    tx
}

async fn by_operator(storage: &ScriptedStorage) -> Result<Token, Error> {
    let issued = create_token_by_operator(storage, &keys(), UsernameKey::of("other"), draft()).await;
    issued.map(|(token, _)| token)
}

#[test]
fn the_operator_issues_tokens_of_anybody() {
    let issuing =
        || named(issues(MockTx::new(), OTHER, 0, &draft()), vec![Some(user(OTHER)), Some(user(OTHER))]);
    let storage = ScriptedStorage::new([issuing()]);
    assert_eq!(block_on(by_operator(&storage)), Ok(token(12)));
    let [ran] = storage.finish_as();
    assert_eq!(ran.emitted, [told(OTHER, None)]);
    let entry = AuditEntry::by_operator(AuditAction::TokenCreated).to(OTHER).about(12);
    assert_eq!(ran.recorded, [entry.of_fields(&["read", "write"])]);
}

#[test]
fn the_name_is_somebodys_also_once_they_are_locked() {
    let storage = ScriptedStorage::new([named(MockTx::new(), vec![None])]);
    assert_eq!(block_on(by_operator(&storage)), Err(AccountRefusal::UserNotFound.into()));
    let locks = || {
        let mut tx = MockTx::new();
        tx.accounts.expect_lock().times(1).returning(|_, _| Ok(()));
        tx
    };
    for (then, refusal) in
        [(None, AccountRefusal::UserNotFound), (Some(user(ME)), AccountRefusal::ChangedMeanwhile)]
    {
        let storage = ScriptedStorage::new([named(locks(), vec![Some(user(OTHER)), then])]);
        assert_eq!(block_on(by_operator(&storage)), Err(refusal.into()));
    }
}
