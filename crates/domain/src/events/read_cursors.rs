//! The read cursors that a user has moved on other devices while one device was not connected.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::live::EphemeralEvent;
use crate::ids::Position;
use crate::storage::Tx;

/// How many events before the client's position to look for moved cursors. A cursor is stored with the head of the log
/// at that time and published after the commit. By then the log may have grown, and a client may have disconnected at a
/// later position than the stored one. Fewer events than this are committed in between. Delivering a cursor twice does
/// no harm.
const OVERLAP: i64 = 1_000;

/// The actor's read cursors that have moved since a client had this position. Cursors that moved because the actor sent
/// a message are left out, because the message implies them.
///
/// # Errors
/// A fault.
pub fn read_since(tx: &mut dyn Tx, actor: &Actor, position: Position) -> Result<Vec<EphemeralEvent>, Error> {
    let since = Position::new((position.get() - OVERLAP).max(FIRST));
    let cursors = tx.members().read_since(actor.id(), since)?;
    let events = cursors.into_iter().map(|cursor| EphemeralEvent::ReadUpdated {
        group: cursor.group,
        read_seq: cursor.read_seq,
        unread: cursor.unread,
    });
    Ok(events.collect())
}

/// Cursors that never moved have position 0.
const FIRST: i64 = 1;

#[cfg(test)]
mod tests;
