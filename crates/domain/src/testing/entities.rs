//! Entities with values that are easy to tell apart.

use crate::accounts::{
    AccountRefusal, Actor, DisplayName, Email, FactorStanding, KeyHash, Origin, PasswordHash, PendingAccount,
    PresenceSetting, ReceiptSetting, Scope, SessionKind, TokenGroups, TokenTerms, User, Username,
};
use crate::admissions::{
    Invitation, InviteGroups, InviteLink, IssuedInvitation, IssuedLink, JoinRequest, LINK_LIFETIME, MaxUses,
    Note, ServerInvite,
};
use crate::events::ReminderUpdate;
use crate::events::{
    Audience, BookmarkUpdate, DraftUpdate, EndedJoinRequest, EventRecord, EventType, JoinRequestUpdate,
    PollUpdate, SubjectIds,
};
use crate::groups::{
    Ban, Group, GroupName, GroupRefusal, History, Member, MemberSettings, SlowMode, Standing, Trimmed,
    Visibility,
};
use crate::ids::{
    EventId, GroupId, InvitationId, InviteLinkId, MessageId, Position, Seq, ServerInviteId, SessionId,
    UserId, Version,
};
use crate::messages::{
    Attachments, Emoji, InThread, Message, MessageDraft, MessageText, MessageView, NewMessage, Reactions,
    Thread, ThreadStanding, ThreadView,
};
use crate::network::Network;
use crate::paging::{NameCursor, NamePosition};
use crate::permissions::{
    BuiltInRole, GroupPermission, PermittedRoles, Role, RoleName, ServerDenial, ServerPermission,
    ServerPermissionSet, ServerRights, Shortfall,
};
use crate::polls::{
    Ballot, BallotId, Choices, FoundPoll, OptionText, Poll, PollDraft, PollOptions, PollPlace, PollView,
};
use crate::saved::{Bookmark, BookmarkNote, Draft, DraftPlace, DraftText, Reminder};
use crate::scheduled::{Failure, NewScheduled, Scheduled, ScheduledId};
use crate::storage::Credential;
use crate::time::Timestamp;

/// When every command of a test runs.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
/// When what a test finds was made.
pub(crate) const EARLIER: Timestamp = Timestamp::from_micros(1_600_000_000_000_000);

/// Who acts.
pub(crate) const ME: UserId = UserId::new(1);
/// Somebody else.
pub(crate) const OTHER: UserId = UserId::new(2);
/// The session that [`me`] acts with.
pub(crate) const MY_SESSION: SessionId = SessionId::new(11);
/// The key of that session.
pub(crate) const MY_KEY: Credential =
    Credential { key: KeyHash::new([1; 32]), network: Network::UNKNOWN, origin: Origin::UNKNOWN };
/// The one group there is.
pub(crate) const GROUP: GroupId = GroupId::new(7);
/// The one message in it.
pub(crate) const MESSAGE: MessageId = MessageId::new(70);
/// A reaction that is no like.
pub(crate) const PARTY: Emoji = Emoji::PARTY;

/// The actor, signed in with a password.
pub(crate) fn me() -> Actor {
    Actor {
        user: user(ME).as_ref(),
        session: MY_SESSION,
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    }
}

/// The actor, by a key that was handed out with the account.
pub(crate) fn me_provisioned() -> Actor {
    Actor { session_kind: SessionKind::Provisioned, ..me() }
}

/// The actor, by a token of this scope.
pub(crate) fn my_token(scope: Scope) -> Actor {
    Actor { session_kind: SessionKind::Token(TokenTerms { scope, groups: None }), ..me() }
}

/// The actor, by a token of this scope for the one group there is.
pub(crate) fn my_group_token(scope: Scope) -> Actor {
    let groups = TokenGroups::parse(vec![GROUP]).ok();
    Actor { session_kind: SessionKind::Token(TokenTerms { scope, groups }), ..me() }
}

/// A user who does not administer the server.
pub(crate) fn user(id: UserId) -> User {
    User {
        id,
        username: Username::parse(&format!("user{id}")).unwrap(),
        display_name: Some(DisplayName::parse(&format!("User {id}")).unwrap()),
        email: Some(Email::parse(&format!("user{id}@example.org")).unwrap()),
        is_admin: false,
        suspended: false,
        owner: None,
        presence: PresenceSetting::Shown,
        receipts: ReceiptSetting::Shown,
        version: Version::new(3),
        created_at: EARLIER,
    }
}

/// A bot that somebody owns.
pub(crate) fn bot(id: UserId, owner: UserId) -> User {
    User { owner: Some(owner), email: None, ..user(id) }
}

/// A user who does.
pub(crate) fn server_admin(id: UserId) -> User {
    User { is_admin: true, ..user(id) }
}

/// A hash that differs with `text`.
pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(format!("hash of {text}"))
}

