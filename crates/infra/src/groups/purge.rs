//! Removes many rows in small steps: each call removes at most `limit` rows, and doesn't scan rows that are removed
//! already or will not be removed.

use std::collections::BTreeMap;

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::storage::StorageFault;

use crate::connection::on_backend;
use crate::schema::{
    author_runs, bookmarks, drafts, group_bans, group_mentions, group_mutes, group_roles, groups,
    invite_links, join_requests, memberships, mentions, message_edits, message_quotes, messages, polls,
    reactions, reminders, scheduled_messages, thread_members, threads,
};
use crate::sql::stored::StoredVisibility;
use crate::sql::{among, row_count};
use crate::tx::DbTx;

// A second name of the table, for the subquery that selects the rows to remove.
diesel::alias! {
    const PICKED_MESSAGES: Alias<PickedMessages> = messages as picked_messages;
    const PICKED_BANS: Alias<PickedBans> = group_bans as picked_bans;
    const PICKED_MUTES: Alias<PickedMutes> = group_mutes as picked_mutes;
    const PICKED_MEMBERSHIPS: Alias<PickedMemberships> = memberships as picked_memberships;
    const PICKED_THREADS: Alias<PickedThreads> = threads as picked_threads;
    const PICKED_SCHEDULED: Alias<PickedScheduled> = scheduled_messages as picked_scheduled;
}

/// What becomes of a group, and of who was in it, once its messages are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It stays if the group was private, so that its members, and nobody else, can be told of its end.
    KeptIfPrivate,
    /// It is removed.
    Removed,
}

