//! The networks from which users signed in recently.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::upsert::excluded;
use groupchat_domain::accounts::KnownNetworkRepository;
use groupchat_domain::ids::UserId;
use groupchat_domain::network::Network;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::schema::known_networks;
use crate::tx::DbTx;

// A second name of the table, for subqueries that select the rows to remove.
diesel::alias!(const PICKED: Alias<Picked> = known_networks as picked);

/// More networks than a user can exceed the limit by with concurrent commands.
const FORGET_BATCH: i64 = 500;

impl KnownNetworkRepository for DbTx<'_> {
    fn is_known_to(
        &mut self,
        user: UserId,
        network: Network,
        since: Timestamp,
    ) -> Result<bool, StorageFault> {
        let known = known_networks::table
            .filter(known_networks::user_id.eq(user.get()))
            .filter(known_networks::network.eq(network.to_string()))
            .filter(known_networks::last_used_at.ge(since.as_micros()));
        on_backend!(self, |connection| diesel::select(exists(known)).get_result(connection))
    }

    fn is_known(&mut self, network: Network, since: Timestamp) -> Result<bool, StorageFault> {
        let known = known_networks::table
            .filter(known_networks::network.eq(network.to_string()))
            .filter(known_networks::last_used_at.ge(since.as_micros()));
        on_backend!(self, |connection| diesel::select(exists(known)).get_result(connection))
    }

    fn remember(
        &mut self,
        user: UserId,
        network: Network,
        at: Timestamp,
        keep: u32,
    ) -> Result<(), StorageFault> {
        let row = diesel::insert_into(known_networks::table)
            .values((
                known_networks::user_id.eq(user.get()),
                known_networks::network.eq(network.to_string()),
                known_networks::last_used_at.eq(at.as_micros()),
            ))
            .on_conflict((known_networks::user_id, known_networks::network))
            .do_update()
            .set(known_networks::last_used_at.eq(excluded(known_networks::last_used_at)));
        on_backend!(self, |connection| row.execute(connection))?;
        let surplus = PICKED
            .select(PICKED.field(known_networks::network))
            .filter(PICKED.field(known_networks::user_id).eq(user.get()))
            .order((PICKED.field(known_networks::last_used_at).desc(), PICKED.field(known_networks::network)))
            .limit(FORGET_BATCH)
            .offset(keep.into());
        let forgotten = known_networks::table
            .filter(known_networks::user_id.eq(user.get()))
            .filter(known_networks::network.eq_any(surplus));
        on_backend!(self, |connection| diesel::delete(forgotten).execute(connection)).map(drop)
    }

    fn forget(&mut self, user: UserId) -> Result<(), StorageFault> {
        let forgotten = known_networks::table.filter(known_networks::user_id.eq(user.get()));
        on_backend!(self, |connection| diesel::delete(forgotten).execute(connection)).map(drop)
    }

    fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        // Removes all that are as old as the last one within the limit. They are few more, since two logins rarely
        // happen in the same microsecond.
        let until = PICKED
            .select(PICKED.field(known_networks::last_used_at))
            .filter(PICKED.field(known_networks::last_used_at).lt(before.as_micros()))
            .order(PICKED.field(known_networks::last_used_at))
            .limit(limit);
        let removed = known_networks::table.filter(known_networks::last_used_at.eq_any(until));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection))
    }
}
