//! A subscriber over HTTP: its events as JSON, within the limits of what connections may keep.

mod backlog_pages;

use std::rc::Rc;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::events::{
    Backpressure, Cursor, Delivered, EndReason, Epoch, Item, Subscriber, SubscriberKind, Subscription,
};
use groupchat_domain::presence::Activity;
use groupchat_domain::storage::Principal;

use self::backlog_pages::BacklogPages;
use super::connection_limiter::EventConnectionPermit;
use super::dto::EventDto;
use super::output::Output;
use super::retrying::RetryingStorage;
use super::send_buffer::{PagePermit, SendBuffer};
use crate::problem::ApiError;
use crate::state::State;

/// A subscriber over HTTP.
pub(super) struct HttpSubscriber {
    subscriber: Subscriber<PageBackpressure>,
    permit: Rc<EventConnectionPermit>,
}

/// The backpressure of the backlog: a page is read only when there is room for it.
struct PageBackpressure {
    pages: BacklogPages,
    /// How long to wait for a client that reads nothing.
    write_timeout: Duration,
}

impl Backpressure for PageBackpressure {
    type Hold = Arc<PagePermit>;

    async fn make_room(&mut self) -> Result<bool, EndReason> {
        self.pages.make_room(self.write_timeout).await
    }

    fn page_read(&mut self, events: usize, text: usize) {
        self.pages.read(events, text);
    }

    fn hold(&self) -> Option<Arc<PagePermit>> {
        self.pages.part()
    }

    fn page_delivered(&mut self) {
        self.pages.finish();
    }
}

impl HttpSubscriber {
    /// Opens a subscription that starts after the cursor, or now without one.
    ///
    /// # Errors
    /// The caller is not signed in, the user has too many connections, or a fault.
    pub(super) async fn open(
        state: &State,
        kind: SubscriberKind,
        who: Principal,
        cursor: Option<Cursor>,
    ) -> Result<Self, ApiError> {
        let subscription = Subscription::open(&*state.storage, &*state.live, who, cursor).await?;
        let permit = state.event_connections.take(subscription.actor.id())?;
        let backpressure = PageBackpressure {
            pages: BacklogPages::new(permit.budget()),
            write_timeout: state.options().write_timeout,
        };
        let storage = Arc::new(RetryingStorage(Arc::clone(&state.storage)));
        Ok(Self { subscriber: subscription.start(kind, storage, backpressure), permit: Rc::new(permit) })
    }

    /// The user who subscribes.
    pub(super) const fn actor(&self) -> &Actor {
        &self.subscriber.actor
    }

    /// The first event of the connection.
    pub(super) fn hello(&self, version: &'static str, heartbeat: Duration) -> EventDto {
        EventDto::hello(self.actor().user.clone(), self.resume_at(), version, heartbeat)
    }

    /// The permit of the connection, for everything else that uses memory until the client is gone.
    pub(super) fn permit(&self) -> Rc<EventConnectionPermit> {
        Rc::clone(&self.permit)
    }

    /// A new send buffer for the connection.
    pub(super) fn send_buffer(&self) -> Arc<SendBuffer> {
        SendBuffer::new(self.permit.budget())
    }

    /// The cursor up to which everything has been delivered.
    pub(super) const fn cursor(&self) -> &Cursor {
        self.subscriber.cursor()
    }

    /// The cursor to resume from. `None` while a gap is still to be delivered.
    pub(super) fn resume_at(&self) -> Option<&Cursor> {
        self.subscriber.resume_at()
    }

    /// What to send next. Cancel-safe.
    pub(super) async fn next(&mut self) -> Output {
        let next = self.subscriber.next().await;
        self.output(next)
    }

    /// What can be sent without waiting, if anything.
    pub(super) fn try_next(&mut self, context: &mut Context<'_>) -> Option<Output> {
        let next = self.subscriber.try_next(context)?;
        Some(self.output(next))
    }

    /// Reads everything that must be read before more can be delivered. Cancel-safe.
    ///
    /// # Errors
    /// The subscription ends because a read failed or the server stops.
    pub(super) async fn get_ready(&mut self) -> Result<(), EndReason> {
        self.subscriber.get_ready().await
    }

    /// Reads a page of the log if one is due. Returns whether another one is due. Cancel-safe.
    ///
    /// # Errors
    /// As [`get_ready`](Self::get_ready).
    pub(super) async fn read_page_if_due(&mut self) -> Result<bool, EndReason> {
        self.subscriber.read_page_if_due().await
    }

    /// Reports an activity of the user.
    ///
    /// # Errors
    /// The user is not in the group.
    pub(super) fn act(&mut self, activity: Activity) -> Result<(), Error> {
        self.subscriber.act(activity)
    }

    /// Checks the session from time to time. Call it with every heartbeat.
    ///
    /// # Errors
    /// The session has ended.
    pub(super) async fn on_heartbeat(&mut self) -> Result<(), EndReason> {
        self.subscriber.on_heartbeat().await
    }

    fn output(&self, next: Result<Delivered<Arc<PagePermit>>, EndReason>) -> Output {
        match next {
            Ok(Delivered { item, hold }) => Output::Event(self.rendered(item), hold),
            Err(end) => Output::End(end),
        }
    }

    /// The item as JSON. Shared events are rendered once for all.
    fn rendered(&self, item: Item) -> Arc<str> {
        let (cursor, epoch): (&Cursor, &Epoch) = (self.cursor(), &self.cursor().epoch);
        match item {
            Item::Replayed(event) => EventDto::logged(*event, epoch).to_json().into(),
            Item::Live(shared) => {
                Arc::clone(shared.rendered(|event| EventDto::logged(event.clone(), epoch).to_json()))
            }
            Item::Gap => EventDto::gap(cursor).to_json().into(),
            Item::Snapshot(ephemeral) => EventDto::ephemeral(ephemeral).to_json().into(),
            Item::Ephemeral(shared) => {
                Arc::clone(shared.rendered(|ephemeral| EventDto::ephemeral(ephemeral.clone()).to_json()))
            }
        }
    }
}
