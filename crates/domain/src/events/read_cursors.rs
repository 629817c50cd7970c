//! The read cursors that a user has moved on other devices while one device was not connected.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::live::EphemeralEvent;
use crate::ids::Position;
use crate::storage::Tx;

/// A cursor that is moved is stored with the head of the log at that time, and told of after the commit. By then the
/// log may have gone on, and a client may have left with a later position than the one stored: as far as this many
/// events before the client's position is looked, which is more than are committed meanwhile. What a client is told
/// of twice says the same twice.
const OVERLAP: i64 = 1_000;

/// The actor's read cursors that were moved since a client had this position. Those that moved with a message that
/// the actor sent are not among them: the message says it.
///
/// # Errors
/// A fault.
pub fn read_since(tx: &mut dyn Tx, actor: &Actor, position: Position) -> Result<Vec<EphemeralEvent>, Error> {
    let since = Position::new((position.get() - OVERLAP).max(FIRST));
    let cursors = tx.members().read_since(actor.id(), since)?;
    let told = cursors.into_iter().map(|cursor| EphemeralEvent::ReadUpdated {
        group: cursor.group,
        read_seq: cursor.read_seq,
        unread: cursor.unread,
    });
    Ok(told.collect())
}

/// Cursors that were never moved have the position 0.
const FIRST: i64 = 1;

#[cfg(test)]
mod tests;
