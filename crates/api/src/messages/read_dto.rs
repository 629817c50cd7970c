//! Response bodies for read cursors and receipts.

use groupchat_domain::events::ReadUpdate;
use groupchat_domain::ids::{GroupId, MessageId, Seq, Version};
use groupchat_domain::messages::{Marked, READ_AT_ONCE, ReadState, Reader};
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use crate::accounts::UserRefDto;
use crate::wire::{Count, Field, Items};

/// How far the caller has read a group, or a thread.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ReadState")]
pub(crate) struct ReadStateDto {
    /// Messages up to this number are read.
    pub read_seq: Field<Seq>,
    /// The number of messages that are not read.
    pub unread: Field<Count>,
    /// Increases when messages are marked as unread. It never goes back, also for who comes into the group again.
    pub read_version: Field<Version>,
    /// How many of the messages that are not read mention the caller.
    pub unread_mentions: Field<Count>,
}

impl From<ReadState> for ReadStateDto {
    fn from(state: ReadState) -> Self {
        let ReadState { read_seq, unread, version, unread_mentions } = state;
        Self {
            read_seq: read_seq.into(),
            unread: unread.into(),
            read_version: version.into(),
            unread_mentions: unread_mentions.into(),
        }
    }
}

impl From<Marked> for ReadStateDto {
    fn from(marked: Marked) -> Self {
        marked.state.into()
    }
}

/// How far you have read, on one of your devices.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ReadUpdate")]
pub(crate) struct ReadUpdateDto {
    /// The thread, by the id of the message that was replied to; null for the group itself.
    pub thread_id: Option<Field<MessageId>>,
    /// Messages up to this number are read.
    pub read_seq: Field<Seq>,
    /// The number of messages that are not read.
    pub unread: Field<Count>,
    /// Increases when messages are marked as unread. It never goes back, also for who comes into the group again.
    pub read_version: Field<Version>,
    /// How many of the messages that are not read mention the caller.
    pub unread_mentions: Field<Count>,
}

impl From<ReadUpdate> for ReadUpdateDto {
    fn from(update: ReadUpdate) -> Self {
        let ReadStateDto { read_seq, unread, read_version, unread_mentions } = update.state.into();
        Self { thread_id: update.thread.map(Field), read_seq, unread, read_version, unread_mentions }
    }
}

/// How far you have read after you have marked everything as read.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "AllRead")]
pub(crate) struct AllReadDto {
    /// The read states that have changed.
    pub items: Items<ReadPlaceDto, READ_AT_ONCE>,
}

impl From<Vec<ReadUpdate>> for AllReadDto {
    fn from(updates: Vec<ReadUpdate>) -> Self {
        Self { items: updates.into_iter().map(ReadPlaceDto::from).collect() }
    }
}

/// How far you have read somewhere.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ReadPlace")]
pub(crate) struct ReadPlaceDto {
    /// The group.
    pub group_id: Field<GroupId>,
    /// The thread, by the id of the message that was replied to; null for the group itself.
    pub thread_id: Option<Field<MessageId>>,
    /// Messages up to this number are read.
    pub read_seq: Field<Seq>,
    /// The number of messages that are not read.
    pub unread: Field<Count>,
    /// Increases when messages are marked as unread. It never goes back, also for who comes into the group again.
    pub read_version: Field<Version>,
    /// How many of the messages that are not read mention the caller.
    pub unread_mentions: Field<Count>,
}

impl From<ReadUpdate> for ReadPlaceDto {
    fn from(update: ReadUpdate) -> Self {
        let group_id = update.group.into();
        let ReadUpdateDto { thread_id, read_seq, unread, read_version, unread_mentions } = update.into();
        Self { group_id, thread_id, read_seq, unread, read_version, unread_mentions }
    }
}

/// Somebody who has read a message.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Reader")]
pub(super) struct ReaderDto {
    /// Who it is.
    pub user: UserRefDto,
    /// The number of the last message that they have read.
    pub read_seq: Field<Seq>,
}

impl From<Reader> for ReaderDto {
    fn from(reader: Reader) -> Self {
        Self { user: reader.user.into(), read_seq: reader.read_seq.into() }
    }
}
