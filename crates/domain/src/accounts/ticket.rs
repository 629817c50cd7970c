//! Tickets: a client uses one instead of a key that it can't send, as in the URL of a browser's connection. URLs end up
//! in logs, so a ticket is valid once and for a short time.

use std::time::Duration;

use crate::accounts::error::AccountRefusal;
use crate::accounts::repository::NewTicket;
use crate::accounts::session::{Actor, KeyHash};
use crate::error::Error;
use crate::network::Network;
use crate::storage::{Access, Caller, Mode, Storage, Tx};
use crate::time::{Span, Timestamp};

/// How long a ticket is good.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(30);

/// How far ahead the clock of the server may be that issued a ticket which another one redeems.
const SKEW: Duration = Duration::from_secs(60);

/// How far in the future a ticket has to end to be removed: no server whose clock is merely behind removes those that
/// the others have just issued.
const IMPOSSIBLE: Duration = Duration::from_secs(3600);

/// How many tickets a session may have at a time; another one makes the oldest worthless.
pub const MAX_TICKETS: u32 = 32;

/// Expired tickets that one command removes.
const REMOVE_BATCH: i64 = 500;

/// Stores a ticket for the actor's session, made by [`ApiKeys::issue`](super::ApiKeys::issue); says until when it is
/// good.
///
/// # Errors
/// A fault.
pub fn issue_ticket(tx: &mut dyn Tx, actor: &Actor, ticket: KeyHash) -> Result<Timestamp, Error> {
    let expires_at = tx.now().plus(TICKET_LIFETIME);
    tx.tickets().remove_oldest(actor.session, MAX_TICKETS - 1)?;
    tx.tickets().insert(&NewTicket { session: actor.session, hash: ticket, expires_at })?;
    Ok(expires_at)
}

/// Takes a ticket, which is used up by that, and says whose session it stands for. `network` is where the request
/// came from.
///
/// # Errors
/// [`AccountRefusal::TicketInvalid`]: unknown, used, too old, or of a session that has ended; or a fault.
pub async fn redeem_ticket(storage: &dyn Storage, ticket: KeyHash, network: Network) -> Result<Actor, Error> {
    let caller = Caller::Network(network);
    // Looked for first, so that made-up tickets don't occupy the writer.
    let look = Access { mode: Mode::Read, caller };
    storage.run(look, move |tx| find(tx, &ticket)).await?;
    storage.run(Access { mode: Mode::Write, caller }, move |tx| redeem(tx, &ticket)).await
}

/// When a ticket expires that is good now. One that seems to be good for longer than any is was issued when the clock
/// was ahead; how long ago nobody knows.
fn good_now(now: Timestamp) -> Span {
    Span { after: now, until: now.plus(TICKET_LIFETIME + SKEW) }
}

fn find(tx: &mut dyn Tx, ticket: &KeyHash) -> Result<(), Error> {
    let good = good_now(tx.now());
    if tx.tickets().is_good(ticket, good)? { Ok(()) } else { Err(AccountRefusal::TicketInvalid.into()) }
}

fn redeem(tx: &mut dyn Tx, ticket: &KeyHash) -> Result<Actor, Error> {
    let now = tx.now();
    let session = tx.tickets().redeem(ticket, good_now(now))?.ok_or(AccountRefusal::TicketInvalid)?;
    Ok(tx.sessions().holder(session, now)?.ok_or(AccountRefusal::TicketInvalid)?)
}

/// Removes some tickets that are too old; whether there may be more.
///
/// # Errors
/// A fault.
pub fn remove_expired_tickets(tx: &mut dyn Tx) -> Result<bool, Error> {
    let now = tx.now();
    // Those that a server whose clock is a little behind still takes are kept likewise.
    let kept = Span { after: now.minus(SKEW), until: now.plus(IMPOSSIBLE) };
    let removed = tx.tickets().remove_others(kept, REMOVE_BATCH)?;
    Ok(i64::try_from(removed).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests;
