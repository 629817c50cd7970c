//! What commands answer, in a form that can be compared.

use groupchat_domain::accounts::{
    Actor, Block, CreatedUser, HalfWay, LoggedIn, Password, Secret, Session, SignedIn, User,
};
use groupchat_domain::admissions::{
    Admitted, InvitedGroup, JoinRequest, Joined, JudgedInvitation, JudgedLink, JudgedServerInvite,
    OwnInvitations, SignedUp,
};
use groupchat_domain::audit::AuditRecord;
use groupchat_domain::events::{EphemeralEvent, Epoch, EventRecord, LogState, LoggedEvent, ReplayPage};
use groupchat_domain::factors::{Ceremony, FactorMethod, Factors, Passkey, RecoveryCode, TotpSetUp};
use groupchat_domain::groups::{Addition, Ban, GroupView, ListedMember, Member};
use groupchat_domain::ids::{
    GroupId, InvitationId, InviteLinkId, MessageId, PasskeyId, Position, RoleId, Seq, ServerInviteId,
    SessionId, UserId,
};
use groupchat_domain::jobs::{DueRun, Task};
use groupchat_domain::mail::Mail;
use groupchat_domain::messages::{
    EarlierText, FilteredPage, Marked, MentionPage, MessagePage, MessageView, Reactor, ReaderPage, Sent,
    ThreadView,
};
use groupchat_domain::operations::ClockDoubt;
use groupchat_domain::paging::{NamePosition, Page};
use groupchat_domain::permissions::{
    Decision, GroupPermission, Role, ServerDecision, ServerPermission, ServerRole,
};
use groupchat_domain::polls::{Choices, Poll, PollView, VoterPage};
use groupchat_domain::retention::{RetentionPreview, RetentionRun};
use groupchat_domain::saved::{BookmarkPage, BookmarkView, Draft, ReminderView};
use groupchat_domain::scheduled::{Accepted, Scheduled};
use groupchat_domain::storage::Condition;
use groupchat_domain::sync::Snapshot;
use groupchat_domain::time::Timestamp;
use groupchat_domain::tokens::Token;

use crate::commands::ids::Ids;
use crate::commands::renumber::Renumber;

/// A page of what was replayed, with the groups that its reader is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// What the reader may see.
    pub events: Vec<LoggedEvent>,
    /// Everything up to this position was read.
    pub position: Position,
    /// Whether the log goes on.
    pub more: bool,
    /// Whether events are missing at the beginning.
    pub gap: bool,
    /// The reader's groups, by id.
    pub groups: Vec<GroupId>,
}

/// A page of the threads that somebody follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedThreads(pub Page<MessageView>);

/// A snapshot, with a log that is called the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced(pub Snapshot);

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident($type:ty),)+) => {
        /// What a command answered that was not refused.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Answer {
            /// Nothing but that it was done.
            Done,
            $($(#[$doc])* $name($type),)+
        }

        $(impl From<$type> for Answer {
            fn from(value: $type) -> Self {
                Self::$name(value)
            }
        })+
    };
}

/// Under what a ballot is stored differs from one database to the other.
impl From<PollView> for Answer {
    fn from(view: PollView) -> Self {
        let choices = view.choices();
        Self::Poll((view.poll, choices))
    }
}

