//! A hub, listeners, and events to publish to them.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use groupchat_domain::accounts::{UserRef, Username};
use groupchat_domain::events::{
    AddedMember, Audience, Delivery, Epoch, Event, GroupMember, RemovedMember, Viewer,
};
use groupchat_domain::groups::{History, JoinedGroup, Member, MemberSettings};
use groupchat_domain::ids::{EventId, GroupId, MessageId, Position, Seq, SessionId, UserId};
use groupchat_domain::messages::{Attachments, MessageText, NewMessage};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::time::Timestamp;

use super::super::core::Continuity;
use super::super::registry::HubPhase;
use super::super::*;
use crate::executor::sync::{Mutex, locked};

pub(super) const ANN: UserId = UserId::new(1);
pub(super) const BOB: UserId = UserId::new(2);
pub(super) const EVE: UserId = UserId::new(3);
pub(super) const CHESS: GroupId = GroupId::new(7);
pub(super) const POKER: GroupId = GroupId::new(8);

/// Options with enough room for the events of a test, unless the test overrides them.
pub(super) fn options() -> HubOptions {
    HubOptions {
        queue: 16,
        unauthorized_queue: 16,
        inbox: 64,
        poll_interval: Duration::from_secs(3_600),
        ..HubOptions::default()
    }
}

/// A clock that tests set, in seconds.
#[derive(Default)]
pub(super) struct HandSetClock {
    seconds: AtomicI64,
    /// How far the wall clock is set ahead or back.
    ahead: AtomicI64,
}

impl HandSetClock {
    /// Sets the time on both clocks.
    pub(super) fn set(&self, seconds: i64) {
        self.seconds.store(seconds, Ordering::Relaxed);
    }

