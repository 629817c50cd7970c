//! The read cursors that a user has moved on other devices while one device was not connected.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::live::{EphemeralEvent, ReadUpdate};
use crate::ids::Position;
use crate::messages::{Readable, ThreadCursor};
use crate::storage::Tx;

/// How many events before the client's position to look for moved cursors. A cursor is stored with the head of the log
/// at that time and published after the commit. By then the log may have grown, and a client may have disconnected at a
/// later position than the stored one. Fewer events than this are committed in between. Delivering a cursor twice does
/// no harm.
const OVERLAP: i64 = 1_000;

/// The position that is stored with read cursors which may have moved since a client had this one, or a later one.
pub(crate) fn moved_since(position: Position) -> Position {
    Position::new((position.get() - OVERLAP).max(FIRST))
}

/// The actor's read cursors that have moved since a client had this position. Cursors that moved because the actor sent
/// a message are left out, because the message implies them, those of threads that the actor can't read any more, and those
/// of groups that the session is not for.
///
/// # Errors
/// A fault.
pub fn read_since(tx: &mut dyn Tx, actor: &Actor, position: Position) -> Result<Vec<EphemeralEvent>, Error> {
    let since = moved_since(position);
    let mut groups = tx.members().read_since(actor.id(), since)?;
    groups.retain(|cursor| actor.reaches(cursor.group));
    let threads = tx.threads().read_since(actor.id(), since)?;
    let mentioning = groups.iter().filter(|cursor| cursor.state.unread_mentions > 0);
    let asked = mentioning.map(|cursor| cursor.group).chain(threads.iter().map(|cursor| cursor.thread.group));
    let readable = Readable::load(tx, actor, asked)?;
    groups.iter_mut().for_each(|cursor| readable.hide_mentions(cursor));
    let of_groups = groups.into_iter().map(ReadUpdate::from);
    let shown = |cursor: &ThreadCursor| readable.contains(cursor.thread.group, cursor.thread.root_seq);
    let of_threads = threads.into_iter().filter(shown).map(ReadUpdate::from);
    Ok(of_groups.chain(of_threads).map(EphemeralEvent::ReadUpdated).collect())
}

/// Cursors that never moved have position 0.
const FIRST: i64 = 1;

#[cfg(test)]
mod tests;