answers! {
    /// A text.
    Text(String),
    /// What a job has to do.
    Task(Option<Task>),
    /// Whether something was done, or there is more to do.
    Flag(bool),
    /// A time.
    Time(Timestamp),
    /// A user.
    User(User),
    /// A user that was created, and the secret of the key that came with it.
    Created((User, Option<Secret>)),
    /// The first user, and its password.
    FirstAdmin(Option<(User, Password)>),
    /// A new session: its key, how long it is valid, the device, and whose it is.
    LoggedIn((Secret, Timestamp, Option<Secret>, User)),
    /// A session with a refresh token: its key, how long that is valid, the token, how long that is valid, the device, and
    /// whose it is.
    Refreshable((Secret, Timestamp, (Secret, Timestamp), Option<Secret>, User)),
    /// Half a login: its ticket, how long that is valid, and what is asked for.
    HalfWay((Secret, Timestamp, Vec<FactorMethod>)),
    /// What an authenticator needs.
    TotpSetUp(TotpSetUp),
    /// A ceremony with an authenticator.
    Ceremony(Ceremony),
    /// A passkey, and the recovery codes that come with the first factor.
    Passkey((Passkey, Option<Vec<RecoveryCode>>)),
    /// Recovery codes.
    RecoveryCodes(Vec<RecoveryCode>),
    /// The second factors of a user.
    Factors(Factors),
    /// Users.
    Users(Page<NamePosition<User>>),
    /// Bots.
    Bots(Page<User>),
    /// A block.
    Block(Block),
    /// Blocks.
    Blocks(Page<Block>),
    /// Sessions, without the times of their last use: those are stored in time.
    Sessions(Page<Session>),
    /// A token.
    Token(Token),
    /// Tokens, without the times of their last use.
    Tokens(Page<Token>),
    /// Entries of the audit log, without hashes.
    Audit(Page<AuditRecord>),
    /// Mails.
    Mails(Vec<Mail>),
    /// Who somebody is.
    Actor(Actor),
    /// A group.
    Group(GroupView),
    /// A direct conversation, and whether it is new.
    Started((GroupView, bool)),
    /// Groups.
    Groups(Page<NamePosition<GroupView>>),
    /// A member.
    Member(Member),
    /// What came of adding users.
    Added(Vec<Addition>),
    /// Members.
    Members(Page<NamePosition<ListedMember>>),
    /// A ban.
    Ban(Ban),
    /// Bans.
    Bans(Page<NamePosition<Ban>>),
    /// A role.
    Role(Role),
    /// Roles.
    Roles(Vec<Role>),
    /// What somebody may do, with the reasons.
    Explained(Vec<(GroupPermission, Decision)>),
    /// A role on the server.
    ServerRole(ServerRole),
    /// Roles on the server.
    ServerRoles(Vec<ServerRole>),
    /// What somebody may do on the server, with the reasons.
    ExplainedOnServer(Vec<(ServerPermission, ServerDecision)>),
    /// An invitation, and whether it is the first.
    Invited((JudgedInvitation, bool)),
    /// Invitations to a group.
    Invitations(Page<JudgedInvitation>),
    /// Invitations of the one who asks.
    OwnInvitations(OwnInvitations),
    /// A member, or a request to become one.
    Joined(Joined),
    /// Requests to join a group.
    JoinRequests(Page<NamePosition<JoinRequest>>),
    /// An invite link.
    InviteLink(JudgedLink),
    /// Invite links to a group.
    InviteLinks(Page<JudgedLink>),
    /// An invite to the server.
    ServerInvite(JudgedServerInvite),
    /// Invites to the server.
    ServerInvites(Page<JudgedServerInvite>),
    /// Where an invite link leads.
    InvitedGroup(InvitedGroup),
    /// A member who came in by an invite link, or was in the group before.
    Admitted(Admitted),
    /// A new member, and the group.
    Accepted((GroupId, Member)),
    /// A message that was sent.
    Sent(Sent),
    /// Messages that were sent at once.
    Batch(Vec<Sent>),
    /// A message.
    Message(MessageView),
    /// Messages.
    Messages(MessagePage),
    /// Messages in the order by time.
    Filtered(FilteredPage),
    /// Pinned messages.
    Pins(Page<MessageView>),
    /// Who has given a reaction.
    Reactors(Page<Reactor>),
    /// A poll, and what the one who looks has voted for.
    Poll((Poll, Option<Choices>)),
    /// Who votes for an option.
    Voters(VoterPage),
    /// What a message said before.
    History(Page<EarlierText>),
    /// A thread.
    Thread(ThreadView),
    /// Threads, as their roots.
    Threads(FollowedThreads),
    /// Messages that mention somebody.
    Mentions(MentionPage),
    /// A draft.
    Draft(Draft),
    /// A bookmark.
    Bookmark(BookmarkView),
    /// Bookmarks.
    Bookmarks(BookmarkPage),
    /// A reminder.
    Reminder(ReminderView),
    /// Reminders.
    Reminders(Page<ReminderView>),
    /// A message that was scheduled.
    ScheduledNow(Accepted),
    /// A scheduled message.
    Scheduled(Scheduled),
    /// Scheduled messages.
    ScheduledPage(Page<Scheduled>),
    /// What was done that was due.
    Due(DueRun),
    /// How many messages were removed for their age.
    Trimmed(RetentionRun),
    /// What would be removed of groups.
    Previews(Vec<RetentionPreview>),
    /// How far somebody has read.
    Read(Marked),
    /// Who has read a message.
    Readers(ReaderPage),
    /// Read cursors, by group.
    ReadSince(Vec<EphemeralEvent>),
    /// Where the log begins and ends.
    Log((Position, Position)),
    /// Events.
    Events(Vec<LoggedEvent>),
    /// Rows of the log.
    Records(Vec<EventRecord>),
    /// Ids of groups.
    GroupIds(Vec<GroupId>),
    /// A replay.
    Replayed(Replayed),
    /// What a client shows first.
    Synced(Synced),
    /// Whether the clock is doubted.
    ClockDoubt(Option<ClockDoubt>),
    /// How the storage is.
    Condition(Condition),
    /// The groups of a user, each with the position from which on the user sees its events.
    Since(Vec<(GroupId, Position)>),
}

