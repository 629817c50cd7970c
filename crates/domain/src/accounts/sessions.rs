//! What users do with their own sessions: list them, end them, sign out.

use crate::accounts::error::AccountRefusal;
use crate::accounts::repository::SessionQuery;
use crate::accounts::session::{Actor, Session};
use crate::error::Error;
use crate::ids::SessionId;
use crate::paging::{Limit, Page};
use crate::storage::Tx;

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
    tx.sessions().end(actor.id(), actor.session)?;
    Ok(())
}

/// Ends one of the actor's sessions.
///
/// # Errors
/// [`AccountRefusal::SessionNotFound`], also for a session of somebody else, or a fault.
pub fn end_session(tx: &mut dyn Tx, actor: &Actor, session: SessionId) -> Result<(), Error> {
    if tx.sessions().end(actor.id(), session)? { Ok(()) } else { Err(AccountRefusal::SessionNotFound.into()) }
}

/// Ends all of the actor's sessions but the one whose key they show.
///
/// # Errors
/// A fault.
pub fn end_other_sessions(tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
    Ok(tx.sessions().end_all(actor.id(), Some(actor.session))?)
}

#[cfg(test)]
mod tests;
