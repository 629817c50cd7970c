//! What the database holds.

use std::collections::{BTreeMap, VecDeque};

use groupchat_domain::accounts::{
    KeyHash, LastRefresh, NewPendingAccount, NewReset, NewSession, NewTicket, PasswordHash, User, UserRef,
};
use groupchat_domain::admissions::{JoinRequest, NewInvitation, NewInviteLink, NewServerInvite};
use groupchat_domain::audit::AuditEntry;
use groupchat_domain::events::{Epoch, EventRecord, LoggedEvent};
use groupchat_domain::factors::{NewHalfLogin, NewPasskey, Totp, UsedSteps};
use groupchat_domain::groups::{Ban, DirectKey, Group, MemberSettings, Mute};
use groupchat_domain::ids::{
    EventId, GroupId, InvitationId, InviteLinkId, MessageId, PasskeyId, Position, RoleId, Seq,
    ServerInviteId, SessionId, UserId, Version,
};
use groupchat_domain::jobs::{JobId, Task};
use groupchat_domain::messages::{EarlierText, Emoji, MentionRow, Message, PinSeq, Thread, ThreadStanding};
use groupchat_domain::permissions::{RoleDefinition, RoleName, ServerRole};
use groupchat_domain::polls::{Choices, Poll};
use groupchat_domain::saved::{Bookmark, BookmarkPlace, Draft, DraftPlace, Reminder};
use groupchat_domain::scheduled::{Scheduled, ScheduledId};
use groupchat_domain::time::Timestamp;

use crate::model::table::{Counter, Table, Undo};

/// A user. What is left of a deleted one is the row.
#[derive(Debug, Clone)]
pub(crate) struct UserRow {
    /// `None` once deleted.
    pub(crate) user: Option<User>,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) must_change_password: bool,
}

/// A group, which stays until it is purged.
#[derive(Debug, Clone)]
pub(crate) struct GroupRow {
    pub(crate) group: Group,
    pub(crate) is_deleted: bool,
    /// Whose direct conversation it is.
    pub(crate) direct_key: Option<DirectKey>,
    /// With which version the read states of a new member begin.
    pub(crate) first_read_version: Version,
}

/// A membership.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) role: RoleName,
    pub(crate) joined_at: Timestamp,
    pub(crate) since_event: EventId,
    pub(crate) read_seq: Seq,
    pub(crate) read_version: Version,
    pub(crate) joined_seq: Seq,
    /// The head of the log when the cursor was moved; zero if only messages moved it.
    pub(crate) read_position: Position,
    pub(crate) settings: MemberSettings,
    /// When they joined, until they have sent a message.
    pub(crate) last_sent_at: Timestamp,
    /// Whether they joined by managing all groups.
    pub(crate) as_admin: bool,
    /// Whether the member has started the direct conversation, or sent a message.
    pub(crate) takes_part: bool,
}

/// An invite link, and how often it was used.
#[derive(Debug, Clone)]
pub(crate) struct LinkRow {
    pub(crate) link: NewInviteLink,
    pub(crate) uses: i64,
}

/// An invite to the server, and how often it was used.
#[derive(Debug, Clone)]
pub(crate) struct ServerInviteRow {
    pub(crate) invite: NewServerInvite,
    pub(crate) uses: i64,
}

/// Where a message is: in a group, or in one of its threads, with this number.
pub(crate) type Place = (GroupId, Option<MessageId>, Seq);

/// What somebody is to a thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThreadMember {
    pub(crate) standing: ThreadStanding,
    /// The newest reply when they last replied, followed or read.
    pub(crate) seen: MessageId,
    /// The head of the log when they last read.
    pub(crate) read_position: Option<Position>,
}

/// A job that waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JobRow {
    pub(crate) task: Task,
    pub(crate) run_after: Timestamp,
}

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    User(UserId),
    Group(GroupId),
}

