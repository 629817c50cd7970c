//! Loads the rows of the log back into events.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use crate::accounts::User;
use crate::events::model::LoggedEvent;
use crate::events::record::EventRecord;
use crate::events::subject::{GroupMember, RemovedGroup, RemovedMember, Tombstone, UserUpdate};
use crate::groups::{Group, Member};
use crate::ids::{GroupId, MessageId, Position, UserId};
use crate::messages::Message;
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
/// groups, members and messages.
///
/// Doesn't check who may see an event.
///
/// # Errors
/// A fault, or a record lacks the id of its subject.
pub fn load(tx: &mut dyn Tx, records: Vec<EventRecord>) -> Result<Vec<LoggedEvent>, StorageFault> {
    let mut lookup = Lookup::default();
    for record in &records {
        record.event_type.look_up(record, &mut lookup)?;
    }
    let found = Found::find(tx, &lookup)?;
    records.into_iter().map(|record| restore(record, &found)).collect()
}

fn restore(record: EventRecord, found: &Found) -> Result<LoggedEvent, StorageFault> {
    let EventRecord { position, id, at, actor, audience, event_type, .. } = record;
    let event = event_type.restore(&record, found)?;
    Ok(LoggedEvent { position, id, at, audience, actor, event })
}

/// How a subject is restored from its ids in the log.
pub(super) trait Restore: Sized {
    /// Notes what has to be loaded. A subject that consists only of ids needs nothing.
    ///
    /// # Errors
    /// The record lacks an id that the subject has.
    fn look_up(_record: &EventRecord, _lookup: &mut Lookup) -> Result<(), StorageFault> {
        Ok(())
    }

    /// The current state of the subject. `None` if it is gone.
    ///
    /// # Errors
    /// The record lacks an id that the subject has.
    fn restore(record: &EventRecord, found: &Found) -> Result<Option<Self>, StorageFault>;
}

impl Restore for User {
    fn look_up(record: &EventRecord, lookup: &mut Lookup) -> Result<(), StorageFault> {
        lookup.users.insert(user_of(record)?);
        Ok(())
    }

    fn restore(record: &EventRecord, found: &Found) -> Result<Option<Self>, StorageFault> {
        Ok(found.users.get(&user_of(record)?).cloned())
    }
}

impl Restore for UserUpdate {
    fn look_up(record: &EventRecord, lookup: &mut Lookup) -> Result<(), StorageFault> {
        User::look_up(record, lookup)
    }

    fn restore(record: &EventRecord, found: &Found) -> Result<Option<Self>, StorageFault> {
        let user = User::restore(record, found)?;
        Ok(user.map(|user| Self::logged(user, record.audience)))
    }
}

impl Restore for UserId {
    fn restore(record: &EventRecord, _: &Found) -> Result<Option<Self>, StorageFault> {
        user_of(record).map(Some)
    }
}

impl Restore for Group {
    fn look_up(record: &EventRecord, lookup: &mut Lookup) -> Result<(), StorageFault> {
        lookup.groups.insert(group_of(record)?);
        Ok(())
    }

    fn restore(record: &EventRecord, found: &Found) -> Result<Option<Self>, StorageFault> {
        Ok(found.groups.get(&group_of(record)?).cloned())
    }
}

impl Restore for RemovedGroup {
    fn restore(record: &EventRecord, _: &Found) -> Result<Option<Self>, StorageFault> {
        Ok(Some(Self::logged(group_of(record)?, record.audience)))
    }
}

impl Restore for GroupMember {
    fn look_up(record: &EventRecord, lookup: &mut Lookup) -> Result<(), StorageFault> {
        lookup.members.insert((group_of(record)?, user_of(record)?));
        Ok(())
    }

    fn restore(record: &EventRecord, found: &Found) -> Result<Option<Self>, StorageFault> {
        let (group, user) = (group_of(record)?, user_of(record)?);
        Ok(found.members.get(&(group, user)).map(|member| Self { group, member: member.clone() }))
    }
}

impl Restore for RemovedMember {
    fn restore(record: &EventRecord, _: &Found) -> Result<Option<Self>, StorageFault> {
        Ok(Some(Self { group: group_of(record)?, user: user_of(record)? }))
    }
}

impl Restore for Message {
    fn look_up(record: &EventRecord, lookup: &mut Lookup) -> Result<(), StorageFault> {
        lookup.messages.insert(message_of(record)?);
        Ok(())
    }

    fn restore(record: &EventRecord, found: &Found) -> Result<Option<Self>, StorageFault> {
        Ok(found.messages.get(&message_of(record)?).cloned())
    }
}

impl Restore for Tombstone {
    fn look_up(record: &EventRecord, lookup: &mut Lookup) -> Result<(), StorageFault> {
        Message::look_up(record, lookup)
    }

    fn restore(record: &EventRecord, found: &Found) -> Result<Option<Self>, StorageFault> {
        Ok(Message::restore(record, found)?.map(Self))
    }
}

/// The ids to load for a page of the log, each once.
#[derive(Default)]
pub(super) struct Lookup {
    users: BTreeSet<UserId>,
    groups: BTreeSet<GroupId>,
    members: BTreeSet<(GroupId, UserId)>,
    messages: BTreeSet<MessageId>,
}

/// The entities that a page names, as far as they still exist.
pub(super) struct Found {
    users: HashMap<UserId, User>,
    groups: HashMap<GroupId, Group>,
    members: HashMap<(GroupId, UserId), Member>,
    messages: HashMap<MessageId, Message>,
}

impl Found {
    fn find(tx: &mut dyn Tx, lookup: &Lookup) -> Result<Self, StorageFault> {
        let users = find(&lookup.users, |ids| tx.accounts().find_many(ids))?;
        let groups = find(&lookup.groups, |ids| tx.groups().find_many(ids))?;
        let members = find(&lookup.members, |ids| tx.members().find_many(ids))?;
        let messages = find(&lookup.messages, |ids| tx.messages().find_many(ids))?;
        Ok(Self {
            users: by_key(users, |user| (user.id, user.without_private_fields())),
            groups: by_key(groups, |group| (group.id, group)),
            members: by_key(members, |(group, member)| ((group, member.user.id), member)),
            messages: by_key(messages, |message| (message.id, message)),
        })
    }
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

fn user_of(record: &EventRecord) -> Result<UserId, StorageFault> {
    named(record, record.subject.user, "user")
}

fn group_of(record: &EventRecord) -> Result<GroupId, StorageFault> {
    named(record, record.subject.group, "group")
}

fn message_of(record: &EventRecord) -> Result<MessageId, StorageFault> {
    named(record, record.subject.message, "message")
}

/// An id that every event of this type has. A row without it was not written by this program.
fn named<Id>(record: &EventRecord, id: Option<Id>, what: &str) -> Result<Id, StorageFault> {
    id.ok_or_else(|| {
        let (position, event_type) = (record.position, record.event_type.as_str());
        StorageFault::Internal { reason: format!("event {position}, a {event_type}, names no {what}") }
    })
}

#[cfg(test)]
mod tests;
