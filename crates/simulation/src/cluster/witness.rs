//! Sees every commit, and judges by it what clients are told. It knows the rules from the documentation alone: who is
//! in which group follows from the events that say so, one after the other.

mod answers;
mod stored;

use std::collections::{BTreeSet, HashMap};

use groupchat_domain::events::{
    AddedMember, Audience, Event, EventType, GroupMember, GroupUpdate, LoggedEvent, MessageReaction,
    RemovedGroup, RemovedMember, ThreadUpdate,
};
use groupchat_domain::groups::{Group, History, Member};
use groupchat_domain::ids::{EventId, GroupId, MessageId, Seq, SessionId, UserId};
use groupchat_domain::messages::MessageView;
use groupchat_domain::permissions::RoleName;

use self::stored::Timeline;
use crate::commands::AText;
use crate::model::ModelDatabase;

pub(super) use self::answers::Asked;

/// What is wrong.
pub(super) type Verdict = Result<(), String>;

/// A membership: the positions of the events at which it began and ended.
#[derive(Debug, Clone, Copy)]
struct Term {
    from: i64,
    until: Option<i64>,
    /// The last message before.
    joined_seq: Seq,
}

/// What is remembered of an event.
#[derive(Debug, Clone, Copy)]
struct Committed {
    audience: Audience,
    event_type: EventType,
    group: Option<GroupId>,
    /// The number of the message that it is about.
    seq: Option<Seq>,
    is_hidden: bool,
    /// Whether it can be read back from the log however much has changed since, while its group is there.
    is_lasting: bool,
}

impl Committed {
    /// Whether it tells those who are not in a group that it appears or disappears.
    fn is_for_outsiders(&self) -> bool {
        matches!(self.event_type, EventType::GroupCreated | EventType::GroupHidden)
    }
}

/// Somebody who listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    /// The last event when the connection was opened: memberships that were over by then show nothing.
    pub(super) since: i64,
    /// The last event when the first live one was delivered. The memberships were read before that, and before events that
    /// had been committed then and had no position yet.
    pub(super) live_since: Option<i64>,
}

/// What was sent in a thread.
#[derive(Debug, Clone, Copy)]
struct Replies {
    /// How many are not deleted.
    count: i64,
    last: Seq,
}

impl Default for Replies {
    fn default() -> Self {
        Self { count: 0, last: Seq::ZERO }
    }
}

impl Replies {
    /// Counts one more; the number of the one before.
    fn add(&mut self) -> Seq {
        self.count += 1;
        let before = self.last;
        self.last = before.next();
        before
    }
}

/// The witness.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// In the order of commits, which is that of the positions that they get.
    events: Vec<Committed>,
    /// The last event's id.
    last_id: Option<EventId>,
    terms: HashMap<(GroupId, UserId), Vec<Term>>,
    /// The roles that somebody has ever had in a group.
    roles: HashMap<(GroupId, UserId), Vec<RoleName>>,
    /// The sessions that clients use.
    sessions: HashMap<UserId, Vec<SessionId>>,
    /// The event at which a session was over.
    ended: HashMap<SessionId, i64>,
    last_seq: HashMap<GroupId, Seq>,
    /// The rules of history that a group has had, each with the event from which on it was that.
    histories: HashMap<GroupId, Vec<(i64, History)>>,
    /// What was sent in threads, by their roots.
    replies: HashMap<MessageId, Replies>,
    versions: HashMap<MessageId, i64>,
    /// The message of each text that was sent to a group itself.
    sent: HashMap<String, MessageId>,
    /// The event at which a group was deleted.
    deleted: HashMap<GroupId, i64>,
    /// Groups of which messages were removed for their age.
    trimmed: BTreeSet<GroupId>,
    /// The groups that are direct conversations.
    conversations: BTreeSet<GroupId>,
    /// Who is in a group.
    members: HashMap<GroupId, BTreeSet<UserId>>,
    /// Whose account was deleted.
    gone: BTreeSet<UserId>,
    /// Whether others than members may know of a group.
    listed: HashMap<GroupId, Timeline>,
    /// Whether somebody manages the groups of the server.
    managers: HashMap<UserId, Timeline>,
    /// The greatest ids that were given out: of users, groups and messages.
    greatest: [i64; 3],
}

impl Witness {
    /// The position that the last event has or will get.
    pub(super) fn last(&self) -> i64 {
        i64::try_from(self.events.len()).unwrap_or(i64::MAX)
    }

    /// A client has signed in.
    pub(super) fn signed_in(&mut self, user: UserId, session: SessionId) {
        self.sessions.entry(user).or_default().push(session);
    }

