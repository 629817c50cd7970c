//! Response bodies for snapshots.

use groupchat_domain::events::{Cursor, EphemeralEvent};
use groupchat_domain::groups::People;
use groupchat_domain::ids::{MessageId, Version};
use groupchat_domain::messages::Excerpt;
use groupchat_domain::presence::MAX_SNAPSHOT as MAX_PRESENCE;
use groupchat_domain::saved::{DraftOutline, MAX_DRAFTS};
use groupchat_domain::sync::{
    GroupOverview, LatestMessage, MAX_EVENTS, MAX_GROUPS, MAX_INVITATIONS, Snapshot,
};
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use crate::accounts::{UserDto, UserRefDto};
use crate::admissions::InvitationDto;
use crate::events::{PresenceDto, RemovedDto};
use crate::groups::GroupDto;
use crate::messages::QuotedDto;
use crate::options::ServerOptions;
use crate::wire::{Count, Field, Items, Time};

/// What a client shows first, or what has changed of it.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Sync")]
pub(super) struct SyncDto {
    /// The moment: events go on from here, and so does the next call.
    cursor: Field<Cursor>,
    /// Whether all is here although the query had a cursor, because that is too old or from another database: what the client
    /// has is to be replaced.
    gap: Field<bool>,
    /// You; null if you can't have changed.
    me: Option<UserDto>,
    /// With a cursor, the users who may have changed, as they are now: wherever you show them, take over their names. Names in
    /// excerpts stay those of the time.
    users: Items<UserRefDto, { MAX_EVENTS as usize }>,
    /// What the server allows.
    settings: SettingsDto,
    /// Your groups and direct conversations, the one with the newest message first; with a cursor, those that may have changed.
    groups: Items<SyncGroupDto, { MAX_GROUPS as usize }>,
    /// Whether you are in more groups than these, which have been silent for longer. `GET /api/groups?mine=true` lists all.
    more_groups: Field<bool>,
    /// With a cursor, groups that you are no longer in, or that were deleted. Ignore those that you don't know.
    left_groups: Items<RemovedDto, { MAX_EVENTS as usize }>,
    /// Your newest invitations, as in `GET /api/invitations`; null if they can't have changed.
    invitations: Option<Items<InvitationDto, { MAX_INVITATIONS as usize }>>,
    /// The people in your direct conversations who are online or away, or of whom is known when they were last seen.
    presence: Items<PresenceDto, MAX_PRESENCE>,
}

impl SyncDto {
    pub(super) fn new(
        snapshot: Snapshot,
        has_cursor: bool,
        settings: SettingsDto,
        present: Vec<EphemeralEvent>,
    ) -> Self {
        let invitations = snapshot.invitations;
        Self {
            cursor: snapshot.cursor.into(),
            gap: (has_cursor && snapshot.is_whole).into(),
            me: snapshot.me.map(UserDto::own),
            users: snapshot.users.into_iter().map(UserRefDto::from).collect(),
            settings,
            groups: snapshot.groups.into_iter().map(SyncGroupDto::from).collect(),
            more_groups: snapshot.has_more_groups.into(),
            left_groups: snapshot.left_groups.into_iter().map(RemovedDto::from).collect(),
            invitations: invitations.map(|some| some.into_iter().map(InvitationDto::from).collect()),
            presence: present.into_iter().filter_map(PresenceDto::of).collect(),
        }
    }
}

/// What the server allows.
#[derive(Debug, Clone, Copy, Serialize, Apiv2Schema)]
#[openapi(rename = "SyncSettings")]
pub(super) struct SettingsDto {
    /// For how many seconds after sending them authors can edit their messages; null without a limit.
    edit_seconds: Option<Field<Count>>,
    /// For how many seconds after sending them authors can delete their messages; null without a limit.
    delete_seconds: Option<Field<Count>>,
}

impl From<&ServerOptions> for SettingsDto {
    fn from(options: &ServerOptions) -> Self {
        let windows = options.change_windows;
        let seconds =
            |window: std::time::Duration| Field::from(i64::try_from(window.as_secs()).unwrap_or(i64::MAX));
        Self { edit_seconds: windows.edit.map(seconds), delete_seconds: windows.delete.map(seconds) }
    }
}

/// A group of yours, as a list of groups shows it.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "SyncGroup")]
struct SyncGroupDto {
    /// The group, as in `GET /api/groups/{id}`, except that its `last_message` is null.
    group: GroupDto,
    /// When its newest message was sent, or else when it was created.
    active_at: Time,
    /// The beginning of the newest message; null before the first, and for those who may not read it.
    latest: Option<LatestDto>,
    /// How many threads in it you follow and have not read to the end.
    unread_threads: Field<Count>,
    /// The other people of a direct conversation; empty for a group.
    people: Items<UserRefDto, { People::MOST }>,
    /// Your drafts for it and for its threads.
    drafts: Items<OutlineDto, { MAX_DRAFTS as usize }>,
}

impl From<GroupOverview> for SyncGroupDto {
    fn from(overview: GroupOverview) -> Self {
        Self {
            group: overview.view.into(),
            active_at: overview.active_at.into(),
            latest: overview.latest.map(LatestDto::from),
            unread_threads: overview.unread_threads.into(),
            people: overview.people.into_iter().map(UserRefDto::from).collect(),
            drafts: overview.drafts.into_iter().map(OutlineDto::from).collect(),
        }
    }
}

/// A draft, without most of its text.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "DraftOutline")]
struct OutlineDto {
    /// The message that it replies to, if it is for the thread under one.
    thread_id: Option<Field<MessageId>>,
    /// The first 200 characters of its text.
    excerpt: Field<Excerpt>,
    /// The version of the draft.
    version: Field<Version>,
    /// When it was last changed.
    updated_at: Time,
}

impl From<DraftOutline> for OutlineDto {
    fn from(outline: DraftOutline) -> Self {
        Self {
            thread_id: outline.place.thread.map(Field),
            excerpt: outline.beginning.into(),
            version: outline.version.into(),
            updated_at: outline.updated_at.into(),
        }
    }
}

/// The newest message of a group, or the tombstone of it.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "LatestMessage")]
struct LatestDto {
    /// The message.
    message: QuotedDto,
    /// When it was sent.
    created_at: Time,
}

impl From<LatestMessage> for LatestDto {
    fn from(latest: LatestMessage) -> Self {
        Self { created_at: latest.created_at.into(), message: QuotedDto::from(latest.message) }
    }
}
