//! A subscriber on any transport: it first gets the events since its cursor, then live events, without a gap or a
//! repetition in between.
//!
//! A transport opens a [`Subscription`], starts it, and delivers what [`Subscriber::next`] returns. Its
//! [`Backpressure`] says when there is room for more of the log.

mod backlog;
mod delivery;
mod reads;
mod subscription;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

pub use delivery::{Backpressure, Delivered, Item, SubscriberKind};
pub use subscription::Subscription;

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::cursor::Cursor;
use crate::events::end::EndReason;
use crate::events::live::{Delivery, EphemeralEvent, Feed, SharedEvent};
use crate::events::replay::ReplayPage;
use crate::events::subscriber::backlog::{Backlog, BacklogEntry};
use crate::events::subscriber::reads::{LogPage, Reads};
use crate::ids::Position;
use crate::presence::Activity;
use crate::text::TextBytes;

/// The session is checked at every n-th heartbeat, because a key expires without an event.
const HEARTBEATS_PER_CHECK: u32 = 2;

/// The phase of a subscriber.
#[derive(Debug, PartialEq, Eq)]
enum Phase {
    /// Reading the log page by page. Meanwhile the feed queues live events.
    Replay {
        /// The position that the client resumed from, if it did.
        resumed_after: Option<Position>,
        /// The latest presence that the client reported meanwhile.
        pending_activity: Option<Activity>,
    },
    /// The log has been read up to where the feed continues.
    Live,
    /// Sessions of the user have ended. Nothing more is delivered until it is certain that this one has not.
    Recheck,
}

/// What was taken from the feed and is still to be delivered.
#[derive(Debug)]
enum Next {
    Item(Item),
    End(EndReason),
}

/// A subscriber.
pub struct Subscriber<B> {
    /// The user who subscribes.
    pub actor: Actor,
    kind: SubscriberKind,
    reads: Reads,
    backpressure: B,
    feed: Box<dyn Feed>,
    /// Everything up to here has been delivered or was not for the subscriber, once a pending gap is delivered.
    cursor: Cursor,
    backlog: Backlog,
    phase: Phase,
    next: Option<Next>,
    heartbeats: u32,
}

impl<B: Backpressure> Subscriber<B> {
    /// The cursor up to which everything has been delivered.
    pub const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The cursor to resume from. `None` while a gap is still to be delivered: a client that resumed from a later
    /// cursor would never learn of it.
    pub fn resume_at(&self) -> Option<&Cursor> {
        (!self.backlog.is_gap_next()).then_some(&self.cursor)
    }

    /// The next delivery. Cancel-safe: nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// Why the subscription ends.
    pub async fn next(&mut self) -> Result<Delivered<B::Hold>, EndReason> {
        loop {
            self.get_ready().await?;
            if let Some(next) = poll_fn(|context| Poll::Ready(self.try_next(context))).await {
                return next;
            }
            // Not while the session has to be checked: the cursor must not move past events that can't be delivered
            // before.
            if self.phase != Phase::Recheck {
                poll_fn(|context| self.poll_feed(context)).await;
            }
        }
    }

    /// Reads everything that must be read before more can be delivered. Cancel-safe.
    ///
    /// # Errors
    /// The subscription ends because a read failed or the server stops.
    pub async fn get_ready(&mut self) -> Result<(), EndReason> {
        while self.read_page_if_due().await? {}
        if self.phase == Phase::Recheck {
            self.check_session().await?;
        }
        Ok(())
    }

    /// Reads a page of the log, if one is due and there will be room for it soon. Returns whether another one is due.
    /// Cancel-safe.
    ///
    /// # Errors
    /// The subscription ends because the read failed or the server stops.
    pub async fn read_page_if_due(&mut self) -> Result<bool, EndReason> {
        self.check_stop().await?;
        if let Some(resumed_after) = self.needs_page() {
            if !self.backpressure.make_room().await? {
                return Ok(true);
            }
            let page = self.reads.page(self.cursor.position, resumed_after).await?;
            self.take_page(page);
            self.check_stop().await?;
        }
        Ok(self.needs_page().is_some())
    }

    /// `Some` if a page of the log is due. Contains the position since which the client wants the read cursors, if it
    /// resumed a connection.
    fn needs_page(&self) -> Option<Option<Position>> {
        match &self.phase {
            Phase::Replay { resumed_after, .. } if self.backlog.is_empty() => {
                Some(resumed_after.filter(|_| self.kind == SubscriberKind::Connection))
            }
            _ => None,
        }
    }

    const fn is_replaying(&self) -> bool {
        matches!(self.phase, Phase::Replay { .. })
    }

    /// Ends the subscription if the server stops. The server doesn't wait for subscribers that still have to read much
    /// of the log.
    async fn check_stop(&mut self) -> Result<(), EndReason> {
        if self.is_replaying() && self.next.is_none() {
            // Before the authorization, the feed delivers nothing but its end. The end of a slow subscriber comes after
            // the backlog.
            let _ = poll_fn(|context| Poll::Ready(self.poll_feed(context))).await;
        }
        match self.next {
            Some(Next::End(EndReason::Stopping)) => Err(EndReason::Stopping),
            _ => Ok(()),
        }
    }

