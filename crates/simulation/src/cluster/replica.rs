//! What a client shows, and how events change it: the rules of docs/EVENTS.md, "A client that misses nothing".

use std::collections::{BTreeMap, BTreeSet};

use groupchat_domain::accounts::User;
use groupchat_domain::events::{
    AddedMember, Event, GroupMember, GroupUpdate, LoggedEvent, MessageReaction, OwnMembership, OwnThread,
    PollUpdate, ReadUpdate, RemovedGroup, RemovedMember, ServerRoles, ThreadUpdate, Tombstone,
};
use groupchat_domain::groups::{Group, GroupView, History, MemberSettings, Visibility};
use groupchat_domain::ids::{GroupId, InvitationId, MessageId, RoleId, Seq, UserId, Version};
use groupchat_domain::messages::{
    Attachments, Emoji, Message, MessageView, Quoted, ReadState, Thread, ThreadView,
};
use groupchat_domain::permissions::{RoleName, ServerRole};
use groupchat_domain::polls::Poll;

/// A user, as far as everybody sees the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownUser {
    username: String,
    display_name: Option<String>,
    is_admin: bool,
    suspended: bool,
    is_bot: bool,
    version: i64,
}

impl From<&User> for ShownUser {
    fn from(user: &User) -> Self {
        Self {
            username: user.username.as_str().to_owned(),
            display_name: user.display_name.as_ref().map(|name| name.as_str().to_owned()),
            is_admin: user.is_admin,
            suspended: user.suspended,
            is_bot: user.owner.is_some(),
            version: user.version.get(),
        }
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownGroup {
    name: Option<String>,
    description: Option<String>,
    visibility: Visibility,
    history: History,
    version: i64,
    last_seq: Seq,
    /// What only members see; `None` for others, and until it is loaded.
    inside: Option<Inside>,
}

impl ShownGroup {
    fn new(group: &Group) -> Self {
        Self {
            name: group.name.as_ref().map(|name| name.as_str().to_owned()),
            description: group.description.as_ref().map(|text| text.as_str().to_owned()),
            visibility: group.visibility,
            history: group.history,
            version: group.version.get(),
            last_seq: group.last_seq,
            inside: None,
        }
    }
}

/// How far the user of the client has read.
#[derive(Debug, Clone, Copy)]
struct ReadCursor {
    /// The newest that the server has said of it.
    state: ReadState,
    /// The number of the user's newest message.
    own: Seq,
}

impl ReadCursor {
    /// Nothing is read.
    const NONE: Self = Self::of(ReadState::of(Seq::ZERO, Seq::ZERO, Version::FIRST));

    const fn of(state: ReadState) -> Self {
        Self { state, own: Seq::ZERO }
    }

    /// Applies what the server says, whenever it has said so: marking as unread counts more than reading.
    fn apply(&mut self, state: ReadState) {
        if (state.version, state.read_seq) > (self.state.version, self.state.read_seq) {
            self.state = state;
        }
    }

    /// Up to where the user has read: up to their own message, unless it was sent before the server has said where.
    fn read_seq(&self) -> Seq {
        let ReadState { read_seq, unread, .. } = self.state;
        if self.own.get() > read_seq.get() + unread { self.own } else { read_seq }
    }
}

impl PartialEq for ReadCursor {
    fn eq(&self, other: &Self) -> bool {
        (self.read_seq(), self.state.version) == (other.read_seq(), other.state.version)
    }
}

impl Eq for ReadCursor {}

/// The inside of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inside {
    role: RoleName,
    cursor: ReadCursor,
    settings: MemberSettings,
    members: BTreeMap<UserId, RoleName>,
    /// Messages from this number on are shown.
    from: Seq,
    messages: BTreeMap<Seq, ShownMessage>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownMessage {
    /// Without the names of its author. Whether it has a thread is in that.
    message: Message,
    /// What the user of the client has reacted with.
    own: BTreeSet<Emoji>,
    thread: Option<ShownThread>,
    /// What it replies to, without the names of its author; `None` where that can't be read, or would have to be loaded.
    quoted: Option<Quoted>,
}

impl ShownMessage {
    fn new(message: &Message, mut own: BTreeSet<Emoji>, thread: Option<ShownThread>) -> Self {
        let mut message = message.clone();
        (message.author.username, message.author.display_name) = (None, None);
        for mentioned in &mut message.mentioned {
            (mentioned.username, mentioned.display_name) = (None, None);
        }
        message.attachments = Attachments::default();
        message.poll = message.poll.map(|poll| Box::new(as_shown(&poll)));
        if message.is_deleted() {
            own.clear();
        }
        Self { own, message, thread, quoted: None }
    }

    /// The same message, as a reply to this one, if it is a reply to it.
    fn quoting(mut self, quoted: Option<&Quoted>) -> Self {
        self.quoted = quoted.filter(|quoted| self.message.reply_to == Some(quoted.id)).cloned();
        if let Some(quoted) = &mut self.quoted {
            (quoted.author.username, quoted.author.display_name) = (None, None);
            quoted.mentioned.clear();
        }
        self
    }

    fn loaded(view: &MessageView) -> Self {
        let given = view.message.reactions.iter().map(|found| found.emoji);
        let own = given.filter(|emoji| view.has_own_reaction(*emoji)).collect();
        Self::new(&view.message, own, view.thread.as_ref().map(ShownThread::from))
            .quoting(view.quoted.as_ref())
    }
}

/// A poll without what only the server needs to know, and without voters, whom events don't name.
fn as_shown(poll: &Poll) -> Poll {
    let mut poll = Poll { told_at: None, is_untold: false, ..poll.clone() };
    poll.options.iter_mut().for_each(|option| option.first_voters.clear());
    poll
}

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ShownThread {
    /// Without the names of its participants.
    thread: Thread,
    following: bool,
    cursor: ReadCursor,
}

impl ShownThread {
    fn new(thread: &Thread, following: bool, cursor: ReadCursor) -> Self {
        let mut thread = thread.clone();
        for participant in &mut thread.participants {
            (participant.username, participant.display_name) = (None, None);
        }
        Self { thread, following, cursor }
    }
}

impl From<&ThreadView> for ShownThread {
    fn from(view: &ThreadView) -> Self {
        Self::new(&view.thread, view.standing.following, ReadCursor::of(view.read_state()))
    }
}

/// What was loaded of one group: what is known of it, and of its inside what a member loads.
#[derive(Debug, Clone)]
pub(super) struct LoadedGroup {
    pub(super) view: GroupView,
    pub(super) members: Vec<(UserId, RoleName)>,
    /// The newest messages, the newest first.
    pub(super) messages: Vec<MessageView>,
    /// Whether there are older ones.
    pub(super) more: bool,
}

impl LoadedGroup {
    fn into_shown(self) -> ShownGroup {
        let mut shown = ShownGroup::new(&self.view.group);
        let read = self.view.read_state();
        shown.inside = self.view.standing.zip(read).map(|(standing, read)| {
            let oldest =
                self.messages.last().filter(|_| self.more).map_or(Seq::ZERO, |view| view.message.seq);
            let place = |view: &MessageView| (view.message.seq, ShownMessage::loaded(view));
            Inside {
                role: standing.role.title.name,
                cursor: ReadCursor::of(read),
                settings: standing.settings,
                members: self.members.iter().cloned().collect(),
                from: oldest,
                messages: self.messages.iter().map(place).collect(),
            }
        });
        shown
    }
}

/// All that a client shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Replica {
    users: BTreeMap<UserId, ShownUser>,
    /// The roles on the server, and those of its own that the user of the client has.
    roles: Vec<ServerRole>,
    own_roles: BTreeSet<RoleId>,
    groups: BTreeMap<GroupId, ShownGroup>,
    /// The invitations of the user of the client, and who has made them.
    invitations: BTreeMap<InvitationId, UserId>,
    /// The replies of the user of the client to threads that are about to be shown.
    own_replies: BTreeMap<(GroupId, Option<MessageId>), Seq>,
}

/// Roles on the server: all there are, and those of the user of a client.
#[derive(Debug, Clone)]
pub(super) struct ShownRoles {
    pub(super) all: Vec<ServerRole>,
    pub(super) of_user: Vec<ServerRole>,
}

/// Without `admin`, which is told with the user, and `member`, which everybody has.
fn own_roles(roles: &[ServerRole]) -> BTreeSet<RoleId> {
    roles.iter().filter(|role| !role.is_built_in()).map(|role| role.id).collect()
}

impl Replica {
    /// Shows what was loaded, and nothing else.
    pub(super) fn show(
        users: &[User],
        roles: ShownRoles,
        groups: Vec<LoadedGroup>,
        invitations: BTreeMap<InvitationId, UserId>,
    ) -> Self {
        let users = users.iter().map(|user| (user.id, user.into())).collect();
        let groups = groups.into_iter().map(|group| (group.view.group.id, group.into_shown())).collect();
        let ShownRoles { all, of_user } = roles;
        let own_replies = BTreeMap::new();
        Self { users, own_roles: own_roles(&of_user), roles: all, groups, invitations, own_replies }
    }

