//! Races of issuing tokens.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::Origin;
use groupchat_domain::accounts::{
    AccountRefusal, ApiKeys, DeviceName, Password, Scope, TokenTerms, UserChanges, edit_user, operator,
};
use groupchat_domain::network::Network;
use groupchat_domain::storage::Credential;
use groupchat_domain::tokens::{MAX_TOKENS, TokenDraft, TokenRefusal, create_token, list_tokens};
use groupchat_infra::accounts::keys::RandomKeys;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::passwords::sign_in;
use crate::people::{PASSWORD, Person};
use crate::plain_hasher::PlainHasher;
use crate::support::fixture::limit;

/// How many issue a token at once.
const AT_ONCE: usize = 6;

/// Issues a token; its credential.
fn issue(arena: &Arena, who: Credential) -> Result<Credential, Refusal> {
    let (key, terms) = (RandomKeys.issue_token().hash, TokenTerms { scope: Scope::Write, groups: None });
    let draft = TokenDraft { name: DeviceName::parse("Deploys").unwrap(), terms, expires_at: None };
    arena.act(who, move |tx, actor| create_token(tx, actor, &draft, key))?;
    Ok(Credential { key, network: Network::UNKNOWN, origin: Origin::UNKNOWN })
}

/// Sets the password of a user, in one of the ways of others.
fn set_password(arena: &Arena, admin: &Person, user: &Person, way: usize) -> Result<(), Refusal> {
    let (server, new) = (arena.server(), Password::parse("the second password").unwrap());
    if way.is_multiple_of(2) {
        let changes = UserChanges { password: Some(new), ..UserChanges::default() };
        return arena.wait_for(edit_user(server, &PlainHasher, admin.who, user.id, changes)).map(drop);
    }
    arena.wait_for(operator::set_password(server, &PlainHasher, user.name.clone(), new)).map(drop)
}

/// No token that is issued while somebody else sets the password outlives that.
fn no_token_outlives_a_password_that_others_set(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let (user, admin) = (arena.person(), &admin);
        let who = sign_in(arena, user.name.as_str(), PASSWORD).expect("the password is right");
        let mut parts: Vec<Part<'_, Result<Option<Credential>, Refusal>>> =
            (0..AT_ONCE).map(|_| part(move || issue(arena, who).map(Some))).collect();
        let set = part(|| set_password(arena, admin, &user, round).map(|()| None));
        parts.insert(round % AT_ONCE, set);
        for outcome in at_once(parts) {
            match outcome {
                Ok(None) => {}
                Ok(Some(token)) => {
                    let used = arena.act(token, |_, _| Ok(()));
                    assert_eq!(used, Err(AccountRefusal::Unauthenticated.into()), "in round {round}");
                }
                Err(refusal) => assert_eq!(refusal, AccountRefusal::Unauthenticated.into()),
            }
        }
        let again = sign_in(arena, user.name.as_str(), "the second password").expect("it is the new one");
        let left = arena.act(again, |tx, actor| list_tokens(tx, actor, None, limit(10))).unwrap();
        assert_eq!(left.items, [], "in round {round}");
    });
}

/// Those who issue tokens at once don't get more than there is room for.
fn there_is_never_a_token_too_many(arena: &Arena) {
    let user = arena.person();
    let who = sign_in(arena, user.name.as_str(), PASSWORD).expect("the password is right");
    for _ in 2..MAX_TOKENS {
        issue(arena, who).unwrap();
    }
    let parts = (0..AT_ONCE).map(|_| part(move || issue(arena, who)));
    let outcomes = at_once(parts.collect());
    let (issued, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(issued.len(), 2);
    assert!(refused.iter().all(|outcome| *outcome == Err(TokenRefusal::TooMany.into())), "{refused:?}");
}

cases! { once:
    no_token_outlives_a_password_that_others_set
    there_is_never_a_token_too_many
}
