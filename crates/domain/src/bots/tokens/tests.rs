use mockall::predicate::eq;

use super::*;
use crate::accounts::{AccountRefusal, DeviceName, Scope, TokenGroups, TokenTerms};
use crate::bots::BotRefusal;
use crate::bots::testing::{BOT, finds, locks_own};
use crate::events::{Audience, Event};
use crate::groups::{GroupRefusal, VisibleGroup};
use crate::ids::SessionId;
use crate::testing::{
    GROUP, ME, MockTx, NOW, OTHER, assert_hands_faults_on, group, me, me_provisioned, my_token,
    sessions_ended,
};

const KEY: KeyHash = KeyHash::new([8; 32]);
const TOKEN: TokenId = TokenId::new(12);

fn draft(groups: bool) -> TokenDraft {
    let groups = groups.then(|| TokenGroups::parse(vec![GROUP]).unwrap());
    let name = DeviceName::parse("Deploys").unwrap();
    TokenDraft { name, terms: TokenTerms { scope: Scope::Write, groups }, expires_at: None }
}

fn issues(mut tx: MockTx) -> MockTx {
    tx.tokens.expect_count().with(eq(BOT), eq(NOW), eq(100)).times(1).returning(|_, _, _| Ok(0));
    let stored = tx.sessions.expect_insert().withf(|session| session.user == BOT && session.key == KEY);
    stored.times(1).returning(|_| Ok(SessionId::new(12)));
    tx
}

fn told() -> (Audience, Option<UserId>, Event) {
    (Audience::User(BOT), Some(ME), Event::TokensUpdated(BOT))
}

#[test]
fn owners_issue_tokens_of_their_bots() {
    let issue = || issues(locks_own(MockTx::new()));
    let mut tx = issue();
    let token = create_bot_token(&mut tx, &me(), BOT, &draft(false), KEY).unwrap();
    assert_eq!((token.id, token.terms.scope), (TOKEN, Scope::Write));
    assert_eq!(tx.emitted, [told()]);
    let entry = AuditEntry::by(&me(), AuditAction::TokenCreated).to(BOT).about(12);
    assert_eq!(tx.recorded, [entry.of_fields(&["read", "write"])]);
    assert_hands_faults_on(issue, |tx| create_bot_token(tx, &me(), BOT, &draft(false), KEY));
}

#[test]
fn a_token_is_for_groups_that_the_bot_sees() {
    let mut tx = locks_own(MockTx::new());
    let seen = VisibleGroup { group: group(), standing: None };
    tx.groups.expect_find_visible().with(eq(GROUP), eq(BOT)).times(1).return_once(|_, _| Ok(Some(seen)));
    assert!(create_bot_token(&mut issues(tx), &me(), BOT, &draft(true), KEY).is_ok());

    let mut tx = locks_own(MockTx::new());
    tx.groups.expect_find_visible().with(eq(GROUP), eq(BOT)).times(1).returning(|_, _| Ok(None));
    let refused = create_bot_token(&mut tx, &me(), BOT, &draft(true), KEY);
    assert_eq!(refused, Err(GroupRefusal::NotFound.into()));
}

#[test]
fn owners_see_and_end_the_tokens_of_their_bots() {
    let limit = Limit::parse(1).unwrap();
    let lists = || {
        let mut tx = finds(MockTx::new(), ME, 1);
        tx.tokens.expect_list().withf(|query| query.user == BOT).times(1).returning(|_| Ok(Vec::new()));
        tx
    };
    let page = list_bot_tokens(&mut lists(), &me(), BOT, None, limit);
    assert_eq!(page, Ok(Page { items: Vec::new(), more: false }));
    assert_hands_faults_on(lists, |tx| list_bot_tokens(tx, &me(), BOT, None, limit));

    let ends = || {
        let mut tx = locks_own(MockTx::new());
        tx.tokens.expect_end().with(eq(BOT), eq(TOKEN)).times(1).returning(|_, _| Ok(true));
        tx
    };
    let mut tx = ends();
    assert_eq!(end_bot_token(&mut tx, &me(), BOT, TOKEN), Ok(()));
    assert_eq!(tx.emitted, [sessions_ended(BOT, Some(ME)), told()]);
    assert_eq!(tx.recorded, [AuditEntry::by(&me(), AuditAction::TokenEnded).to(BOT).about(12)]);
    assert_hands_faults_on(ends, |tx| end_bot_token(tx, &me(), BOT, TOKEN));
}

type Attempt = fn(&mut MockTx, &Actor) -> Option<Error>;

const ATTEMPTS: [Attempt; 3] = [
    |tx, actor| create_bot_token(tx, actor, BOT, &draft(false), KEY).err(),
    |tx, actor| list_bot_tokens(tx, actor, BOT, None, Limit::parse(1).unwrap()).err(),
    |tx, actor| end_bot_token(tx, actor, BOT, TOKEN).err(),
];

#[test]
fn nobody_else_looks_after_them() {
    for attempt in ATTEMPTS {
        let refused = attempt(&mut finds(MockTx::new(), OTHER, 1), &me());
        assert_eq!(refused, Some(BotRefusal::NotOwner.into()));
        let refused = attempt(&mut MockTx::new().misses_user(BOT), &me());
        assert_eq!(refused, Some(BotRefusal::NotFound.into()));
        for (actor, refusal) in [
            (my_token(Scope::Admin), AccountRefusal::InsufficientScope),
            (me_provisioned(), AccountRefusal::ProvisionedKey),
        ] {
            assert_eq!(attempt(&mut MockTx::new(), &actor), Some(refusal.into()));
        }
    }
}
