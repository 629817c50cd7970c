//! The table of events: one row says everything about a type.
//!
//! ```text
//! /// What happened; also the summary in docs/asyncapi.json.
//! Variant(Subject) = "name.on.the.wire", to audience, by actor;
//! ```
//!
//! - The subject is a type of `subject`. The row in the log, the loading on replay and the JSON of
//!   the event follow from it.
//! - The audience is a rule of `audience` that fits the subject.
//! - The actor is a `user`, or `user_or_server` if the server itself may cause the event.
//! - `hidden` at the end: the event is only for the servers, never for clients.

use crate::accounts::User;
use crate::admissions::{EndedInvitation, Invitation};
use crate::events::about::{About, SubjectIds};
use crate::events::audience::{self, Audience};
use crate::events::restore::{Found, Lookup, MissingId, Restore};
use crate::events::rows::events;
use crate::events::subject::{
    AddedMember, BanUpdate, BookmarkUpdate, DirectPartner, DraftUpdate, EndedBan, EndedJoinRequest,
    GroupMember, GroupSenders, GroupUpdate, JoinRequestUpdate, MentionUpdate, MessageReaction, OwnMembership,
    OwnSchedule, OwnThread, PollUpdate, ReminderUpdate, RemovedGroup, RemovedMember, RolesOfUser,
    SentScheduled, ServerRoles, Subject, SubjectKind, ThreadUpdate, Tombstone, TrimmedHistory, UserUpdate,
};
use crate::ids::{GroupId, Seq, UserId};
use crate::messages::Message;
use crate::text::TextBytes;

