//! Loads the rows of the log back into events.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use crate::accounts::User;
use crate::events::event_type::EventType;
use crate::events::model::{Event, LoggedEvent};
use crate::events::record::EventRecord;
use crate::groups::{Group, Member};
use crate::ids::{GroupId, MessageId, Position, UserId};
use crate::messages::Message;
use crate::storage::{StorageFault, Tx};

/// The events after a position, as many as `limit`, with the present state of what they name.
///
/// # Errors
/// As [`load`].
pub fn load_after(tx: &mut dyn Tx, position: Position, limit: i64) -> Result<Vec<LoggedEvent>, StorageFault> {
    let records = tx.events().after(position, limit)?;
    load(tx, records)
}

/// The events of a page of the log, in its order, each with the present state of what it is about: a message
/// that has since been deleted is its tombstone, and a user, group or membership that has since ended leaves
/// [`Event::Gone`]. However long the page is, there is at most one query for users, groups, members and
/// messages each.
///
/// Doesn't check who may see an event.
///
/// # Errors
/// A fault; also if a record lacks the id of its subject.
pub fn load(tx: &mut dyn Tx, records: Vec<EventRecord>) -> Result<Vec<LoggedEvent>, StorageFault> {
    let present = Present::find(tx, &Named::by(&records)?)?;
    records.into_iter().map(|record| present.restore(record)).collect()
}

/// What a page of the log names and has to be looked up, each once.
#[derive(Default)]
struct Named {
    users: BTreeSet<UserId>,
    groups: BTreeSet<GroupId>,
    members: BTreeSet<(GroupId, UserId)>,
    messages: BTreeSet<MessageId>,
}

impl Named {
    fn by(records: &[EventRecord]) -> Result<Self, StorageFault> {
        let mut named = Self::default();
        for record in records {
            named.add(record)?;
        }
        Ok(named)
    }

    fn add(&mut self, record: &EventRecord) -> Result<(), StorageFault> {
        match record.event_type {
            EventType::UserCreated | EventType::UserUpdated => {
                self.users.insert(user_of(record)?);
            }
            EventType::GroupCreated | EventType::GroupUpdated => {
                self.groups.insert(group_of(record)?);
            }
            EventType::MemberAdded | EventType::MemberUpdated => {
                self.members.insert(member_of(record)?);
            }
            EventType::MessageCreated
            | EventType::MessageUpdated
            | EventType::MessageDeleted
            | EventType::MessageLiked
            | EventType::MessageUnliked => {
                self.messages.insert(message_of(record)?);
            }
            // Their ids say it all.
            EventType::UserDeleted
            | EventType::GroupDeleted
            | EventType::MemberRemoved
            | EventType::SessionsEnded => {}
        }
        Ok(())
    }
}

/// The present state of what a page names, as far as it is still there.
struct Present {
    users: HashMap<UserId, User>,
    groups: HashMap<GroupId, Group>,
    members: HashMap<(GroupId, UserId), Member>,
    messages: HashMap<MessageId, Message>,
}

impl Present {
    fn find(tx: &mut dyn Tx, named: &Named) -> Result<Self, StorageFault> {
        let users = find(&named.users, |ids| tx.accounts().find_many(ids))?;
        let groups = find(&named.groups, |ids| tx.groups().find_many(ids))?;
        let members = find(&named.members, |ids| tx.members().find_many(ids))?;
        let messages = find(&named.messages, |ids| tx.messages().find_many(ids))?;
        Ok(Self {
            users: by_key(users, |user| (user.id, user.without_private_fields())),
            groups: by_key(groups, |group| (group.id, group)),
            members: by_key(members, |(group, member)| ((group, member.user.id), member)),
            messages: by_key(messages, |message| (message.id, message)),
        })
    }

    fn restore(&self, record: EventRecord) -> Result<LoggedEvent, StorageFault> {
        let EventRecord { position, id, at, actor, audience, event_type, .. } = record;
        let event = self.event(&record)?.unwrap_or(Event::Gone(event_type));
        Ok(LoggedEvent { position, id, at, audience, actor, event })
    }

    /// The event; `None` where what it is about is gone.
    fn event(&self, record: &EventRecord) -> Result<Option<Event>, StorageFault> {
        Ok(match record.event_type {
            EventType::UserCreated => self.user(record)?.map(Event::UserCreated),
            EventType::UserUpdated => self.user(record)?.map(Event::UserUpdated),
            EventType::UserDeleted => Some(Event::UserDeleted(user_of(record)?)),
            EventType::GroupCreated => self.group(record)?.map(Event::GroupCreated),
            EventType::GroupUpdated => self.group(record)?.map(Event::GroupUpdated),
            EventType::GroupDeleted => Some(Event::GroupDeleted(group_of(record)?)),
            EventType::MemberAdded => self.member(record, Event::MemberAdded)?,
            EventType::MemberUpdated => self.member(record, Event::MemberUpdated)?,
            EventType::SessionsEnded => Some(Event::SessionsEnded(user_of(record)?)),
            EventType::MemberRemoved => {
                let (group, user) = member_of(record)?;
                Some(Event::MemberRemoved(group, user))
            }
            EventType::MessageCreated => self.message(record)?.map(Event::MessageCreated),
            EventType::MessageUpdated => self.message(record)?.map(Event::MessageUpdated),
            EventType::MessageDeleted => self.message(record)?.map(Event::MessageDeleted),
            EventType::MessageLiked => self.message(record)?.map(Event::MessageLiked),
            EventType::MessageUnliked => self.message(record)?.map(Event::MessageUnliked),
        })
    }

    fn user(&self, record: &EventRecord) -> Result<Option<User>, StorageFault> {
        Ok(self.users.get(&user_of(record)?).cloned())
    }

    fn group(&self, record: &EventRecord) -> Result<Option<Group>, StorageFault> {
        Ok(self.groups.get(&group_of(record)?).cloned())
    }

    fn member(
        &self,
        record: &EventRecord,
        event: fn(GroupId, Member) -> Event,
    ) -> Result<Option<Event>, StorageFault> {
        let key = member_of(record)?;
        Ok(self.members.get(&key).map(|member| event(key.0, member.clone())))
    }

    fn message(&self, record: &EventRecord) -> Result<Option<Message>, StorageFault> {
        Ok(self.messages.get(&message_of(record)?).cloned())
    }
}

/// What `query` finds of the ids; it is not asked for none.
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
    named(record, record.user, "user")
}

fn group_of(record: &EventRecord) -> Result<GroupId, StorageFault> {
    named(record, record.group, "group")
}

fn member_of(record: &EventRecord) -> Result<(GroupId, UserId), StorageFault> {
    Ok((group_of(record)?, user_of(record)?))
}

fn message_of(record: &EventRecord) -> Result<MessageId, StorageFault> {
    named(record, record.message, "message")
}

/// An id that every event of this type names: a row without it was not written by this program.
fn named<Id>(record: &EventRecord, id: Option<Id>, what: &str) -> Result<Id, StorageFault> {
    id.ok_or_else(|| {
        let (position, event_type) = (record.position, record.event_type.as_str());
        StorageFault::Internal { reason: format!("event {position}, a {event_type}, names no {what}") }
    })
}

#[cfg(test)]
mod tests;
