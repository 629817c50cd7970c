//! Removes messages, the replies to them, and all that belongs to both, in steps of a bounded size.

use diesel::prelude::*;
use groupchat_domain::groups::SeqSpan;
use groupchat_domain::retention::Purged;
use groupchat_domain::storage::StorageFault;

use super::authors::{RemovedMessage, forget_authors};
use super::children::{purge_children, purge_of_threads};
use crate::connection::on_backend;
use crate::schema::{groups, messages, threads};
use crate::sql::{among, row_count};
use crate::tx::DbTx;

/// The columns of a [`RemovedMessage`].
const REMOVED: (messages::id, messages::root_seq, messages::seq, messages::author_id) =
    (messages::id, messages::root_seq, messages::seq, messages::author_id);

/// Removes up to about `limit` rows: replies, each after what belongs to it, then threads and the messages of the group itself
/// likewise. A row goes before the one that it refers to, so whatever step was the last, the next one goes on.
pub(super) fn purge(
    tx: &mut DbTx<'_>,
    group: i64,
    span: SeqSpan,
    limit: i64,
) -> Result<Purged, StorageFault> {
    let (first, last) = (span.first.get(), span.last.get());
    let replies = messages::table
        .filter(messages::group_id.eq(group))
        .filter(messages::root_seq.ge(first))
        .filter(messages::root_seq.le(last))
        .order((messages::root_seq, messages::seq))
        .limit(limit)
        .select(REMOVED);
    let replies: Vec<RemovedMessage> = on_backend!(tx, |connection| replies.load(connection))?;
    let (mut left, mut removed) = (limit, 0);
    if !replies.is_empty() {
        left -= purge_children(tx, &ids(&replies), left)?;
        removed = remove(tx, group, &replies, left)?;
        left -= removed;
        if removed < row_count(replies.len()) || left <= 0 {
            return Ok(Purged { messages: removed, is_done: false });
        }
    }
    let roots = messages::table
        .filter(messages::group_id.eq(group))
        .filter(messages::root_seq.eq(0))
        .filter(messages::seq.ge(first))
        .filter(messages::seq.le(last))
        .order(messages::seq)
        .limit(left)
        .select(REMOVED);
    let roots: Vec<RemovedMessage> = on_backend!(tx, |connection| roots.load(connection))?;
    // As many rows as this may find there were more messages.
    let is_all = row_count(roots.len()) < left;
    let roots_ids = ids(&roots);
    if !roots.is_empty() {
        left -= purge_of_threads(tx, &roots_ids, left)?;
        if left > 0 {
            let of_roots = threads::table.filter(among(threads::root_id, roots_ids.iter().copied()));
            left -= row_count(on_backend!(tx, |connection| diesel::delete(of_roots).execute(connection))?);
        }
        if left > 0 {
            left -= purge_children(tx, &roots_ids, left)?;
        }
    }
    let of_group = remove(tx, group, &roots, left)?;
    let is_done = is_all && of_group == row_count(roots.len());
    Ok(Purged { messages: removed + of_group, is_done })
}

fn ids(messages: &[RemovedMessage]) -> Vec<i64> {
    messages.iter().map(|message| message.id).collect()
}

/// Removes the first `limit` of these messages, to which nothing belongs any more. Returns how many.
fn remove(
    tx: &mut DbTx<'_>,
    group: i64,
    messages: &[RemovedMessage],
    limit: i64,
) -> Result<i64, StorageFault> {
    let count = usize::try_from(limit).unwrap_or(0).min(messages.len());
    let removed = &messages[..count];
    let Some(greatest) = removed.iter().map(|message| message.id).max() else { return Ok(0) };
    forget_authors(tx, group, removed)?;
    let rows = messages::table.filter(among(messages::id, ids(removed)));
    on_backend!(tx, |connection| diesel::delete(rows).execute(connection))?;
    let noted = groups::table.find(group).filter(groups::trimmed_id.lt(greatest));
    let note = diesel::update(noted).set(groups::trimmed_id.eq(greatest));
    on_backend!(tx, |connection| note.execute(connection))?;
    Ok(row_count(count))
}
