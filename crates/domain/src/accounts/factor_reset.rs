//! Removing the second factors of users who have lost them.

use crate::accounts::credentials::{self, CredentialChange};
use crate::accounts::rights::lock_for_change;
use crate::accounts::session::Actor;
use crate::accounts::sessions::{self, Ending};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::ids::UserId;
use crate::permissions::ServerPermission;
use crate::storage::Tx;

/// Removes all second factors of a user, with the recovery codes, on behalf of somebody who manages users and may do no less
/// than this one. All sessions of the user end, and all logins that lack a second factor. One's own are disabled with
/// the password and a code instead.
///
/// # Errors
/// [`UserNotFound`], [`NotPermitted`], [`ProvisionedKey`], [`IsBot`], [`CurrentPasswordRequired`] for one's own, or a
/// fault.
///
/// [`IsBot`]: crate::accounts::AccountRefusal::IsBot
/// [`UserNotFound`]: crate::accounts::AccountRefusal::UserNotFound
/// [`NotPermitted`]: crate::accounts::AccountRefusal::NotPermitted
/// [`ProvisionedKey`]: crate::accounts::AccountRefusal::ProvisionedKey
/// [`CurrentPasswordRequired`]: crate::accounts::AccountRefusal::CurrentPasswordRequired
pub fn reset_factors(tx: &mut dyn Tx, actor: &Actor, id: UserId) -> Result<(), Error> {
    let locked = lock_for_change(tx, actor, id, ServerPermission::ManageUsers)?;
    credentials::authorize(actor, &locked.by, CredentialChange::FactorsOf(id))?;
    credentials::require_person(&locked.user)?;
    reset_locked(tx, Some(actor.id()), id)?;
    tx.record(AuditEntry::by(actor, AuditAction::FactorsReset).to(id));
    Ok(())
}

/// The same for a user who is locked exclusively.
pub(super) fn reset_locked(tx: &mut dyn Tx, by: Option<UserId>, id: UserId) -> Result<(), Error> {
    if tx.factors().remove(id)? {
        tx.emit(by, Event::FactorsUpdated(id));
    }
    sessions::end(tx, by, id, Ending::All)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::accounts::AccountRefusal;
    use crate::events::Audience;
    use crate::permissions::ServerRights;
    use crate::testing::{
        ME, MockTx, OTHER, assert_hands_faults_on, bot, me, me_provisioned, needs, rights, rights_with,
        server_admin, sessions_ended, user,
    };

    fn locks() -> MockTx {
        MockTx::new().locks_for_change(OTHER, vec![Some(user(OTHER)), Some(server_admin(ME))])
    }

    fn resets(had_any: bool) -> MockTx {
        let mut tx = locks();
        tx.factors.expect_remove().with(eq(OTHER)).times(1).returning(move |_| Ok(had_any));
        tx.sessions.expect_end_all().with(eq(OTHER), eq(None)).times(1).returning(|_, _| Ok(true));
        tx
    }

    #[test]
    fn factors_go_and_all_sessions_end() {
        for had_any in [true, false] {
            let mut tx = resets(had_any);
            assert_eq!(reset_factors(&mut tx, &me(), OTHER), Ok(()));
            let ended = sessions_ended(OTHER, Some(ME));
            let updated = (Audience::User(OTHER), Some(ME), Event::FactorsUpdated(OTHER));
            assert_eq!(tx.emitted, if had_any { vec![updated, ended] } else { vec![ended] });
            assert_eq!(tx.recorded, [AuditEntry::by(&me(), AuditAction::FactorsReset).to(OTHER)]);
        }
        assert_hands_faults_on(|| resets(true), |tx| reset_factors(tx, &me(), OTHER));
    }

    #[test]
    fn nobody_resets_the_factors_of_somebody_who_may_do_more() {
        let manager = rights_with(&[ServerPermission::ManageUsers]);
        let target = ServerRights { is_admin: true, ..rights(false) };
        let mut tx = MockTx::new().locks_to_change(OTHER, Some(server_admin(OTHER)), Some(Some(manager)));
        tx.server_roles.expect_rights().with(eq(OTHER)).times(1).returning(move |_| Ok(Some(target)));
        let outcome = reset_factors(&mut tx, &me(), OTHER);
        assert!(matches!(
            outcome,
            Err(Error::Refused(crate::Refusal::Account(AccountRefusal::NotPermitted(_))))
        ));
        let mut tx = MockTx::new().locks_for_change(OTHER, vec![Some(user(OTHER)), Some(user(ME))]);
        let outcome = reset_factors(&mut tx, &me(), OTHER);
        assert_eq!(outcome, Err(needs(ServerPermission::ManageUsers).into()));
    }

    #[test]
    fn a_key_alone_resets_neither_one_s_own_nor_with_the_account_s_first_key() {
        let outcome = reset_factors(&mut locks(), &me_provisioned(), OTHER);
        assert_eq!(outcome, Err(AccountRefusal::ProvisionedKey.into()));
        let own = credentials::authorize(&me(), &rights(true), CredentialChange::FactorsOf(ME));
        assert_eq!(own, Err(AccountRefusal::CurrentPasswordRequired));
    }

    #[test]
    fn a_bot_has_none() {
        let found = vec![Some(bot(OTHER, ME)), Some(server_admin(ME))];
        let mut tx = MockTx::new().locks_for_change(OTHER, found);
        assert_eq!(reset_factors(&mut tx, &me(), OTHER), Err(AccountRefusal::IsBot.into()));
    }
}
