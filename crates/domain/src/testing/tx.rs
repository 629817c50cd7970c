//! A transaction made of mocks.

use mockall::Sequence;
use mockall::predicate::{always, eq};

use crate::accounts::{Actor, KeyHash, LockStrength, User};
use crate::audit::AuditEntry;
use crate::events::{Audience, Event};
use crate::for_each_repository;
use crate::groups::{Group, Member, VisibleGroup};
use crate::ids::{EventId, UserId};
use crate::jobs::Task;
use crate::messages::Message;
use crate::permissions::{BuiltInRole, RoleName, ServerRights};
use crate::polls::FoundPoll;
use crate::storage::{StorageFault, Tx, Unique};
use crate::testing::entities::{
    GROUP, GroupCaller, ME, MESSAGE, MY_KEY, MY_SESSION, NOW, bot, group, rights, server_admin, standing,
    user, view,
};
use crate::testing::faults::{FailingRepository, fault};
use crate::time::Timestamp;

/// An event as it was emitted: to whom, by whom, what.
pub(crate) type Emitted = (Audience, Option<UserId>, Event);

/// Connections of a user are told that sessions have ended.
pub(crate) fn sessions_ended(user: UserId, by: Option<UserId>) -> Emitted {
    (Audience::User(user), by, Event::SessionsEnded(user))
}

/// The id of the first event that a transaction emits.
pub(crate) const FIRST_EVENT: EventId = EventId::new(100);