/// A name that was changed.
#[derive(Debug, Clone)]
pub(crate) struct Rename {
    pub(crate) of: Named,
    pub(crate) old_key: String,
}

/// A session.
#[derive(Debug, Clone)]
pub(crate) struct SessionRow {
    /// With the key, the refresh token and the times of now.
    pub(crate) session: NewSession,
    /// The key of before, and until when it works.
    pub(crate) previous: Option<(KeyHash, Timestamp)>,
    /// Its last refresh.
    pub(crate) last: Option<LastRefresh>,
}

/// Declares the tables and counters, all of which are kept or undone together.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// The tables.
        #[derive(Debug, Clone, Default)]
        pub(crate) struct Tables {
            $($(#[$doc])* pub(crate) $name: $type,)+
        }

        impl Undo for Tables {
            fn keep(&mut self) {
                $(self.$name.keep();)+
            }

            fn undo(&mut self) {
                $(self.$name.undo();)+
            }
        }
    };
}

tables! {
    users: Table<UserId, UserRow>,
    /// Whose a folded username is.
    usernames: Table<String, UserId>,
    sessions: Table<SessionId, SessionRow>,
    /// Which session a key stands for, by its digest.
    keys: Table<[u8; 32], SessionId>,
    tickets: Table<i64, NewTicket>,
    /// When a user last signed in from a network, as it is written down.
    known_networks: Table<(UserId, String), Timestamp>,
    /// Whose a device is, and when they last signed in on it, by the digest of its token.
    known_devices: Table<[u8; 32], (UserId, Timestamp)>,
    totp: Table<UserId, Totp>,
    /// With the ceremonies that they were used in, and when they were used last.
    passkeys: Table<PasskeyId, (NewPasskey, UsedSteps, Option<Timestamp>)>,
    /// By the hash.
    recovery_codes: Table<(UserId, [u8; 32]), ()>,
    /// With the number of wrong codes.
    half_logins: Table<i64, (NewHalfLogin, u32)>,
    /// By their digests: what was stored, and whether it was used.
    pending_accounts: Table<i64, NewPendingAccount>,
    password_resets: Table<[u8; 32], (NewReset, bool)>,
    server_roles: Table<RoleId, ServerRole>,
    /// Who has which role on the server, also one that was removed.
    user_roles: Table<(UserId, RoleId), ()>,
    /// When a user blocked another.
    blocks: Table<(UserId, UserId), Timestamp>,
    groups: Table<GroupId, GroupRow>,
    /// What groups have defined or changed, by the name of the role.
    roles: Table<(GroupId, RoleName), RoleDefinition>,
    memberships: Table<(GroupId, UserId), Membership>,
    /// Who is banned, also those whose ban has ended by itself.
    bans: Table<(GroupId, UserId), Ban>,
    /// Who is muted, also those whose mute has ended by itself.
    mutes: Table<(GroupId, UserId), Mute>,
    invitations: Table<InvitationId, NewInvitation>,
    join_requests: Table<(GroupId, UserId), JoinRequest>,
    server_invites: Table<ServerInviteId, ServerInviteRow>,
    invite_links: Table<InviteLinkId, LinkRow>,
    /// Without the names of their authors.
    messages: Table<Place, Message>,
    /// Where a message is.
    places: Table<MessageId, Place>,
    client_ids: Table<(GroupId, UserId, String), MessageId>,
    /// By their roots. What the model keeps of their participants has no names.
    threads: Table<MessageId, Thread>,
    thread_members: Table<(MessageId, UserId), ThreadMember>,
    /// Which message quotes which.
    quotes: Table<MessageId, MessageId>,
    pins: Table<(GroupId, PinSeq), MessageId>,
    reactions: Table<(MessageId, Emoji, UserId), Timestamp>,
    /// By the messages that they are.
    polls: Table<MessageId, Poll>,
    /// Those of anonymous polls, too: nobody looks into the model.
    ballots: Table<(MessageId, UserId), Choices>,
    edits: Table<(MessageId, Version), EarlierText>,
    mentions: Table<(MessageId, UserId), MentionRow>,
    /// The messages that mention all members of a group.
    group_mentions: Table<(GroupId, MessageId), ()>,
    drafts: Table<DraftPlace, Draft>,
    /// With their places.
    bookmarks: Table<(UserId, MessageId), (Bookmark, BookmarkPlace)>,
    /// With the times at which they are tried.
    reminders: Table<(UserId, MessageId), (Reminder, Timestamp)>,
    /// With the times at which they are tried.
    scheduled: Table<ScheduledId, (Scheduled, Timestamp)>,
    /// Without hashes.
    audit: Table<i64, (Timestamp, AuditEntry)>,
    /// Entries of the audit log up to this number were removed.
    audit_pruned: Counter,
    audit_seqs: Counter,
    /// The digest of a setting, by its name.
    known_settings: Table<String, String>,
    jobs: Table<JobId, JobRow>,
    renames: Table<i64, Rename>,
    log: Table<Position, EventRecord>,
    user_ids: Counter,
    session_ids: Counter,
    ticket_ids: Counter,
    half_login_ids: Counter,
    passkey_ids: Counter,
    role_ids: Counter,
    group_ids: Counter,
    invitation_ids: Counter,
    invite_link_ids: Counter,
    server_invite_ids: Counter,
    pending_account_ids: Counter,
    message_ids: Counter,
    scheduled_ids: Counter,
    job_ids: Counter,
    rename_ids: Counter,
    event_ids: Counter,
}