impl From<()> for Answer {
    fn from((): ()) -> Self {
        Self::Done
    }
}

impl From<CreatedUser> for Answer {
    fn from(created: CreatedUser) -> Self {
        Self::Created((created.user, created.key))
    }
}

impl From<Password> for Answer {
    fn from(password: Password) -> Self {
        Self::Text(password.reveal().to_owned())
    }
}

impl From<LoggedIn> for Answer {
    fn from(LoggedIn { key, expires_at, refresh, device, user }: LoggedIn) -> Self {
        match refresh {
            Some(refresh) => {
                Self::Refreshable((key, expires_at, (refresh.token, refresh.expires_at), device, user))
            }
            None => Self::LoggedIn((key, expires_at, device, user)),
        }
    }
}

impl From<SignedUp> for Answer {
    fn from(signed_up: SignedUp) -> Self {
        match signed_up {
            SignedUp::Complete(logged_in) => (*logged_in).into(),
            SignedUp::Unconfirmed => Self::Done,
        }
    }
}

impl From<SignedIn> for Answer {
    fn from(signed_in: SignedIn) -> Self {
        match signed_in {
            SignedIn::Complete(logged_in) => logged_in.into(),
            SignedIn::HalfWay(HalfWay { ticket, expires_at, methods }) => {
                Self::HalfWay((ticket, expires_at, methods))
            }
        }
    }
}

impl From<LogState> for Answer {
    fn from(LogState { head, removed, .. }: LogState) -> Self {
        Self::Log((removed, head))
    }
}

impl From<Snapshot> for Answer {
    fn from(mut snapshot: Snapshot) -> Self {
        snapshot.cursor.epoch = Epoch::parse("log").unwrap_or(snapshot.cursor.epoch);
        Self::Synced(Synced(snapshot))
    }
}

impl From<ReplayPage> for Answer {
    fn from(ReplayPage { events, position, more, gap, viewer }: ReplayPage) -> Self {
        let mut groups: Vec<_> = viewer.groups().collect();
        groups.sort_unstable();
        Self::Replayed(Replayed { events, position, more, gap, groups })
    }
}

/// What an answer gives out that was not there before, or is said to be there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Issued {
    pub(crate) user: Option<UserId>,
    pub(crate) group: Option<GroupId>,
    pub(crate) message: Option<(GroupId, MessageId, Seq)>,
    pub(crate) is_reply: bool,
    pub(crate) is_poll: bool,
    pub(crate) session: Option<SessionId>,
    pub(crate) server_role: Option<RoleId>,
    pub(crate) invitation: Option<InvitationId>,
    pub(crate) invite_link: Option<InviteLinkId>,
    pub(crate) server_invite: Option<ServerInviteId>,
    pub(crate) passkey: Option<PasskeyId>,
    pub(crate) has_key: bool,
    pub(crate) has_ticket: bool,
}