/// A public group with some members and messages.
pub(crate) fn group() -> Group {
    Group {
        id: GROUP,
        name: Some(GroupName::parse("Gardeners").unwrap()),
        description: None,
        visibility: Visibility::Public,
        history: History::All,
        topic: None,
        slow_mode: SlowMode::OFF,
        receipts: None,
        retention: None,
        archived_at: None,
        version: Version::new(5),
        created_at: EARLIER,
        member_count: 3,
        last_seq: Seq::new(40),
        trimmed: Trimmed::NOTHING,
    }
}

/// A direct conversation of three.
pub(crate) fn direct() -> Group {
    Group { name: None, visibility: Visibility::Private, ..group() }
}

/// A member's standing, with some messages of [`group`] unread.
pub(crate) fn standing(role: BuiltInRole) -> Standing {
    Standing {
        role: Role::unchanged(role, false),
        read_seq: Seq::new(30),
        read_version: Version::new(2),
        joined_seq: Seq::new(20),
        settings: MemberSettings::default(),
        last_sent_at: EARLIER,
        is_closed: false,
        muted_until: None,
    }
}

/// A member of the group.
pub(crate) fn member(id: UserId, role: BuiltInRole) -> Member {
    let (joined_seq, settings) = (Seq::new(20), MemberSettings::default());
    let (user, role) = (user(id).as_ref(), role.into());
    Member { user, role, joined_at: EARLIER, joined_seq, settings, as_admin: false, mute: None }
}

/// A ban from the group, without an end.
pub(crate) fn ban(id: UserId) -> Ban {
    let (banned_by, created_at, terms_at) = (ME, EARLIER, EARLIER);
    Ban { user: user(id).as_ref(), reason: None, until: None, banned_by, created_at, terms_at }
}

/// The roles that may ban in a group that has changed none.
pub(crate) fn moderators() -> PermittedRoles {
    PermittedRoles::with(GroupPermission::BanMembers, &[], false)
}

/// The roles that send in a group that has changed none.
pub(crate) fn senders() -> PermittedRoles {
    PermittedRoles::with(GroupPermission::Send, &[], false)
}

/// A message of the group, with two likes and another reaction.
pub(crate) fn message(author: UserId) -> Message {
    let new = NewMessage {
        group: GROUP,
        thread: None,
        seq: Seq::new(33),
        author,
        text: text("hello"),
        client_id: None,
        created_at: EARLIER,
        attachments: Attachments::default(),
    };
    let mut reactions = Reactions::NONE;
    for emoji in [Emoji::LIKE, PARTY, Emoji::LIKE] {
        reactions.add(emoji);
    }
    Message { version: Version::new(4), reactions, ..new.into_message(MESSAGE, user(author).as_ref()) }
}

/// An open poll with two options, in which somebody has voted for the second one.
pub(crate) fn poll() -> Poll {
    let options = ["yes", "no"].map(|option| OptionText::parse(option).unwrap());
    let draft = PollDraft::new(PollOptions::parse(options.to_vec()).unwrap(), None).unwrap();
    let mut poll = Poll::from(&draft);
    (poll.options[1].votes, poll.voters) = (1, 1);
    poll
}

/// That [`poll`] of [`OTHER`] has changed.
pub(crate) fn poll_update() -> PollUpdate {
    PollUpdate { group: GROUP, message: MESSAGE, history_seq: Seq::new(33), poll: poll() }
}

/// The message of [`message`], as this poll, in which the actor has voted like this.
pub(crate) fn found_poll(author: UserId, poll: Poll, choices: Choices) -> FoundPoll {
    let place =
        PollPlace { message: MESSAGE, group: GROUP, history_seq: Seq::new(33), is_reply: false, author };
    let ballot = Some(Ballot { id: BallotId::Open(ME), choices });
    FoundPoll { place, is_deleted: false, view: Some(PollView { poll, ballot }) }
}

/// The one invitation there is.
pub(crate) const INVITATION: InvitationId = InvitationId::new(90);

/// An invitation of [`OTHER`] to [`group`], by the actor.
pub(crate) fn invitation() -> Invitation {
    Invitation {
        id: INVITATION,
        group: (&group()).into(),
        user: user(OTHER).as_ref(),
        invited_by: user(ME).as_ref(),
        role: RoleName::MEMBER,
        note: Some(Note::parse("Come in").unwrap()),
        created_at: EARLIER,
        expires_at: None,
    }
}

/// The same invitation, of whose inviter the group knows this role.
pub(crate) fn issued(issuer: Option<BuiltInRole>) -> IssuedInvitation {
    IssuedInvitation {
        invitation: invitation(),
        group: group(),
        issuer: issuer.map(|role| Role::unchanged(role, false)),
        gift: Some(Role::unchanged(BuiltInRole::Member, false)),
    }
}

