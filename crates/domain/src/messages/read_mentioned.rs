//! Marking as read the threads in which somebody is mentioned without following them, in small steps.

use std::collections::BTreeSet;

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::ReadUpdate;
use crate::ids::{GroupId, MessageId};
use crate::messages::mention::{MentionsOfAll, OwnMention};
use crate::messages::mention_list::end_of;
use crate::messages::mention_repository::MentionQuery;
use crate::messages::read_steps::{READ_AT_ONCE, ReadStep, limit};
use crate::messages::readable::Readable;
use crate::storage::Tx;

/// Moves the actor's read cursors of threads to their last replies: of those in which one of the next mentions of the actor,
/// the newest first, before this message, is unread. Whoever follows none of them gets a cursor without following it.
///
/// # Errors
/// A fault.
pub fn read_mentioned_threads(
    tx: &mut dyn Tx,
    actor: &Actor,
    before: Option<MessageId>,
) -> Result<ReadStep<MessageId>, Error> {
    let found = tx.mentions().list(&MentionQuery { user: actor.id(), before, limit: limit() })?;
    let next = end_of(&found, limit());
    Ok(ReadStep { moved: read(tx, actor, found.iter())?, next })
}

/// The same for mentions of all members, in the actor's next groups after this one.
///
/// # Errors
/// A fault.
pub fn read_threads_of_all(
    tx: &mut dyn Tx,
    actor: &Actor,
    after: GroupId,
) -> Result<ReadStep<GroupId>, Error> {
    let found = tx.mentions().to_all_in_threads(actor.id(), after)?;
    let (found, next) = first_groups(found);
    Ok(ReadStep { moved: read(tx, actor, found.iter())?, next })
}

/// The mentions in so many of these groups that not too many threads are read at once: one of them at least.
fn first_groups(found: MentionsOfAll) -> (Vec<OwnMention>, Option<GroupId>) {
    let MentionsOfAll { mut mentions, looked_up_to } = found;
    mentions.retain(is_wanted);
    mentions.sort_by_key(|mention| (mention.group, mention.message));
    let Some(group) = mentions.get(READ_AT_ONCE).map(|mention| mention.group) else {
        return (mentions, looked_up_to);
    };
    mentions.retain(|mention| mention.group < group);
    let last = mentions.last().map(|mention| mention.group);
    (mentions, last)
}

/// Whether there is a thread to be read because of a mention.
const fn is_wanted(mention: &OwnMention) -> bool {
    mention.is_told && mention.is_unread && mention.thread.is_some()
}

fn read<'a>(
    tx: &mut dyn Tx,
    actor: &Actor,
    mentions: impl Iterator<Item = &'a OwnMention>,
) -> Result<Vec<ReadUpdate>, Error> {
    let wanted: Vec<_> = mentions.filter(|mention| is_wanted(mention)).collect();
    let groups: BTreeSet<_> = wanted.iter().map(|mention| mention.group).collect();
    // A first row of the actor must not come while a group and its threads are being deleted.
    for group in &groups {
        tx.groups().lock(*group)?;
    }
    let readable = Readable::load(tx, actor, groups.into_iter())?;
    let shown = wanted.iter().filter(|mention| readable.contains(mention.group, mention.history_seq));
    let roots: BTreeSet<_> = shown.filter_map(|mention| mention.thread).collect();
    if roots.is_empty() {
        return Ok(Vec::new());
    }
    let roots: Vec<_> = roots.into_iter().collect();
    tx.threads().add_cursors(actor.id(), &roots)?;
    let moved = tx.threads().advance_to_end(actor.id(), &roots)?;
    Ok(moved.into_iter().map(ReadUpdate::from).collect())
}

#[cfg(test)]
mod tests;
