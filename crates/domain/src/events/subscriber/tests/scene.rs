//! A subscriber on a scripted storage and a scripted feed.

use std::cell::Cell;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use mockall::predicate::eq;

use super::*;
use crate::accounts::{KeyHash, PresenceSetting};
use crate::events::cursor::{Epoch, LogState};
use crate::events::live::ReadUpdate;
use crate::events::model::LoggedEvent;
use crate::events::record::EventRecord;
use crate::events::table::Event;
use crate::events::viewer::Viewer;
use crate::groups::ReadCursor;
use crate::ids::{Seq, UserId, Version};
use crate::messages::ReadState;
use crate::storage::{Access, Done, Work};
use crate::testing::{ME, MY_SESSION, deletion_record, me};

/// What a subscriber got, in short form.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Got {
    Replayed(i64),
    Live(i64),
    /// Everything up to this position.
    Gap(i64),
    Present(EphemeralEvent),
    Ephemeral(EphemeralEvent),
}

/// The calls to a feed, and what it has still to deliver.
#[derive(Debug)]
pub(super) struct FeedState {
    pub(super) epoch: &'static str,
    pub(super) identified: Option<UserId>,
    pub(super) authorized: Option<Viewer>,
    pub(super) is_attended: bool,
    pub(super) acts: Vec<Activity>,
    deliveries: VecDeque<Delivery>,
}

/// A feed that delivers what the test says: an end at once, everything else once the subscriber is authorized.
struct ScriptedFeed {
    since: Cursor,
    state: Arc<Mutex<FeedState>>,
}

impl Feed for ScriptedFeed {
    fn since(&self) -> Option<&Cursor> {
        Some(&self.since)
    }

    fn identify(&mut self, user: UserId) {
        self.state.lock().unwrap().identified = Some(user);
    }

    fn authorize(&mut self, viewer: Viewer) {
        self.state.lock().unwrap().authorized = Some(viewer);
    }

    fn join(&mut self) -> Vec<EphemeralEvent> {
        self.state.lock().unwrap().is_attended = true;
        Vec::new()
    }

    fn act(&mut self, activity: Activity) -> Result<(), Error> {
        self.state.lock().unwrap().acts.push(activity);
        Ok(())
    }

    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let mut state = self.state.lock().unwrap();
        let is_end = matches!(state.deliveries.front(), Some(Delivery::Stopping | Delivery::TooSlow));
        if !is_end && state.authorized.is_none() {
            return Poll::Pending;
        }
        state.deliveries.pop_front().map_or(Poll::Pending, |delivery| Poll::Ready(Some(delivery)))
    }
}

/// Backpressure that a test controls.
#[derive(Debug, Default)]
pub(super) struct Gate {
    pub(super) is_full: bool,
    pub(super) is_stuck: bool,
    /// How many events each page had.
    pub(super) pages: Vec<usize>,
    /// How many events were held.
    pub(super) held: Cell<usize>,
    /// How many pages were delivered completely.
    pub(super) delivered: usize,
}

impl Backpressure for Gate {
    type Hold = ();

    async fn make_room(&mut self) -> Result<bool, EndReason> {
        if self.is_stuck { Err(EndReason::TooSlow) } else { Ok(!self.is_full) }
    }

    fn page_read(&mut self, events: usize, _: usize) {
        self.pages.push(events);
    }

    fn hold(&self) -> Option<()> {
        self.held.set(self.held.get() + 1);
        Some(())
    }

    fn page_delivered(&mut self) {
        self.delivered += 1;
    }
}

/// A log with the events 11 to 20, and a user who subscribes to it.
pub(super) struct Scene {
    storage: Arc<ScriptedStorage>,
    feed: Arc<Mutex<FeedState>>,
}

impl Scene {
    /// Adds steps that the storage expects once the subscription is open.
    pub(super) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut open = MockTx::new().authenticates(me());
        open.events.expect_state().times(1).returning(|| {
            Ok(LogState { epoch: epoch("log"), head: Position::new(20), removed: Position::new(10) })
        });
        let steps = [open.into()].into_iter().chain(steps);
        let feed = FeedState {
            epoch: "log",
            identified: None,
            authorized: None,
            is_attended: false,
            acts: Vec::new(),
            deliveries: VecDeque::new(),
        };
        Self { storage: Arc::new(ScriptedStorage::of(steps)), feed: Arc::new(Mutex::new(feed)) }
    }

    pub(super) fn feed(&self) -> MutexGuard<'_, FeedState> {
        self.feed.lock().unwrap()
    }

    /// Adds something for the feed to deliver.
    pub(super) fn feeds(&self, deliveries: impl IntoIterator<Item = Delivery>) {
        self.feed().deliveries.extend(deliveries);
    }

    /// Opens a subscription after a position.
    pub(super) fn opens(&self, after: Option<i64>) -> Result<Subscription, Error> {
        let since = Cursor { epoch: epoch(self.feed().epoch), position: Position::new(20) };
        let state = Arc::clone(&self.feed);
        let mut live = MockLiveEvents::new();
        live.expect_subscribe()
            .times(1)
            .returning(move || Box::new(ScriptedFeed { since: since.clone(), state: Arc::clone(&state) }));
        let cursor = after.map(|after| Cursor { epoch: epoch("log"), position: Position::new(after) });
        block_on(Subscription::open(&*self.storage, &live, MY_KEY.into(), cursor))
    }

    /// Opens and starts a subscription.
    pub(super) fn starts(&self, after: Option<i64>, kind: SubscriberKind) -> Subscriber<Gate> {
        self.opens(after).unwrap().start(kind, self.storage.clone(), Gate::default())
    }

    /// Opens a subscription, and starts it on another storage.
    pub(super) fn starts_on(&self, storage: Arc<dyn Storage>) -> Subscriber<Gate> {
        self.opens(Some(18)).unwrap().start(SubscriberKind::Poll, storage, Gate::default())
    }

    /// Opens it and starts it on the same storage, which now answers only the second time that it is asked.
    pub(super) fn starts_late(&self) -> Subscriber<Gate> {
        self.starts_on(Arc::new(Late(self.storage.clone())))
    }

    /// Checks that the storage took all steps.
    pub(super) fn finish(self) {
        Arc::into_inner(self.storage).expect("subscribers are gone before the scene is over").finish();
    }
}