impl Answer {
    pub(crate) fn issued(&self) -> Issued {
        let nothing = Issued::default();
        match self {
            Self::Created((user, key)) => Issued { user: Some(user.id), has_key: key.is_some(), ..nothing },
            Self::User(user) | Self::FirstAdmin(Some((user, _))) => Issued { user: Some(user.id), ..nothing },
            Self::LoggedIn((.., user)) | Self::Refreshable((.., user)) => {
                Issued { user: Some(user.id), has_key: true, ..nothing }
            }
            Self::Group(view) | Self::Started((view, true)) => {
                Issued { group: Some(view.group.id), ..nothing }
            }
            Self::Sent(Sent { view: MessageView { message, .. }, repeated: false }) => {
                let (is_reply, is_poll) = (message.thread.is_some(), message.poll.is_some());
                let message = Some((message.group_id, message.id, message.seq));
                Issued { message, is_reply, is_poll, ..nothing }
            }
            Self::Batch(sent) => {
                let new = sent.iter().rfind(|sent| !sent.repeated).map(|sent| &sent.view.message);
                let message = new.map(|message| (message.group_id, message.id, message.seq));
                Issued { message, ..nothing }
            }
            Self::ServerRole(role) => Issued { server_role: Some(role.id), ..nothing },
            Self::Actor(actor) => Issued { session: Some(actor.session), ..nothing },
            Self::Token(token) => Issued { session: Some(token.id.session()), has_key: true, ..nothing },
            Self::InviteLink(made) => Issued { invite_link: Some(made.link.id), ..nothing },
            Self::Passkey((made, _)) => Issued { passkey: Some(made.id), ..nothing },
            Self::ServerInvite(made) => Issued { server_invite: Some(made.invite.id), ..nothing },
            Self::Invited((made, _)) => Issued { invitation: Some(made.invitation.id), ..nothing },
            Self::Time(_) => Issued { has_ticket: true, ..nothing },
            _ => nothing,
        }
    }

    /// Learns the ids that the answer gives out.
    pub(crate) fn teach(&self, ids: &mut Ids) {
        let Issued {
            user,
            group,
            message,
            session,
            server_role,
            invitation,
            invite_link,
            server_invite,
            passkey,
            ..
        } = self.issued();
        invite_link.into_iter().for_each(|link| ids.learn_invite_link(link));
        passkey.into_iter().for_each(|passkey| ids.learn_passkey(passkey));
        server_invite.into_iter().for_each(|invite| ids.learn_server_invite(invite));
        server_role.into_iter().for_each(|role| ids.learn_server_role(role));
        user.into_iter().for_each(|user| ids.learn_user(user));
        group.into_iter().for_each(|group| ids.learn_group(group));
        if let Self::ScheduledNow(Accepted { scheduled, repeated: false }) = self {
            ids.learn_scheduled(scheduled.id);
        }
        if let Self::Due(run) = self {
            run.sent.iter().for_each(|sent| ids.learn_message(*sent));
        }
        if let Self::Batch(sent) = self {
            let new = sent.iter().filter(|sent| !sent.repeated);
            new.for_each(|sent| ids.learn_message(sent.view.message.id));
        } else {
            message.into_iter().for_each(|(_, message, _)| ids.learn_message(message));
        }
        session.into_iter().for_each(|session| ids.learn_session(session));
        invitation.into_iter().for_each(|invitation| ids.learn_invitation(invitation));
    }