    /// Shows a group that was loaded by itself; `None` where it is not to be seen any more.
    pub(super) fn show_group(&mut self, id: GroupId, group: Option<LoadedGroup>) {
        match group {
            Some(group) => drop(self.groups.insert(id, group.into_shown())),
            None => drop(self.groups.remove(&id)),
        }
    }

    /// Moves a read cursor.
    pub(super) fn move_cursor(&mut self, update: &ReadUpdate) {
        if let Some(cursor) = self.cursor(update.group, update.thread) {
            cursor.apply(update.state);
        }
    }

    fn cursor(&mut self, group: GroupId, thread: Option<MessageId>) -> Option<&mut ReadCursor> {
        match thread {
            Some(root) => self.thread(group, root).map(|shown| &mut shown.cursor),
            None => self.inside(group).map(|inside| &mut inside.cursor),
        }
    }

    /// Sending a message moves the cursor to it.
    fn apply_own(&mut self, message: &Message) {
        let root = message.thread.map(|thread| thread.root);
        if let Some(cursor) = self.cursor(message.group_id, root) {
            cursor.own = cursor.own.max(message.seq);
        }
    }

    /// Applies an event; the group that has to be loaded now, if there is one.
    pub(super) fn apply(&mut self, me: UserId, logged: &LoggedEvent) -> Option<GroupId> {
        match &logged.event {
            Event::UserCreated(user) => self.put_user(user),
            Event::UserUpdated(update) => self.put_user(&update.user),
            Event::UserDeleted(user) => drop(self.users.remove(user)),
            Event::RolesUpdated(ServerRoles(roles)) => {
                self.roles.clone_from(roles);
                self.own_roles.retain(|own| roles.iter().any(|role| role.id == *own));
            }
            Event::UserRolesUpdated(of) if of.user == me => self.own_roles = own_roles(&of.roles),
            Event::UserRolesUpdated(_) => {}
            Event::GroupCreated(GroupUpdate { group, .. })
            | Event::GroupUpdated(GroupUpdate { group, .. }) => {
                return self.put_group(group);
            }
            Event::GroupHidden(RemovedGroup { id, .. }) | Event::GroupDeleted(RemovedGroup { id, .. }) => {
                self.groups.remove(id);
            }
            Event::MemberAdded(AddedMember { group, member, .. }) if member.user.id == me => {
                return Some(*group);
            }
            // Which messages are exempt, the server knows.
            Event::HistoryTrimmed(trimmed) => return Some(trimmed.group),
            Event::MemberAdded(AddedMember { group, member, .. })
            | Event::MemberUpdated(GroupMember { group, member }) => {
                if let Some(inside) = self.inside(*group) {
                    let role = &member.role.name;
                    inside.members.insert(member.user.id, role.clone());
                    if member.user.id == me {
                        inside.role = role.clone();
                    }
                }
            }
            Event::SettingsUpdated(OwnMembership(GroupMember { group, member })) => {
                if let Some(inside) = self.inside(*group) {
                    inside.settings = member.settings;
                }
            }
            Event::MemberRemoved(RemovedMember { group, user }) if *user == me => {
                if self.groups.get(group).is_some_and(|group| !group.visibility.is_listed()) {
                    self.groups.remove(group);
                }
                self.groups.entry(*group).and_modify(|group| group.inside = None);
            }
            Event::MemberRemoved(RemovedMember { group, user }) => {
                if let Some(inside) = self.inside(*group) {
                    inside.members.remove(user);
                }
            }
            Event::MessageLiked(message) => {
                self.change_message(message, own(me, logged, Emoji::LIKE, true));
            }
            Event::MessageUnliked(message) => {
                self.change_message(message, own(me, logged, Emoji::LIKE, false));
            }
            Event::MessageReacted(MessageReaction { message, emoji }) => {
                self.change_message(message, own(me, logged, *emoji, true));
            }
            Event::MessageUnreacted(MessageReaction { message, emoji }) => {
                self.change_message(message, own(me, logged, *emoji, false));
            }
            Event::MessageCreated(message) if message.thread.is_some() => {
                let root = message.thread.map(|thread| thread.root);
                if message.author.id == me {
                    self.own_replies.insert((message.group_id, root), message.seq);
                    self.apply_own(message);
                }
            }
            Event::PollVoted(update) | Event::PollUpdated(update) | Event::PollClosed(update) => {
                self.put_poll(update);
            }
            // The message itself says whom it mentions, and it was told before.
            Event::MentionCreated(_) | Event::MentionRemoved(_) => {}
            // No client of the simulation shows these.
            Event::DraftUpdated(_) | Event::BookmarkUpdated(_) => {}
            Event::ReminderUpdated(_) | Event::ReminderDue(_) => {}
            Event::ScheduledUpdated(_) | Event::ScheduledSent(_) | Event::ScheduledFailed(_) => {}
            Event::ThreadUpdated(ThreadUpdate(thread)) => self.put_thread(thread),
            Event::ThreadFollowed(own) => self.follow(own, true),
            Event::ThreadUnfollowed(own) => self.follow(own, false),
            Event::MessageCreated(message) => {
                self.groups.entry(message.group_id).and_modify(|group| {
                    group.last_seq = group.last_seq.max(message.seq);
                });
                if message.author.id == me && !message.is_imported() {
                    self.apply_own(message);
                }
                self.put_message(message, None);
            }
            Event::MessageUpdated(message)
            | Event::MessagePinned(message)
            | Event::MessageUnpinned(message)
            | Event::MessageDeleted(Tombstone(message)) => {
                self.change_quotes(message);
                self.change_message(message, None);
            }
            Event::BanCreated(_) | Event::BanUpdated(_) | Event::BanEnded(_) => {}
            // A request ends without a word when its group is hidden or deleted: it is loaded to be shown.
            Event::JoinRequestCreated(_) | Event::JoinRequestEnded(_) => {}
            Event::InvitationCreated(invitation) => {
                self.invitations.insert(invitation.id, invitation.invited_by.id);
            }
            Event::InvitationWithdrawn(ended)
            | Event::InvitationAccepted(ended)
            | Event::InvitationDeclined(ended) => drop(self.invitations.remove(&ended.id)),
            Event::BlocksUpdated(_)
            | Event::RefreshReused(_)
            | Event::FactorsUpdated(_)
            | Event::TokensUpdated(_)
            | Event::SessionsEnded(_)
            | Event::Gone(..) => {}
            // For the servers.
            Event::SendersUpdated(_) | Event::DirectClosed(_) | Event::DirectOpened(_) => {}
        }
        None
    }

