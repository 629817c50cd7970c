//! Answers in the ids of the model.

use std::sync::Arc;

use groupchat_domain::accounts::{
    Actor, Block, Session, SessionKind, TokenGroups, TokenTerms, User, UserRef,
};
use groupchat_domain::admissions::{
    Admitted, EndedInvitation, Invitation, InviteLink, InvitedGroup, JoinRequest, Joined, JudgedInvitation,
    JudgedLink, OwnInvitations,
};
use groupchat_domain::audit::{AuditHash, AuditRecord};
use groupchat_domain::events::{
    AddedMember, Audience, BanUpdate, BookmarkUpdate, DirectPartner, DraftUpdate, EndedBan, EndedJoinRequest,
    EphemeralAudience, EphemeralEvent, EventRecord, GroupMember, GroupSenders, GroupUpdate,
    JoinRequestUpdate, LoggedEvent, MentionUpdate, MessageReaction, OwnMembership, OwnSchedule, OwnThread,
    PollUpdate, ReadUpdate, ReminderUpdate, RemovedGroup, RemovedMember, RolesOfUser, SentScheduled,
    ServerRoles, Subject, ThreadUpdate, Tombstone, UserUpdate,
};
use groupchat_domain::groups::{Addition, Ban, Group, GroupView, ListedMember, Member};
use groupchat_domain::ids::{EventId, GroupId, MessageId, RoleId, SessionId, TokenId, UserId};
use groupchat_domain::jobs::Task;
use groupchat_domain::messages::{
    EarlierText, Excerpt, MarkTarget, MentionPage, Message, MessagePage, MessageText, MessageView, Quoted,
    Reactor, Reader, ReaderPage, ReaderPlace, Thread, ThreadView, find_marks,
};
use groupchat_domain::paging::{NamePosition, Page};
use groupchat_domain::tokens::Token;

use crate::commands::ids::Ids;

/// What has ids of a backend, which become those of the model.
pub(crate) trait Renumber {
    fn renumber(&mut self, ids: &Ids);
}

impl<T: Renumber> Renumber for Option<T> {
    fn renumber(&mut self, ids: &Ids) {
        self.iter_mut().for_each(|value| value.renumber(ids));
    }
}

impl<T: Renumber> Renumber for Vec<T> {
    fn renumber(&mut self, ids: &Ids) {
        self.iter_mut().for_each(|value| value.renumber(ids));
    }
}

impl<T: Renumber> Renumber for Box<T> {
    fn renumber(&mut self, ids: &Ids) {
        (**self).renumber(ids);
    }
}

impl<T: Renumber> Renumber for Page<T> {
    fn renumber(&mut self, ids: &Ids) {
        self.items.renumber(ids);
    }
}

/// Says of each type which of its parts have ids.
macro_rules! renumber {
    ($($type:ty: $($field:ident)+;)+) => {$(
        impl Renumber for $type {
            fn renumber(&mut self, ids: &Ids) {
                $(self.$field.renumber(ids);)+
            }
        }
    )+};
}

