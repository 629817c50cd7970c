//! Listing bots.

use crate::accounts::{Actor, User};
use crate::error::Error;
use crate::ids::UserId;
use crate::paging::{Limit, Page};
use crate::storage::Tx;

/// Which bots to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BotQuery {
    /// Whose they are; `None` for the actor's.
    pub owner: Option<UserId>,
    /// The list continues after this one.
    pub after: Option<UserId>,
    /// The number of bots.
    pub limit: Limit,
}

/// The bots of an owner by id. Everybody may see whose a bot is.
///
/// # Errors
/// A fault.
pub fn list_bots(tx: &mut dyn Tx, actor: &Actor, query: BotQuery) -> Result<Page<User>, Error> {
    let owner = query.owner.unwrap_or(actor.id());
    let bots = tx.accounts().bots(owner, query.after, query.limit.with_lookahead())?;
    Ok(Page::from_lookahead(bots, query.limit))
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::bots::testing::BOT;
    use crate::testing::{ME, MockTx, OTHER, assert_hands_faults_on, bot, me};

    fn lists(owner: UserId, after: Option<UserId>) -> MockTx {
        let mut tx = MockTx::new();
        tx.accounts
            .expect_bots()
            .with(eq(owner), eq(after), eq(2))
            .times(1)
            .returning(move |_, _, _| Ok(vec![bot(BOT, owner), bot(UserId::new(31), owner)]));
        tx
    }

    #[test]
    fn everybody_sees_whose_a_bot_is() {
        let limit = Limit::parse(1).unwrap();
        for (owner, whose) in [(None, ME), (Some(ME), ME), (Some(OTHER), OTHER)] {
            for after in [None, Some(UserId::new(12))] {
                let query = BotQuery { owner, after, limit };
                let page = list_bots(&mut lists(whose, after), &me(), query);
                assert_eq!(page, Ok(Page { items: vec![bot(BOT, whose)], more: true }));
            }
        }
        let query = BotQuery { owner: None, after: None, limit };
        assert_hands_faults_on(|| lists(ME, None), |tx| list_bots(tx, &me(), query));
    }
}