fn epoch(text: &str) -> Epoch {
    Epoch::parse(text).unwrap()
}

/// Expects that the page after a position is read. It contains these events and is the last one.
pub(super) fn page(after: i64, positions: &[i64]) -> Step {
    page_tx(after, positions).into()
}

/// The same, with read cursors that moved meanwhile.
pub(super) fn page_of_one_who_comes_back(after: i64, positions: &[i64]) -> Step {
    let mut tx = page_tx(after, positions);
    let read = ReadCursor { group: GROUP, state: has_read(1) };
    tx.members.expect_read_since().times(1).returning(move |_, _| Ok(vec![read]));
    tx.threads.expect_read_since().times(1).returning(|_, _| Ok(vec![]));
    tx.into()
}

fn page_tx(after: i64, positions: &[i64]) -> MockTx {
    let mut tx = MockTx::new().holds_session(me());
    tx.members.expect_joined_groups().with(eq(ME)).times(1).returning(|_| Ok(Vec::new()));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(user(id))));
    let records: Vec<_> = positions.iter().copied().map(deletion_record).collect();
    let page = tx.events.expect_after().withf(move |position, _| *position == Position::new(after));
    page.times(1).returning(move |_, _| Ok(records.clone()));
    tx.events.expect_unnumbered_ends().returning(|| Ok(Vec::new()));
    tx
}

/// Expects that the session is checked, and is valid.
pub(super) fn holds() -> Step {
    MockTx::new().holds_session(me()).into()
}

/// The viewer that is read with a page.
pub(super) fn viewer() -> Viewer {
    let viewer = Viewer::new(ME, MY_SESSION, []).with_presence(PresenceSetting::Shown);
    viewer.at_version(user(ME).version)
}

/// The same event, delivered live.
pub(super) fn logged(position: i64) -> Delivery {
    let EventRecord { position, id, at, actor, audience, .. } = deletion_record(position);
    let event = Event::UserDeleted(OTHER);
    Delivery::Logged(Arc::new(SharedEvent::new(LoggedEvent { position, id, at, audience, actor, event })))
}

/// A read cursor that has moved up to here.
pub(super) const fn ephemeral(seq: i64) -> EphemeralEvent {
    EphemeralEvent::ReadUpdated(ReadUpdate { group: GROUP, thread: None, state: has_read(seq) })
}

/// Up to here, which is all.
const fn has_read(seq: i64) -> ReadState {
    ReadState::of(Seq::new(seq), Seq::new(seq), Version::FIRST)
}

/// An item in short form.
pub(super) fn got(item: Item, subscriber: &Subscriber<Gate>) -> Got {
    match item {
        Item::Replayed(event) => Got::Replayed(event.position.get()),
        Item::Live(shared) => Got::Live(shared.event.position.get()),
        Item::Gap => Got::Gap(subscriber.cursor().position.get()),
        Item::Snapshot(ephemeral) => Got::Present(ephemeral),
        Item::Ephemeral(shared) => Got::Ephemeral(shared.event.clone()),
    }
}

/// The next delivery, or `None` if there is none at present.
pub(super) fn next(subscriber: &mut Subscriber<Gate>) -> Option<Got> {
    match poll_once(subscriber.next()) {
        Poll::Ready(next) => Some(got(next.unwrap().item, subscriber)),
        Poll::Pending => None,
    }
}

/// The next delivery, if there is one without reading anything.
pub(super) fn try_next(subscriber: &mut Subscriber<Gate>) -> Option<Got> {
    let next = subscriber.try_next(&mut Context::from_waker(Waker::noop()))?;
    Some(got(next.unwrap().item, subscriber))
}

/// Everything that is delivered without waiting.
pub(super) fn all(subscriber: &mut Subscriber<Gate>) -> Vec<Got> {
    std::iter::from_fn(|| next(subscriber)).collect()
}

/// The end, which must come next.
pub(super) fn end(subscriber: &mut Subscriber<Gate>) -> EndReason {
    block_on(subscriber.next()).unwrap_err()
}

pub(super) fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A storage that never responds.
#[derive(Default)]
pub(super) struct Pending(AtomicUsize);

impl Pending {
    /// The number of commands it has received.
    pub(super) fn submitted(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Storage for Pending {
    fn submit(&self, _: Access, _: Work) -> Done {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }

    fn knows_key(&self, _: &KeyHash) -> bool {
        true
    }
}

/// A storage that runs commands at once and answers the second time that it is asked.
struct Late(Arc<ScriptedStorage>);

impl Storage for Late {
    fn submit(&self, access: Access, work: Work) -> Done {
        let mut done = self.0.submit(access, work);
        let mut was_asked = false;
        Box::pin(std::future::poll_fn(move |context| {
            if std::mem::replace(&mut was_asked, true) { done.as_mut().poll(context) } else { Poll::Pending }
        }))
    }

    fn knows_key(&self, key: &KeyHash) -> bool {
        self.0.knows_key(key)
    }
}