/// What is left of a deleted message.
pub(crate) fn tombstone(author: UserId) -> Message {
    message(author).into_tombstone(EARLIER)
}

/// A reply to [`message`], number 3 of the thread.
pub(crate) const REPLY: MessageId = MessageId::new(76);

/// See [`REPLY`].
pub(crate) fn reply(author: UserId) -> Message {
    let thread = Some(InThread { root: MESSAGE, root_seq: message(OTHER).seq });
    Message { id: REPLY, thread, seq: Seq::new(3), ..message(author) }
}

/// The thread under [`message`]: three replies, of which one is deleted, by [`OTHER`].
pub(crate) fn thread() -> Thread {
    Thread {
        root: MESSAGE,
        root_seq: Seq::new(33),
        group: GROUP,
        reply_count: 2,
        last_seq: Seq::new(3),
        last_reply: REPLY,
        last_reply_at: EARLIER,
        participants: vec![user(OTHER).as_ref()],
    }
}

/// The root of [`thread`], which the actor has read up to its first reply, and may follow.
pub(crate) fn root(following: bool) -> MessageView {
    let attachments = Attachments::THREAD;
    let standing = ThreadStanding { following, read_seq: Seq::new(1), read_version: Version::new(3) };
    let thread = Some(ThreadView { thread: thread(), standing, unread_mentions: 0 });
    MessageView { thread, ..view(Message { attachments, ..message(OTHER) }) }
}

/// A message that the actor has not reacted to.
pub(crate) fn view(message: Message) -> MessageView {
    MessageView::without_own_reactions(message)
}

/// Entries of a list in the order of names, at some place.
pub(crate) fn placed<T>(entries: impl IntoIterator<Item = T>) -> Vec<NamePosition<T>> {
    let position = |id| NameCursor { name_key: "name".to_owned(), id, renames: 0 };
    (1..).map(position).zip(entries).map(|(position, entry)| NamePosition { entry, position }).collect()
}

/// A checked text.
pub(crate) fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}

/// Somebody who calls a use case on the group: what tables of rights are about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupCaller {
    /// `None` for others than members.
    pub(crate) role: Option<BuiltInRole>,
    /// Whether they administer the server.
    pub(crate) server_admin: bool,
}

/// Neither a member nor a server admin.
pub(crate) const OUTSIDER: GroupCaller = GroupCaller { role: None, server_admin: false };
/// A plain member.
pub(crate) const MEMBER: GroupCaller = GroupCaller { role: Some(BuiltInRole::Member), server_admin: false };
/// An admin of the group.
pub(crate) const ADMIN: GroupCaller = GroupCaller { role: Some(BuiltInRole::Admin), server_admin: false };
/// An owner of the group.
pub(crate) const OWNER: GroupCaller = GroupCaller { role: Some(BuiltInRole::Owner), server_admin: false };
/// A server admin who is not in the group.
pub(crate) const SERVER_ADMIN: GroupCaller = GroupCaller { role: None, server_admin: true };
/// A server admin who is a plain member of the group.
pub(crate) const SERVER_ADMIN_INSIDE: GroupCaller =
    GroupCaller { role: Some(BuiltInRole::Member), server_admin: true };

/// The rights of a user on a server that has not defined roles.
pub(crate) const fn rights(is_admin: bool) -> ServerRights {
    ServerRights { is_admin, everybodys: ServerPermissionSet::EVERYBODYS, own: ServerPermissionSet::EMPTY }
}

/// The rights of a user who has a role on the server that allows this.
pub(crate) const fn rights_with(own: &[ServerPermission]) -> ServerRights {
    ServerRights { own: ServerPermissionSet::of(own), ..rights(false) }
}

/// The refusal of what takes a permission on the server.
pub(crate) const fn needs(permission: ServerPermission) -> AccountRefusal {
    AccountRefusal::NotPermitted(ServerDenial::Lacks(permission))
}

/// The refusal of what the caller's role lacks the permission for.
pub(crate) const fn lacks(permission: GroupPermission) -> GroupRefusal {
    GroupRefusal::RoleTooLow(Shortfall::Lacks(permission))
}

/// The refusal of an act on somebody of the same or a higher rank.
pub(crate) const OUTRANKED: GroupRefusal = GroupRefusal::RoleTooLow(Shortfall::Outranked);

/// What the log has of the deletion of [`OTHER`], an event for everybody.
pub(crate) fn deletion_record(position: i64) -> EventRecord {
    EventRecord {
        position: Position::new(position),
        id: EventId::new(position),
        at: EARLIER,
        actor: None,
        audience: Audience::All,
        event_type: EventType::UserDeleted,
        subject: SubjectIds { user: Some(OTHER), ..SubjectIds::default() },
    }
}