    /// Sets the wall clock ahead or back. No time passes.
    pub(super) fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for HandSetClock {
    fn now(&self) -> Timestamp {
        let seconds = self.seconds.load(Ordering::Relaxed) + self.ahead.load(Ordering::Relaxed);
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn steady(&self) -> Duration {
        Duration::from_secs(self.seconds.load(Ordering::Relaxed).unsigned_abs())
    }
}

/// A hub that has begun with an empty log, and a writer for this log.
pub(super) struct TestHub {
    pub hub: LocalHub,
    pub clock: Arc<HandSetClock>,
    head: Mutex<i64>,
}

impl TestHub {
    pub(super) fn new() -> Self {
        Self::with(options())
    }

    pub(super) fn with(options: HubOptions) -> Self {
        let test_hub = Self::not_begun(options);
        let mut registry = locked(&test_hub.hub.0.registry);
        (registry.phase, registry.epoch) = (HubPhase::Serving, Epoch::parse("log"));
        drop(registry);
        test_hub
    }

    /// A hub that has not read its log yet.
    pub(super) fn not_begun(options: HubOptions) -> Self {
        let clock = Arc::<HandSetClock>::default();
        Self { hub: LocalHub::new(options, clock.clone()), clock, head: Mutex::new(0) }
    }

    /// The next event of the log.
    pub(super) fn write(&self, audience: Audience, event: Event) -> LoggedEvent {
        let mut head = locked(&self.head);
        *head += 1;
        let (position, id) = (Position::new(*head), EventId::new(*head));
        LoggedEvent { position, id, at: Timestamp::from_micros(0), audience, actor: None, event }
    }

    /// Publishes events to the hub without broadcasting them.
    pub(super) fn commit(&self, events: &[LoggedEvent]) {
        self.hub.publish(events);
    }

    /// Publishes the next event and broadcasts it.
    pub(super) fn publish(&self, audience: Audience, event: Event) -> Position {
        let logged = self.write(audience, event);
        self.commit(std::slice::from_ref(&logged));
        assert_eq!(self.broadcast(), Continuity::Complete);
        logged.position
    }

    /// Publishes an event that the members of a group may see.
    pub(super) fn publish_to_group(&self, group: GroupId) -> Position {
        self.publish(Audience::Group(group), something())
    }

    /// Publishes an event that everybody may see.
    pub(super) fn publish_to_all(&self) -> Position {
        self.publish(Audience::All, something())
    }

    pub(super) fn add_member(&self, group: GroupId, user: UserId) -> Position {
        self.publish(
            Audience::Group(group),
            Event::MemberAdded(AddedMember { group, member: member(user), history: History::All }),
        )
    }

    pub(super) fn remove_member(&self, group: GroupId, user: UserId) -> Position {
        self.publish(Audience::GroupAndUser(group, user), Event::MemberRemoved(RemovedMember { group, user }))
    }

    /// Broadcasts everything that is queued.
    pub(super) fn broadcast(&self) -> Continuity {
        let mut continuity = Box::pin(self.hub.0.drain_inbox());
        loop {
            // It only yields to other tasks on its thread, and there are none.
            if let Poll::Ready(continuity) = continuity.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            {
                return continuity;
            }
        }
    }

    /// A subscription of a user who has been in these groups since before the log began.
    pub(super) fn listen(&self, user: UserId, groups: &[GroupId]) -> TestListener {
        let mut listener = self.subscribe();
        listener.authorize(user, groups);
        listener
    }

    pub(super) fn subscribe(&self) -> TestListener {
        TestListener { feed: self.hub.subscribe(), wakers: Arc::default() }
    }
}

/// An event that changes nothing for any listener.
pub(super) fn something() -> Event {
    Event::MemberUpdated(GroupMember { group: GroupId::new(99), member: member(UserId::new(99)) })
}

/// A message with the longest text allowed.
pub(super) fn long_message() -> Event {
    let new = NewMessage {
        group: CHESS,
        thread: None,
        seq: Seq::ZERO.next(),
        author: BOB,
        text: MessageText::parse(&"\u{1f600}".repeat(10_000)).unwrap(),
        client_id: None,
        created_at: Timestamp::from_micros(0),
        attachments: Attachments::default(),
    };
    Event::MessageCreated(new.into_message(MessageId::new(1), member(BOB).user))
}

pub(super) fn member(user: UserId) -> Member {
    let username = Some(Username::parse(&format!("user{user}")).unwrap());
    let user = UserRef { id: user, username, display_name: None };
    let (joined_at, settings) = (Timestamp::from_micros(0), MemberSettings::default());
    let (role, joined_seq) = (BuiltInRole::Member.into(), Seq::ZERO);
    Member { user, role, joined_at, joined_seq, settings, as_admin: false, mute: None }
}

/// A user who has been in these groups since before the log began. The session has the same number as the user.
pub(super) fn viewer(user: UserId, groups: &[GroupId]) -> Viewer {
    let since = EventId::new(0);
    Viewer::new(
        user,
        SessionId::new(user.get()),
        groups.iter().map(|group| JoinedGroup::whole(*group, since)),
    )
}

/// A delivery, without the parts that listeners share.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Got {
    Logged(Position),
    Passed(Position),
    Ephemeral(EphemeralEvent),
    CheckSession,
    TooSlow,
    Stopping,
    End,
}

/// A subscription that counts how often it is woken.
pub(super) struct TestListener {
    pub feed: Box<dyn Feed>,
    wakers: Arc<Wakeups>,
}

#[derive(Default)]
struct Wakeups(AtomicUsize);

impl Wake for Wakeups {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl TestListener {
    pub(super) fn authorize(&mut self, user: UserId, groups: &[GroupId]) {
        self.feed.authorize(viewer(user, groups));
    }

    /// The position of the log at the subscription.
    pub(super) fn since(&self) -> Position {
        self.feed.since().expect("there is a log").position
    }

    /// The next delivery, or `None` if there is none at present.
    pub(super) fn next(&mut self) -> Option<Got> {
        let waker = Waker::from(Arc::clone(&self.wakers));
        match self.feed.poll_next(&mut Context::from_waker(&waker)) {
            Poll::Pending => None,
            Poll::Ready(delivery) => Some(delivery.map_or(Got::End, got)),
        }
    }

    /// All deliveries that are there, in order.
    pub(super) fn take(&mut self) -> Vec<Got> {
        let mut all = Vec::new();
        while let Some(got) = self.next() {
            let is_end = got == Got::End;
            all.push(got);
            assert!(all.len() < 1_000, "it never ends");
            if is_end {
                break;
            }
        }
        all
    }

    /// The positions of the logged events that are there.
    pub(super) fn positions(&mut self) -> Vec<Position> {
        let logged = |got| if let Got::Logged(position) = got { Some(position) } else { None };
        self.take().into_iter().filter_map(logged).collect()
    }

    pub(super) fn wakers(&self) -> usize {
        self.wakers.0.load(Ordering::Relaxed)
    }
}

fn got(delivery: Delivery) -> Got {
    match delivery {
        Delivery::Logged(event) => Got::Logged(event.event.position),
        Delivery::Advanced(position) => Got::Passed(position),
        Delivery::Ephemeral(event) => Got::Ephemeral(event.event.clone()),
        Delivery::CheckSession => Got::CheckSession,
        Delivery::TooSlow => Got::TooSlow,
        Delivery::Stopping => Got::Stopping,
    }
}
