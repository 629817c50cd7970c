//! Listing one's own tokens.

use crate::accounts::{Actor, reject_tokens};
use crate::error::Error;
use crate::ids::{TokenId, UserId};
use crate::paging::{Limit, Page};
use crate::storage::Tx;
use crate::tokens::model::Token;
use crate::tokens::repository::TokenQuery;

/// The actor's tokens, newest first, without their keys. Those that have expired are left out.
///
/// # Errors
/// [`InsufficientScope`](crate::accounts::AccountRefusal::InsufficientScope), or a fault.
pub fn list_tokens(
    tx: &mut dyn Tx,
    actor: &Actor,
    below: Option<TokenId>,
    limit: Limit,
) -> Result<Page<Token>, Error> {
    reject_tokens(actor)?;
    list(tx, actor.id(), below, limit)
}

/// The tokens of this user.
pub(crate) fn list(
    tx: &mut dyn Tx,
    user: UserId,
    below: Option<TokenId>,
    limit: Limit,
) -> Result<Page<Token>, Error> {
    let query = TokenQuery { user, now: tx.now(), below, limit };
    Ok(Page::from_lookahead(tx.tokens().list(&query)?, limit))
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::accounts::{AccountRefusal, Scope};
    use crate::testing::{ME, MockTx, NOW, assert_hands_faults_on, me, my_token};
    use crate::tokens::testing::token;

    fn lists(below: Option<TokenId>) -> MockTx {
        let query = TokenQuery { user: ME, now: NOW, below, limit: Limit::parse(1).unwrap() };
        let mut tx = MockTx::new();
        tx.tokens.expect_list().with(eq(query)).times(1).returning(|_| Ok(vec![token(12), token(11)]));
        tx
    }

    #[test]
    fn users_list_their_tokens_page_by_page() {
        let limit = Limit::parse(1).unwrap();
        for below in [None, Some(TokenId::new(20))] {
            let page = list_tokens(&mut lists(below), &me(), below, limit);
            assert_eq!(page, Ok(Page { items: vec![token(12)], more: true }));
        }
        assert_hands_faults_on(|| lists(None), |tx| list_tokens(tx, &me(), None, limit));
    }

    #[test]
    fn a_token_sees_none() {
        let refused =
            list_tokens(&mut MockTx::new(), &my_token(Scope::Admin), None, Limit::parse(1).unwrap());
        assert_eq!(refused, Err(AccountRefusal::InsufficientScope.into()));
    }
}