macro_rules! mock_tx {
    ($($(#[$attribute:meta])* $name:ident: $feature:ident::$port:ident, $mock:ident;)+) => {
        /// A transaction whose repositories are mocks. It runs at [`NOW`], or as much later as a test says, and keeps
        /// what is emitted.
        #[derive(Default)]
        pub(crate) struct MockTx {
            $(
                $(#[$attribute])*
                pub(crate) $name: crate::$feature::$mock,
            )+
            /// How much later than [`NOW`] it runs, or earlier, in microseconds.
            pub(crate) later: i64,
            /// The events, in order.
            pub(crate) emitted: Vec<Emitted>,
            /// What was recorded in the audit log, in order.
            pub(crate) recorded: Vec<AuditEntry>,
            /// The keys whose use was noted, and whose they are.
            pub(crate) noted: Vec<(KeyHash, UserId)>,
            /// Whether something was stored that nobody reads.
            pub(crate) touched: bool,
            /// How many calls to ports there were.
            pub(super) calls: usize,
            /// Which of them fails, counted from 1.
            pub(super) fails_at: Option<usize>,
            failing: FailingRepository,
        }
    };
}

for_each_repository!(mock_tx);

impl MockTx {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The key is the actor's.
    pub(crate) fn authenticates(mut self, actor: Actor) -> Self {
        self.sessions
            .expect_authenticate()
            .withf(|key, now| *key == MY_KEY.key && *now == NOW)
            .times(1)
            .returning(move |_, _| Ok(Some(actor.clone())));
        self
    }

    /// The session is the actor's.
    pub(crate) fn holds_session(mut self, actor: Actor) -> Self {
        self.sessions
            .expect_holder()
            .withf(|session, now| *session == MY_SESSION && *now == NOW)
            .times(1)
            .returning(move |_, _| Ok(Some(actor.clone())));
        self
    }

    /// The session is over.
    pub(crate) fn rejects_session(mut self) -> Self {
        self.sessions.expect_holder().times(1).returning(|_, _| Ok(None));
        self
    }

    /// The key is nobody's (any more).
    pub(crate) fn rejects_key(mut self) -> Self {
        self.sessions.expect_authenticate().times(1).returning(|_, _| Ok(None));
        self
    }

    /// Whether the actor is a server admin is looked up once, without a lock, where the group is not visible.
    pub(crate) fn may_manage(mut self, is_admin: bool) -> Self {
        self.server_roles
            .expect_rights()
            .with(eq(ME))
            .times(1)
            .returning(move |_| Ok(Some(rights(is_admin))));
        self
    }

    /// The actor's rights on the server are read once, after a lock.
    pub(crate) fn reads_rights(self, is_admin: bool) -> Self {
        self.reads_these_rights(Some(rights(is_admin)))
    }

    /// The same where the actor has these rights, or no account any more.
    pub(crate) fn reads_these_rights(mut self, rights: Option<ServerRights>) -> Self {
        let mut order = Sequence::new();
        self.accounts
            .expect_lock()
            .withf(|users, strength| users == [ME] && *strength == LockStrength::Shared)
            .times(1)
            .in_sequence(&mut order)
            .returning(|_, _| Ok(()));
        self.server_roles
            .expect_rights()
            .with(eq(ME))
            .times(1)
            .in_sequence(&mut order)
            .returning(move |_| Ok(rights));
        self
    }

    /// What another user may do is read once.
    pub(crate) fn reads_rights_of(mut self, user: UserId, rights: ServerRights) -> Self {
        self.server_roles.expect_rights().with(eq(user)).times(1).returning(move |_| Ok(Some(rights)));
        self
    }

    /// The actor, who has no rights on the server, may be asked for them.
    pub(crate) fn reads_rights_or_not(mut self) -> Self {
        self.accounts.expect_lock().returning(|_, _| Ok(()));
        self.server_roles.expect_rights().with(eq(ME)).returning(|_| Ok(Some(rights(false))));
        self
    }

    /// Nobody is banned from the group, or muted in it.
    pub(crate) fn bans_nobody(mut self) -> Self {
        self.mutes.expect_find().with(eq(GROUP), always()).returning(|_, _| Ok(None));
        self.bans.expect_find().with(eq(GROUP), always()).returning(|_, _| Ok(None));
        self.roles.expect_find().with(eq(GROUP), always()).returning(|_, _| Ok(None));
        self
    }

    /// Somebody who is not banned comes into the group, which has no owner, but perhaps somebody who becomes one.
    pub(crate) fn takes_in_without_owner(self, heir: Option<Member>) -> Self {
        let mut tx = self.bans_nobody();
        tx.members.expect_count_owners().with(eq(GROUP)).times(1).returning(|_| Ok(0));
        if let Some(heir) = &heir {
            let promoted =
                tx.members.expect_set_role().with(eq(GROUP), eq(heir.user.id), eq(RoleName::OWNER));
            promoted.times(1).returning(|_, _, _| Ok(()));
        }
        tx.members.expect_successor().with(eq(GROUP)).times(1).returning(move |_| Ok(heir.clone()));
        tx.members.expect_insert().times(1).returning(|_| Ok(Unique::Stored(())));
        tx.members.expect_count_groups().returning(|_, _, _| Ok(1));
        tx.invitations.expect_remove_of().returning(|_, _| Ok(None));
        tx.join_requests.expect_remove().returning(|_, _| Ok(false));
        tx
    }

    /// The user owns these bots; asked for once.
    pub(crate) fn owns_bots(mut self, owner: UserId, bots: &[UserId]) -> Self {
        let bots: Vec<_> = bots.iter().map(|id| bot(*id, owner)).collect();
        let owned = self.accounts.expect_bots().withf(move |of, after, _| *of == owner && after.is_none());
        owned.times(1).returning(move |_, _, most| Ok(bots.iter().take(most as usize).cloned().collect()));
        self
    }

    /// The user, who owns these bots, is deleted: all that a deletion takes at once is taken, and jobs are left.
    pub(crate) fn deletes_user(self, id: UserId, bots: &[UserId]) -> Self {
        let mut tx = self.owns_bots(id, bots);
        tx.accounts.expect_mark_deleted().with(eq(id), eq(NOW)).times(1).returning(|_, _| Ok(()));
        tx.sessions.expect_end_all().with(eq(id), eq(None)).times(1).returning(|_, _| Ok(true));
        tx.tokens.expect_end_all().with(eq(id)).times(1).returning(|_| Ok(false));
        tx.known_networks.expect_forget().with(eq(id)).times(1).returning(|_| Ok(()));
        tx.known_devices.expect_forget().with(eq(id), eq(None)).times(1).returning(|_, _| Ok(()));
        tx.factors.expect_remove().with(eq(id)).times(1).returning(|_| Ok(true));
        tx.server_invites.expect_forget().with(eq(id)).times(1).returning(|_| Ok(()));
        tx.server_roles.expect_take_all().with(eq(id)).times(1).returning(|_| Ok(()));
        let mut tasks = vec![Task::EndMemberships(id)];
        tasks.extend((!bots.is_empty()).then_some(Task::EndBots(id)));
        for task in tasks {
            tx.jobs.expect_enqueue().with(eq(task), eq(NOW)).times(1).returning(|_, _| Ok(()));
        }
        tx
    }

    /// A user is there; asked for once.
    pub(crate) fn finds_user(mut self, user: User) -> Self {
        self.accounts.expect_find().with(eq(user.id)).times(1).returning(move |_| Ok(Some(user.clone())));
        self
    }

    /// A user is not there; asked for once.
    pub(crate) fn misses_user(mut self, id: UserId) -> Self {
        self.accounts.expect_find().with(eq(id)).times(1).returning(|_| Ok(None));
        self
    }

    /// These users are locked once.
    pub(crate) fn locks_users(mut self, users: &'static [UserId], strength: LockStrength) -> Self {
        self.accounts
            .expect_lock()
            .withf(move |locked, how| locked == users && *how == strength)
            .times(1)
            .returning(|_, _| Ok(()));
        self
    }

    /// The set of server admins and then the actor and the target are locked, and only then these are read:
    /// the target, then the rights of the actor, as far as the use case gets.
    pub(crate) fn locks_for_change(self, target: UserId, found: Vec<Option<User>>) -> Self {
        let mut found = found.into_iter();
        let (user, actor) = (found.next().flatten(), found.next());
        self.locks_to_change(target, user, actor.map(|actor| actor.map(|actor| rights(actor.is_admin))))
    }

    /// The same where the actor has these rights.
    pub(crate) fn locks_to_change(
        mut self,
        target: UserId,
        user: Option<User>,
        by: Option<Option<ServerRights>>,
    ) -> Self {
        let mut order = Sequence::new();
        self.accounts.expect_lock_admins().times(1).in_sequence(&mut order).returning(|| Ok(()));
        self.accounts
            .expect_lock()
            .withf(move |users, strength| users == [ME, target] && *strength == LockStrength::Exclusive)
            .times(1)
            .in_sequence(&mut order)
            .returning(|_, _| Ok(()));
        let find = self.accounts.expect_find().with(eq(target)).times(1).in_sequence(&mut order);
        find.returning(move |_| Ok(user.clone()));
        if let Some(by) = by {
            let read = self.server_roles.expect_rights().with(eq(ME)).times(1).in_sequence(&mut order);
            read.returning(move |_| Ok(by));
        }
        self
    }

    /// The group is locked, if the actor sees it, and only then looked for, once each.
    pub(crate) fn locks_group(self, group: Option<Group>, role: Option<BuiltInRole>) -> Self {
        let found = group.map(|group| VisibleGroup { group, standing: role.map(standing) });
        self.locks_visible_group(found)
    }

    /// The same where the actor has a role of the group's own.
    pub(crate) fn locks_visible_group(mut self, found: Option<VisibleGroup>) -> Self {
        let mut order = Sequence::new();
        let is_visible = found.is_some();
        self.groups
            .expect_lock_visible()
            .with(eq(GROUP), eq(ME))
            .times(1)
            .in_sequence(&mut order)
            .returning(move |_, _| Ok(is_visible));
        self.groups
            .expect_find_visible()
            .with(eq(GROUP), eq(ME))
            .times(usize::from(is_visible))
            .in_sequence(&mut order)
            .returning(move |_, _| Ok(found.clone()));
        self
    }

    /// The group is looked for without a lock, as reading use cases do.
    pub(crate) fn finds_group(mut self, group: Option<Group>, role: Option<BuiltInRole>) -> Self {
        let found = group.map(|group| VisibleGroup { group, standing: role.map(standing) });
        self.groups
            .expect_find_visible()
            .with(eq(GROUP), eq(ME))
            .times(1)
            .returning(move |_, _| Ok(found.clone()));
        self
    }

    /// The group is locked and found, with the caller's role in it, and no role of the group was changed. Rights on the
    /// server may be read.
    pub(crate) fn called_by(self, caller: GroupCaller) -> Self {
        self.called_by_in(caller, group())
    }

    /// The same in this group.
    pub(crate) fn called_by_in(self, caller: GroupCaller, group: Group) -> Self {
        let mut tx = self.locks_group(Some(group), caller.role);
        tx.accounts
            .expect_lock()
            .withf(|users, strength| users == [ME] && *strength == LockStrength::Shared)
            .returning(|_, _| Ok(()));
        tx.roles.expect_find().with(eq(GROUP), always()).returning(|_, _| Ok(None));
        tx.blocks.expect_find().returning(|_, _| Ok(None));
        tx.blocks.expect_find_many().returning(|_| Ok(Vec::new()));
        let actor = if caller.server_admin { server_admin(ME) } else { user(ME) };
        tx.accounts.expect_find().with(eq(ME)).returning(move |_| Ok(Some(actor.clone())));
        tx.server_roles
            .expect_rights()
            .with(eq(ME))
            .returning(move |_| Ok(Some(rights(caller.server_admin))));
        tx
    }

    /// The message is looked for once.
    pub(crate) fn finds_message(mut self, message: Option<Message>) -> Self {
        let found = message.map(view);
        self.messages
            .expect_find()
            .with(eq(GROUP), eq(MESSAGE), eq(ME))
            .times(1)
            .returning(move |_, _, _| Ok(found.clone()));
        self
    }

    /// The message is looked for once, as a poll.
    pub(crate) fn finds_poll(mut self, found: Option<FoundPoll>) -> Self {
        self.polls
            .expect_find()
            .with(eq(GROUP), eq(MESSAGE), eq(ME))
            .times(1)
            .returning(move |_, _, _| Ok(found.clone()));
        self
    }

    /// Counts a call to a port; whether it is the one that fails.
    fn fails(&mut self) -> bool {
        self.calls += 1;
        self.fails_at == Some(self.calls)
    }
}

macro_rules! accessors {
    ($($(#[$attribute:meta])* $name:ident: $feature:ident::$port:ident, $mock:ident;)+) => {$(
        fn $name(&mut self) -> &mut dyn crate::$feature::$port {
            if self.fails() { &mut self.failing } else { &mut self.$name }
        }
    )+};
}

impl Tx for MockTx {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(NOW.as_micros() + self.later)
    }

    for_each_repository!(accessors);

    fn next_event_id(&mut self) -> Result<EventId, StorageFault> {
        if self.fails() {
            return Err(fault());
        }
        Ok(self.emitted.iter().fold(FIRST_EVENT, |id, _| id.next()))
    }

    fn emit(&mut self, actor: Option<UserId>, event: Event) {
        let to = event.audience().expect("an event that is emitted has an audience");
        self.emitted.push((to, actor, event));
    }

    fn record(&mut self, entry: AuditEntry) {
        self.recorded.push(entry);
    }

    fn note_key_use(&mut self, key: &KeyHash, actor: &Actor) {
        self.noted.push((*key, actor.id()));
    }

    fn touch(&mut self) -> Result<(), StorageFault> {
        if self.fails() {
            return Err(fault());
        }
        self.touched = true;
        Ok(())
    }
}

/// What was recorded in the audit log, in a line each: as what unless it was by [`ME`], what, to whom, in which group, about
/// what else, and its detail.
pub(crate) fn told(recorded: &[AuditEntry]) -> Vec<String> {
    let line = |entry: &AuditEntry| {
        let by = if entry.actor == Some(ME) { "" } else { entry.party.as_str() };
        let parts = [
            (!by.is_empty()).then(|| format!("{by}:")),
            Some(entry.action.as_str().to_owned()),
            entry.target.map(|user| format!("to {user}")),
            entry.group.map(|group| format!("in {group}")),
            entry.object.map(|id| format!("about {id}")),
            entry.detail.as_ref().map(|detail| format!("({detail})")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    recorded.iter().map(line).collect()
}
