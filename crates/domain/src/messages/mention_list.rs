//! The mentions of a user, over all groups.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::accounts::Actor;
use crate::error::Error;
use crate::ids::MessageId;
use crate::messages::attach::attach;
use crate::messages::mention::OwnMention;
use crate::messages::mention_repository::MentionQuery;
use crate::messages::model::MessageView;
use crate::messages::readable::Readable;
use crate::paging::{Limit, Page};
use crate::storage::{StorageFault, Tx};
use crate::text::TextBytes;

/// How many mentions of the user alone a page looks at, to find those that the user may read now. If these are not enough
/// to fill it, the list goes on after the last of them.
const LOOKED_AT: i64 = 500;

/// The same for the mentions of all members. Each may be in another group.
const LOOKED_AT_TO_ALL: i64 = 50;

/// A page of mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MentionPage {
    /// The messages, the newest first.
    pub items: Vec<MessageView>,
    /// The message before which the list goes on; `None` at the end.
    pub next: Option<MessageId>,
}

impl TextBytes for MentionPage {
    fn text_bytes(&self) -> usize {
        self.items.iter().map(TextBytes::text_bytes).sum()
    }
}

/// Reads a page of the messages that mention the actor, by name or with all others, and that the actor may read now: the
/// newest first, before the given one. With `unread`, only those that the actor has not read.
///
/// Each page looks at so many mentions at most, with a constant number of queries, so it may have fewer than the limit, or
/// none, where the list goes on.
///
/// # Errors
/// A fault.
pub fn list_mentions(
    tx: &mut dyn Tx,
    actor: &Actor,
    unread: bool,
    before: Option<MessageId>,
    limit: Limit,
) -> Result<MentionPage, Error> {
    let Looked { found, mut next } = look(tx, actor, before)?;
    let readable = Readable::load(tx, actor, found.iter().map(|mention| mention.group))?;
    let is_unread = |mention: &OwnMention| {
        let is_read_by_all = || readable.is_read_by_all(mention.group, mention.history_seq);
        mention.is_unread && (mention.thread.is_some() || !is_read_by_all())
    };
    let is_shown = |mention: &&OwnMention| {
        mention.is_told
            && (!unread || is_unread(mention))
            && readable.contains(mention.group, mention.history_seq)
    };
    let wanted = usize::try_from(limit.with_lookahead()).unwrap_or(usize::MAX);
    let shown: Vec<_> = found.iter().filter(is_shown).map(|mention| mention.message).take(wanted).collect();
    let page = Page::from_lookahead(read(tx, actor, &shown)?, limit);
    let mut items = page.items;
    attach(tx, actor, readable, &mut items)?;
    if page.more {
        next = items.last().map(|view| view.message.id);
    }
    Ok(MentionPage { items, next })
}

/// Mentions, whether or not they are shown.
struct Looked {
    /// The newest message first, each once.
    found: Vec<OwnMention>,
    /// The last of them, if there may be others after it.
    next: Option<MessageId>,
}

/// The newest mentions of both kinds before this message. The list of either kind may end earlier than the other one, and
/// nothing is known of what is after its end.
fn look(tx: &mut dyn Tx, actor: &Actor, before: Option<MessageId>) -> Result<Looked, StorageFault> {
    let query = |limit| MentionQuery { user: actor.id(), before, limit };
    let mut found = tx.mentions().list(&query(LOOKED_AT))?;
    let to_all = tx.mentions().list_to_all(&query(LOOKED_AT_TO_ALL))?;
    let next = end_of(&found, LOOKED_AT).max(end_of(&to_all, LOOKED_AT_TO_ALL));
    found.extend(to_all);
    found.sort_by_key(|mention| Reverse(mention.message));
    found.dedup_by_key(|mention| mention.message);
    found.retain(|mention| next.is_none_or(|next| mention.message >= next));
    Ok(Looked { found, next })
}

/// The last of these mentions, if there may be more than this limit.
pub(super) fn end_of(found: &[OwnMention], limit: i64) -> Option<MessageId> {
    let last = found.last().map(|mention| mention.message);
    last.filter(|_| i64::try_from(found.len()).is_ok_and(|count| count >= limit))
}

/// The messages with these ids, in this order.
fn read(tx: &mut dyn Tx, actor: &Actor, ids: &[MessageId]) -> Result<Vec<MessageView>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let views = tx.messages().views(ids, actor.id())?;
    let mut views: HashMap<_, _> = views.into_iter().map(|view| (view.message.id, view)).collect();
    Ok(ids.iter().filter_map(|id| views.remove(id)).collect())
}

#[cfg(test)]
mod tests;
