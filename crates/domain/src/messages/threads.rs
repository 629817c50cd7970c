//! The threads that a user follows, over all groups.

use std::collections::HashMap;

use crate::accounts::Actor;
use crate::error::Error;
use crate::ids::MessageId;
use crate::messages::attach::attach;
use crate::messages::model::MessageView;
use crate::messages::readable::Readable;
use crate::messages::thread_repository::FollowedQuery;
use crate::paging::{Limit, Page};
use crate::storage::Tx;

/// Reads a page of the threads that the actor follows and may read now, as their roots: the one with the newest reply
/// first, before the given reply. With `unread`, only those with replies that the actor has not read.
///
/// A user follows so few threads that all of them are looked at: so rights are decided by the one rule there is, with
/// four queries at most.
///
/// # Errors
/// A fault.
pub fn list_threads(
    tx: &mut dyn Tx,
    actor: &Actor,
    unread: bool,
    before: Option<MessageId>,
    limit: Limit,
) -> Result<Page<MessageView>, Error> {
    let followed = tx.threads().followed(&FollowedQuery { user: actor.id(), unread, before })?;
    let readable = Readable::load(tx, actor, followed.iter().map(|thread| thread.group))?;
    let shown = followed.iter().filter(|thread| readable.contains(thread.group, thread.root_seq));
    let wanted = usize::try_from(limit.with_lookahead()).unwrap_or(usize::MAX);
    let roots: Vec<_> = shown.take(wanted).map(|thread| thread.root).collect();
    if roots.is_empty() {
        return Ok(Page { items: Vec::new(), more: false });
    }
    let mut views: HashMap<_, _> =
        tx.messages().views(&roots, actor.id())?.into_iter().map(|view| (view.message.id, view)).collect();
    let rows: Vec<_> = roots.iter().filter_map(|root| views.remove(root)).collect();
    let mut page = Page::from_lookahead(rows, limit);
    attach(tx, actor, readable, &mut page.items)?;
    Ok(page)
}

#[cfg(test)]
mod tests;