    fn inside(&mut self, group: GroupId) -> Option<&mut Inside> {
        self.groups.get_mut(&group)?.inside.as_mut()
    }

    fn thread(&mut self, group: GroupId, root: MessageId) -> Option<&mut ShownThread> {
        let mut messages = self.inside(group)?.messages.values_mut();
        messages.find(|shown| shown.message.id == root)?.thread.as_mut()
    }

    /// Shows a thread as everybody sees it, under its root, if that is shown.
    fn put_thread(&mut self, thread: &Thread) {
        let own = self.own_replies.remove(&(thread.group, Some(thread.root))).unwrap_or(Seq::ZERO);
        let Some(inside) = self.inside(thread.group) else { return };
        let Some(root) = inside.messages.get_mut(&thread.root_seq) else { return };
        let known = root.thread.as_ref().map(|known| (known.following, known.cursor));
        let (following, mut cursor) = known.unwrap_or((false, ReadCursor::NONE));
        cursor.own = cursor.own.max(own);
        root.thread = Some(ShownThread::new(thread, following, cursor));
    }

    fn follow(&mut self, own: &OwnThread, following: bool) {
        let shown = self.thread(own.group, own.root);
        shown.into_iter().for_each(|shown| shown.following = following);
    }

    fn put_user(&mut self, user: &User) {
        let is_older = |known: &ShownUser| known.version > user.version.get();
        if !self.users.get(&user.id).is_some_and(is_older) {
            self.users.insert(user.id, user.into());
        }
    }

