//! Ending a token.

use crate::accounts::{Actor, authorize_own_tokens};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::ids::{TokenId, UserId};
use crate::storage::Tx;
use crate::tokens::error::TokenRefusal;

/// Ends one of the actor's tokens. It stops working at once, and connections that were opened with it end.
///
/// # Errors
/// [`TokenRefusal::NotFound`], also for a token of another user; `InsufficientScope` or `ProvisionedKey` of
/// [`AccountRefusal`](crate::accounts::AccountRefusal); or a fault.
pub fn end_token(tx: &mut dyn Tx, actor: &Actor, token: TokenId) -> Result<(), Error> {
    authorize_own_tokens(actor)?;
    end(tx, actor, actor.id(), token)
}

/// Ends a token of this user.
pub(crate) fn end(tx: &mut dyn Tx, actor: &Actor, user: UserId, token: TokenId) -> Result<(), Error> {
    if !tx.tokens().end(user, token)? {
        return Err(TokenRefusal::NotFound.into());
    }
    let by = Some(actor.id());
    tx.emit(by, Event::SessionsEnded(user));
    tx.emit(by, Event::TokensUpdated(user));
    tx.record(AuditEntry::by(actor, AuditAction::TokenEnded).to(user).about(token.get()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::accounts::{AccountRefusal, Scope};
    use crate::events::Audience;
    use crate::testing::{ME, MockTx, assert_hands_faults_on, me, me_provisioned, my_token, sessions_ended};

    const TOKEN: TokenId = TokenId::new(12);

    fn ends(was_there: bool) -> MockTx {
        let mut tx = MockTx::new();
        tx.tokens.expect_end().with(eq(ME), eq(TOKEN)).times(1).returning(move |_, _| Ok(was_there));
        tx
    }

    #[test]
    fn a_token_ends_with_its_connections_and_devices_are_told() {
        let mut tx = ends(true);
        assert_eq!(end_token(&mut tx, &me(), TOKEN), Ok(()));
        let updated = (Audience::User(ME), Some(ME), Event::TokensUpdated(ME));
        assert_eq!(tx.emitted, [sessions_ended(ME, Some(ME)), updated]);
        assert_eq!(tx.recorded, [AuditEntry::by(&me(), AuditAction::TokenEnded).to(ME).about(12)]);
        assert_hands_faults_on(|| ends(true), |tx| end_token(tx, &me(), TOKEN));
    }

    #[test]
    fn what_is_no_token_of_the_user_is_not_found() {
        let mut tx = ends(false);
        assert_eq!(end_token(&mut tx, &me(), TOKEN), Err(TokenRefusal::NotFound.into()));
        assert!(tx.emitted.is_empty() && tx.recorded.is_empty());
    }

    #[test]
    fn no_token_and_no_provisioned_key_ends_one() {
        for (actor, refusal) in [
            (my_token(Scope::Admin), AccountRefusal::InsufficientScope),
            (me_provisioned(), AccountRefusal::ProvisionedKey),
        ] {
            assert_eq!(end_token(&mut MockTx::new(), &actor, TOKEN), Err(refusal.into()));
        }
    }
}