/// Somebody's request to join the group.
pub(crate) fn join_request(id: UserId) -> JoinRequest {
    let message = Some(Note::parse("Let me in").unwrap());
    JoinRequest { user: user(id).as_ref(), message, created_at: EARLIER }
}

/// The roles that may approve requests in a group that has changed none.
pub(crate) fn approvers() -> PermittedRoles {
    PermittedRoles::with(GroupPermission::ApproveRequests, &[], false)
}

/// What is told of the request of [`OTHER`].
pub(crate) fn join_request_update() -> JoinRequestUpdate {
    JoinRequestUpdate { group: GROUP, request: join_request(OTHER), approvers: approvers() }
}

/// What is told of the end of that request.
pub(crate) fn ended_join_request() -> EndedJoinRequest {
    EndedJoinRequest { group: GROUP, user: OTHER, approvers: approvers() }
}

/// The one invite link there is.
pub(crate) const INVITE_LINK: InviteLinkId = InviteLinkId::new(91);

/// A link to [`group`] for twenty, by the actor, of whom the group knows this role.
pub(crate) fn issued_link(issuer: Option<BuiltInRole>) -> IssuedLink {
    let link = InviteLink {
        id: INVITE_LINK,
        group: (&group()).into(),
        created_by: user(ME).as_ref(),
        role: RoleName::MEMBER,
        note: None,
        max_uses: MaxUses::from_stored(20),
        uses: 0,
        created_at: EARLIER,
        expires_at: NOW.plus(LINK_LIFETIME),
    };
    IssuedLink {
        link,
        group: group(),
        issuer: issuer.map(|role| Role::unchanged(role, false)),
        gift: Some(Role::unchanged(BuiltInRole::Member, false)),
    }
}

/// [`user`]`(ME)` before the address is confirmed.
pub(crate) fn pending_account() -> PendingAccount {
    let User { username, display_name, email, .. } = user(ME);
    let email = email.expect("the user has an address");
    PendingAccount { username, display_name, email, password: hash("password") }
}

/// An invite of this user for twenty, into [`group`].
pub(crate) fn server_invite(maker: UserId) -> ServerInvite {
    ServerInvite {
        id: ServerInviteId::new(95),
        created_by: user(maker).as_ref(),
        groups: InviteGroups::from_stored(vec![GROUP]),
        note: None,
        max_uses: MaxUses::from_stored(20),
        uses: 0,
        created_at: EARLIER,
        expires_at: NOW.plus(LINK_LIFETIME),
    }
}

/// A draft of this user for a reply to the message.
pub(crate) fn draft(user: UserId) -> Draft {
    Draft {
        place: DraftPlace { user, group: GROUP, thread: Some(MESSAGE) },
        text: DraftText::parse("I think").unwrap(),
        version: Version::new(5),
        updated_at: EARLIER,
    }
}

/// That this draft is there, or not any more.
pub(crate) fn draft_update(is_there: bool) -> DraftUpdate {
    let draft = draft(OTHER);
    DraftUpdate { place: draft.place, draft: is_there.then_some(draft) }
}

/// A bookmark of this user on the message.
pub(crate) fn bookmark(user: UserId) -> Bookmark {
    Bookmark {
        user,
        message: MESSAGE,
        note: Some(BookmarkNote::parse("Ask Grace").unwrap()),
        created_at: EARLIER,
    }
}

/// That this bookmark is there, or not any more.
pub(crate) fn bookmark_update(is_there: bool) -> BookmarkUpdate {
    let bookmark = bookmark(OTHER);
    BookmarkUpdate { user: OTHER, group: GROUP, message: MESSAGE, bookmark: is_there.then_some(bookmark) }
}

/// A reminder of this user of the message, which waits.
pub(crate) fn reminder(user: UserId) -> Reminder {
    Reminder { user, message: MESSAGE, at: NOW, is_due: false, created_at: EARLIER }
}

/// That this reminder is there, or not any more.
pub(crate) fn reminder_update(is_there: bool) -> ReminderUpdate {
    let reminder = is_there.then(|| reminder(OTHER));
    ReminderUpdate { user: OTHER, group: GROUP, message: MESSAGE, reminder }
}

/// A message to the group that this user has scheduled, and which is due.
pub(crate) fn scheduled(user: UserId) -> Scheduled {
    let text = MessageText::parse("Good morning").unwrap();
    let draft =
        MessageDraft { group: GROUP, text, client_id: None, thread: None, reply_to: None, poll: None };
    let new = NewScheduled { user, token: None, draft, send_at: NOW, created_at: EARLIER };
    Scheduled { id: ScheduledId::new(5), new, failed: None }
}

/// That a scheduled message was refused.
pub(crate) fn failure() -> Failure {
    Failure { code: "muted".to_owned(), detail: "you are muted".to_owned(), at: EARLIER }
}
