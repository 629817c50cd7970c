//! Computes the checksums of rows from before there were any.

use diesel::result::QueryResult;
use groupchat_domain::ids::{EventId, MessageId};
use groupchat_domain::storage::StorageFault;

use super::stored::Checksummed;
use crate::connection::Connection;
use crate::rows::{events, messages};
use crate::tx::DbTx;

/// Computes what is missing in up to `limit` messages after this one. Returns the last of them, `None` at the end.
pub(crate) fn add_to_messages(
    tx: &mut DbTx<'_>,
    after: MessageId,
    limit: i64,
) -> Result<Option<MessageId>, StorageFault> {
    let last = tx.run(|connection| add::<messages::Row>(connection, after.get(), limit))?;
    Ok(last.map(MessageId::new))
}

/// Computes what is missing in up to `limit` events after this one. Returns the last of them, `None` at the end.
pub(crate) fn add_to_events(
    tx: &mut DbTx<'_>,
    after: EventId,
    limit: i64,
) -> Result<Option<EventId>, StorageFault> {
    let last = tx.run(|connection| add::<events::Row>(connection, after.get(), limit))?;
    Ok(last.map(EventId::new))
}

fn add<T: Checksummed>(connection: &mut Connection<'_>, after: i64, limit: i64) -> QueryResult<Option<i64>> {
    let rows = T::page(connection, after, limit)?;
    for row in rows.iter().filter(|row| row.stored().is_none()) {
        T::store(connection, row.id(), row.computed())?;
    }
    Ok(rows.last().map(|row| row.id()))
}