renumber! {
    User: id owner;
    UserRef: id;
    Actor: user session session_kind;
    Session: id;
    Token: id terms;
    Block: user;
    Group: id;
    Member: user;
    ListedMember: member;
    Ban: user banned_by;
    BanUpdate: group ban;
    EndedBan: group user;
    GroupMember: group member;
    AddedMember: group member;
    RemovedMember: group user;
    GroupView: group last_message owner;
    GroupSenders: group;
    DirectPartner: group user;
    groupchat_domain::permissions::ServerRole: id;
    RolesOfUser: user roles;
    InvitedGroup: id;
    Invitation: id group user invited_by;
    JudgedInvitation: invitation;
    OwnInvitations: items next;
    EndedInvitation: id user;
    InviteLink: id group created_by;
    JudgedLink: link;
    groupchat_domain::admissions::ServerInvite: id created_by groups;
    groupchat_domain::admissions::JudgedServerInvite: invite;
    groupchat_domain::factors::Passkey: id;
    Admitted: group member;
    JoinRequest: user;
    JoinRequestUpdate: group request;
    EndedJoinRequest: group user;
    Message: id group_id author pin thread reply_to mentioned text poll;
    groupchat_domain::messages::InThread: root;
    MessageView: message thread quoted voters unreachable;
    groupchat_domain::polls::Poll: options;
    groupchat_domain::polls::PollOption: first_voters;
    PollUpdate: group message poll;
    groupchat_domain::polls::VoterPage: items next;
    Quoted: id group root author excerpt mentioned;
    EarlierText: text;
    MentionPage: items next;
    MentionUpdate: message user;
    groupchat_domain::saved::DraftPlace: user group thread;
    groupchat_domain::saved::Draft: place;
    groupchat_domain::saved::Bookmark: user message;
    groupchat_domain::saved::BookmarkView: bookmark view;
    DraftUpdate: place draft;
    BookmarkUpdate: user group message bookmark;
    groupchat_domain::saved::Reminder: user message;
    groupchat_domain::saved::ReminderView: reminder view;
    ReminderUpdate: user group message reminder;
    OwnSchedule: user group;
    SentScheduled: user group message;
    groupchat_domain::events::TrimmedHistory: group;
    groupchat_domain::retention::RetentionPreview: group;
    groupchat_domain::scheduled::Scheduled: id new;
    groupchat_domain::scheduled::NewScheduled: user token draft;
    groupchat_domain::messages::MessageDraft: group text thread reply_to;
    Thread: root group last_reply participants;
    ThreadView: thread;
    OwnThread: group root user;
    MessagePage: items;
    MessageReaction: message;
    Reactor: user;
    Reader: user;
    ReaderPage: items next;
    ReaderPlace: user;
    ReadUpdate: group thread;
    groupchat_domain::messages::Pin: by;
    groupchat_domain::sync::LatestMessage: message;
    groupchat_domain::sync::GroupOverview: view latest people drafts;
    groupchat_domain::saved::DraftOutline: place;
    groupchat_domain::sync::Snapshot: me users groups left_groups invitations direct;
}

/// An id and how it is translated.
macro_rules! ids {
    ($($type:ty: $canonical:ident;)+) => {$(
        impl Renumber for $type {
            fn renumber(&mut self, ids: &Ids) {
                *self = ids.$canonical(*self);
            }
        }
    )+};
}

ids! {
    UserId: canonical_user;
    GroupId: canonical_group;
    groupchat_domain::ids::RoleId: canonical_server_role;
    MessageId: canonical_message;
    groupchat_domain::ids::InvitationId: canonical_invitation;
    groupchat_domain::ids::InviteLinkId: canonical_invite_link;
    groupchat_domain::ids::ServerInviteId: canonical_server_invite;
    groupchat_domain::ids::PasskeyId: canonical_passkey;
    groupchat_domain::ids::SessionId: canonical_session;
    groupchat_domain::scheduled::ScheduledId: canonical_scheduled;
}

impl Renumber for TokenId {
    fn renumber(&mut self, ids: &Ids) {
        *self = ids.canonical_session(self.session()).into();
    }
}

impl Renumber for TokenTerms {
    fn renumber(&mut self, ids: &Ids) {
        let canonical =
            |groups: &TokenGroups| groups.ids().iter().map(|id| ids.canonical_group(*id)).collect();
        self.groups = self.groups.as_ref().and_then(|groups| TokenGroups::parse(canonical(groups)).ok());
    }
}

/// What a session is for.
impl Renumber for SessionKind {
    fn renumber(&mut self, ids: &Ids) {
        if let Self::Token(terms) = self {
            terms.renumber(ids);
        }
    }
}

impl<T: Renumber + Clone> Renumber for Arc<T> {
    fn renumber(&mut self, ids: &Ids) {
        Self::make_mut(self).renumber(ids);
    }
}

