//! Creating bots.

use crate::accounts::{AccountRefusal, Actor, DisplayName, NewBot, User, Username, authorize_own_bots};
use crate::audit::{AuditAction, AuditEntry};
use crate::bots::access::{lock, require_room};
use crate::error::Error;
use crate::events::Event;
use crate::storage::{Tx, Unique};

/// A bot to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotDraft {
    /// The name that it is mentioned by.
    pub username: Username,
    /// The name shown to others.
    pub display_name: Option<DisplayName>,
}

/// Creates a bot of the actor. It can do nothing until it has a token.
///
/// # Errors
/// [`BotRefusal::TooMany`](crate::bots::BotRefusal::TooMany); [`AccountRefusal::UsernameTaken`],
/// [`AccountRefusal::InsufficientScope`], [`AccountRefusal::ProvisionedKey`], or a fault.
pub fn create_bot(tx: &mut dyn Tx, actor: &Actor, draft: &BotDraft) -> Result<User, Error> {
    authorize_own_bots(actor)?;
    let owner = actor.id();
    lock(tx, actor, &[owner])?;
    require_room(tx, owner)?;
    let BotDraft { username, display_name } = draft.clone();
    let new = NewBot { username, display_name, owner, created_at: tx.now() };
    let Unique::Stored(id) = tx.accounts().insert_bot(&new)? else {
        return Err(AccountRefusal::UsernameTaken.into());
    };
    let bot = new.into_user(id);
    tx.emit(Some(owner), Event::UserCreated(bot.without_private_fields()));
    tx.record(AuditEntry::by(actor, AuditAction::UserCreated).to(id).of_fields(&["owner_id"]));
    Ok(bot)
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::accounts::{MAX_BOTS, Scope};
    use crate::bots::BotRefusal;
    use crate::bots::testing::{BOT, bots, locks};
    use crate::events::Audience;
    use crate::ids::UserId;
    use crate::testing::{ME, MockTx, NOW, assert_hands_faults_on, me, me_provisioned, my_token};

    fn draft() -> BotDraft {
        BotDraft {
            username: Username::parse("deploys").unwrap(),
            display_name: DisplayName::parse("Deploys").ok(),
        }
    }

    fn new() -> NewBot {
        let BotDraft { username, display_name } = draft();
        NewBot { username, display_name, owner: ME, created_at: NOW }
    }

    fn creates(others: u32, stored: Unique<UserId>) -> MockTx {
        let mut tx = locks(MockTx::new(), &[ME]).owns_bots(ME, &bots(others));
        if others < MAX_BOTS {
            tx.accounts.expect_insert_bot().with(eq(new())).times(1).returning(move |_| Ok(stored));
        }
        tx
    }

    #[test]
    fn a_bot_belongs_to_who_creates_it() {
        let stored = || creates(MAX_BOTS - 1, Unique::Stored(BOT));
        let mut tx = stored();
        let bot = create_bot(&mut tx, &me(), &draft()).unwrap();
        assert_eq!(bot, new().into_user(BOT));
        assert_eq!((bot.owner, bot.is_admin, &bot.email), (Some(ME), false, &None));
        assert_eq!(tx.emitted, [(Audience::All, Some(ME), Event::UserCreated(bot))]);
        let entry = AuditEntry::by(&me(), AuditAction::UserCreated).to(BOT).of_fields(&["owner_id"]);
        assert_eq!(tx.recorded, [entry]);
        assert_hands_faults_on(stored, |tx| create_bot(tx, &me(), &draft()));
    }

    #[test]
    fn names_are_those_of_all_users_and_there_are_only_so_many_bots() {
        for (others, refusal) in
            [(0, Error::from(AccountRefusal::UsernameTaken)), (MAX_BOTS, BotRefusal::TooMany.into())]
        {
            let mut tx = creates(others, Unique::Taken);
            assert_eq!(create_bot(&mut tx, &me(), &draft()), Err(refusal));
            assert!(tx.emitted.is_empty() && tx.recorded.is_empty());
        }
    }

    #[test]
    fn tokens_and_provisioned_keys_create_none() {
        for (actor, refusal) in [
            (my_token(Scope::Admin), AccountRefusal::InsufficientScope),
            (me_provisioned(), AccountRefusal::ProvisionedKey),
        ] {
            assert_eq!(create_bot(&mut MockTx::new(), &actor, &draft()), Err(refusal.into()));
        }
    }

    #[test]
    fn a_session_that_has_just_ended_creates_none() {
        let mut tx = MockTx::new();
        tx.accounts.expect_lock().times(1).returning(|_, _| Ok(()));
        tx.sessions.expect_holder().times(1).returning(|_, _| Ok(None));
        let refused = create_bot(&mut tx, &me(), &draft());
        assert_eq!(refused, Err(AccountRefusal::Unauthenticated.into()));
    }
}