/// Removes up to so many rows of a group, and returns how many it removed.
type PurgeStep = fn(&mut DbTx<'_>, i64, i64) -> Result<i64, StorageFault>;

/// Removes up to `limit` rows of a deleted group, after the memberships that stay are noted as ended: mentions, replies from
/// the first on, each after its reactions, earlier texts, what it quotes, bookmarks, reminders and the poll that it is, then threads, each after its followers, then
/// messages like the replies, then bans, mutes, drafts and scheduled messages, then the rest: memberships, where authors have which messages, the requests to join, the invite links, the
/// roles and the group.
/// Returns `true` once nothing is left to be removed.
pub(crate) fn purge_group(
    tx: &mut DbTx<'_>,
    group: i64,
    rest: Rest,
    limit: i64,
) -> Result<bool, StorageFault> {
    let deleted = groups::table.filter(groups::id.eq(group)).filter(groups::deleted_at.is_not_null());
    let visibility = on_backend!(tx, |connection| deleted
        .select(groups::visibility)
        .first::<StoredVisibility>(connection)
        .optional())?;
    let Some(StoredVisibility(visibility)) = visibility else { return Ok(true) };
    let keeps_rest = rest == Rest::KeptIfPrivate && !visibility.is_listed();
    let steps: [PurgeStep; 24] = [
        if keeps_rest { end_memberships } else { skip },
        purge_mentions,
        purge_reactions_to_replies,
        purge_edits_of_replies,
        purge_quotes_of_replies,
        purge_bookmarks_of_replies,
        purge_reminders_of_replies,
        purge_polls_of_replies,
        purge_replies,
        purge_thread_members,
        purge_threads,
        purge_reactions,
        purge_edits,
        purge_quotes,
        purge_bookmarks,
        purge_reminders,
        purge_polls,
        purge_messages,
        purge_bans,
        purge_mutes,
        purge_drafts,
        purge_scheduled,
        if keeps_rest { skip } else { purge_memberships },
        // Last, because the end of a membership makes one.
        purge_author_runs,
    ];
    let mut left = limit;
    for step in steps {
        left -= step(tx, group, left)?;
        if left <= 0 {
            return Ok(false);
        }
    }
    if keeps_rest {
        return Ok(true);
    }
    // A group has only a few hundred of these, and a private one none.
    let requests = join_requests::table.filter(join_requests::group_id.eq(group));
    if on_backend!(tx, |connection| diesel::delete(requests).execute(connection))? > 0 {
        return Ok(false);
    }
    // A group has only a few of these.
    let links = invite_links::table.filter(invite_links::group_id.eq(group));
    on_backend!(tx, |connection| diesel::delete(links).execute(connection))?;
    let roles = group_roles::table.filter(group_roles::group_id.eq(group));
    on_backend!(tx, |connection| diesel::delete(roles).execute(connection))?;
    on_backend!(tx, |connection| diesel::delete(deleted).execute(connection))?;
    Ok(true)
}

/// Removes nothing: of a private group, the memberships stay.
const fn skip(_: &mut DbTx<'_>, _: i64, _: i64) -> Result<i64, StorageFault> {
    Ok(0)
}

/// Removes up to `limit` mentions in messages of the group, and returns how many.
fn purge_mentions(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = mentions::table
        .select((mentions::message_id, mentions::user_id))
        .filter(mentions::group_id.eq(group))
        .order(mentions::message_id)
        .limit(limit);
    let keys: Vec<(i64, i64)> = on_backend!(tx, |connection| found.load(connection))?;
    for key in &keys {
        let mention = mentions::table.find(*key);
        on_backend!(tx, |connection| diesel::delete(mention).execute(connection))?;
    }
    // A group has only a hundred of these.
    let to_all = group_mentions::table.filter(group_mentions::group_id.eq(group));
    on_backend!(tx, |connection| diesel::delete(to_all).execute(connection))?;
    Ok(row_count(keys.len()))
}

/// The ids of the group's first `limit` messages that are no replies.
#[auto_type(no_type_alias)]
fn first_messages(group: i64, limit: i64) -> _ {
    let no_root: i64 = 0;
    messages::table
        .select(messages::id)
        .filter(messages::group_id.eq(group))
        .filter(messages::root_seq.eq(no_root))
        .order(messages::seq)
        .limit(limit)
}

/// The ids of the group's first `limit` replies.
#[auto_type(no_type_alias)]
fn first_replies(group: i64, limit: i64) -> _ {
    let no_root: i64 = 0;
    messages::table
        .select(messages::id)
        .filter(messages::group_id.eq(group))
        .filter(messages::root_seq.gt(no_root))
        .order((messages::root_seq, messages::seq))
        .limit(limit)
}

/// Removes up to `limit` reactions to the group's first `limit` messages, which must have no replies, and returns how
/// many. If they are fewer than the limit, these messages have none left.
fn purge_reactions(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = reactions::table
        .select((reactions::message_id, reactions::emoji, reactions::user_id))
        .filter(reactions::message_id.eq_any(first_messages(group, limit)))
        .limit(limit);
    let keys = on_backend!(tx, |connection| found.load(connection))?;
    remove_reactions(tx, keys)
}

/// The same for the group's first replies.
fn purge_reactions_to_replies(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = reactions::table
        .select((reactions::message_id, reactions::emoji, reactions::user_id))
        .filter(reactions::message_id.eq_any(first_replies(group, limit)))
        .limit(limit);
    let keys = on_backend!(tx, |connection| found.load(connection))?;
    remove_reactions(tx, keys)
}

/// Removes what the group's first `limit` messages quote, which must have no replies. Returns how many.
fn purge_quotes(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let removed =
        message_quotes::table.filter(message_quotes::message_id.eq_any(first_messages(group, limit)));
    on_backend!(tx, |connection| diesel::delete(removed).execute(connection)).map(row_count)
}

/// The same for the group's first replies.
fn purge_quotes_of_replies(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let removed =
        message_quotes::table.filter(message_quotes::message_id.eq_any(first_replies(group, limit)));
    on_backend!(tx, |connection| diesel::delete(removed).execute(connection)).map(row_count)
}

/// Removes up to `limit` bookmarks of the group's first `limit` messages, which must have no replies, and returns how many.
/// If they are fewer than the limit, these messages have none left.
fn purge_bookmarks(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = bookmarks::table
        .select((bookmarks::user_id, bookmarks::message_id))
        .filter(bookmarks::message_id.eq_any(first_messages(group, limit)))
        .limit(limit);
    let keys = on_backend!(tx, |connection| found.load(connection))?;
    remove_bookmarks(tx, keys)
}

/// The same for the group's first replies.
fn purge_bookmarks_of_replies(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = bookmarks::table
        .select((bookmarks::user_id, bookmarks::message_id))
        .filter(bookmarks::message_id.eq_any(first_replies(group, limit)))
        .limit(limit);
    let keys = on_backend!(tx, |connection| found.load(connection))?;
    remove_bookmarks(tx, keys)
}

/// Removes the bookmarks with these keys, and returns how many they are.
fn remove_bookmarks(tx: &mut DbTx<'_>, keys: Vec<(i64, i64)>) -> Result<i64, StorageFault> {
    for key in &keys {
        let bookmark = bookmarks::table.find(*key);
        on_backend!(tx, |connection| diesel::delete(bookmark).execute(connection))?;
    }
    Ok(row_count(keys.len()))
}

/// Removes up to `limit` reminders of the group's first `limit` messages, which must have no replies, and returns how many. If
/// they are fewer than the limit, these messages have none left.
fn purge_reminders(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = reminders::table
        .select((reminders::user_id, reminders::message_id))
        .filter(reminders::message_id.eq_any(first_messages(group, limit)))
        .limit(limit);
    let keys = on_backend!(tx, |connection| found.load(connection))?;
    remove_reminders(tx, keys)
}

/// The same for the group's first replies.
fn purge_reminders_of_replies(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = reminders::table
        .select((reminders::user_id, reminders::message_id))
        .filter(reminders::message_id.eq_any(first_replies(group, limit)))
        .limit(limit);
    let keys = on_backend!(tx, |connection| found.load(connection))?;
    remove_reminders(tx, keys)
}

/// Removes the reminders with these keys, and returns how many they are.
fn remove_reminders(tx: &mut DbTx<'_>, keys: Vec<(i64, i64)>) -> Result<i64, StorageFault> {
    for key in &keys {
        let reminder = reminders::table.find(*key);
        on_backend!(tx, |connection| diesel::delete(reminder).execute(connection))?;
    }
    Ok(row_count(keys.len()))
}

/// Removes up to `limit` messages that were scheduled to the group, and returns how many.
fn purge_scheduled(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first = PICKED_SCHEDULED
        .select(PICKED_SCHEDULED.field(scheduled_messages::id))
        .filter(PICKED_SCHEDULED.field(scheduled_messages::group_id).eq(group))
        .limit(limit);
    let removed = scheduled_messages::table.filter(scheduled_messages::id.eq_any(first));
    on_backend!(tx, |connection| diesel::delete(removed).execute(connection)).map(row_count)
}

/// Removes up to `limit` drafts for the group, and returns how many.
fn purge_drafts(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = drafts::table
        .select((drafts::user_id, drafts::group_id, drafts::root_id))
        .filter(drafts::group_id.eq(group))
        .limit(limit);
    let keys: Vec<(i64, i64, i64)> = on_backend!(tx, |connection| found.load(connection))?;
    for key in &keys {
        let draft = drafts::table.find(*key);
        on_backend!(tx, |connection| diesel::delete(draft).execute(connection))?;
    }
    Ok(row_count(keys.len()))
}

/// Removes up to `limit` ballots in polls among the group's first `limit` messages, which must have no replies, and then the
/// polls. Returns how many. If they are fewer than the limit, these messages are no polls any more.
fn purge_polls(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first = first_messages(group, limit);
    let found: Vec<i64> = on_backend!(tx, |connection| first.load(connection))?;
    remove_polls(tx, &found, limit)
}

/// The same for the group's first replies.
fn purge_polls_of_replies(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first = first_replies(group, limit);
    let found: Vec<i64> = on_backend!(tx, |connection| first.load(connection))?;
    remove_polls(tx, &found, limit)
}

fn remove_polls(tx: &mut DbTx<'_>, messages: &[i64], limit: i64) -> Result<i64, StorageFault> {
    if messages.is_empty() {
        return Ok(0);
    }
    let removed = crate::polls::purge_ballots(tx, messages, limit)?;
    if removed >= limit {
        return Ok(removed);
    }
    let rows = polls::table.filter(among(polls::message_id, messages.iter().copied()));
    let polls = on_backend!(tx, |connection| diesel::delete(rows).execute(connection))?;
    Ok(removed + row_count(polls))
}

/// Removes the reactions with these keys, and returns how many they are.
fn remove_reactions(tx: &mut DbTx<'_>, keys: Vec<(i64, String, i64)>) -> Result<i64, StorageFault> {
    for (message, emoji, user) in &keys {
        let reaction = reactions::table.find((message, emoji, user));
        on_backend!(tx, |connection| diesel::delete(reaction).execute(connection))?;
    }
    Ok(row_count(keys.len()))
}

/// Removes up to `limit` earlier texts of the group's first `limit` messages, which must have no replies, and returns how
/// many. If they are fewer than the limit, these messages have none left.
fn purge_edits(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = message_edits::table
        .select((message_edits::message_id, message_edits::version))
        .filter(message_edits::message_id.eq_any(first_messages(group, limit)))
        .limit(limit);
    let keys = on_backend!(tx, |connection| found.load(connection))?;
    remove_edits(tx, keys)
}

/// The same for the group's first replies.
fn purge_edits_of_replies(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = message_edits::table
        .select((message_edits::message_id, message_edits::version))
        .filter(message_edits::message_id.eq_any(first_replies(group, limit)))
        .limit(limit);
    let keys = on_backend!(tx, |connection| found.load(connection))?;
    remove_edits(tx, keys)
}

/// Removes the earlier texts with these keys, and returns how many they are.
fn remove_edits(tx: &mut DbTx<'_>, keys: Vec<(i64, i64)>) -> Result<i64, StorageFault> {
    for key in &keys {
        let earlier = message_edits::table.find(*key);
        on_backend!(tx, |connection| diesel::delete(earlier).execute(connection))?;
    }
    Ok(row_count(keys.len()))
}

/// Removes up to `limit` of the group's first replies, which must have no reactions and quote nothing. Returns how many.
fn purge_replies(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first = PICKED_MESSAGES
        .select(PICKED_MESSAGES.field(messages::id))
        .filter(PICKED_MESSAGES.field(messages::group_id).eq(group))
        .filter(PICKED_MESSAGES.field(messages::root_seq).gt(0))
        .order((PICKED_MESSAGES.field(messages::root_seq), PICKED_MESSAGES.field(messages::seq)))
        .limit(limit);
    let removed = messages::table.filter(messages::id.eq_any(first));
    on_backend!(tx, |connection| diesel::delete(removed).execute(connection)).map(row_count)
}

/// Removes up to `limit` of those who follow or have read the group's first `limit` threads. Returns how many. If they
/// are fewer than the limit, these threads have none left.
fn purge_thread_members(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first_threads = threads::table
        .select(threads::root_id)
        .filter(threads::group_id.eq(group))
        .order(threads::root_id)
        .limit(limit);
    let found = thread_members::table
        .select((thread_members::root_id, thread_members::user_id))
        .filter(thread_members::root_id.eq_any(first_threads))
        .limit(limit);
    let keys: Vec<(i64, i64)> = on_backend!(tx, |connection| found.load(connection))?;
    for key in &keys {
        let member = thread_members::table.find(*key);
        on_backend!(tx, |connection| diesel::delete(member).execute(connection))?;
    }
    Ok(row_count(keys.len()))
}

/// Removes up to `limit` of the group's first threads, which must have no members. Returns how many.
fn purge_threads(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first = PICKED_THREADS
        .select(PICKED_THREADS.field(threads::root_id))
        .filter(PICKED_THREADS.field(threads::group_id).eq(group))
        .order(PICKED_THREADS.field(threads::root_id))
        .limit(limit);
    let removed = threads::table.filter(threads::root_id.eq_any(first));
    on_backend!(tx, |connection| diesel::delete(removed).execute(connection)).map(row_count)
}

/// Removes up to `limit` of the group's first messages, which must have no reactions, replies or threads, and quote
/// nothing. Returns how many.
fn purge_messages(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first = PICKED_MESSAGES
        .select(PICKED_MESSAGES.field(messages::id))
        .filter(PICKED_MESSAGES.field(messages::group_id).eq(group))
        .filter(PICKED_MESSAGES.field(messages::root_seq).eq(0))
        .order(PICKED_MESSAGES.field(messages::seq))
        .limit(limit);
    let removed = messages::table.filter(messages::id.eq_any(first));
    on_backend!(tx, |connection| diesel::delete(removed).execute(connection)).map(row_count)
}

/// Notes of up to `limit` of the group's memberships that they have ended, so that nothing that asks for the groups of a
/// user walks over them: others decide how many there are. Returns of how many.
fn end_memberships(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first = PICKED_MEMBERSHIPS
        .select(PICKED_MEMBERSHIPS.field(memberships::user_id))
        .filter(PICKED_MEMBERSHIPS.field(memberships::group_id).eq(group))
        .filter(PICKED_MEMBERSHIPS.field(memberships::has_ended).eq(false))
        .limit(limit);
    let ended =
        memberships::table.filter(memberships::group_id.eq(group)).filter(memberships::user_id.eq_any(first));
    let change = diesel::update(ended).set(memberships::has_ended.eq(true));
    on_backend!(tx, |connection| change.execute(connection)).map(row_count)
}

/// Removes up to `limit` of the group's memberships. Returns how many.
fn purge_memberships(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first = PICKED_MEMBERSHIPS
        .select(PICKED_MEMBERSHIPS.field(memberships::user_id))
        .filter(PICKED_MEMBERSHIPS.field(memberships::group_id).eq(group))
        .order(PICKED_MEMBERSHIPS.field(memberships::user_id))
        .limit(limit);
    let removed =
        memberships::table.filter(memberships::group_id.eq(group)).filter(memberships::user_id.eq_any(first));
    on_backend!(tx, |connection| diesel::delete(removed).execute(connection)).map(row_count)
}

/// Removes up to `limit` of the rows that say which of the group's messages are whose. Returns how many.
fn purge_author_runs(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let found = author_runs::table
        .select((author_runs::author_id, author_runs::root_seq, author_runs::first_seq))
        .filter(author_runs::group_id.eq(group))
        .limit(limit);
    let keys: Vec<(i64, i64, i64)> = on_backend!(tx, |connection| found.load(connection))?;
    for (author, root_seq, first_seq) in &keys {
        let run = author_runs::table.find((group, author, root_seq, first_seq));
        on_backend!(tx, |connection| diesel::delete(run).execute(connection))?;
    }
    Ok(row_count(keys.len()))
}

/// Removes up to `limit` of the bans from the group. Returns how many.
fn purge_bans(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first = PICKED_BANS
        .select(PICKED_BANS.field(group_bans::user_id))
        .filter(PICKED_BANS.field(group_bans::group_id).eq(group))
        .order(PICKED_BANS.field(group_bans::user_id))
        .limit(limit);
    let removed =
        group_bans::table.filter(group_bans::group_id.eq(group)).filter(group_bans::user_id.eq_any(first));
    on_backend!(tx, |connection| diesel::delete(removed).execute(connection)).map(row_count)
}

/// Removes up to `limit` of the mutes in the group. Returns how many.
fn purge_mutes(tx: &mut DbTx<'_>, group: i64, limit: i64) -> Result<i64, StorageFault> {
    let first = PICKED_MUTES
        .select(PICKED_MUTES.field(group_mutes::user_id))
        .filter(PICKED_MUTES.field(group_mutes::group_id).eq(group))
        .order(PICKED_MUTES.field(group_mutes::user_id))
        .limit(limit);
    let removed =
        group_mutes::table.filter(group_mutes::group_id.eq(group)).filter(group_mutes::user_id.eq_any(first));
    on_backend!(tx, |connection| diesel::delete(removed).execute(connection)).map(row_count)
}

/// Removes up to `limit` reactions to a message. Returns `true` once none is left.
pub(crate) fn purge_reactions_to(tx: &mut DbTx<'_>, message: i64, limit: i64) -> Result<bool, StorageFault> {
    let first = reactions::table
        .select((reactions::emoji, reactions::user_id))
        .filter(reactions::message_id.eq(message))
        .order((reactions::emoji, reactions::user_id))
        .limit(limit);
    let keys: Vec<(String, i64)> = on_backend!(tx, |connection| first.load(connection))?;
    let mut users_of = BTreeMap::<String, Vec<i64>>::new();
    for (emoji, user) in &keys {
        users_of.entry(emoji.clone()).or_default().push(*user);
    }
    for (emoji, users) in users_of {
        let removed = reactions::table
            .filter(reactions::message_id.eq(message))
            .filter(reactions::emoji.eq(emoji))
            .filter(reactions::user_id.eq_any(users));
        on_backend!(tx, |connection| diesel::delete(removed).execute(connection))?;
    }
    Ok(row_count(keys.len()) < limit)
}