/// What an entry is about besides a user is what its action says. The model has no hashes.
impl Renumber for AuditRecord {
    fn renumber(&mut self, ids: &Ids) {
        (self.actor, self.target) =
            (self.actor.map(|id| ids.canonical_user(id)), self.target.map(|id| ids.canonical_user(id)));
        self.session = self.session.map(|id| ids.canonical_session(id));
        self.group = self.group.map(|id| ids.canonical_group(id));
        self.object = self.object.map(|id| match self.action.as_str() {
            "login" | "session.ended" | "token.created" | "token.ended" => {
                ids.canonical_session(SessionId::new(id)).get()
            }
            "messages.imported" => ids.canonical_message(groupchat_domain::ids::MessageId::new(id)).get(),
            name if name.starts_with("invitation.") => {
                ids.canonical_invitation(groupchat_domain::ids::InvitationId::new(id)).get()
            }
            name if name.starts_with("invite_link.") => {
                ids.canonical_invite_link(groupchat_domain::ids::InviteLinkId::new(id)).get()
            }
            name if name.starts_with("invite.") || name == "user.signed_up" => {
                ids.canonical_server_invite(groupchat_domain::ids::ServerInviteId::new(id)).get()
            }
            name if name.starts_with("passkey.") => {
                ids.canonical_passkey(groupchat_domain::ids::PasskeyId::new(id)).get()
            }
            role if role.starts_with("role.") => ids.canonical_server_role(RoleId::new(id)).get(),
            _ => id,
        });
        self.hash = AuditHash::ZERO;
    }
}

/// Mentions are written with the ids of users.
impl Renumber for MessageText {
    fn renumber(&mut self, ids: &Ids) {
        *self = Self::from_stored(renumbered(self.as_str(), ids));
    }
}

/// The texts of the simulation are shorter than excerpts.
impl Renumber for Excerpt {
    fn renumber(&mut self, ids: &Ids) {
        *self = Self::of(&renumbered(self.as_str(), ids));
    }
}

fn renumbered(text: &str, ids: &Ids) -> String {
    let mut renumbered = text.to_owned();
    for mark in find_marks(text).into_iter().rev() {
        if let MarkTarget::Id(user) = mark.of {
            renumbered.replace_range(mark.range, &format!("<@{}>", ids.canonical_user(user)));
        }
    }
    renumbered
}

/// The position in a list names the entry that it is after, by this id.
macro_rules! named {
    ($($type:ty: $($field:ident).+;)+) => {$(
        impl Renumber for NamePosition<$type> {
            fn renumber(&mut self, ids: &Ids) {
                self.entry.renumber(ids);
                self.position.id = self.entry.$($field).+.get();
            }
        }
    )+};
}

named! {
    User: id;
    Member: user.id;
    ListedMember: member.user.id;
    Ban: user.id;
    JoinRequest: user.id;
    GroupView: group.id;
}

impl Renumber for Joined {
    fn renumber(&mut self, ids: &Ids) {
        match self {
            Self::Now(member) | Self::Before(member) => member.renumber(ids),
            Self::Requested(request) => request.renumber(ids),
        }
    }
}

impl Renumber for Addition {
    fn renumber(&mut self, ids: &Ids) {
        self.user.renumber(ids);
        self.outcome.iter_mut().for_each(|member| member.renumber(ids));
    }
}

impl Renumber for Audience {
    fn renumber(&mut self, ids: &Ids) {
        match self {
            Self::All => {}
            Self::Group(group) => group.renumber(ids),
            Self::GroupAndUser(group, user) => {
                group.renumber(ids);
                user.renumber(ids);
            }
            Self::User(user) => user.renumber(ids),
            Self::Session(session) => session.renumber(ids),
        }
    }
}

