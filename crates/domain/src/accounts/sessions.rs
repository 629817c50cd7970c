//! What users do with their own sessions: list them, end them, log out. Also the removal of expired sessions.

use crate::accounts::error::AccountRefusal;
use crate::accounts::repository::SessionQuery;
use crate::accounts::session::{Actor, Session};
use crate::error::Error;
use crate::events::Event;
use crate::ids::{SessionId, UserId};
use crate::paging::{Limit, Page};
use crate::storage::Tx;

/// Expired sessions that one command removes.
const REMOVE_BATCH: i64 = 500;

/// The actor's sessions, the newest first.
///
/// # Errors
/// A fault.
pub fn list_sessions(
    tx: &mut dyn Tx,
    actor: &Actor,
    below: Option<SessionId>,
    limit: Limit,
) -> Result<Page<Session>, Error> {
    let query = SessionQuery { user: actor.id(), now: tx.now(), below, limit };
    Ok(Page::from_lookahead(tx.sessions().list(&query)?, limit))
}

/// Ends the session whose key the actor shows: the key stops working at once.
///
/// # Errors
/// A fault.
pub fn logout(tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
    end(tx, Some(actor.id()), actor.id(), Ending::One(actor.session))?;
    Ok(())
}

/// Ends one of the actor's sessions.
///
/// # Errors
/// [`AccountRefusal::SessionNotFound`], also for a session of somebody else, or a fault.
pub fn end_session(tx: &mut dyn Tx, actor: &Actor, session: SessionId) -> Result<(), Error> {
    if end(tx, Some(actor.id()), actor.id(), Ending::One(session))? {
        Ok(())
    } else {
        Err(AccountRefusal::SessionNotFound.into())
    }
}

/// Ends all of the actor's sessions but the one whose key they show.
///
/// # Errors
/// A fault.
pub fn end_other_sessions(tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
    end(tx, Some(actor.id()), actor.id(), Ending::AllBut(actor.session))?;
    Ok(())
}

/// Which of a user's sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// This one.
    One(SessionId),
    /// All but this one.
    AllBut(SessionId),
    /// All.
    All,
    /// Those that make room for one more of so many: the provisioned ones, and of the others those that were unused
    /// for longest. The user must be locked exclusively.
    ForOneOf(u32),
}

/// Ends sessions of a user and tells of it, so that connections that live by them end too; says whether there were
/// any. The one place where sessions end, but for those of a deleted user, of whom
/// [`Event::UserDeleted`] tells, and those that expire.
pub(super) fn end(tx: &mut dyn Tx, by: Option<UserId>, user: UserId, which: Ending) -> Result<bool, Error> {
    let now = tx.now();
    let ended = match which {
        Ending::One(session) => tx.sessions().end(user, session)?,
        Ending::AllBut(session) => tx.sessions().end_all(user, Some(session))?,
        Ending::All => tx.sessions().end_all(user, None)?,
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

/// Removes some sessions that have expired; whether there may be more.
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