    /// Shows a group as it is now. It has to be loaded if its members read other messages than before.
    fn put_group(&mut self, group: &Group) -> Option<GroupId> {
        let new = ShownGroup::new(group);
        let shown = self.groups.entry(group.id).or_insert_with(|| new.clone());
        let last_seq = shown.last_seq.max(new.last_seq);
        let is_newer = new.version >= shown.version;
        let reads_otherwise = is_newer && new.history != shown.history && shown.inside.is_some();
        if is_newer {
            *shown = ShownGroup { inside: shown.inside.take(), ..new };
        }
        shown.last_seq = last_seq;
        reads_otherwise.then_some(group.id)
    }

    /// Shows a change of a message that is shown. One that isn't was not there when the group was loaded, since its
    /// members don't read it any more.
    fn change_message(&mut self, message: &Message, own: Option<(Emoji, bool)>) {
        if message.thread.is_some() {
            return;
        }
        if self.inside(message.group_id).is_some_and(|inside| inside.messages.contains_key(&message.seq)) {
            self.put_message(message, own);
        }
    }

    /// Shows the state of a poll that is shown.
    fn put_poll(&mut self, update: &PollUpdate) {
        let Some(inside) = self.inside(update.group) else { return };
        let mut shown = inside.messages.values_mut().map(|shown| &mut shown.message);
        if let Some(message) = shown.find(|message| message.id == update.message && !message.is_deleted()) {
            message.poll = Some(Box::new(as_shown(&update.poll)));
        }
    }