    /// What can be delivered without waiting, if anything.
    pub fn try_next(&mut self, context: &mut Context<'_>) -> Option<Result<Delivered<B::Hold>, EndReason>> {
        if let Some(entry) = self.backlog.take() {
            let hold = self.backpressure.hold();
            if self.backlog.is_empty() {
                self.backpressure.page_delivered();
            }
            return Some(Ok(Delivered { item: self.deliver(entry), hold }));
        }
        if self.is_replaying() {
            return None;
        }
        if self.next.is_none() && self.phase == Phase::Live {
            // Both outcomes are fine: either there is something to deliver now or there isn't.
            let _ = self.poll_feed(context);
        }
        match self.next.take()? {
            Next::Item(item) => Some(Ok(item.into())),
            Next::End(end) => Some(Err(end)),
        }
    }

    fn deliver(&mut self, entry: BacklogEntry) -> Item {
        match entry {
            BacklogEntry::Logged(event, seen) => {
                self.cursor.position = seen;
                Item::Replayed(event)
            }
            BacklogEntry::Gap => Item::Gap,
            BacklogEntry::Ephemeral(ephemeral) => Item::Snapshot(ephemeral),
        }
    }

    /// Takes the next delivery from the feed. Afterwards there is something to deliver, or a session to check.
    fn poll_feed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match ready!(self.feed.poll_next(context)) {
                Some(Delivery::Logged(event)) => {
                    let position = event.event.position;
                    // The feed may repeat events that were read from the log.
                    if position <= self.cursor.position {
                        continue;
                    }
                    self.cursor.position = position;
                    self.next = Some(Next::Item(Item::Live(event)));
                }
                Some(Delivery::Advanced(position)) => {
                    self.cursor.position = self.cursor.position.max(position);
                    continue;
                }
                // It would be outdated when a polling client shows it.
                Some(Delivery::Ephemeral(_)) if self.kind == SubscriberKind::Poll => continue,
                Some(Delivery::Ephemeral(event)) => match within(&self.actor, event) {
                    Some(event) => self.next = Some(Next::Item(Item::Ephemeral(event))),
                    None => continue,
                },
                Some(Delivery::CheckSession) => {
                    // A check that a heartbeat has begun may be from before the session ended.
                    self.reads.forget_session();
                    self.phase = Phase::Recheck;
                }
                Some(Delivery::TooSlow) => self.next = Some(Next::End(EndReason::TooSlow)),
                Some(Delivery::Stopping) | None => self.next = Some(Next::End(EndReason::Stopping)),
            }
            return Poll::Ready(());
        }
    }

    /// Adds a page to the backlog. After the last page, the feed continues.
    fn take_page(&mut self, LogPage { replayed, read }: LogPage) {
        let ReplayPage { events, position, more, gap, viewer } = replayed;
        let text = events.iter().map(|event| event.event.text_bytes()).sum();
        self.backpressure.page_read(events.len(), text);
        if gap {
            // A client that reloads after this gap also loads what these events are about.
            self.cursor.position = position;
            self.backlog.add_gap();
        } else if !self.backlog.add_events(events, position) {
            self.cursor.position = position;
        }
        if more {
            return;
        }
        self.feed.authorize(viewer);
        self.backlog.add_ephemeral(read);
        if self.kind == SubscriberKind::Connection {
            self.backlog.add_ephemeral(self.feed.join());
        }
        if let Phase::Replay { pending_activity: Some(activity), .. } =
            std::mem::replace(&mut self.phase, Phase::Live)
        {
            // Reporting presence never fails.
            let _ = self.feed.act(activity);
        }
    }

    /// Reports an activity of the user. During the replay the user is not present yet: the latest presence is reported
    /// afterwards, and typing is dropped because it would be outdated.
    ///
    /// # Errors
    /// The user is not in the group.
    pub fn act(&mut self, activity: Activity) -> Result<(), Error> {
        let Phase::Replay { pending_activity, .. } = &mut self.phase else { return self.feed.act(activity) };
        if matches!(activity, Activity::Active | Activity::Away) {
            *pending_activity = Some(activity);
        }
        Ok(())
    }

    /// Checks the session from time to time. Call it with every heartbeat.
    ///
    /// # Errors
    /// The session has ended.
    pub async fn on_heartbeat(&mut self) -> Result<(), EndReason> {
        self.heartbeats += 1;
        if self.heartbeats < HEARTBEATS_PER_CHECK {
            return Ok(());
        }
        self.heartbeats = 0;
        match self.check_session().await {
            Err(error @ Error::Refused(_)) => Err(error.into()),
            // It is unknown whether the session has ended. The next check will tell.
            Ok(())
            | Err(Error::Fault(_) | Error::Busy { .. } | Error::RateLimited { .. } | Error::StorageFull) => {
                Ok(())
            }
        }
    }

    /// Authenticates the subscriber again.
    async fn check_session(&mut self) -> Result<(), Error> {
        self.actor = self.reads.session().await?;
        if self.phase == Phase::Recheck {
            self.phase = Phase::Live;
        }
        Ok(())
    }
}

/// What of an ephemeral event is about groups that the actor's session is for. Others than those that a user has for
/// themselves come only from the viewer's groups.
fn within(
    actor: &Actor,
    shared: Arc<SharedEvent<EphemeralEvent>>,
) -> Option<Arc<SharedEvent<EphemeralEvent>>> {
    let groups = actor.token_groups();
    match (groups, &shared.event) {
        (Some(groups), EphemeralEvent::ReadUpdated(update)) => groups.contain(update.group).then_some(shared),
        (Some(groups), EphemeralEvent::AllRead(updates)) => {
            let updates: Vec<_> =
                updates.iter().filter(|update| groups.contain(update.group)).copied().collect();
            let is_any = !updates.is_empty();
            is_any.then(|| Arc::new(SharedEvent::new(EphemeralEvent::AllRead(updates))))
        }
        _ => Some(shared),
    }
}

#[cfg(test)]
mod tests;
