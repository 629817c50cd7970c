//! Loads the rows of the log back into events.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use crate::admissions::shown;
use crate::events::model::LoggedEvent;
use crate::events::record::EventRecord;
use crate::events::restore::{Found, Lookup, MissingId};
use crate::ids::Position;
use crate::messages::attach_for_everybody;
use crate::permissions::ServerRole;
use crate::storage::{StorageFault, Tx};

/// Up to `limit` events after a position, with the current state of their subjects.
///
/// # Errors
/// As [`load`].
pub fn load_after(tx: &mut dyn Tx, position: Position, limit: i64) -> Result<Vec<LoggedEvent>, StorageFault> {
    let records = tx.events().after(position, limit)?;
    load(tx, records)
}

/// The events of a page of the log, in its order, each with the current state of its subject: a message that has since
/// been deleted is its tombstone, and a user, group or membership that has since ended leaves
/// [`Event::Gone`](crate::events::Event::Gone). However long the page is, there is at most one query each for users,
/// groups, members, bans, roles, messages, quotes, mentions, polls, threads, invitations, blocks, requests to join, drafts, bookmarks, reminders, and
/// roles on the server.
///
/// Doesn't check who may see an event.
///
/// # Errors
/// A fault, or a record lacks the id of its subject.
pub fn load(tx: &mut dyn Tx, records: Vec<EventRecord>) -> Result<Vec<LoggedEvent>, StorageFault> {
    let mut lookup = Lookup::default();
    for record in &records {
        record.event_type.look_up(record.subject, &mut lookup).map_err(|missing| misses(record, missing))?;
    }
    let found = find_all(tx, &lookup)?;
    records.into_iter().map(|record| restore(record, &found)).collect()
}

fn restore(record: EventRecord, found: &Found) -> Result<LoggedEvent, StorageFault> {
    let EventRecord { position, id, at, actor, audience, event_type, subject } = record;
    let event = event_type.restore(subject, audience, found).map_err(|missing| misses(&record, missing))?;
    Ok(LoggedEvent { position, id, at, audience, actor, event })
}

/// The fault of a row that was not written by this program: every event of its type has that id.
fn misses(record: &EventRecord, missing: MissingId) -> StorageFault {
    let (position, event_type, MissingId(what)) = (record.position, record.event_type.as_str(), missing);
    StorageFault::Internal { reason: format!("event {position}, a {event_type}, names no {what}") }
}

/// The entities to load, as far as they still exist.
fn find_all(tx: &mut dyn Tx, lookup: &Lookup) -> Result<Found, StorageFault> {
    let users = find(&lookup.users, |ids| tx.accounts().find_many(ids))?;
    let groups = find(&lookup.groups, |ids| tx.groups().find_many(ids))?;
    let members = find(&lookup.members, |ids| tx.members().find_many(ids))?;
    let bans = find(&lookup.bans, |ids| tx.bans().find_many(ids))?;
    let mut roles = HashMap::<_, Vec<_>>::new();
    for (group, role) in find(&lookup.roles, |ids| tx.roles().list_many(ids))? {
        roles.entry(group).or_default().push(role);
    }
    let join_requests = find(&lookup.join_requests, |ids| tx.join_requests().find_many(ids))?;
    let mut messages = find(&lookup.messages, |ids| tx.messages().find_many(ids))?;
    attach_for_everybody(tx, &mut messages)?;
    let threads = find(&lookup.threads, |ids| tx.threads().find_many(ids))?;
    let held = find(&lookup.holders, |ids| tx.server_roles().held(ids))?;
    let server_roles =
        if lookup.server_roles { ServerRole::all(tx.server_roles().list()?) } else { Vec::new() };
    let drafts = find(&lookup.drafts, |places| tx.drafts().find_many(places))?;
    let bookmarks = find(&lookup.bookmarks, |keys| tx.bookmarks().find_many(keys))?;
    let reminders = find(&lookup.reminders, |keys| tx.reminders().find_many(keys))?;
    let invitations = find(&lookup.invitations, |ids| tx.invitations().find_many(ids))?;
    let invitations = shown(tx, invitations)?;
    Ok(Found {
        users: by_key(users, |user| (user.id, user.without_private_fields())),
        groups: by_key(groups, |group| (group.id, group)),
        members: by_key(members, |(group, member)| ((group, member.user.id), member)),
        bans: by_key(bans, |(group, ban)| ((group, ban.user.id), ban)),
        roles,
        join_requests: by_key(join_requests, |(group, request)| ((group, request.user.id), request)),
        messages: by_key(messages, |message| (message.id, Arc::new(message))),
        threads: by_key(threads, |thread| (thread.root, thread)),
        drafts: by_key(drafts, |draft| (draft.place, draft)),
        bookmarks: by_key(bookmarks, |bookmark| ((bookmark.user, bookmark.message), bookmark)),
        reminders: by_key(reminders, |reminder| ((reminder.user, reminder.message), reminder)),
        held,
        server_roles,
        invitations: by_key(invitations, |invitation| (invitation.id, invitation)),
    })
}

/// Calls `query` with the ids, unless there are none.
fn find<Id: Copy, T>(
    ids: &BTreeSet<Id>,
    query: impl FnOnce(&[Id]) -> Result<Vec<T>, StorageFault>,
) -> Result<Vec<T>, StorageFault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    query(&Vec::from_iter(ids.iter().copied()))
}

fn by_key<F, K: Eq + Hash, T>(found: Vec<F>, keyed: impl Fn(F) -> (K, T)) -> HashMap<K, T> {
    found.into_iter().map(keyed).collect()
}

#[cfg(test)]
mod tests;