    /// Sees what a command has committed just now.
    pub(super) fn commit(&mut self, events: &[LoggedEvent], database: &ModelDatabase) -> Verdict {
        for logged in events {
            if self.last_id.is_some_and(|last| logged.id <= last) {
                return Err(format!("the id {} of an event follows {:?}", logged.id, self.last_id));
            }
            self.last_id = Some(logged.id);
            self.events.push(Committed {
                audience: logged.audience,
                event_type: logged.event.event_type(),
                group: logged.event.ids().group,
                seq: logged.event.history().map(|(_, seq)| seq),
                is_hidden: logged.event.event_type().is_hidden(),
                is_lasting: is_lasting(&logged.event),
            });
            self.take_in(self.last(), logged, database)?;
        }
        Ok(())
    }

    fn take_in(&mut self, position: i64, logged: &LoggedEvent, database: &ModelDatabase) -> Verdict {
        self.judge_new_id(&logged.event)?;
        match &logged.event {
            Event::GroupCreated(GroupUpdate { group: Group { id, history, .. }, .. })
            | Event::GroupUpdated(GroupUpdate { group: Group { id, history, .. }, .. }) => {
                self.histories.entry(*id).or_default().push((position, *history));
            }
            Event::MemberAdded(AddedMember { group, member, history }) => {
                self.histories.entry(*group).or_default().push((position, *history));
                let joined_seq = self.last_seq.get(group).copied().unwrap_or(Seq::ZERO);
                let terms = self.terms.entry((*group, member.user.id)).or_default();
                if terms.last().is_some_and(|term| term.until.is_none()) {
                    return Err(format!("user {} is in group {group} twice", member.user.id));
                }
                terms.push(Term { from: position, until: None, joined_seq });
                self.give_role(*group, member);
                self.members.entry(*group).or_default().insert(member.user.id);
            }
            Event::MemberUpdated(GroupMember { group, member }) => self.give_role(*group, member),
            Event::MemberRemoved(RemovedMember { group, user }) => {
                self.end_term(*group, *user, position);
            }
            Event::GroupDeleted(RemovedGroup { id: group, .. }) => {
                self.deleted.insert(*group, position);
                let members: Vec<_> = self.terms.keys().filter(|(of, _)| of == group).copied().collect();
                members.into_iter().for_each(|(group, user)| self.end_term(group, user, position));
            }
            Event::HistoryTrimmed(trimmed) => drop(self.trimmed.insert(trimmed.group)),
            Event::SessionsEnded(user) | Event::UserDeleted(user) => {
                if matches!(logged.event, Event::UserDeleted(_)) {
                    self.gone.insert(*user);
                }
                for session in self.sessions.get(user).into_iter().flatten() {
                    if !database.has_session(*session) {
                        self.ended.entry(*session).or_insert(position);
                    }
                }
            }
            Event::MessageCreated(message) => {
                let last = match message.thread {
                    Some(thread) => self.replies.entry(thread.root).or_default().add(),
                    None => self.last_seq.insert(message.group_id, message.seq).unwrap_or(Seq::ZERO),
                };
                if message.seq != last.next() {
                    return Err(format!(
                        "message {} follows {last} in group {}, thread {:?}",
                        message.seq, message.group_id, message.thread
                    ));
                }
                // What is forwarded was sent before.
                let text = message.text.as_ref().filter(|_| !message.quotes()).map(|text| text.as_str());
                if let Some(text) = text.and_then(AText::unique_part)
                    && let Some(earlier) = self.sent.insert(text.to_owned(), message.id)
                {
                    return Err(format!(
                        "{text:?} was sent once and is stored as {earlier} and {}",
                        message.id
                    ));
                }
                self.versions.insert(message.id, message.version.get());
            }
            Event::MessageUpdated(message)
            | Event::MessageLiked(message)
            | Event::MessageUnliked(message)
            | Event::MessageReacted(MessageReaction { message, .. })
            | Event::MessageUnreacted(MessageReaction { message, .. })
            | Event::MessagePinned(message)
            | Event::MessageUnpinned(message)
            | Event::MessageDeleted(groupchat_domain::events::Tombstone(message)) => {
                let before = self.versions.insert(message.id, message.version.get()).unwrap_or(0);
                if message.version.get() != before + 1 {
                    let version = message.version;
                    return Err(format!("version {version} of message {} follows {before}", message.id));
                }
                if let (Event::MessageDeleted(_), Some(thread)) = (&logged.event, message.thread) {
                    self.replies.entry(thread.root).or_default().count -= 1;
                }
            }
            Event::ThreadUpdated(ThreadUpdate(thread)) => {
                let expected = self.replies.get(&thread.root).copied().unwrap_or_default();
                if (thread.reply_count, thread.last_seq) != (expected.count, expected.last) {
                    return Err(format!("{thread:?} should have {expected:?}"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Judges that an id is not given out again.
    fn judge_new_id(&mut self, event: &Event) -> Verdict {
        let (kind, id) = match event {
            Event::UserCreated(user) => (0, user.id.get()),
            // Those of private groups are told again, to each new member.
            Event::GroupCreated(GroupUpdate { group, .. })
                if group.visibility.is_listed() && group.member_count == 1 && group.version.get() == 1 =>
            {
                (1, group.id.get())
            }
            Event::MessageCreated(message) => (2, message.id.get()),
            _ => return Ok(()),
        };
        if id <= self.greatest[kind] {
            return Err(format!("id {id} was given out again: {event:?}"));
        }
        self.greatest[kind] = id;
        Ok(())
    }

    fn give_role(&mut self, group: GroupId, member: &Member) {
        self.roles.entry((group, member.user.id)).or_default().push(member.role.name.clone());
    }

    fn end_term(&mut self, group: GroupId, user: UserId, at: i64) {
        if let Some(term) = self.terms.get_mut(&(group, user)).and_then(|terms| terms.last_mut()) {
            term.until.get_or_insert(at);
        }
        self.members.entry(group).and_modify(|members| _ = members.remove(&user));
    }

    fn term(&self, group: GroupId, user: UserId, at: i64) -> Option<Term> {
        let terms = self.terms.get(&(group, user))?;
        let mut latest_first = terms.iter().rev();
        latest_first.find(|term| term.from <= at && term.until.is_none_or(|until| at < until)).copied()
    }

    /// Whether this event is about somebody, or they have ever had a role that is told of it: others are told of no bans
    /// and of no requests to join. Other events depend on no role.
    fn may_be_told(&self, user: UserId, event: &Event) -> bool {
        let (group, about, moderators) = match event {
            Event::BanCreated(update) | Event::BanUpdated(update) => {
                (update.group, update.ban.user.id, &update.moderators)
            }
            Event::BanEnded(ended) => (ended.group, ended.user, &ended.moderators),
            Event::JoinRequestCreated(update) => (update.group, update.request.user.id, &update.approvers),
            Event::JoinRequestEnded(ended) => (ended.group, ended.user, &ended.approvers),
            _ => return true,
        };
        let mut held = self.roles.get(&(group, user)).into_iter().flatten();
        about == user || held.any(|role| moderators.contain(role))
    }

    /// Whether somebody was in a group when this event deleted it.
    fn was_last_in(&self, group: GroupId, user: UserId, at: i64) -> bool {
        let terms = self.terms.get(&(group, user));
        terms.and_then(|terms| terms.last()).is_some_and(|term| term.until == Some(at))
    }

    /// Whether a member came in after the message, and the group never let such members read it.
    fn is_unreadable(&self, event: &Committed, user: UserId, at: i64, seq: Seq) -> bool {
        let has_always = |group| {
            self.histories
                .get(&group)
                .is_some_and(|all| all.iter().all(|(_, history)| *history == History::Joined))
        };
        event.group.is_some_and(has_always) && self.may_be_unreadable(event, user, at, seq)
    }

    /// The number of the last message before those that a member read after this event.
    fn readable_after(&self, group: GroupId, user: UserId, at: i64) -> Option<Seq> {
        let term = self.term(group, user, at)?;
        let mut latest_first = self.histories.get(&group)?.iter().rev();
        let (_, history) = latest_first.find(|(from, _)| *from <= at)?;
        Some(match history {
            History::All => Seq::ZERO,
            History::Joined => term.joined_seq,
        })
    }

    /// Whether a member came in after the message.
    fn may_be_unreadable(&self, event: &Committed, user: UserId, at: i64, seq: Seq) -> bool {
        let term = event.group.and_then(|group| self.term(group, user, at));
        term.is_some_and(|term| seq <= term.joined_seq)
    }

    /// A client was told that its message is stored.
    pub(super) fn acknowledge(&self, text: &str, sent: &MessageView) -> Verdict {
        match AText::unique_part(text).and_then(|text| self.sent.get(text)) {
            Some(id) if *id == sent.message.id => Ok(()),
            stored => Err(format!("{text:?} was acknowledged as {}, and is {stored:?}", sent.message.id)),
        }
    }

    /// Judges that somebody was delivered this event. What is live may come late, and counts as of the event; what is
    /// replayed also counts as of the connection.
    pub(super) fn delivered(&self, reader: Reader, logged: &LoggedEvent, is_replayed: bool) -> Verdict {
        let id = logged.position.get();
        let index = usize::try_from(id - 1).map_err(|_| format!("there is no event {id}"))?;
        let Some(event) = self.events.get(index) else { return Err(format!("event {id} was not committed")) };
        let Reader { user, session, since, live_since } = reader;
        if let Some(ended) = self.ended.get(&session).filter(|ended| id > **ended) {
            return Err(format!("user {user} got event {id} with a session that was over at {ended}"));
        }
        let was_in = |group| {
            let term = self.term(group, user, id);
            term.is_some_and(|term| !is_replayed || term.until.is_none_or(|until| until > since))
        };
        if event.seq.is_some_and(|seq| self.is_unreadable(event, user, id, seq)) {
            return Err(format!(
                "user {user} got event {id} about a message from before: {:?}",
                logged.event
            ));
        }
        let may_see = !event.is_hidden
            && self.may_be_told(user, &logged.event)
            && match event.audience {
                // Whoever is known to have left since counts as an outsider. A replay knows who is in the group now.
                Audience::All if event.is_for_outsiders() => event.group.is_none_or(|group| {
                    let until = self.term(group, user, id).map(|term| term.until);
                    let is_known = |until| is_replayed || live_since.is_some_and(|live| until <= live);
                    until.is_none_or(|until| until.is_some_and(is_known))
                }),
                Audience::All => true,
                Audience::Group(group) if event.event_type == EventType::GroupDeleted => {
                    self.was_last_in(group, user, id)
                }
                Audience::Group(group) => was_in(group),
                Audience::GroupAndUser(group, about) => about == user || was_in(group),
                Audience::User(to) => to == user,
                Audience::Session(to) => to == session,
            };
        if may_see { Ok(()) } else { Err(format!("user {user} got event {id}, {:?}", logged.event)) }
    }

    /// Judges that the events after one and before another were not delivered to somebody.
    pub(super) fn skipped(&self, reader: Reader, after: i64, before: i64) -> Verdict {
        for id in after + 1..before {
            let Some(event) = usize::try_from(id - 1).ok().and_then(|index| self.events.get(index)) else {
                return Err(format!("the cursor is at {before}, and there is no event {id}"));
            };
            let is_in = |group| self.term(group, reader.user, id).is_some_and(|term| term.until.is_none());
            let may_be_removed =
                event.seq.is_some() && event.group.is_some_and(|group| self.trimmed.contains(&group));
            let is_missed = event.is_lasting
                && !may_be_removed
                && !event.is_hidden
                && !event.seq.is_some_and(|seq| self.may_be_unreadable(event, reader.user, id, seq))
                && match event.audience {
                    Audience::All if event.is_for_outsiders() => {
                        event.group.is_some_and(|group| self.term(group, reader.user, id).is_none())
                    }
                    Audience::All => true,
                    Audience::Group(group) if event.event_type == EventType::GroupDeleted => {
                        self.was_last_in(group, reader.user, id)
                    }
                    Audience::Group(group) => is_in(group),
                    Audience::GroupAndUser(group, about) => about == reader.user || is_in(group),
                    Audience::User(to) => to == reader.user,
                    Audience::Session(_) => false,
                };
            if is_missed && !self.ended.contains_key(&reader.session) {
                return Err(format!("user {} missed event {id}, for {:?}", reader.user, event.audience));
            }
        }
        Ok(())
    }

    /// The numbers of the messages of groups that are still there.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (GroupId, Seq)> {
        let all = self.last_seq.iter().map(|(group, seq)| (*group, *seq));
        all.filter(|(group, _)| !self.is_over(*group))
    }

    /// Whether a group was deleted, or is a direct conversation, which goes with the last of its people. That is told to
    /// nobody.
    fn is_over(&self, group: GroupId) -> bool {
        let is_empty = self.members.get(&group).is_none_or(BTreeSet::is_empty);
        self.deleted.contains_key(&group) || self.conversations.contains(&group) && is_empty
    }
}

/// Whether the ids of an event say it all, or what it is about never goes while its readers are in its group.
fn is_lasting(event: &Event) -> bool {
    match event {
        Event::UserDeleted(_) | Event::GroupDeleted(_) | Event::GroupHidden(_) | Event::MemberRemoved(_) => {
            true
        }
        Event::InvitationWithdrawn(_) | Event::InvitationAccepted(_) | Event::InvitationDeclined(_) => true,
        // Nobody is told what they follow in a group that they have left, or who mentions them there.
        Event::ThreadFollowed(_) | Event::ThreadUnfollowed(_) => false,
        Event::MentionCreated(_) | Event::MentionRemoved(_) => false,
        Event::DraftUpdated(_) | Event::BookmarkUpdated(_) => false,
        Event::ReminderUpdated(_) | Event::ReminderDue(_) => false,
        Event::ScheduledUpdated(_) | Event::ScheduledSent(_) | Event::ScheduledFailed(_) => false,
        // A poll goes with its message.
        Event::PollVoted(_) | Event::PollUpdated(_) | Event::PollClosed(_) => false,
        event => event.ids().message.is_some(),
    }
}