    /// Shows a change of a message where it is quoted.
    fn change_quotes(&mut self, message: &Message) {
        let Some(inside) = self.inside(message.group_id) else { return };
        for shown in inside.messages.values_mut().filter(|shown| shown.quoted.is_some()) {
            if shown.message.reply_to == Some(message.id) {
                *shown = shown.clone().quoting(Some(&message.as_quoted()));
            }
        }
    }

    fn put_message(&mut self, message: &Message, own: Option<(Emoji, bool)>) {
        let Some(inside) = self.inside(message.group_id) else { return };
        if message.seq < inside.from {
            return;
        }
        let known = inside.messages.get(&message.seq);
        let mut reactions = known.map(|shown| shown.own.clone()).unwrap_or_default();
        match own {
            Some((emoji, true)) => drop(reactions.insert(emoji)),
            Some((emoji, false)) => drop(reactions.remove(&emoji)),
            None => {}
        }
        let newest = known.map(|shown| &shown.message).filter(|known| known.version > message.version);
        let thread = known.and_then(|shown| shown.thread.clone());
        let message = newest.unwrap_or(message);
        let quoted = known.and_then(|shown| shown.quoted.clone()).or_else(|| {
            let mut shown = inside.messages.values().map(|shown| &shown.message);
            shown.find(|shown| message.reply_to == Some(shown.id)).map(Message::as_quoted)
        });
        let shown = ShownMessage::new(message, reactions, thread).quoting(quoted.as_ref());
        inside.messages.insert(shown.message.seq, shown);
    }