events! {
    /// An account was created.
    UserCreated(User) = "user.created", to everybody, by user_or_server;
    /// An account was changed.
    UserUpdated(UserUpdate) = "user.updated", to viewers, by user_or_server;
    /// An account was deleted.
    UserDeleted(UserId) = "user.deleted", to everybody, by user_or_server;
    /// The roles on the server have changed; these are all of them.
    RolesUpdated(ServerRoles) = "roles.updated", to everybody, by user;
    /// A user was given a role on the server, or lost one. Whether a user is an admin is in `user.updated`.
    UserRolesUpdated(RolesOfUser) = "user.roles_updated", to everybody, by user;
    /// You blocked a user, or ended a block. Only your devices receive this event.
    BlocksUpdated(UserId) = "blocks.updated", to user, by user;
    /// A group was created, or has become visible to you.
    // For those who are not in it at that time. See `Viewer`.
    GroupCreated(GroupUpdate) = "group.created", to viewers, by user;
    /// A group's name, description, settings or roles were changed.
    GroupUpdated(GroupUpdate) = "group.updated", to viewers, by user;
    /// A group is no longer visible to you.
    // For those who are not in it at that time. See `Viewer`.
    GroupHidden(RemovedGroup) = "group.hidden", to viewers, by user;
    /// A group was deleted.
    GroupDeleted(RemovedGroup) = "group.deleted", to viewers, by user;
    /// A user was added to a group, or joined it.
    MemberAdded(AddedMember) = "member.added", to members, by user;
    /// A member's role was changed.
    // The server is the actor when it gives a group that lost its last owner a new one.
    MemberUpdated(GroupMember) = "member.updated", to members, by user_or_server;
    /// A user left a group or was removed. The user receives this event, too.
    MemberRemoved(RemovedMember) = "member.removed", to members_and_user, by user_or_server;
    /// A user was banned from a group. Members who may ban receive this event, and the user if they knew of the group.
    BanCreated(BanUpdate) = "ban.created", to viewers, by user;
    /// A ban got another reason or another end. Members who may ban receive this event, and the user if they see the group.
    BanUpdated(BanUpdate) = "ban.updated", to viewers, by user;
    /// A ban was lifted. Members who may ban receive this event, and the user if they see the group.
    // A ban that ends by itself has no event: its end was told before.
    BanEnded(EndedBan) = "ban.ended", to viewers, by user;
    /// Messages of a group were removed for good because of their age: all up to a number, but for those that are exempt.
    HistoryTrimmed(TrimmedHistory) = "history.trimmed", to members, by user_or_server;
    /// You changed your own settings of a group. Only your devices receive this event.
    SettingsUpdated(OwnMembership) = "settings.updated", to user, by user;
    /// You were invited to a group, or an invitation of yours was changed.
    InvitationCreated(Invitation) = "invitation.created", to user, by user;
    /// An invitation of yours has ended: it was withdrawn, you are a member now or banned, or its group was deleted.
    InvitationWithdrawn(EndedInvitation) = "invitation.withdrawn", to user, by user_or_server;
    /// You accepted an invitation. Only your devices receive this event.
    InvitationAccepted(EndedInvitation) = "invitation.accepted", to user, by user;
    /// You declined an invitation. Only your devices receive this event.
    InvitationDeclined(EndedInvitation) = "invitation.declined", to user, by user;
    /// A user has asked to join a group. Members who may approve requests receive this event, and the user.
    JoinRequestCreated(JoinRequestUpdate) = "join_request.created", to members_and_user, by user;
    /// A request to join a group has ended. Members who may approve requests receive this event, and the user.
    JoinRequestEnded(EndedJoinRequest) = "join_request.ended", to members_and_user, by user_or_server;
    /// A message was sent.
    MessageCreated(Message) = "message.created", to members, by user;
    /// A message was edited.
    MessageUpdated(Message) = "message.updated", to members, by user;
    /// A message was deleted; this is its tombstone.
    MessageDeleted(Tombstone) = "message.deleted", to members, by user;
    /// The actor likes a message.
    MessageLiked(Message) = "message.liked", to members, by user;
    /// The actor no longer likes a message.
    MessageUnliked(Message) = "message.unliked", to members, by user;
    /// The actor has given a message another reaction than a like.
    MessageReacted(MessageReaction) = "message.reacted", to members, by user;
    /// The actor has taken back another reaction than a like.
    MessageUnreacted(MessageReaction) = "message.unreacted", to members, by user;
    /// A message was pinned.
    MessagePinned(Message) = "message.pinned", to members, by user;
    /// A message was unpinned.
    MessageUnpinned(Message) = "message.unpinned", to members, by user;
    /// Some users have voted in a poll, or taken their votes back; these are the counts now. Told twice a second at most.
    // By nobody: who votes is not told.
    PollVoted(PollUpdate) = "poll.voted", to members, by user_or_server;
    /// A poll has another option.
    PollUpdated(PollUpdate) = "poll.updated", to members, by user;
    /// A poll was closed, by a user or because its time is over; these are its results.
    PollClosed(PollUpdate) = "poll.closed", to members, by user_or_server;
    /// A message mentions you. Only your devices receive this event.
    // Each has the actor of what caused it. Mentions of all members have none: the message itself tells them.
    MentionCreated(MentionUpdate) = "mention.created", to user, by user;
    /// A message that mentioned you no longer does, or was deleted. Only your devices receive this event.
    MentionRemoved(MentionUpdate) = "mention.removed", to user, by user;
    /// A thread has a new reply, or one less, or began; `thread` has what it is like now.
    ThreadUpdated(ThreadUpdate) = "thread.updated", to members, by user;
    /// You follow a thread now. Only your devices receive this event.
    // The actor is who replied, where that made the author of the root follow the thread.
    ThreadFollowed(OwnThread) = "thread.followed", to user, by user;
    /// You no longer follow a thread. Only your devices receive this event.
    ThreadUnfollowed(OwnThread) = "thread.unfollowed", to user, by user;
    /// A draft of yours was changed, or removed. Only your devices receive this event.
    DraftUpdated(DraftUpdate) = "draft.updated", to user, by user;
    /// You bookmarked a message, changed your note about it, or removed the bookmark. Only your devices receive this event.
    BookmarkUpdated(BookmarkUpdate) = "bookmark.updated", to user, by user;
    /// You asked to be reminded of a message, changed when, or removed the reminder. Only your devices receive this event.
    ReminderUpdated(ReminderUpdate) = "reminder.updated", to user, by user;
    /// It is time to be reminded of a message. Only your devices receive this event.
    ReminderDue(ReminderUpdate) = "reminder.due", to user, by user_or_server;
    /// You scheduled a message to a group, changed it or dropped it. Only your devices receive this event.
    ScheduledUpdated(OwnSchedule) = "scheduled.updated", to user, by user;
    /// A message that you had scheduled was sent. Only your devices receive this event.
    ScheduledSent(SentScheduled) = "scheduled.sent", to user, by user;
    /// A message that you had scheduled was refused at its time. Only your devices receive this event.
    ScheduledFailed(OwnSchedule) = "scheduled.failed", to user, by user_or_server;
    /// A refresh token of yours was used again, and its session has ended: it may be stolen. Only your devices receive this event.
    RefreshReused(UserId) = "security.refresh_reused", to user, by user_or_server;
    /// Your second factors, or your recovery codes, have changed. Only your devices receive this event.
    FactorsUpdated(UserId) = "security.factors_updated", to user, by user_or_server;
    /// You have another token, or one less. Only your devices receive this event.
    TokensUpdated(UserId) = "tokens.updated", to user, by user_or_server;
    /// Some or all sessions of a user have ended: the user's connections authenticate again.
    SessionsEnded(UserId) = "sessions.ended", to user, by user_or_server, hidden;
    /// Other roles of a group send than before: the connections of its members note who may write.
    SendersUpdated(GroupSenders) = "senders.updated", to members, by user, hidden;
    /// The two people of a direct conversation can't talk any more: their connections note it.
    DirectClosed(DirectPartner) = "direct.closed", to members, by user_or_server, hidden;
    /// The two people of a direct conversation can talk again.
    DirectOpened(DirectPartner) = "direct.opened", to members, by user, hidden;
}