    /// The answer in the ids of the model, and without what may differ from one backend to the other.
    #[must_use]
    pub fn canonical(mut self, ids: &Ids) -> Self {
        match &mut self {
            Self::History(page) => page.renumber(ids),
            Self::Done | Self::Flag(_) | Self::Time(_) | Self::Read(_) | Self::Log(_) | Self::Trimmed(_) => {}
            Self::ClockDoubt(_) | Self::Condition(_) | Self::Text(_) | Self::Mails(_) => {}
            Self::Factors(factors) => factors.passkeys.renumber(ids),
            Self::Passkey((passkey, _)) => passkey.renumber(ids),
            Self::HalfWay(_) | Self::TotpSetUp(_) | Self::Ceremony(_) | Self::RecoveryCodes(_) => {}
            Self::Role(_) | Self::Roles(_) | Self::Explained(_) | Self::ExplainedOnServer(_) => {}
            Self::ServerRole(role) => role.renumber(ids),
            Self::ServerRoles(roles) => roles.renumber(ids),
            Self::Task(task) => task.renumber(ids),
            Self::User(user) | Self::Created((user, _)) | Self::LoggedIn((_, _, _, user)) => {
                user.renumber(ids)
            }
            Self::Refreshable((_, _, _, _, user)) => user.renumber(ids),
            Self::FirstAdmin(created) => {
                created.iter_mut().for_each(|(user, _)| user.renumber(ids));
            }
            Self::Users(users) => users.renumber(ids),
            Self::Bots(bots) => bots.renumber(ids),
            Self::Block(block) => block.renumber(ids),
            Self::Blocks(blocks) => blocks.renumber(ids),
            Self::Sessions(sessions) => {
                sessions.renumber(ids);
                sessions.items.iter_mut().for_each(|session| session.last_used_at = None);
            }
            Self::Token(token) => token.renumber(ids),
            Self::Tokens(tokens) => {
                tokens.renumber(ids);
                tokens.items.iter_mut().for_each(|token| token.last_used_at = None);
            }
            Self::Audit(page) => page.renumber(ids),
            Self::Actor(actor) => actor.renumber(ids),
            Self::Group(view) | Self::Started((view, _)) => view.renumber(ids),
            Self::Groups(groups) => groups.renumber(ids),
            Self::Member(member) => member.renumber(ids),
            Self::Added(additions) => additions.renumber(ids),
            Self::Members(members) => members.renumber(ids),
            Self::Ban(ban) => ban.renumber(ids),
            Self::Bans(bans) => bans.renumber(ids),
            Self::Invited((made, _)) => made.renumber(ids),
            Self::Invitations(page) => page.renumber(ids),
            Self::OwnInvitations(page) => page.renumber(ids),
            Self::Joined(joined) => joined.renumber(ids),
            Self::JoinRequests(page) => page.renumber(ids),
            Self::InviteLink(made) => made.renumber(ids),
            Self::InviteLinks(page) => page.renumber(ids),
            Self::ServerInvite(made) => made.renumber(ids),
            Self::ServerInvites(page) => page.renumber(ids),
            Self::InvitedGroup(group) => group.renumber(ids),
            Self::Admitted(admitted) => admitted.renumber(ids),
            Self::Accepted((group, member)) => {
                group.renumber(ids);
                member.renumber(ids);
            }
            Self::Sent(sent) => sent.view.renumber(ids),
            Self::Batch(sent) => sent.iter_mut().for_each(|sent| sent.view.renumber(ids)),
            Self::Filtered(page) => page.items.renumber(ids),
            Self::Message(view) => view.renumber(ids),
            Self::Messages(page) => page.renumber(ids),
            Self::Mentions(page) => page.renumber(ids),
            Self::Draft(draft) => draft.renumber(ids),
            Self::Bookmark(view) => view.renumber(ids),
            Self::Bookmarks(page) => page.items.renumber(ids),
            Self::Reminder(view) => view.renumber(ids),
            Self::Reminders(page) => page.renumber(ids),
            Self::ScheduledNow(accepted) => accepted.scheduled.renumber(ids),
            Self::Scheduled(scheduled) => scheduled.renumber(ids),
            Self::ScheduledPage(page) => page.renumber(ids),
            Self::Due(run) => run.sent.renumber(ids),
            Self::Previews(previews) => previews.renumber(ids),
            Self::Pins(page) | Self::Threads(FollowedThreads(page)) => page.renumber(ids),
            Self::Thread(view) => view.renumber(ids),
            Self::Reactors(page) => page.renumber(ids),
            Self::Voters(page) => page.renumber(ids),
            Self::Poll((poll, _)) => poll.renumber(ids),
            Self::Readers(page) => page.renumber(ids),
            Self::ReadSince(cursors) => {
                cursors.renumber(ids);
                cursors.sort_by_key(|cursor| match cursor {
                    EphemeralEvent::ReadUpdated(update) => Some((update.group, update.thread)),
                    _ => None,
                });
            }
            Self::Events(events) => events.renumber(ids),
            Self::Records(records) => records.renumber(ids),
            Self::GroupIds(groups) => {
                groups.renumber(ids);
                groups.sort_unstable();
            }
            Self::Replayed(page) => {
                page.events.renumber(ids);
                page.groups.renumber(ids);
                page.groups.sort_unstable();
            }
            Self::Synced(Synced(snapshot)) => {
                snapshot.renumber(ids);
                snapshot.left_groups.sort_unstable();
                snapshot.users.sort_by_key(|user| user.id);
            }
            Self::Since(groups) => {
                groups.iter_mut().for_each(|(group, _)| group.renumber(ids));
                groups.sort_unstable();
            }
        }
        self
    }
}
