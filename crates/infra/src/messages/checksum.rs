//! The checksums of messages as they are written and read.
//!
//! A page of messages is served as it is stored: to compare each message would make every page slower, and a wrong
//! letter is better than no message. A message that is read by itself is compared, and damage is logged, because the
//! message may be about to be changed: a change must not give wrong content a right checksum.

use groupchat_domain::ids::{MessageId, Version};
use groupchat_domain::messages::{ClientId, Message, MessageText, NewMessage};
use groupchat_domain::time::Timestamp;

use crate::checksum::MessageColumns;
use crate::encoding::Encode;
use crate::messages::reactions;
use crate::tx::DbTx;

const NULL: &dyn Encode = &None::<i64>;

/// A message that this transaction has read, and that says something else than was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DamagedMessage {
    id: MessageId,
    checksum: i64,
    edited_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
}

impl DamagedMessage {
    /// Whether somebody has replaced or removed the text since.
    fn has_new_content(&self, message: &Message) -> bool {
        self.edited_at != message.edited_at || self.deleted_at != message.deleted_at
    }
}

impl DbTx<'_> {
    /// Compares a message that was read with its stored checksum.
    pub(super) fn compare_checksum(&mut self, message: &Message, stored: Option<i64>) {
        let Some(checksum) = stored.filter(|stored| *stored != of(message)) else { return };
        tracing::error!(id = %message.id, group = %message.group_id, seq = %message.seq,
            "a message is damaged: it doesn't match its checksum; run `groupchat check`");
        let Message { id, edited_at, deleted_at, .. } = *message;
        self.damaged.push(DamagedMessage { id, checksum, edited_at, deleted_at });
    }

    /// The checksum that a changed message is stored with: that of what it says. A damaged message keeps its own, so
    /// that a like doesn't hide the damage, until somebody has edited or deleted it.
    pub(super) fn checksum_to_store(&self, message: &Message) -> i64 {
        let damaged = self.damaged.iter().find(|damaged| damaged.id == message.id);
        match damaged {
            Some(damaged) if !damaged.has_new_content(message) => damaged.checksum,
            _ => of(message),
        }
    }
}

/// The checksum of a new message.
pub(super) fn of_new(message: &NewMessage) -> i64 {
    let columns = MessageColumns {
        group_id: &message.group.get(),
        seq: &message.seq.get(),
        author_id: &message.author.get(),
        client_id: &message.client_id.as_ref().map(ClientId::as_str),
        version: &Version::FIRST.get(),
        created_at: &message.created_at.as_micros(),
        edited_at: NULL,
        deleted_at: NULL,
        text: &message.text.as_str(),
        pin_seq: NULL,
        pinned_at: NULL,
        pinned_by: NULL,
        reactions: NULL,
        thread_id: &message.thread.map(|thread| thread.root.get()),
    };
    columns.checksum()
}

/// The checksum of a message.
fn of(message: &Message) -> i64 {
    let columns = MessageColumns {
        group_id: &message.group_id.get(),
        seq: &message.seq.get(),
        author_id: &message.author.id.get(),
        client_id: &message.client_id.as_ref().map(ClientId::as_str),
        version: &message.version.get(),
        created_at: &message.created_at.as_micros(),
        edited_at: &message.edited_at.map(Timestamp::as_micros),
        deleted_at: &message.deleted_at.map(Timestamp::as_micros),
        text: &message.text.as_ref().map(MessageText::as_str),
        pin_seq: &message.pin.map(|pin| pin.seq.get()),
        pinned_at: &message.pin.map(|pin| pin.at.as_micros()),
        pinned_by: &message.pin.map(|pin| pin.by.get()),
        reactions: &reactions::to_column(&message.reactions),
        thread_id: &message.thread.map(|thread| thread.root.get()),
    };
    columns.checksum()
}