    /// The first difference between this and what the server would show now, of which it may show more messages.
    /// Read cursors are only looked at where they have to be the same.
    pub(super) fn difference(
        &self,
        (mut server, blocked): (Self, BTreeSet<UserId>),
        with_read_cursors: bool,
    ) -> Option<String> {
        let mut shown = self.clone();
        for (id, group) in &mut server.groups {
            let Some(ours) = shown.groups.get_mut(id) else { continue };
            match (&mut group.inside, &mut ours.inside) {
                (Some(theirs), Some(ours)) => {
                    let from = theirs.from.max(ours.from);
                    for inside in [&mut *theirs, &mut *ours] {
                        inside.from = from;
                        inside.messages.retain(|seq, _| *seq >= from);
                    }
                    for (seq, message) in &mut theirs.messages {
                        // What is not shown is loaded to be shown.
                        if ours.messages.get(seq).is_some_and(|ours| ours.quoted.is_none()) {
                            message.quoted = None;
                        }
                    }
                    if !with_read_cursors {
                        theirs.cursor = ours.cursor;
                        for (seq, message) in &mut theirs.messages {
                            let ours = ours.messages.get(seq).and_then(|message| message.thread.as_ref());
                            if let Some((theirs, ours)) = message.thread.as_mut().zip(ours) {
                                theirs.cursor = ours.cursor;
                            }
                        }
                    }
                }
                // Only members are told of messages.
                _ => group.last_seq = ours.last_seq,
            }
        }
        for (id, user) in &mut server.users {
            // A change of what others don't see counts, and they are not told.
            if let Some(ours) = shown.users.get(id) {
                user.version = ours.version;
            }
        }
        if shown.users != server.users {
            return Some(format!("users {:?} instead of {:?}", shown.users, server.users));
        }
        if (&shown.roles, &shown.own_roles) != (&server.roles, &server.own_roles) {
            let (ours, theirs) = ((shown.roles, shown.own_roles), (server.roles, server.own_roles));
            return Some(format!("roles {ours:?} instead of {theirs:?}"));
        }
        // Nobody is told when the maker of an invitation may not invite any more, or may again: it is loaded to be shown.
        // One that has ended is never shown, unless its maker is blocked: of such a one, the user is told nothing more.
        let is_ended = |(id, maker): &(&InvitationId, &UserId)| {
            !server.invitations.contains_key(id) && !blocked.contains(maker)
        };
        let ended: Vec<_> = shown.invitations.iter().filter(is_ended).collect();
        if !ended.is_empty() {
            return Some(format!("invitations that have ended: {ended:?}"));
        }
        let groups = shown.groups.keys().chain(server.groups.keys()).collect::<BTreeSet<_>>();
        let different = groups.into_iter().find(|id| shown.groups.get(id) != server.groups.get(id))?;
        let (ours, theirs) = (shown.groups.get(different), server.groups.get(different));
        Some(format!("group {different}: {ours:?}\n  instead of {theirs:?}"))
    }
}

/// A reaction of the one who looks, and whether it is given after somebody has changed their mind; `None` if it was
/// somebody else.
fn own(me: UserId, logged: &LoggedEvent, emoji: Emoji, is_given: bool) -> Option<(Emoji, bool)> {
    (logged.actor == Some(me)).then_some((emoji, is_given))
}