/// The database: the tables, and what is outside every transaction.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) tables: Tables,
    pub(crate) epoch: Epoch,
    /// When the key of a session was last used.
    pub(crate) key_uses: BTreeMap<SessionId, Timestamp>,
    /// Events that were committed and have no position yet.
    pub(crate) unnumbered: VecDeque<LoggedEvent>,
    /// The last position that was given out, whether or not its event is still there.
    pub(crate) head: Position,
}

impl State {
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self {
            tables: Tables::default(),
            epoch,
            key_uses: BTreeMap::new(),
            unnumbered: VecDeque::new(),
            head: Position::ZERO,
        }
    }
}

impl Tables {
    /// A user who is not deleted.
    pub(crate) fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)?.user.as_ref()
    }

    /// A user as others meet them, deleted or not.
    pub(crate) fn user_ref(&self, id: UserId) -> UserRef {
        self.user(id).map_or(UserRef { id, username: None, display_name: None }, User::as_ref)
    }

    /// A group that is not deleted.
    pub(crate) fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(&id).filter(|row| !row.is_deleted).map(|row| &row.group)
    }

    /// A message with its author.
    pub(crate) fn with_author(&self, message: &Message) -> Message {
        Message { author: self.user_ref(message.author.id), ..message.clone() }
    }

    /// The session of a key.
    pub(crate) fn session_of(&self, key: &KeyHash) -> Option<SessionId> {
        self.keys.get(key.as_bytes()).copied()
    }

    /// Those who are in a group, whose account is not deleted.
    pub(crate) fn members(&self, group: GroupId) -> impl Iterator<Item = (UserId, Membership)> {
        let all = self.memberships.range((group, UserId::new(i64::MIN))..=(group, UserId::new(i64::MAX)));
        all.map(|((_, user), membership)| (*user, membership.clone()))
            .filter(|(user, _)| self.user(*user).is_some())
    }

    /// The memberships of a user, by group; also of a deleted one, and in deleted groups.
    pub(crate) fn memberships_of(&self, user: UserId) -> impl Iterator<Item = (GroupId, Membership)> {
        let all = self.memberships.iter();
        all.filter(move |((_, member), _)| *member == user)
            .map(|((group, _), membership)| (*group, membership.clone()))
    }
}