impl Renumber for LoggedEvent {
    fn renumber(&mut self, ids: &Ids) {
        // Positions are the same on all backends.
        self.id = EventId::new(self.position.get());
        self.audience.renumber(ids);
        self.actor.renumber(ids);
        let (event_type, mut subject) = (self.event.event_type(), self.event.clone().into_subject());
        match &mut subject {
            Subject::User(user) => user.renumber(ids),
            Subject::UserUpdate(update) => {
                update.user.renumber(ids);
                *update = UserUpdate::logged(update.user.clone(), self.audience);
            }
            Subject::UserId(user) => user.renumber(ids),
            Subject::GroupUpdate(update) => {
                update.group.renumber(ids);
                *update = GroupUpdate::logged(update.group.clone(), self.audience);
            }
            Subject::ServerRoles(ServerRoles(roles)) => roles.renumber(ids),
            Subject::RolesOfUser(roles) => roles.renumber(ids),
            Subject::RemovedGroup(group) => {
                *group = RemovedGroup::logged(ids.canonical_group(group.id), self.audience);
            }
            Subject::TrimmedHistory(trimmed) => trimmed.renumber(ids),
            Subject::GroupMember(member) | Subject::OwnMembership(OwnMembership(member)) => {
                member.renumber(ids)
            }
            Subject::AddedMember(member) => member.renumber(ids),
            Subject::RemovedMember(member) => member.renumber(ids),
            Subject::GroupSenders(senders) => senders.renumber(ids),
            Subject::DirectPartner(partner) => partner.renumber(ids),
            Subject::BanUpdate(update) => {
                update.renumber(ids);
                let BanUpdate { group, ban, moderators, .. } = update.clone();
                *update = BanUpdate::logged(group, ban, moderators, self.audience);
            }
            Subject::EndedBan(ended) => {
                ended.renumber(ids);
                *ended = EndedBan::logged(ended.group, ended.user, ended.moderators.clone(), self.audience);
            }
            Subject::Invitation(invitation) => invitation.renumber(ids),
            Subject::EndedInvitation(ended) => ended.renumber(ids),
            Subject::JoinRequestUpdate(update) => update.renumber(ids),
            Subject::EndedJoinRequest(ended) => ended.renumber(ids),
            Subject::ThreadUpdate(ThreadUpdate(thread)) => thread.renumber(ids),
            Subject::OwnThread(own) => own.renumber(ids),
            Subject::DraftUpdate(update) => update.renumber(ids),
            Subject::BookmarkUpdate(update) => update.renumber(ids),
            Subject::ReminderUpdate(update) => update.renumber(ids),
            Subject::OwnSchedule(own) => own.renumber(ids),
            Subject::SentScheduled(sent) => sent.renumber(ids),
            Subject::Message(message) | Subject::Tombstone(Tombstone(message)) => message.renumber(ids),
            Subject::MentionUpdate(update) => update.renumber(ids),
            Subject::MessageReaction(reaction) => reaction.renumber(ids),
            Subject::PollUpdate(update) => update.renumber(ids),
            Subject::Gone => {}
        }
        self.event = event_type.about(subject).unwrap_or_else(|| unreachable!("its own kind of subject"));
    }
}

impl Renumber for EventRecord {
    fn renumber(&mut self, ids: &Ids) {
        self.id = EventId::new(self.position.get());
        self.actor.renumber(ids);
        self.audience.renumber(ids);
        self.subject.group.renumber(ids);
        self.subject.user.renumber(ids);
        self.subject.message.renumber(ids);
        self.subject.invitation.renumber(ids);
    }
}

impl Renumber for EphemeralEvent {
    fn renumber(&mut self, ids: &Ids) {
        match self {
            Self::ReadUpdated(update) => update.renumber(ids),
            Self::AllRead(updates) => {
                updates.renumber(ids);
                updates.sort_unstable_by_key(|update| (update.group, update.thread));
            }
            Self::Typing { group, user, .. } => {
                group.renumber(ids);
                user.renumber(ids);
            }
            Self::PresenceChanged { user, .. } => user.renumber(ids),
        }
    }
}

impl Renumber for Task {
    fn renumber(&mut self, ids: &Ids) {
        match self {
            Self::PurgeGroup(group) | Self::ForgetGroup(group) => group.renumber(ids),
            Self::PurgeReactions(message) | Self::PurgeBallots(message) => message.renumber(ids),
            Self::EndMemberships(user) | Self::EndBots(user) => user.renumber(ids),
            Self::RemoveRole(role) => role.renumber(ids),
            Self::ChecksumMessages(message) => message.renumber(ids),
            // Says how far the job has come, and enqueues nothing else.
            Self::ChecksumEvents(_) => {}
        }
    }
}

impl Renumber for (EphemeralAudience, EphemeralEvent) {
    fn renumber(&mut self, ids: &Ids) {
        match &mut self.0 {
            EphemeralAudience::OwnDevices(user) => user.renumber(ids),
            EphemeralAudience::Members(group, user) => {
                group.renumber(ids);
                user.renumber(ids);
            }
        }
        self.1.renumber(ids);
    }
}

impl Renumber for groupchat_domain::admissions::InviteGroups {
    fn renumber(&mut self, ids: &Ids) {
        *self = Self::from_stored(self.ids().iter().map(|group| ids.canonical_group(*group)).collect());
    }
}
