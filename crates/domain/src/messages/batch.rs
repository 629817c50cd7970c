//! Sending several messages at once, and importing messages from elsewhere.

use std::collections::HashMap;

use crate::accounts::{Actor, UserRef, require_on_server};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::{Error, Refusal};
use crate::events::{Event, LiveEvents};
use crate::groups::{GroupRefusal, Membership, lock_visible};
use crate::ids::{GroupId, UserId};
use crate::messages::error::MessageRefusal;
use crate::messages::model::{Attachments, ClientId, MessageText, MessageView, NewMessage};
use crate::messages::read::find_readable;
use crate::messages::send::{MessageDraft, Sent, online_for, send_with_online};
use crate::permissions::{GroupPermission, ServerPermission};
use crate::storage::{Tx, Unique};
use crate::time::Timestamp;
use crate::validation::{FieldError, Violation, ViolationCode};

/// The most messages that are sent at once: about 400 rows, with their events.
pub const MAX_BATCH: usize = 100;

/// A message of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchItem {
    /// Its text.
    pub text: MessageText,
    /// The name that its sender gives it.
    pub client_id: Option<ClientId>,
    /// Who wrote it, if it is imported; else, or if nobody is named, the actor.
    pub author: Option<UserId>,
    /// When it was written, if it is imported; else, or if no time is given, now.
    pub created_at: Option<Timestamp>,
}

impl BatchItem {
    /// Who is online in the group that these go to, if that matters, because one of them says `@here`.
    pub fn online(items: &[Self], group: GroupId, live: &dyn LiveEvents) -> Vec<UserId> {
        online_for(group, items.iter().map(|item| &item.text), live)
    }

    /// Whether it says what only an import may.
    const fn is_imported(&self) -> bool {
        self.author.is_some() || self.created_at.is_some()
    }
}

/// Sends messages to a group one after the other, as [`send_with_online`] does each: all of them, or none. If one of them
/// names its author or its time, all are imported, as somebody who may send in the group and manages the groups of the
/// server: the read cursors of their authors stay where they are, and slow mode doesn't matter.
///
/// # Errors
/// As [`send_with_online`], for the first message that is refused, with the index of the message in the names of invalid
/// fields. For an import also `NotPermitted` of [`AccountRefusal`](crate::accounts::AccountRefusal), `Direct` of
/// [`GroupRefusal`], invalid authors and times, and [`MessageRefusal::NotFound`] where a message that was imported before is
/// none that the actor may read.
pub fn send_batch(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    items: &[BatchItem],
    online: &[UserId],
) -> Result<Vec<Sent>, Error> {
    if items.iter().any(BatchItem::is_imported) {
        return import(tx, actor, group, items);
    }
    let mut send_one = |(index, item): (usize, &BatchItem)| {
        let (text, client_id) = (item.text.clone(), item.client_id.clone());
        let draft = MessageDraft { group, text, client_id, thread: None, reply_to: None, poll: None };
        send_with_online(tx, actor, &draft, online).map_err(|error| at(index, error))
    };
    items.iter().enumerate().map(&mut send_one).collect()
}

/// The same error, with the index of a message in the names of its fields.
fn at(index: usize, error: Error) -> Error {
    match error {
        Error::Refused(Refusal::Invalid(errors)) => {
            let name = |error: FieldError| FieldError { field: field(index, &error.field), ..error };
            Error::Refused(Refusal::Invalid(errors.into_iter().map(name).collect()))
        }
        other => other,
    }
}

fn field(index: usize, name: &str) -> String {
    format!("messages[{index}].{name}")
}

fn import(tx: &mut dyn Tx, actor: &Actor, group: GroupId, items: &[BatchItem]) -> Result<Vec<Sent>, Error> {
    let membership = lock_visible(tx, actor, group)?.into_membership()?;
    // What people say to each other is nobody else's to write.
    if membership.group.is_direct() {
        return Err(GroupRefusal::Direct.into());
    }
    membership.require(GroupPermission::Send)?;
    require_on_server(tx, actor, ServerPermission::ManageGroups)?;
    let authors = find_authors(tx, actor, items)?;
    let mut seq = membership.group.last_seq;
    let mut sent = Vec::with_capacity(items.len());
    let mut first = None;
    for (author, item) in authors.into_iter().zip(items) {
        let new = NewMessage {
            group,
            thread: None,
            seq: seq.next(),
            author: author.id,
            text: item.text.clone(),
            client_id: item.client_id.clone(),
            created_at: item.created_at.unwrap_or(tx.now()),
            attachments: Attachments::IMPORTED,
        };
        sent.push(match tx.messages().insert(&new)? {
            Unique::Stored(id) => {
                first.get_or_insert(id);
                seq = new.seq;
                let message = new.into_message(id, author);
                tx.emit(Some(actor.id()), Event::MessageCreated(message.clone()));
                Sent { view: MessageView::without_own_reactions(message), repeated: false }
            }
            Unique::Taken => find_imported(tx, actor, &membership, &new)?,
        });
    }
    if let Some(first) = first {
        tx.record(AuditEntry::by(actor, AuditAction::MessagesImported).within(group).about(first.get()));
    }
    Ok(sent)
}

/// The author of each message.
fn find_authors(tx: &mut dyn Tx, actor: &Actor, items: &[BatchItem]) -> Result<Vec<UserRef>, Error> {
    let now = tx.now();
    let mut ids: Vec<_> = items.iter().filter_map(|item| item.author).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = if ids.is_empty() { Vec::new() } else { tx.accounts().find_many(&ids)? };
    let found: HashMap<_, _> = found.iter().map(|user| (user.id, user.as_ref())).collect();
    let (mut authors, mut errors) = (Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        match item.author.map_or(Some(&actor.user), |id| found.get(&id)) {
            Some(author) => authors.push(author.clone()),
            None => errors.push(violation(index, "author_id", "must be the id of a user")),
        }
        let span = Timestamp::from_micros(0)..=now;
        if item.created_at.is_some_and(|at| !span.contains(&at)) {
            errors.push(violation(index, "created_at", "must be between 1970 and now"));
        }
    }
    if errors.is_empty() { Ok(authors) } else { Err(Error::Refused(Refusal::Invalid(errors))) }
}

fn violation(index: usize, name: &str, detail: &str) -> FieldError {
    Violation::new(ViolationCode::OutOfRange, detail).in_field(field(index, name))
}

/// What a message was imported as before, or its author has sent under the same client id. What the actor may not read is
/// not shown for knowing an id.
fn find_imported(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    new: &NewMessage,
) -> Result<Sent, Error> {
    membership.require(GroupPermission::ReadHistory)?;
    let earlier = match &new.client_id {
        Some(client_id) => tx.messages().find_by_client_id(new.group, new.author, client_id)?,
        None => None,
    };
    let earlier = earlier.ok_or(MessageRefusal::NotFound)?;
    let view = find_readable(tx, actor, membership, earlier.message.id)?;
    Ok(Sent { view, repeated: true })
}

#[cfg(test)]
mod tests;
