//! Sessions: users list and end their own, and those who manage users those of others. Also removes expired sessions.

use crate::accounts::error::AccountRefusal;
use crate::accounts::permit::reject_tokens;
use crate::accounts::repository::{LockStrength, SessionQuery};
use crate::accounts::rights::{check_over, lock_for_change, rights_of};
use crate::accounts::session::{Actor, Session};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::ids::{SessionId, UserId};
use crate::paging::{Limit, Page};
use crate::permissions::ServerPermission;
use crate::storage::Tx;

/// Expired sessions that one command removes.
const REMOVE_BATCH: i64 = 500;

/// The actor's sessions, newest first. Tokens are listed elsewhere.
///
/// # Errors
/// [`AccountRefusal::InsufficientScope`], or a fault.
pub fn list_sessions(
    tx: &mut dyn Tx,
    actor: &Actor,
    below: Option<SessionId>,
    limit: Limit,
) -> Result<Page<Session>, Error> {
    reject_tokens(actor)?;
    list(tx, actor.id(), below, limit)
}

fn list(
    tx: &mut dyn Tx,
    user: UserId,
    below: Option<SessionId>,
    limit: Limit,
) -> Result<Page<Session>, Error> {
    let query = SessionQuery { user, now: tx.now(), below, limit };
    Ok(Page::from_lookahead(tx.sessions().list(&query)?, limit))
}

/// The sessions of a user, newest first: for the user, and for somebody who manages users and may do no less than this
/// one.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], [`AccountRefusal::NotPermitted`], or a fault.
pub fn list_sessions_of(
    tx: &mut dyn Tx,
    actor: &Actor,
    user: UserId,
    below: Option<SessionId>,
    limit: Limit,
) -> Result<Page<Session>, Error> {
    tx.accounts().find(user)?.ok_or(AccountRefusal::UserNotFound)?;
    if user != actor.id() {
        let rights = rights_of(tx, actor)?;
        check_over(tx, &rights, user, ServerPermission::ManageUsers)?;
    } else {
        reject_tokens(actor)?;
    }
    list(tx, user, below, limit)
}

/// Ends all sessions of a user on behalf of the user, or of somebody who manages users and may do no less than this one.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], [`AccountRefusal::NotPermitted`], or a fault.
pub fn end_sessions_of(tx: &mut dyn Tx, actor: &Actor, user: UserId) -> Result<(), Error> {
    lock_for(tx, actor, user)?;
    if end(tx, Some(actor.id()), user, Ending::All)? {
        tx.record(AuditEntry::by(actor, AuditAction::AllSessionsEnded).to(user));
    }
    Ok(())
}

/// Ends one session of a user on behalf of the user, or of somebody who manages users and may do no less than this one.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], [`AccountRefusal::NotPermitted`], [`AccountRefusal::SessionNotFound`], or a fault.
pub fn end_session_of(tx: &mut dyn Tx, actor: &Actor, user: UserId, session: SessionId) -> Result<(), Error> {
    lock_for(tx, actor, user)?;
    if end(tx, Some(actor.id()), user, Ending::One(session))? {
        tx.record(AuditEntry::by(actor, AuditAction::SessionEnded).to(user).about(session.get()));
        Ok(())
    } else {
        Err(AccountRefusal::SessionNotFound.into())
    }
}

/// Ends the session of the key that the actor uses. The key stops working at once.
///
/// # Errors
/// [`AccountRefusal::InsufficientScope`], or a fault.
pub fn logout(tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
    reject_tokens(actor)?;
    end(tx, Some(actor.id()), actor.id(), Ending::One(actor.session))?;
    tx.record(AuditEntry::by(actor, AuditAction::Logout));
    Ok(())
}

/// Ends one of the actor's sessions.
///
/// # Errors
/// [`AccountRefusal::InsufficientScope`], [`AccountRefusal::SessionNotFound`], also for another user's session, or a fault.
pub fn end_session(tx: &mut dyn Tx, actor: &Actor, session: SessionId) -> Result<(), Error> {
    reject_tokens(actor)?;
    if end(tx, Some(actor.id()), actor.id(), Ending::One(session))? {
        tx.record(AuditEntry::by(actor, AuditAction::SessionEnded).about(session.get()));
        Ok(())
    } else {
        Err(AccountRefusal::SessionNotFound.into())
    }
}

/// Ends all of the actor's sessions except the one of the key in use. Tokens stay.
///
/// # Errors
/// [`AccountRefusal::InsufficientScope`], or a fault.
pub fn end_other_sessions(tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
    reject_tokens(actor)?;
    if end(tx, Some(actor.id()), actor.id(), Ending::AllBut(actor.session))? {
        tx.record(AuditEntry::by(actor, AuditAction::OtherSessionsEnded));
    }
    Ok(())
}

/// Locks a user whose sessions the actor is about to end, if the actor may.
fn lock_for(tx: &mut dyn Tx, actor: &Actor, user: UserId) -> Result<(), Error> {
    if user == actor.id() {
        reject_tokens(actor)?;
        return Ok(tx.accounts().lock(&[user], LockStrength::Exclusive)?);
    }
    lock_for_change(tx, actor, user, ServerPermission::ManageUsers).map(drop)
}

/// Which sessions of a user to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// This one.
    One(SessionId),
    /// All except this one.
    AllBut(SessionId),
    /// All.
    All,
    /// All, and all tokens.
    AllAndTokens,
    /// As many as needed for one more session within the limit: first provisioned sessions, then those unused for
    /// longest. The user must be locked exclusively.
    ForOneOf(u32),
}

/// Ends sessions of a user and emits an event, so that connections that depend on them end too. Returns whether there
/// were any. Tokens stay unless it says otherwise. Sessions end nowhere else, except single tokens, those of a deleted user ([`Event::UserDeleted`] covers them) and those
/// that expire.
pub(super) fn end(tx: &mut dyn Tx, by: Option<UserId>, user: UserId, which: Ending) -> Result<bool, Error> {
    let now = tx.now();
    let ended = match which {
        Ending::One(session) => tx.sessions().end(user, session)?,
        Ending::AllBut(session) => tx.sessions().end_all(user, Some(session))?,
        Ending::All => tx.sessions().end_all(user, None)?,
        Ending::AllAndTokens => {
            let had_tokens = tx.tokens().end_all(user)?;
            if had_tokens {
                tx.emit(by, Event::TokensUpdated(user));
            }
            tx.sessions().end_all(user, None)? || had_tokens
        }
        Ending::ForOneOf(most) => {
            let provisioned = tx.sessions().end_provisioned(user)?;
            tx.sessions().end_idlest(user, now, most.saturating_sub(1))? || provisioned
        }
    };
    if ended {
        tx.emit(by, Event::SessionsEnded(user));
    }
    Ok(ended)
}

/// Removes a batch of expired sessions. Returns whether there may be more.
///
/// # Errors
/// A fault.
pub fn remove_expired_sessions(tx: &mut dyn Tx) -> Result<bool, Error> {
    let now = tx.now();
    let removed = tx.sessions().remove_expired(now, REMOVE_BATCH)?;
    Ok(i64::try_from(removed).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests;