/// What the table says about a type.
struct Row {
    name: &'static str,
    summary: &'static str,
    subject: SubjectKind,
    may_be_by_server: bool,
    is_hidden: bool,
}

impl EventType {
    /// The stable name of the type, on the wire and in the log.
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The summary in one sentence.
    pub const fn summary(self) -> &'static str {
        self.row().summary.trim_ascii()
    }

    /// The kind of subject.
    pub const fn subject(self) -> SubjectKind {
        self.row().subject
    }

    /// Whether the server itself may be the actor, so that there may be none.
    pub const fn may_be_by_server(self) -> bool {
        self.row().may_be_by_server
    }

    /// Whether the event is only for the servers, never for clients.
    pub const fn is_hidden(self) -> bool {
        self.row().is_hidden
    }
}

impl Event {
    /// The message that it is about, or its tombstone.
    pub const fn message(&self) -> Option<&Message> {
        match self {
            Self::MessageCreated(message)
            | Self::MessageUpdated(message)
            | Self::MessageDeleted(Tombstone(message))
            | Self::MessageLiked(message)
            | Self::MessageUnliked(message)
            | Self::MessageReacted(MessageReaction { message, .. })
            | Self::MessageUnreacted(MessageReaction { message, .. })
            | Self::MessagePinned(message)
            | Self::MessageUnpinned(message) => Some(message),
            _ => None,
        }
    }

    /// The group that it is about and the number there of the message that decides who reads it, if it is about a message,
    /// a reply or a thread.
    pub fn history(&self) -> Option<(GroupId, Seq)> {
        match self {
            Self::ThreadUpdated(ThreadUpdate(thread)) => Some((thread.group, thread.root_seq)),
            Self::PollVoted(update) | Self::PollUpdated(update) | Self::PollClosed(update) => {
                Some((update.group, update.history_seq))
            }
            Self::MentionCreated(MentionUpdate { message, .. })
            | Self::MentionRemoved(MentionUpdate { message, .. }) => {
                Some((message.group_id, message.history_seq()))
            }
            Self::ThreadFollowed(own) | Self::ThreadUnfollowed(own) => Some((own.group, own.root_seq)),
            event => event.message().map(|message| (message.group_id, message.history_seq())),
        }
    }

    /// The ids of the subject.
    pub fn ids(&self) -> SubjectIds {
        match self {
            Self::Gone(_, ids) => *ids,
            event => event.about().map(About::ids).unwrap_or_default(),
        }
    }
}

impl TextBytes for Event {
    fn text_bytes(&self) -> usize {
        self.about().map_or(0, TextBytes::text_bytes)
    }
}

#[cfg(test)]
mod tests;
