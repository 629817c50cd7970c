//! Tickets.

use diesel::dsl::exists;
use diesel::prelude::*;
use groupchat_domain::accounts::{KeyHash, NewTicket, TicketRepository};
use groupchat_domain::ids::SessionId;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Span;

use crate::connection::on_backend;
use crate::schema::tickets;
use crate::tx::DbTx;

// A second name of the table, for subqueries that select the rows to remove.
diesel::alias!(const PICKED: Alias<Picked> = tickets as picked);

/// More tickets than a session can exceed its limit by with concurrent commands.
const REMOVE_BATCH: i64 = 500;

impl TicketRepository for DbTx<'_> {
    fn insert(&mut self, ticket: &NewTicket) -> Result<(), StorageFault> {
        let row = diesel::insert_into(tickets::table).values((
            tickets::session_id.eq(ticket.session.get()),
            tickets::hash.eq(ticket.hash.as_bytes().as_slice()),
            tickets::expires_at.eq(ticket.expires_at.as_micros()),
        ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove_oldest(&mut self, session: SessionId, keep: u32) -> Result<(), StorageFault> {
        let surplus = PICKED
            .select(PICKED.field(tickets::id))
            .filter(PICKED.field(tickets::session_id).eq(session.get()))
            .order(PICKED.field(tickets::id).desc())
            .limit(REMOVE_BATCH)
            .offset(keep.into());
        let removed = tickets::table.filter(tickets::id.eq_any(surplus));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(drop)
    }

    fn is_valid(&mut self, hash: &KeyHash, expires: Span) -> Result<bool, StorageFault> {
        let good = tickets::table
            .filter(tickets::hash.eq(hash.as_bytes().as_slice()))
            .filter(tickets::expires_at.gt(expires.after.as_micros()))
            .filter(tickets::expires_at.le(expires.until.as_micros()));
        on_backend!(self, |connection| diesel::select(exists(good)).get_result(connection))
    }

    fn redeem(&mut self, hash: &KeyHash, expires: Span) -> Result<Option<SessionId>, StorageFault> {
        let good = tickets::table
            .filter(tickets::hash.eq(hash.as_bytes().as_slice()))
            .filter(tickets::expires_at.gt(expires.after.as_micros()))
            .filter(tickets::expires_at.le(expires.until.as_micros()));
        let redeemed = diesel::delete(good).returning(tickets::session_id);
        let session = on_backend!(self, |connection| redeemed.get_result(connection).optional())?;
        Ok(session.map(SessionId::new))
    }

    fn remove_others(&mut self, expires: Span, limit: i64) -> Result<usize, StorageFault> {
        let expires_at = PICKED.field(tickets::expires_at);
        let is_other = expires_at.le(expires.after.as_micros()).or(expires_at.gt(expires.until.as_micros()));
        let others = PICKED.select(PICKED.field(tickets::id)).filter(is_other).order(expires_at).limit(limit);
        let removed = tickets::table.filter(tickets::id.eq_any(others));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection))
    }
}
